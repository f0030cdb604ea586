//! The certificate of what was paid in a calendar year for the care of young children.

use std::collections::HashMap;

use chrono::NaiveDate;
use portail_domain::{
    money::account::{counts_for, paid_for_care},
    shared::amount::Amount,
    shared::ids::ChildId,
};
use portail_projections::money::accounts::InvoiceRow;

use crate::{
    day,
    sheet::{Addressee, ColumnKind, Sheet, Writer},
};

/// What a family paid in a calendar year, with what its certificate names.
#[derive(Debug)]
pub struct TaxCertificate<'a> {
    /// Who paid.
    pub addressee: Addressee<'a>,
    /// The calendar year.
    pub year: i32,
    /// The invoices that were paid in it, and how much of each.
    pub paid: &'a [(InvoiceRow, Amount)],
    /// The full names and days of birth of the children; an erased child has none.
    pub children: &'a HashMap<ChildId, (String, NaiveDate)>,
    /// The day it is printed.
    pub today: NaiveDate,
}

/// The first and the last day of a calendar year.
pub fn days_of(year: i32) -> (NaiveDate, NaiveDate) {
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    (first.unwrap_or(NaiveDate::MIN), last.unwrap_or(NaiveDate::MAX))
}

impl TaxCertificate<'_> {
    /// Its title and sheet.
    pub fn sheet(&self, writer: &Writer<'_>) -> (String, Sheet) {
        let Self { year, paid, children, today, .. } = *self;
        let counts = |child| children.get(&child).is_some_and(|(_, born)| counts_for(*born, year));
        let of_invoice = paid.iter().map(|(invoice, part)| (invoice.total, &invoice.lines[..], *part));
        let sums = paid_for_care(of_invoice, counts);

        let mut sheet = writer.sheet(&self.addressee, None);
        let named = [("year", year.to_string())];
        sheet.facts.push((writer.said("DOC_PRINTED_ON"), day(today)));
        sheet.preamble.push(writer.told("DOC_CARE_STATEMENT", &named));
        sheet.columns = vec![
            writer.column("DOC_CHILD", ColumnKind::Words),
            writer.column("DOC_BIRTH_DATE", ColumnKind::Short),
            writer.column("DOC_TOTAL_PAID", ColumnKind::Number),
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
        if today <= days_of(year).1 {
            sheet.remarks.push(writer.said("DOC_YEAR_NOT_OVER"));
        }
        (writer.told("DOC_TAX_CERTIFICATE", &named), sheet)
    }
}
