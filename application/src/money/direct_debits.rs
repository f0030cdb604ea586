//! Direct debits: what is open and due is collected in one batch, recorded as paid on the day it is
//! collected. The bank's refusals come back as rejected payments.
//!
//! The file for the bank is made and checked before anything is recorded: a batch that no bank would
//! take is refused as a whole, and an invoice that cannot be collected is left out and named.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use portail_documents::sepa;
use portail_domain::{
    families::family_file::Document,
    money::account::{Account, AccountCommand, Allocation, DebitedAccount, Debtor, Obstacle, PaymentMethod},
    money::regie::{LeftOut, Regie, RegieCommand, RegieError, RegieEvent, Series},
    shared::amount::Amount,
    shared::ids::{BatchId, FamilyNumber, RegieId},
    shared::sealed::{Place, Purpose, Sealed},
};
use portail_event_store::{CommandError, UnitOfWork, VaultError};
use portail_projections::{families::family::sealed_bytes, money::accounts};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    outcome::{CommandOutcome, Rejection},
    sealing::{refused, seal},
    services::Services,
};

/// How many invoices left out a refusal names.
const NAMED: usize = 50;

/// The fields of the bank details that a collection keeps.
const KEPT: [&str; 5] = ["account_holder", "account_holder_latin", "iban", "bic", "mandate_signed_on"];

/// What a batch is made of.
#[derive(Default)]
struct DebitSelection {
    collected: Vec<Collected>,
    left_out: Vec<LeftOut>,
    /// The mandates collected on in this batch, each a family's.
    used: HashSet<(String, String)>,
}

/// An invoice that is collected, and what of the family's bank details is kept with it.
struct Collected {
    family: String,
    details: Document,
    collection: sepa::Collection,
}

/// Collects what is due by a day; `id` is the batch's.
pub(super) async fn prepare(
    id: Uuid,
    regie: &RegieId,
    (date, due_by): (NaiveDate, NaiveDate),
    at: DateTime<Utc>,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let batch = BatchId(id);
    let DebitSelection { mut collected, left_out, .. } = sorted(regie, due_by, work, services).await?;
    let till = work.get::<Regie>(regie.as_str())?;
    let count = u32::try_from(collected.len()).unwrap_or(u32::MAX);
    let total: Amount = collected.iter().map(|c| c.collection.amount).sum();
    let left = left_out.clone();
    let command = RegieCommand::NumberDirectDebits { batch, date, count, total, left_out: left, at };
    let numbered = match till.decide(command) {
        Ok(events) => events,
        Err(error) => {
            let of_regie = matches!(error, RegieError::Unknown | RegieError::NoCreditor);
            let field = if of_regie { "regieId" } else { "date" };
            return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", field])));
        }
    };
    if collected.is_empty() {
        return Ok(nobody(&left_out, &till.series()));
    }
    for (number, entry) in (till.next_payment()..).zip(&mut collected) {
        entry.collection.number = number;
    }
    if let Err(error) = file(id, &numbered, &till.series(), &collected) {
        tracing::error!(%error, "the file of a batch of direct debits could not be made");
        return Ok(CommandOutcome::rejected(Rejection::of_code("DEBIT_FILE_INVALID").at(&["input"])));
    }
    work.record::<Regie>(regie.as_str(), numbered)?;
    for Collected { family, details, collection } in collected {
        let details = serde_json::to_string(&details)?;
        let details = seal(services.vault(), &family, Purpose::Bank, Place::Debited, &details).await?;
        let sepa::Collection { number, amount, first, amended, .. } = collection;
        let mandate = collection.debtor.mandate;
        let pay = AccountCommand::Pay {
            regie: regie.clone(),
            number,
            date,
            method: PaymentMethod::DirectDebit,
            amount,
            reference: None,
            allocations: collection
                .invoice
                .map(|invoice| Allocation { invoice, amount })
                .into_iter()
                .collect(),
            debited: Some((batch, DebitedAccount { details, mandate, first, amended })),
            at,
        };
        match work.get::<Account>(&family)?.decide(pay) {
            Ok(events) => work.record::<Account>(&family, events)?,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        }
    }
    Ok(CommandOutcome::made(batch.to_string()))
}

