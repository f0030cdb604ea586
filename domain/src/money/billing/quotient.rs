//! The income quotients of a household, as its file says. A value with dates of validity is replaced,
//! ended or deleted when the file is; what it was before is kept only to tell which billed days were
//! priced by something else.
//!
//! - The file shows nothing any more: the value it showed is deleted.
//! - The file shows the same value with another end, or from the same day another value: it is
//!   corrected.
//! - The same value begins later and ends no later: its start is corrected.
//! - Anything else that begins later is the next value: the one before ends the day before.
//! - What a parent brings never counts back from the day it was received (Cœur de Garonne, Le
//!   Palabre); what staff record counts from the day it names.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A household income quotient and the days it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotient {
    /// The quotient, in euros.
    pub value: Decimal,
    /// The first day it counts.
    pub from: NaiveDate,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Quotient {
    fn holds_on(&self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// What the file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownQuotient {
    /// The quotient, in euros.
    pub value: Decimal,
    /// The first day it is valid, where the file says one.
    pub since: Option<NaiveDate>,
    /// The last.
    pub to: Option<NaiveDate>,
}

/// Who brought what the file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotientSource {
    /// Staff.
    Staff,
    /// A parent, by a request.
    Parent,
}

/// The quotients of a household.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotients {
    shown: Option<ShownQuotient>,
    /// What held after each change of the file, by the change's position in the log. Of one state the
    /// days never overlap.
    states: Vec<(u64, Vec<Quotient>)>,
}

/// Ends what holds on a day or later.
fn end_before(records: &mut Vec<Quotient>, from: NaiveDate) {
    records.retain(|q| q.from < from);
    for record in records.iter_mut().filter(|q| q.to.is_none_or(|to| to >= from)) {
        record.to = from.pred_opt();
    }
}

impl Quotients {
    fn records(&self) -> &[Quotient] {
        self.states.last().map_or(&[], |(_, records)| records)
    }

    fn holding(records: &[Quotient], date: NaiveDate) -> Option<Decimal> {
        records.iter().find(|q| q.holds_on(date)).map(|q| q.value)
    }

    /// The quotient that counts on a day.
    pub fn on(&self, date: NaiveDate) -> Option<Decimal> {
        Self::holding(self.records(), date)
    }

    /// The quotient that counted on a day as far as the file said at a position of the log.
    pub fn on_as_known(&self, date: NaiveDate, position: u64) -> Option<Decimal> {
        let known = self.states.iter().rev().find(|(changed, _)| *changed <= position);
        Self::holding(known.map_or(&[], |(_, records)| records), date)
    }

    /// Whether one was valid before a day and none is on it.
    pub fn has_expired_on(&self, date: NaiveDate) -> bool {
        self.on(date).is_none() && self.records().iter().any(|q| q.to.is_some_and(|to| to < date))
    }

    /// The file shows another quotient, or none, since a position of the log.
    pub fn show(
        &mut self,
        shown: Option<ShownQuotient>,
        by: QuotientSource,
        received: NaiveDate,
        position: u64,
    ) {
        let before = std::mem::replace(&mut self.shown, shown);
        if before == shown {
            return;
        }
        let mut records = self.records().to_vec();
        let since = shown.and_then(|s| s.since);
        let mut from = match by {
            QuotientSource::Parent => since.unwrap_or(received).max(received),
            QuotientSource::Staff => since.unwrap_or(received),
        };
        if let (QuotientSource::Staff, Some(before)) = (by, before) {
            match shown {
                None => {
                    records.pop();
                    from = NaiveDate::MAX;
                }
                Some(new) if corrects(&before, &new) => {
                    let corrected = records.pop();
                    if let (None, Some(corrected)) = (since, corrected) {
                        from = corrected.from;
                    }
                }
                Some(_) => {}
            }
        }
        end_before(&mut records, from);
        if let Some(ShownQuotient { value, to, .. }) = shown {
            records.push(Quotient { value, from, to });
        }
        self.states.push((position, records));
    }

