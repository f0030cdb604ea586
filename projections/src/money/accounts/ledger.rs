//! The ledger of a family, from the rows of its account.

use chrono::NaiveDate;
use portail_domain::money::account::ledger::{CreditKey, Ledger, LedgerCredit, LedgerInvoice, Settlement};
use sqlx::PgPool;

use crate::decode::parsed;

type Invoice = (String, i32, bool, NaiveDate, NaiveDate, String);
type Payment = (String, i32, NaiveDate, String, Option<NaiveDate>);
type Allocated = (String, bool, i32, Option<i32>, String, NaiveDate);

/// Everything of a family's account that moves money: it says what is owed, open and due as of any day.
///
/// # Errors
/// The database failed.
pub async fn ledger(pool: &PgPool, family: &str) -> Result<Ledger, sqlx::Error> {
    // In one transaction: what is open and what settles it are of one position of the log.
    let mut tx = pool.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
    let invoices: Vec<Invoice> = sqlx::query_as(
        "SELECT regie, number, credit_note, date, due, total::text FROM rm_accounts.invoice WHERE family = $1 \
         ORDER BY line",
    )
    .bind(family)
    .fetch_all(&mut *tx)
    .await?;
    let payments: Vec<Payment> = sqlx::query_as(
        "SELECT regie, number, date, amount::text, rejected FROM rm_accounts.payment WHERE family = $1 ORDER BY line",
    )
    .bind(family)
    .fetch_all(&mut *tx)
    .await?;
    let allocated: Vec<Allocated> = sqlx::query_as(
        "SELECT regie, credit_note, number, invoice, amount::text, counts_from FROM rm_accounts.allocation \
         WHERE family = $1 ORDER BY line",
    )
    .bind(family)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let mut ledger = Ledger::default();
    for (code, number, credit_note, date, due, sum) in invoices {
        let (regie, number, total) = (parsed(&code)?, number.unsigned_abs(), parsed(&sum)?);
        if credit_note {
            let key = CreditKey { regie, credit_note, number };
            ledger.credits.push(LedgerCredit { key, date, total, rejected: None });
        } else {
            ledger.invoices.push(LedgerInvoice { regie, number, date, due, total });
        }
    }
    for (code, number, date, sum, rejected) in payments {
        let key = CreditKey { regie: parsed(&code)?, credit_note: false, number: number.unsigned_abs() };
        ledger.credits.push(LedgerCredit { key, date, total: parsed(&sum)?, rejected });
    }
    for (code, credit_note, number, invoice, sum, date) in allocated {
        let credit = CreditKey { regie: parsed(&code)?, credit_note, number: number.unsigned_abs() };
        let (invoice, amount) = (invoice.map(i32::unsigned_abs), parsed(&sum)?);
        ledger.settlements.push(Settlement { credit, invoice, amount, date });
    }
    Ok(ledger)
}
