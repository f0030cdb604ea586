//! The receipt of a payment.

use portail_domain::shared::amount::Amount;
use portail_projections::money::accounts::{InvoiceRow, PaymentRow};

use crate::{
    day,
    sheet::{Addressee, ColumnKind, Sheet, Writer},
    statement_labels::{Regies, invoice_number, payment_number},
};

/// A payment, with what its receipt names.
#[derive(Debug)]
pub struct Receipt<'a> {
    /// The payment.
    pub row: &'a PaymentRow,
    /// Who paid.
    pub addressee: Addressee<'a>,
    /// The régies of the town.
    pub regies: &'a Regies,
    /// The invoices it settles, and how much of each.
    pub settled: &'a [(InvoiceRow, Amount)],
    /// What of it settles no invoice.
    pub free: Amount,
}

impl Receipt<'_> {
    /// Its title and sheet.
    pub fn sheet(&self, writer: &Writer<'_>) -> (String, Sheet) {
        let Self { row, regies, .. } = *self;
        let mut sheet = writer.sheet(&self.addressee, regies.get(&row.regie).map(|r| &r.settings));
        let title = writer.told("DOC_RECEIPT", &[("number", payment_number(regies, &row.regie, row.number))]);
        sheet.facts.push((writer.said("DOC_DATE"), day(row.date)));
        sheet.facts.push((writer.said("DOC_METHOD"), writer.said(row.method.label_key())));
        if let Some(reference) = &row.reference {
            sheet.facts.push((writer.said("DOC_REFERENCE"), reference.clone()));
        }
        if let Some(rejected) = row.rejected {
            sheet.facts.push((writer.said("DOC_REJECTED_ON"), day(rejected)));
        }
        sheet.columns = vec![
            writer.column("DOC_INVOICE_COLUMN", ColumnKind::Words),
            writer.column("DOC_DATE", ColumnKind::Short),
            writer.column("DOC_AMOUNT", ColumnKind::Number),
        ];
        for (invoice, part) in self.settled {
            sheet.rows.push(vec![
                invoice_number(regies, &invoice.regie, invoice.number).into(),
                day(invoice.date).into(),
                writer.euros(*part).into(),
            ]);
        }
        if self.free.is_positive() {
            sheet.totals.push(writer.total("DOC_FREE", self.free, false));
        }
        sheet.totals.push(writer.total("DOC_TOTAL_PAID", row.amount, true));
        (title, sheet)
    }
}
