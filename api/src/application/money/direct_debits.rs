//! Direct debits: what is open and due is collected in one batch, recorded as paid on the day it is
//! collected. The bank's refusals come back as rejected payments.

use portail_domain::{
    account::{Account, AccountCommand, Allocation, DebitedAccount, PaymentMethod},
    amount::Amount,
    ids::BatchId,
    regie::{Regie, RegieCommand},
    sealed::Purpose,
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::accounts::{self, DEBITED};
use serde_json::Value;
use uuid::Uuid;

use super::MoneyCommand;
use crate::application::{Application, Caller, CommandOutcome, Rejection, families::seal};

pub(super) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &MoneyCommand,
    work: &mut UnitOfWork<'_>,
    application: &Application,
) -> Result<CommandOutcome, CommandError> {
    let MoneyCommand::PrepareDirectDebits { regie, date, due_by } = command else {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND")));
    };
    let (batch, date, at) = (BatchId(id), *date, caller.at);
    let due = accounts::due_for_debit(application.pool(), regie.as_str(), *due_by).await;
    let due = due.map_err(|e| CommandError::Unavailable(e.to_string()))?;
    work.load::<Regie>([regie.to_string()]).await?;
    work.load::<Account>(due.iter().map(|(invoice, _)| invoice.family.clone())).await?;
    let mut collected = vec![];
    for (row, bank) in due {
        let account = work.get::<Account>(&row.family);
        let number = row.number.unsigned_abs();
        // The account knows best what is open: the read model may be a moment behind.
        let open =
            account.invoices().iter().find(|i| i.regie == *regie && i.number == number).map(|i| i.open);
        let mandate = bank["mandate_reference"].as_str().map(str::to_owned);
        if let (Some(amount), Some(mandate)) = (open.filter(|o| o.is_positive()), mandate) {
            collected.push((row.family, number, amount, mandate, bank));
        }
    }
    if collected.is_empty() {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOTHING_TO_DEBIT").at(&["input", "dueBy"])));
    }
    let till = work.get::<Regie>(regie.as_str());
    let count = u32::try_from(collected.len()).unwrap_or(u32::MAX);
    let total: Amount = collected.iter().map(|c| c.2).sum();
    let numbered = match till.decide(RegieCommand::NumberDirectDebits { batch, date, count, total, at }) {
        Ok(events) => events,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    };
    work.record::<Regie>(regie.as_str(), numbered)?;
    for (number, (family, invoice, amount, mandate, bank)) in (till.next_payment()..).zip(collected) {
        let details = serde_json::to_string(&debited(&bank))?;
        let details = seal(&application.vault, &family, Purpose::Bank, DEBITED, &details).await?;
        let account = work.get::<Account>(&family);
        let first = !account.has_collected(&mandate);
        let pay = AccountCommand::Pay {
            regie: regie.clone(),
            number,
            date,
            method: PaymentMethod::DirectDebit,
            amount,
            reference: None,
            allocations: vec![Allocation { invoice, amount }],
            debited: Some((batch, DebitedAccount { details, mandate, first })),
            at,
        };
        match account.decide(pay) {
            Ok(events) => work.record::<Account>(&family, events)?,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        }
    }
    Ok(CommandOutcome::made(batch.to_string()))
}

/// What a collection needs of the bank details.
fn debited(bank: &Value) -> Value {
    let fields = ["account_holder", "iban", "bic", "mandate_signed_on"];
    fields
        .into_iter()
        .map(|name| (name.to_owned(), bank[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collection_keeps_only_what_the_bank_needs() {
        let bank = json!({ "iban": "FR76", "bic": "B", "account_holder": "DUPONT", "bank_name": "x" });
        assert_eq!(debited(&bank).as_object().unwrap().len(), 4);
        assert!(debited(&bank).get("bank_name").is_none());
    }
}