/// Loads what is due and sorts it: what can be collected, and what not and why.
async fn sorted(
    regie: &RegieId,
    due_by: NaiveDate,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<DebitSelection, CommandError> {
    let due = accounts::due_for_debit(services.pool(), regie.as_str(), due_by).await;
    let due = due.map_err(|e| CommandError::Unavailable(e.to_string()))?;
    work.load::<Regie>([regie.to_string()]).await?;
    work.load::<Account>(due.iter().map(|(invoice, _)| invoice.family.clone())).await?;
    let mut sorted = DebitSelection::default();
    for (row, bank) in due {
        let account = work.get::<Account>(&row.family)?;
        let number = row.number.unsigned_abs();
        // The account knows best what is open: the read model may be a moment behind.
        let open =
            account.invoices().iter().find(|i| i.regie == *regie && i.number == number).map(|i| i.open);
        let Some(amount) = open.filter(|o| o.is_positive()) else { continue };
        let bank = bank.as_object().cloned().unwrap_or_default();
        match debtor(&account, &bank, services).await? {
            Ok((debtor, amended)) => {
                let unused = sorted.used.insert((row.family.clone(), debtor.mandate.clone()));
                let first = unused && !account.mandates().has_collected(&debtor.mandate);
                let collection =
                    sepa::Collection { number: 0, invoice: Some(number), amount, first, amended, debtor };
                sorted.collected.push(Collected { family: row.family, details: kept(&bank), collection });
            }
            Err(obstacle) => {
                let family: FamilyNumber =
                    row.family.parse().map_err(|_| CommandError::Unreadable(row.family.clone()))?;
                sorted.left_out.push(LeftOut { family, invoice: number, amount, obstacle });
            }
        }
    }
    Ok(sorted)
}

/// Who is debited, and whether the account is another than the mandate's collection before took from.
async fn debtor(
    account: &Account,
    bank: &Document,
    services: &Services,
) -> Result<Result<(Debtor, bool), Obstacle>, CommandError> {
    let debtor = match Debtor::of(bank) {
        Ok(debtor) => debtor,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    let mandates = account.mandates();
    let mut closed = vec![];
    for debited in mandates.refused_accounts() {
        closed.extend(iban_of(&debited.details, services).await?);
    }
    if let Err(obstacle) = debtor.may_be_debited(mandates, &closed) {
        return Ok(Err(obstacle));
    }
    let before = match mandates.last_debited(&debtor.mandate) {
        Some(debited) => iban_of(&debited.details, services).await?,
        None => None,
    };
    let amended = before.is_some_and(|iban| iban != debtor.iban);
    Ok(Ok((debtor, amended)))
}

/// The account an earlier collection took from; none once erased.
async fn iban_of(sealed: &Sealed, services: &Services) -> Result<Option<String>, CommandError> {
    let bytes = sealed_bytes(sealed).map_err(|e| CommandError::Unreadable(e.to_string()))?;
    let context = Place::Debited.context(&sealed.subject);
    let opened = services.vault().unseal(&sealed.subject, sealed.purpose.into(), &context, &bytes).await;
    let text = match opened {
        Ok(text) => text,
        Err(VaultError::Destroyed) => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    let details: Value = serde_json::from_slice(&text)?;
    let compact = |iban: &str| iban.chars().filter(|c| !c.is_whitespace()).collect();
    Ok(details["iban"].as_str().map(compact))
}

/// The file as it will be sent, from what is about to be recorded.
fn file(
    id: Uuid,
    numbered: &[RegieEvent],
    series: &Series,
    collected: &[Collected],
) -> Result<Vec<u8>, sepa::FileError> {
    let collections: Vec<sepa::Collection> = collected.iter().map(|c| c.collection.clone()).collect();
    let batch = numbered.iter().find_map(|event| {
        let RegieEvent::DirectDebitsNumbered { date, issuer: Some(issuer), received, .. } = event else {
            return None;
        };
        Some(sepa::Batch {
            id,
            created: *received,
            collected: *date,
            creditor: &issuer.creditor,
            series,
            collections: &collections,
        })
    });
    sepa::file(&batch.ok_or_else(|| sepa::FileError::Structure("no creditor".into()))?)
}

/// Nothing is collected: because nothing is due, or because of what is named.
fn nobody(left_out: &[LeftOut], series: &Series) -> CommandOutcome {
    if left_out.is_empty() {
        return CommandOutcome::rejected(Rejection::of_code("NOTHING_TO_DEBIT").at(&["input", "dueBy"]));
    }
    let named = |left: &LeftOut| {
        Rejection::of(&left.obstacle)
            .with("family", left.family.as_str())
            .with("invoice", series.invoice(left.invoice))
            .at(&["input", "dueBy"])
    };
    CommandOutcome { errors: left_out.iter().take(NAMED).map(named).collect(), ..CommandOutcome::default() }
}

/// What of the bank details is kept with a collection.
fn kept(bank: &Document) -> Document {
    let field = |name: &&str| Some(((*name).to_owned(), bank.get(*name)?.clone()));
    KEPT.iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collection_keeps_only_what_the_bank_needs() {
        let bank = json!({ "iban": "FR76", "bic": "B", "account_holder": "DUPONT", "bank_name": "x" });
        let kept = kept(bank.as_object().unwrap());
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["account_holder", "bic", "iban"]);
    }
}
