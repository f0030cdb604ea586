//! The rows a batch adds, column by column.

use chrono::NaiveDate;
use uuid::Uuid;

/// A column-wise batch of rows.
macro_rules! columns {
    ($name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        #[derive(Default)]
        pub(super) struct $name<'a> { $(pub(super) $field: Vec<$kind>,)+ of: std::marker::PhantomData<&'a ()> }
    };
}

columns!(Operations {
    line: i64, family: &'a str, regie: String, number: i32, kind: &'static str, date: NaiveDate, year: i32,
    debit: String, credit: String, detail: String, counts_from: NaiveDate,
});
columns!(Invoices {
    regie: String, number: i32, family: &'a str, credit_note: bool, date: NaiveDate, due: NaiveDate,
    first: Option<NaiveDate>, last: Option<NaiveDate>, total: String, open: String, run: Option<Uuid>,
    lines: String, note: Option<String>, line: i64, taken_over: bool,
});
columns!(Payments {
    regie: String, number: i32, family: &'a str, date: NaiveDate, method: String, amount: String,
    reference: Option<String>, line: i64,
});
columns!(Allocations {
    line: i64, family: &'a str, regie: String, credit_note: bool, number: i32, invoice: Option<i32>,
    amount: String, date: NaiveDate,
});
columns!(Debits {
    batch: Uuid, regie: String, number: i32, family: &'a str, date: NaiveDate, amount: String, invoice: Option<i32>,
    mandate: String, first: bool, amended: bool, details: Option<String>,
});
columns!(Archives { family: &'a str, document: String, attachment: Uuid, sha256: String });
