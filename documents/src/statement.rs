//! The statement of an account for a school year.

use chrono::NaiveDate;
use portail_domain::{money::account::ledger::Ledger, money::regie::CollectionMode, shared::amount::Amount};
use portail_projections::money::accounts::OperationRow;

use crate::{
    day,
    sheet::{Addressee, Cell, ColumnKind, Sheet, Writer},
    statement_labels::{Regies, description, operation_number},
    statement_sums::Sums,
};

/// The operations of an account in a school year, with what their statement names.
#[derive(Debug)]
pub struct Statement<'a> {
    /// Whose account it is.
    pub addressee: Addressee<'a>,
    /// The first calendar year of the school year.
    pub year: i32,
    /// The régies of the town.
    pub regies: &'a Regies,
    /// The account's ledger.
    pub ledger: &'a Ledger,
    /// The operations of the school year.
    pub operations: &'a [OperationRow],
    /// The day it is printed.
    pub today: NaiveDate,
}

impl Statement<'_> {
    /// The title and sheet as the account stands today, or as it stood at the year's end. Operations of
    /// later days are listed and counted in no sum.
    pub fn sheet(&self, writer: &Writer<'_>) -> (String, Sheet) {
        let Self { year, regies, operations, today, .. } = *self;
        let sums = Sums::of(self.ledger, operations, year, today);
        let mut sheet = writer.sheet(&self.addressee, None);
        let years = [("from", year.to_string()), ("to", (year + 1).to_string())];
        sheet.facts.push((writer.said("DOC_PRINTED_ON"), day(today)));
        sheet.facts.push((writer.said("DOC_AS_OF"), day(sums.as_of)));
        sheet.columns = vec![
            writer.column("DOC_OPERATION", ColumnKind::Short),
            writer.column("DOC_DATE", ColumnKind::Short),
            writer.column("DOC_DESCRIPTION", ColumnKind::Words),
            writer.column("DOC_REGIE", ColumnKind::Short),
            writer.column("DOC_DEBIT", ColumnKind::Number),
            writer.column("DOC_CREDIT", ColumnKind::Number),
        ];
        let side = |amount: Amount| if amount.is_zero() { String::new() } else { writer.euros(amount) };
        for row in operations {
            let Some(regie) = regies.get(&row.regie) else { continue };
            let words = description(row, &regie.series, writer.language);
            let is_upcoming = row.counts_from > sums.as_of;
            let upcoming = if is_upcoming { writer.said("DOC_UPCOMING") } else { String::new() };
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
        if regies.values().any(|s| s.collection == CollectionMode::Treasury) {
            sheet.remarks.push(writer.said("BALANCE_NOT_AUTHORITATIVE"));
        }
        (writer.told("DOC_STATEMENT", &years), sheet)
    }
}