    /// Forgets all of them: the file was erased.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether what staff record corrects what the file showed; else it follows it.
fn corrects(before: &ShownQuotient, new: &ShownQuotient) -> bool {
    let same_value = before.value == new.value;
    match (before.since, new.since) {
        (None, None) => same_value,
        (Some(old), Some(since)) if since <= old => true,
        _ => {
            let ends_no_later = match (before.to, new.to) {
                (Some(old), Some(to)) => to <= old,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            same_value && ends_no_later
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn shown(value: i64, since: &str, to: &str) -> Option<ShownQuotient> {
        let date = |text: &str| (!text.is_empty()).then(|| day(text));
        Some(ShownQuotient { value: value.into(), since: date(since), to: date(to) })
    }

    fn file(states: &[Option<ShownQuotient>]) -> Quotients {
        let mut quotients = Quotients::default();
        for (position, state) in (1..).zip(states) {
            quotients.show(*state, QuotientSource::Staff, day("2015-04-09"), position);
        }
        quotients
    }

    /// What the file showed, one state after the other, and the quotients that then hold.
    #[test]
    fn what_the_file_no_longer_shows_no_longer_counts() {
        let first = shown(500, "2015-01-01", "2017-12-31");
        let shortened = shown(500, "2015-01-01", "2015-12-31");
        type Expected = &'static [(&'static str, Option<i64>)];
        let cases: [(&str, Vec<Option<ShownQuotient>>, Expected); 10] = [
            (
                "as recorded",
                vec![first],
                &[("2014-12-31", None), ("2015-06-22", Some(500)), ("2018-01-01", None)],
            ),
            (
                "the end is corrected",
                vec![first, shortened],
                &[("2015-06-22", Some(500)), ("2016-01-04", None)],
            ),
            ("it is emptied", vec![first, shortened, None], &[("2015-06-22", None), ("2016-01-04", None)]),
            (
                "the start is corrected",
                vec![shortened, shown(500, "2015-09-01", "2015-12-31")],
                &[("2015-06-22", None), ("2015-09-01", Some(500))],
            ),
            (
                "the value is corrected",
                vec![shortened, shown(700, "2015-01-01", "2015-12-31")],
                &[("2015-01-01", Some(700)), ("2015-12-31", Some(700))],
            ),
            (
                "the next year follows",
                vec![shortened, shown(500, "2016-01-01", "2016-12-31")],
                &[("2015-06-22", Some(500)), ("2016-01-04", Some(500)), ("2017-01-01", None)],
            ),
            (
                "the situation changes within the year",
                vec![shortened, shown(900, "2015-09-01", "2015-12-31")],
                &[("2015-08-31", Some(500)), ("2015-09-01", Some(900))],
            ),
            (
                "what was replaced does not come back",
                vec![shortened, shown(900, "2015-09-01", "2016-08-31"), None],
                &[("2015-08-31", Some(500)), ("2015-10-01", None)],
            ),
            (
                "an earlier start replaces what was",
                vec![shown(900, "2015-09-01", ""), shown(700, "2015-01-01", "")],
                &[("2015-01-01", Some(700)), ("2015-10-01", Some(700))],
            ),
            (
                "without a first day it counts from the day it was recorded, and its end can be corrected",
                vec![shown(500, "", ""), shown(500, "", "2015-12-31")],
                &[("2015-04-08", None), ("2015-04-09", Some(500)), ("2016-01-04", None)],
            ),
        ];
        for (name, states, expected) in cases {
            let quotients = file(&states);
            for (date, value) in expected {
                assert_eq!(quotients.on(day(date)), value.map(Into::into), "{name}: {date}");
            }
        }
    }

    #[test]
    fn what_a_parent_brings_does_not_count_back() {
        let mut quotients = file(&[shown(900, "2015-01-01", "2015-12-31")]);
        quotients.show(shown(500, "2015-01-01", "2015-12-31"), QuotientSource::Parent, day("2015-05-10"), 2);
        assert_eq!(quotients.on(day("2015-05-09")), Some(900.into()));
        assert_eq!(quotients.on(day("2015-05-10")), Some(500.into()));
        quotients.show(None, QuotientSource::Parent, day("2015-06-01"), 3);
        assert_eq!(quotients.on(day("2015-05-31")), Some(500.into()));
        assert_eq!(quotients.on(day("2015-06-01")), None);
    }

    #[test]
    fn what_was_known_at_a_position_is_told_and_an_expired_one_is_no_missing_one() {
        let quotients =
            file(&[shown(500, "2015-01-01", "2017-12-31"), shown(500, "2015-01-01", "2015-12-31")]);
        assert_eq!(quotients.on_as_known(day("2016-01-04"), 1), Some(500.into()));
        assert_eq!(quotients.on_as_known(day("2016-01-04"), 2), None);
        assert_eq!(quotients.on_as_known(day("2015-06-22"), 0), None);
        assert!(quotients.has_expired_on(day("2016-01-04")));
        assert!(!quotients.has_expired_on(day("2015-06-22")));
        assert!(!Quotients::default().has_expired_on(day("2016-01-04")));
    }
}
