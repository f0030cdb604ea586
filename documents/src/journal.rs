//! The operations and the books of a régie.

use portail_domain::{
    i18n::Language,
    money::account::OperationKind,
    money::account::books::{Booking, Entry, entries},
    shared::amount::Amount,
};
use portail_projections::money::{
    accounts::{BookedOperation, OperationRow},
    regies::KnownRegie,
};

use crate::{
    statement_labels::{description, operation_number},
    table::table,
};

/// A line of every operation.
///
/// # Errors
/// The writer failed.
pub fn operations(rows: &[OperationRow], regie: &KnownRegie) -> csv::Result<Vec<u8>> {
    let head = ["numero", "date", "famille", "nature", "description", "debit", "credit"];
    table(head, rows, |row| {
        vec![[
            operation_number(row, &regie.series),
            row.date.to_string(),
            row.family.clone(),
            row.kind.to_string(),
            description(row, &regie.series, Language::Fr),
            comma(row.debit),
            comma(row.credit),
        ]]
    })
}

/// The balanced lines of every operation, under the names and in the formats the French file of
/// accounting entries gives them (FEC: LPF art. A 47 A-1). Entries are numbered by calendar year, in
/// the order they were recorded, without a gap: the file of a year is complete.
///
/// # Errors
/// The writer failed.
pub fn books(rows: &[BookedOperation], code: &str, regie: &KnownRegie) -> csv::Result<Vec<u8>> {
    let head = [
        "JournalCode",
        "EcritureNum",
        "EcritureDate",
        "CompteNum",
        "CompAuxNum",
        "PieceRef",
        "PieceDate",
        "EcritureLib",
        "Debit",
        "Credit",
    ];
    table(head, rows, |row| {
        let operation = &row.operation;
        let (Some(booking), amount) = (booking(row), operation.debit + operation.credit) else {
            return vec![];
        };
        let date = operation.date.format("%Y%m%d").to_string();
        let words = description(operation, &regie.series, Language::Fr);
        let line = |entry: Entry| {
            let is_debtor = entry.account == regie.debtor_account;
            [
                code.to_uppercase(),
                row.entry.to_string(),
                date.clone(),
                entry.account,
                if is_debtor { operation.family.clone() } else { String::new() },
                operation_number(operation, &regie.series),
                date.clone(),
                words.clone(),
                comma(entry.debit),
                comma(entry.credit),
            ]
        };
        entries(booking, amount, &regie.debtor_account).into_iter().map(line).collect()
    })
}

fn booking(row: &BookedOperation) -> Option<Booking<'_>> {
    let taken_over = row.operation.detail.taken_over;
    Some(match row.operation.kind {
        OperationKind::Invoice => Booking::Invoice(&row.lines),
        OperationKind::CreditNote => Booking::CreditNote(&row.lines),
        OperationKind::Payment => Booking::Payment { method: row.method?, taken_over },
        OperationKind::Rejection => Booking::Rejection(row.method?),
        OperationKind::Refund => Booking::Refund(row.method?),
    })
}

fn comma(amount: Amount) -> String {
    amount.to_string().replace('.', ",")
}
