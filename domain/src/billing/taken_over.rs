//! What invoices of the software before cover: it is never billed again.

use chrono::NaiveDate;

use crate::{
    account::InvoiceLine,
    ids::{ActivityId, ChildId},
    time::Month,
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

impl TakenOverInvoice {
    /// Whether it bills days of a child's activity, wholly inside its period or only in part.
    fn covers(
        &self,
        child: ChildId,
        activity: &ActivityId,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Coverage {
        let (invoice, position) = (self.number, self.position);
        if last < self.from || first > self.to {
            return Coverage::Not;
        }
        if self.lines.is_empty() {
            return Coverage::Undecided { invoice };
        }
        let mut own = self.lines.iter().filter(|l| l.child == child && l.activity == *activity).peekable();
        if own.peek().is_none() {
            return Coverage::Not;
        }
        // A line without its days bills all of the period's.
        if !own.any(|l| l.dates.is_empty() || l.dates.iter().any(|d| first <= *d && *d <= last)) {
            return Coverage::Not;
        }
        if self.from <= first && last <= self.to {
            Coverage::Covered { invoice, position }
        } else {
            Coverage::Undecided { invoice }
        }
    }
}

/// Whether a session was billed by the software before.
pub(super) fn session(
    invoices: &[TakenOverInvoice],
    child: ChildId,
    activity: &ActivityId,
    date: NaiveDate,
) -> Coverage {
    invoices.iter().map(|i| i.covers(child, activity, (date, date))).max().unwrap_or(Coverage::Not)
}

/// Whether a month was billed by the software before.
pub(super) fn month(
    invoices: &[TakenOverInvoice],
    child: ChildId,
    activity: &ActivityId,
    month: Month,
) -> Coverage {
    let days = (month.first(), month.last());
    invoices.iter().map(|i| i.covers(child, activity, days)).max().unwrap_or(Coverage::Not)
}
