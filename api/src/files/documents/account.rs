//! Reads what invoices, receipts, statements and tax certificates are printed from.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_application::Application;
use portail_documents::{
    invoice::Invoice,
    receipt::Receipt,
    sheet::{Addressee, Sheet, Writer},
    statement::Statement,
    tax_certificate::{TaxCertificate, days_of},
};
use portail_domain::{
    families::family_file::{Document, Section},
    money::account::{InvoiceLine, ledger::CreditKey},
    shared::ids::ChildId,
};
use portail_projections::{
    families::{family, family_file},
    money::{
        accounts::{self, InvoiceRow, PaymentRow},
        regies,
    },
};
use sqlx::PgPool;
use uuid::Uuid;

/// The card of a family's responsible guardian; none once erased.
async fn card(pool: &PgPool, family: &str) -> Result<Option<Document>, sqlx::Error> {
    let sections = family_file::sections(pool, &[family.to_owned()]).await?;
    Ok(sections.into_iter().find(|s| s.section == Section::Responsible).and_then(|s| s.value))
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
    let regies = regies::by_code(pool).await?;
    let card = card(pool, &row.family).await?;
    let children = children(pool, &row.lines).await?.into_iter().map(|(id, (name, _))| (id, name)).collect();
    let catalogue = application.catalogue().get().await?;
    let addressee = Addressee { family: &row.family, card: card.as_ref() };
    let invoice = Invoice { row, addressee, regies: &regies, children: &children, catalogue: &catalogue };
    Ok(invoice.sheet(writer))
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
    let regies = regies::by_code(pool).await?;
    let card = card(pool, &row.family).await?;
    let settled = accounts::settled_by(pool, &row.regie, row.number).await?;
    let key = CreditKey {
        regie: row.regie.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        credit_note: false,
        number: row.number.unsigned_abs(),
    };
    let today = application.clock().today();
    let free = accounts::ledger(pool, &row.family).await?.free(&key, today.max(row.date));
    let addressee = Addressee { family: &row.family, card: card.as_ref() };
    Ok(Receipt { row, addressee, regies: &regies, settled: &settled, free }.sheet(writer))
}

/// The statement of a school year as it stands today: its title and sheet.
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
    let regies = regies::by_code(pool).await?;
    let operations = accounts::operations_of_year(pool, family, year).await?;
    let today = application.clock().today();
    let ledger = accounts::ledger(pool, family).await?;
    let card = card(pool, family).await?;
    let addressee = Addressee { family, card: card.as_ref() };
    let (regies, ledger, operations) = (&regies, &ledger, &operations[..]);
    Ok(Statement { addressee, year, regies, ledger, operations, today }.sheet(writer))
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
    let (first, last) = days_of(year);
    let paid = accounts::paid_between(pool, family, first, last).await?;
    let children = children(pool, paid.iter().flat_map(|(invoice, _)| &invoice.lines)).await?;
    let card = card(pool, family).await?;
    let addressee = Addressee { family, card: card.as_ref() };
    Ok(TaxCertificate { addressee, year, paid: &paid, children: &children, today }.sheet(writer))
}
