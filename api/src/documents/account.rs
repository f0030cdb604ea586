//! What is printed of an account: invoices and credit notes, receipts, statements, tax certificates.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::{
    account::{InvoiceLine, counts_for, ledger::CreditKey, paid_for_care},
    amount::Amount,
    ids::ChildId,
    regie::CollectionMode,
};
use portail_projections::{
    accounts::{self, InvoiceRow, PaymentRow},
    family, regies,
};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    day,
    sheet::{Cell, Holds, Sheet, Writer},
};
use crate::{
    application::Application,
    money_words::{charge_key, description, invoice_number, operation_number, payment_number, step_label},
    statement_sums::Sums,
};

/// An invoice or a credit note: its title and sheet.
///
/// # Errors
/// The database failed.
pub async fn invoice(
    application: &Application,
    writer: &Writer<'_>,
    row: &InvoiceRow,
) -> Result<(String, Sheet), sqlx::Error> {
    let pool = application.pool();
    let all = regies::by_code(pool).await?;
    let mut sheet = writer.sheet(pool, &row.family, all.get(&row.regie).map(|r| &r.settings)).await?;
    let name = vec![("number", invoice_number(&all, &row.regie, row.number))];
    let title = writer.told(if row.credit_note { "DOC_CREDIT_NOTE" } else { "DOC_INVOICE" }, &name);
    sheet.facts.push((writer.said("DOC_DATE"), day(row.date)));
    if let Some((from, to)) = row.period {
        let days = writer.told("DOC_PERIOD_DAYS", &[("from", day(from)), ("to", day(to))]);
        sheet.facts.push((writer.said("DOC_PERIOD"), days));
    }
    if !row.credit_note {
        sheet.facts.push((writer.said("DOC_DUE"), day(row.due)));
    }
    sheet.columns = vec![
        writer.column("DOC_CHILD", Holds::Short),
        writer.column("DOC_SERVICE", Holds::Words),
        writer.column("DOC_QUANTITY", Holds::Number),
        writer.column("DOC_UNIT_PRICE", Holds::Number),
        writer.column("DOC_AMOUNT", Holds::Number),
    ];
    let children = children(pool, &row.lines).await?;
    let catalogue = application.catalogue().get().await?;
    for line in &row.lines {
        let child = children.get(&line.child).map_or_else(String::new, |c| c.0.clone());
        let activity = catalogue.activities.get(&line.activity).and_then(|a| a.latest());
        let activity = activity.map_or_else(|| line.activity.to_string(), |s| s.name.clone());
        let service = format!("{activity} \u{2013} {}", writer.said(charge_key(line)));
        sheet.rows.push(vec![
            child.into(),
            Cell::with(service, how(line, writer)),
            line.count().to_string().into(),
            writer.euros(line.unit).into(),
            writer.euros(line.amount()).into(),
        ]);
    }
    let label = if row.credit_note { "DOC_TOTAL_CREDITED" } else { "DOC_TOTAL_DUE" };
    sheet.totals.push(writer.total(label, row.total, true));
    if let Some(note) = &row.note {
        sheet.preamble.push(note.clone());
    } else if row.lines.is_empty() {
        sheet.preamble.push(writer.said("DOC_TAKEN_OVER"));
    }
    Ok((title, sheet))
}

/// The days of a line and the steps of its price.
fn how(line: &InvoiceLine, writer: &Writer<'_>) -> String {
    let days: Vec<String> = line.dates.iter().map(|d| d.format("%d/%m").to_string()).collect();
    let steps: Vec<String> = line.steps.iter().map(|s| step_label(s, writer.language)).collect();
    [days.join(", "), steps.join(" ; ")].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The full names and days of birth of the children of some lines.
async fn children<'a>(
    pool: &PgPool,
    lines: impl IntoIterator<Item = &'a InvoiceLine>,
) -> Result<HashMap<ChildId, (String, NaiveDate)>, sqlx::Error> {
    let ids: Vec<Uuid> = lines.into_iter().map(|l| l.child.0).collect();
    let found = family::children_by_id(pool, &ids).await?;
    let named = |c: family::ChildRow| {
        let identity = c.identity?;
        Some((c.id, (format!("{} {}", identity.surname, identity.first_name), identity.birth_date)))
    };
    Ok(found.into_iter().filter_map(named).collect())
}

/// The receipt of a payment: its title and sheet.
///
/// # Errors
/// The database failed.
pub async fn receipt(
    application: &Application,
    writer: &Writer<'_>,
    row: &PaymentRow,
) -> Result<(String, Sheet), sqlx::Error> {
    let pool = application.pool();
    let all = regies::by_code(pool).await?;
    let mut sheet = writer.sheet(pool, &row.family, all.get(&row.regie).map(|r| &r.settings)).await?;
    let title = writer.told("DOC_RECEIPT", &[("number", payment_number(&all, &row.regie, row.number))]);
    sheet.facts.push((writer.said("DOC_DATE"), day(row.date)));
    sheet.facts.push((writer.said("DOC_METHOD"), writer.said(row.method.label_key())));
    if let Some(reference) = &row.reference {
        sheet.facts.push((writer.said("DOC_REFERENCE"), reference.clone()));
    }
    if let Some(rejected) = row.rejected {
        sheet.facts.push((writer.said("DOC_REJECTED_ON"), day(rejected)));
    }
    sheet.columns = vec![
        writer.column("DOC_INVOICE_COLUMN", Holds::Words),
        writer.column("DOC_DATE", Holds::Short),
        writer.column("DOC_AMOUNT", Holds::Number),
    ];
    for (invoice, part) in accounts::settled_by(pool, &row.regie, row.number).await? {
        sheet.rows.push(vec![
            invoice_number(&all, &invoice.regie, invoice.number).into(),
            day(invoice.date).into(),
            writer.euros(part).into(),
        ]);
    }
    let key = CreditKey {
        regie: row.regie.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        credit_note: false,
        number: row.number.unsigned_abs(),
    };
    let today = application.clock().today();
    let free = accounts::ledger(pool, &row.family).await?.free(&key, today.max(row.date));
    if free.is_positive() {
        sheet.totals.push(writer.total("DOC_FREE", free, false));
    }
    sheet.totals.push(writer.total("DOC_TOTAL_PAID", row.amount, true));
    Ok((title, sheet))
}

