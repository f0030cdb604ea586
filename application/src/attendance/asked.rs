//! What a command asks of sessions, day by day, and where in the input each day was asked.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use portail_domain::{
    attendance::session::{Act, SessionError},
    attendance::terms::Terms,
    families::child::Child,
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::sealed::Sealed,
    shared::text::Note,
    shared::time::days,
};

use crate::{
    attendance::command::{RollCallEntry, Target, WeeklyPattern},
    outcome::Rejection,
};

/// How many days one command may name.
pub(crate) const MOST_DAYS: usize = 400;

/// What a command asks of sessions.
pub(super) struct Asked<'a> {
    pub(super) days: Vec<AskedDay>,
    /// The field of the input that lists the days.
    pub(super) list: &'static str,
    /// The family that pays; none where staff or the clock decide, whoever pays.
    pub(super) payer: Option<&'a FamilyNumber>,
    /// A free text; it is sealed for the child each day is of.
    pub(super) note: Option<&'a str>,
    /// Days on which the session is not open are left out, not refused.
    pub(super) skips_closed_days: bool,
    pub(super) act: DayAct<'a>,
}

/// What is asked of the session of a day.
type DayAct<'a> = Box<dyn Fn(&Day<'_>) -> Result<Act, SessionError> + Send + Sync + 'a>;

/// A day a command is about, and where in the input it was asked.
pub(super) struct AskedDay {
    pub(super) target: Target,
    pub(super) path: Vec<String>,
}

/// A day with what its decision depends on.
pub(super) struct Day<'a> {
    pub(super) target: &'a Target,
    pub(super) path: &'a [String],
    /// Its place among the days of the command.
    pub(super) index: u16,
    pub(super) terms: Arc<Terms>,
    /// The child as the days decided before left it.
    pub(super) child: Arc<Child>,
    /// The child's reservations at the same hours.
    pub(super) overlaps: Vec<ActivityId>,
    /// When the first of the command's days begins.
    pub(super) first_start: Option<DateTime<Utc>>,
    pub(super) note: Option<Sealed>,
}

impl<'a> Asked<'a> {
    /// Asks something of each day; `list` is the field of the input that names the days.
    pub(super) fn new(
        days: Vec<AskedDay>,
        list: &'static str,
        act: impl Fn(&Day<'_>) -> Result<Act, SessionError> + Send + Sync + 'a,
    ) -> Self {
        Self { days, list, payer: None, note: None, skips_closed_days: false, act: Box::new(act) }
    }

    /// For a family.
    pub(super) fn paid_by(self, payer: &'a FamilyNumber) -> Self {
        Self { payer: Some(payer), ..self }
    }

    /// With a free text.
    pub(super) fn noting(self, note: Option<&'a Note>) -> Self {
        Self { note: note.map(|note| &**note), ..self }
    }

    /// Why no day is looked at: there is none, or there are too many.
    pub(super) fn fault(&self) -> Option<Rejection> {
        let fault = match self.days.len() {
            0 => Rejection::of_code("NO_DAYS"),
            1..=MOST_DAYS => return None,
            _ => Rejection::of_code("TOO_MANY_DAYS").with("days", MOST_DAYS.to_string()),
        };
        Some(fault.at(&["input", self.list]))
    }
}

fn path(field: &str, index: usize) -> Vec<String> {
    vec!["input".to_owned(), field.to_owned(), index.to_string()]
}

/// Days of a child in an activity. A day named twice is asked once, where it was named first.
pub(super) fn dates(child: ChildId, activity: &ActivityId, dates: &[NaiveDate]) -> Vec<AskedDay> {
    let mut first = BTreeMap::new();
    for (index, date) in dates.iter().enumerate() {
        first.entry(*date).or_insert(index);
    }
    let target = |date| Target { child, activity: activity.clone(), date };
    let day = |(date, index)| AskedDay { target: target(date), path: path("dates", index) };
    first.into_iter().map(day).collect()
}

/// Adds the days of a weekly pattern that were not named.
///
/// # Errors
/// The pattern is longer than a command may be, or ends before it begins.
pub(super) fn with_pattern(
    mut named: Vec<AskedDay>,
    child: ChildId,
    activity: &ActivityId,
    pattern: &WeeklyPattern,
) -> Result<Vec<AskedDay>, Rejection> {
    let length = (pattern.to - pattern.from).num_days();
    if !(0..=400).contains(&length) {
        let error = Rejection::of_code("IMPOSSIBLE_DATE_RANGE").with("days", "400");
        return Err(error.at(&["input", "pattern"]));
    }
    let is_named = |date: NaiveDate| named.iter().any(|day| day.target.date == date);
    let fits = |date: &NaiveDate| pattern.weekdays.contains(date.weekday()) && !is_named(*date);
    let path = vec!["input".to_owned(), "pattern".to_owned()];
    let day =
        |date| AskedDay { target: Target { child, activity: activity.clone(), date }, path: path.clone() };
    let added: Vec<AskedDay> = days(pattern.from, pattern.to).filter(fits).map(day).collect();
    named.extend(added);
    named.sort_by_key(|day| day.target.date);
    Ok(named)
}

/// One day.
pub(super) fn day(target: Target, field: &str) -> Vec<AskedDay> {
    vec![AskedDay { target, path: vec!["input".to_owned(), field.to_owned()] }]
}

/// The days of bookings that staff decide.
pub(super) fn each_target(targets: &[Target], field: &str) -> Vec<AskedDay> {
    let day = |(i, target): (usize, &Target)| AskedDay { target: target.clone(), path: path(field, i) };
    targets.iter().enumerate().map(day).collect()
}

/// The children of a roll-call.
pub(super) fn each_entry(activity: &ActivityId, date: NaiveDate, entries: &[RollCallEntry]) -> Vec<AskedDay> {
    let target = |child| Target { child, activity: activity.clone(), date };
    let day = |(i, entry): (usize, &RollCallEntry)| AskedDay {
        target: target(entry.child),
        path: path("entries", i),
    };
    entries.iter().enumerate().map(day).collect()
}
