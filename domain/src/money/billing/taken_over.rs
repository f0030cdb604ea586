//! What invoices of the software before cover: it is never billed again.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Billed, BilledKey, Booked, charge::charge};
use crate::{
    money::account::InvoiceLine,
    shared::ids::{ActivityId, ChildId},
    shared::time::Month,
};

/// An invoice of the software before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOverInvoice {
    /// Its number.
    pub number: u32,
    /// The first day it bills.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// Its lines, where they are known.
    pub lines: Vec<InvoiceLine>,
    /// The position of the log it was taken over at.
    pub position: u64,
}

/// Whether invoices of the software before billed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// None did.
    Not,
    /// The invoice of the number may have: nobody can tell from what was taken over.
    Undecided {
        /// Its number.
        invoice: u32,
    },
    /// The invoice of the number did.
    Covered {
        /// Its number.
        invoice: u32,
        /// The position of the log it was taken over at.
        position: u64,
    },
}

/// The invoices of the software before, with what they are compared to.
pub(super) struct TakenOver<'a> {
    invoices: &'a [TakenOverInvoice],
    /// How many chargeable sessions of a child's activity lie in the period of the invoice of a number.
    sessions: HashMap<(u32, ChildId, &'a ActivityId), u32>,
}

impl<'a> TakenOver<'a> {
    /// Counts the sessions in the invoices' periods that this software has not billed.
    pub(super) fn new(
        invoices: &'a [TakenOverInvoice],
        booked: impl Iterator<Item = &'a Booked>,
        billed: &Billed,
    ) -> Self {
        let mut sessions = HashMap::new();
        // Most families have none.
        if !invoices.is_empty() {
            for cell in booked.filter(|cell| charge(&cell.booking).is_some()) {
                let (child, activity, date) = (cell.child, cell.activity.clone(), cell.date);
                if billed.contains_key(&BilledKey { child, activity, date, month: false }) {
                    continue;
                }
                for invoice in invoices.iter().filter(|i| i.from <= date && date <= i.to) {
                    *sessions.entry((invoice.number, child, &cell.activity)).or_default() += 1;
                }
            }
        }
        Self { invoices, sessions }
    }

    /// Whether a session was billed by the software before.
    pub(super) fn session(&self, child: ChildId, activity: &ActivityId, date: NaiveDate) -> Coverage {
        let covers = |invoice: &TakenOverInvoice| {
            let sessions = self.sessions.get(&(invoice.number, child, activity)).copied();
            invoice.covers(child, activity, (date, date), sessions.unwrap_or(0))
        };
        self.invoices.iter().map(covers).max().unwrap_or(Coverage::Not)
    }

    /// Whether a month was billed by the software before.
    pub(super) fn month(&self, child: ChildId, activity: &ActivityId, month: Month) -> Coverage {
        let days = (month.first(), month.last());
        let covers = |invoice: &TakenOverInvoice| invoice.covers(child, activity, days, 0);
        self.invoices.iter().map(covers).max().unwrap_or(Coverage::Not)
    }
}

impl TakenOverInvoice {
    /// Whether it bills days of a child's activity, wholly inside its period or only in part. So many
    /// chargeable sessions lie in its period: where they are more than it billed, nobody can tell which.
    fn covers(
        &self,
        child: ChildId,
        activity: &ActivityId,
        (first, last): (NaiveDate, NaiveDate),
        sessions: u32,
    ) -> Coverage {
        let (invoice, position) = (self.number, self.position);
        if last < self.from || first > self.to {
            return Coverage::Not;
        }
        if self.lines.is_empty() {
            return Coverage::Undecided { invoice };
        }
        let own = || self.lines.iter().filter(|l| l.child == child && l.activity == *activity);
        // A line without its days bills all of the period's.
        if !own().any(|l| l.dates.is_empty() || l.dates.iter().any(|d| first <= *d && *d <= last)) {
            return Coverage::Not;
        }
        let is_by_day = own().any(|l| l.dates.iter().any(|d| first <= *d && *d <= last));
        let billed: u32 = own().map(InvoiceLine::count).sum();
        let is_known = is_by_day || sessions <= billed;
        if self.from <= first && last <= self.to && is_known {
            Coverage::Covered { invoice, position }
        } else {
            Coverage::Undecided { invoice }
        }
    }
}