/// The statement of a school year as it stands today, or as it stood at its end: its title and sheet.
/// Operations of later days are listed and counted in no sum.
///
/// # Errors
/// The database failed.
pub async fn statement(
    application: &Application,
    writer: &Writer<'_>,
    family: &str,
    year: i32,
) -> Result<(String, Sheet), sqlx::Error> {
    let pool = application.pool();
    let all = regies::by_code(pool).await?;
    let operations = accounts::operations_of_year(pool, family, year).await?;
    let today = application.clock().today();
    let sums = Sums::of(&accounts::ledger(pool, family).await?, &operations, year, today);
    let mut sheet = writer.sheet(pool, family, None).await?;
    let years = [("from", year.to_string()), ("to", (year + 1).to_string())];
    sheet.facts.push((writer.said("DOC_PRINTED_ON"), day(today)));
    sheet.facts.push((writer.said("DOC_AS_OF"), day(sums.as_of)));
    sheet.columns = vec![
        writer.column("DOC_OPERATION", Holds::Short),
        writer.column("DOC_DATE", Holds::Short),
        writer.column("DOC_DESCRIPTION", Holds::Words),
        writer.column("DOC_REGIE", Holds::Short),
        writer.column("DOC_DEBIT", Holds::Number),
        writer.column("DOC_CREDIT", Holds::Number),
    ];
    let side = |amount: Amount| if amount.is_zero() { String::new() } else { writer.euros(amount) };
    for row in &operations {
        let Some(regie) = all.get(&row.regie) else { continue };
        let words = description(row, &regie.series, writer.language);
        let upcoming = if row.counts_from > sums.as_of { writer.said("DOC_UPCOMING") } else { String::new() };
        sheet.rows.push(vec![
            operation_number(row, &regie.series).into(),
            day(row.date).into(),
            Cell::with(words, upcoming),
            regie.name.clone().into(),
            side(row.debit).into(),
            side(row.credit).into(),
        ]);
    }
    sheet.totals = vec![
        writer.total("DOC_PREVIOUS_BALANCE", sums.previous, false),
        writer.total("DOC_TOTAL_DEBIT", sums.debit, false),
        writer.total("DOC_TOTAL_CREDIT", sums.credit, false),
        writer.total("DOC_BALANCE", sums.balance, true),
    ];
    if all.values().any(|s| s.collection == CollectionMode::Treasury) {
        sheet.remarks.push(writer.said("BALANCE_NOT_AUTHORITATIVE"));
    }
    Ok((writer.told("DOC_STATEMENT", &years), sheet))
}

/// The certificate of what was paid in a calendar year for the care of young children: its title
/// and sheet.
///
/// # Errors
/// The database failed.
pub async fn tax_certificate(
    application: &Application,
    writer: &Writer<'_>,
    family: &str,
    year: i32,
) -> Result<(String, Sheet), sqlx::Error> {
    let pool = application.pool();
    let today = application.clock().today();
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    let (first, last) = (first.unwrap_or(NaiveDate::MIN), last.unwrap_or(NaiveDate::MAX));
    let paid = accounts::paid_between(pool, family, first, last).await?;
    let children = children(pool, paid.iter().flat_map(|(invoice, _)| &invoice.lines)).await?;
    let counts = |child| children.get(&child).is_some_and(|(_, born)| counts_for(*born, year));
    let of_invoice = paid.iter().map(|(invoice, part)| (invoice.total, &invoice.lines[..], *part));
    let sums = paid_for_care(of_invoice, counts);

    let mut sheet = writer.sheet(pool, family, None).await?;
    let named = [("year", year.to_string())];
    sheet.facts.push((writer.said("DOC_PRINTED_ON"), day(today)));
    sheet.preamble.push(writer.told("DOC_CARE_STATEMENT", &named));
    sheet.columns = vec![
        writer.column("DOC_CHILD", Holds::Words),
        writer.column("DOC_BIRTH_DATE", Holds::Short),
        writer.column("DOC_TOTAL_PAID", Holds::Number),
    ];
    for (child, sum) in &sums {
        if let Some((name, born)) = children.get(child) {
            sheet.rows.push(vec![name.clone().into(), day(*born).into(), writer.euros(*sum).into()]);
        }
    }
    if sums.is_empty() {
        sheet.preamble.push(writer.said("DOC_CARE_NOTHING"));
    }
    sheet.totals.push(writer.total("DOC_TOTAL", sums.into_values().sum(), true));
    if paid.iter().any(|(invoice, _)| invoice.lines.is_empty()) {
        sheet.remarks.push(writer.said("DOC_CARE_TAKEN_OVER"));
    }
    if today <= last {
        sheet.remarks.push(writer.said("DOC_YEAR_NOT_OVER"));
    }
    Ok((writer.told("DOC_TAX_CERTIFICATE", &named), sheet))
}
