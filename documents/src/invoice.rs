//! Invoices and credit notes, as they are printed.

use std::collections::HashMap;

use portail_domain::{money::account::InvoiceLine, shared::ids::ChildId};
use portail_projections::{catalogue::Catalogue, money::accounts::InvoiceRow};

use crate::{
    day,
    sheet::{Addressee, Cell, ColumnKind, Sheet, Writer},
    statement_labels::{Regies, charge_key, invoice_number, step_label},
};

/// An invoice or a credit note, with what its sheet names.
#[derive(Debug)]
pub struct Invoice<'a> {
    /// The invoice.
    pub row: &'a InvoiceRow,
    /// Whom it is sent to.
    pub addressee: Addressee<'a>,
    /// The régies of the town.
    pub regies: &'a Regies,
    /// The full names of the children of its lines; an erased child has none.
    pub children: &'a HashMap<ChildId, String>,
    /// The activities of its lines.
    pub catalogue: &'a Catalogue,
}

impl Invoice<'_> {
    /// Its title and sheet.
    pub fn sheet(&self, writer: &Writer<'_>) -> (String, Sheet) {
        let Self { row, regies, .. } = *self;
        let mut sheet = writer.sheet(&self.addressee, regies.get(&row.regie).map(|r| &r.settings));
        let name = vec![("number", invoice_number(regies, &row.regie, row.number))];
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
            writer.column("DOC_CHILD", ColumnKind::Short),
            writer.column("DOC_SERVICE", ColumnKind::Words),
            writer.column("DOC_QUANTITY", ColumnKind::Number),
            writer.column("DOC_UNIT_PRICE", ColumnKind::Number),
            writer.column("DOC_AMOUNT", ColumnKind::Number),
        ];
        sheet.rows = row.lines.iter().map(|line| self.line(line, writer)).collect();
        let label = if row.credit_note { "DOC_TOTAL_CREDITED" } else { "DOC_TOTAL_DUE" };
        sheet.totals.push(writer.total(label, row.total, true));
        if let Some(note) = &row.note {
            sheet.preamble.push(note.clone());
        } else if row.lines.is_empty() {
            sheet.preamble.push(writer.said("DOC_TAKEN_OVER"));
        }
        (title, sheet)
    }

    fn line(&self, line: &InvoiceLine, writer: &Writer<'_>) -> Vec<Cell> {
        let child = self.children.get(&line.child).cloned().unwrap_or_default();
        let activity = self.catalogue.activities.get(&line.activity).and_then(|a| a.latest());
        let activity = activity.map_or_else(|| line.activity.to_string(), |s| s.name.clone());
        let service = format!("{activity} \u{2013} {}", writer.said(charge_key(line)));
        vec![
            child.into(),
            Cell::with(service, how(line, writer)),
            line.count().to_string().into(),
            writer.euros(line.unit).into(),
            writer.euros(line.amount()).into(),
        ]
    }
}

/// The days of a line and the steps of its price.
fn how(line: &InvoiceLine, writer: &Writer<'_>) -> String {
    let days: Vec<String> = line.dates.iter().map(|d| d.format("%d/%m").to_string()).collect();
    let steps: Vec<String> = line.steps.iter().map(|s| step_label(s, writer.language)).collect();
    [days.join(", "), steps.join(" ; ")].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n")
}
