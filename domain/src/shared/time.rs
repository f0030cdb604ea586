//! Civil time of the town. Dates are local, instants are UTC; this module is the only bridge.

use std::{fmt, str::FromStr};

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The town's time zone: metropolitan France, daylight saving included.
pub const TOWN_ZONE: Tz = chrono_tz::Europe::Paris;

/// The instant of a local date and time.
///
/// A time skipped by the spring change is read as the first instant after the gap; one that
/// happens twice in autumn is its later occurrence, so that a deadline never comes early.
pub fn instant(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = NaiveDateTime::new(date, time);
    match TOWN_ZONE.from_local_datetime(&local).latest() {
        Some(at) => at.to_utc(),
        None => {
            let shifted = local + chrono::Duration::hours(1);
            TOWN_ZONE.from_local_datetime(&shifted).latest().map_or_else(|| local.and_utc(), |at| at.to_utc())
        }
    }
}

/// The town's date at an instant.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&TOWN_ZONE).date_naive()
}

/// The first day the portal knows. Everything it stores and computes holds far beyond both.
pub const FIRST_DAY: NaiveDate = civil(1900, 1, 1);

/// The last day the portal knows.
pub const LAST_DAY: NaiveDate = civil(2199, 12, 31);

const fn civil(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// Whether the portal knows a day.
pub fn is_known(date: NaiveDate) -> bool {
    (FIRST_DAY..=LAST_DAY).contains(&date)
}

/// A text is not a day of the portal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written YYYY-MM-DD, between {FIRST_DAY} and {LAST_DAY}")]
pub struct DayError;

/// A day as people and files write it: `YYYY-MM-DD`, within what the portal knows.
///
/// # Errors
/// Another form, no day of the calendar, or out of bounds.
pub fn day(text: &str) -> Result<NaiveDate, DayError> {
    let date = NaiveDate::from_str(text).map_err(|_| DayError)?;
    if text.len() == 10 && is_known(date) { Ok(date) } else { Err(DayError) }
}

/// A text is not an instant of the portal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instant is written as RFC 3339 says, between {FIRST_DAY} and {LAST_DAY}")]
pub struct InstantError;

/// An instant as RFC 3339 writes it, within what the portal knows.
///
/// # Errors
/// Another form, or out of bounds.
pub fn instant_of(text: &str) -> Result<DateTime<Utc>, InstantError> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|_| InstantError)?.to_utc();
    if is_known(at.date_naive()) { Ok(at) } else { Err(InstantError) }
}

/// A text is not a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written HH:MM or HH:MM:SS, between 00:00:00 and 23:59:59")]
pub struct TimeError;

/// A local time of day, to the second.
///
/// # Errors
/// Another form, or no time of day; a leap second is none.
pub fn time_of_day(text: &str) -> Result<NaiveTime, TimeError> {
    let time = NaiveTime::from_str(text).map_err(|_| TimeError)?;
    if time.nanosecond() == 0 { Ok(time) } else { Err(TimeError) }
}

/// A calendar month, e.g. `2015-04`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    first: NaiveDate,
}

/// A text is not a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a month is written YYYY-MM, between 1990-01 and 2199-12")]
pub struct MonthError;

impl Month {
    /// The month a date lies in.
    pub fn of(date: NaiveDate) -> Self {
        Self { first: date.with_day(1).unwrap_or(date) }
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> NaiveDate {
        self.next().first.pred_opt().unwrap_or(self.first)
    }

    /// The month after.
    pub fn next(self) -> Self {
        Self { first: self.first.checked_add_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// The month before.
    pub fn previous(self) -> Self {
        Self { first: self.first.checked_sub_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        days(self.first, self.last())
    }
}

impl FromStr for Month {
    type Err = MonthError;
    fn from_str(s: &str) -> Result<Self, MonthError> {
        if s.len() != 7 {
            return Err(MonthError);
        }
        let first = NaiveDate::from_str(&format!("{s}-01")).map_err(|_| MonthError)?;
        if (1990..2200).contains(&first.year()) { Ok(Self { first }) } else { Err(MonthError) }
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;
    fn try_from(s: String) -> Result<Self, MonthError> {
        s.parse()
    }
}

impl From<Month> for String {
    fn from(m: Month) -> String {
        m.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}

/// A set of weekdays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Weekday>", into = "Vec<Weekday>")]
pub struct Weekdays(u8);

impl Weekdays {
    /// Whether a weekday is in it.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The days of a week, from Monday.
    pub fn all() -> impl Iterator<Item = Weekday> {
        (0..7).filter_map(|n| Weekday::try_from(n).ok())
    }

    /// How many are.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Those in it, from Monday.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Self::all().filter(move |day| self.contains(*day))
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | 1 << day.num_days_from_monday()))
    }
}

impl<const N: usize> From<[Weekday; N]> for Weekdays {
    fn from(days: [Weekday; N]) -> Self {
        days.into_iter().collect()
    }
}

impl From<Vec<Weekday>> for Weekdays {
    fn from(days: Vec<Weekday>) -> Self {
        days.into_iter().collect()
    }
}

impl From<Weekdays> for Vec<Weekday> {
    fn from(days: Weekdays) -> Self {
        days.iter().collect()
    }
}

/// The school year a date belongs to, by its first calendar year: 1 September to 31 August.
pub fn school_year(date: NaiveDate) -> i32 {
    if date.month() >= 9 { date.year() } else { date.year() - 1 }
}

/// The days from `from` to `to`, both included.
pub fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |d| *d <= to)
}

/// The day `n` days before.
pub fn days_before(date: NaiveDate, n: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(n)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(s: &str) -> NaiveDate {
        s.parse().unwrap()
    }

    #[test]
    fn a_deadline_in_the_spring_gap_is_the_first_instant_after_it() {
        let at = instant(date("2015-03-29"), NaiveTime::from_hms_opt(2, 30, 0).unwrap());
        assert_eq!(at.to_rfc3339(), "2015-03-29T01:30:00+00:00");
    }

    #[test]
    fn an_hour_that_happens_twice_is_its_later_occurrence() {
        let at = instant(date("2015-10-25"), NaiveTime::from_hms_opt(2, 30, 0).unwrap());
        assert_eq!(at.to_rfc3339(), "2015-10-25T01:30:00+00:00");
    }

    #[test]
    fn days_instants_and_times_beyond_what_the_portal_knows_are_refused() {
        assert!(day("1900-01-01").is_ok() && day("2199-12-31").is_ok());
        let days =
            ["-262143-01-01", "+262142-12-31", "1899-12-31", "2200-01-01", "2015-02-29", "2015-4-1", ""];
        for wrong in days {
            assert_eq!(day(wrong), Err(DayError), "{wrong}");
        }
        assert!(instant_of("2015-04-08T09:00:00Z").is_ok());
        for wrong in ["9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "+262142-12-31T00:00:00Z", "2015-04-08"]
        {
            assert_eq!(instant_of(wrong), Err(InstantError), "{wrong}");
        }
        assert!(time_of_day("07:30").is_ok() && time_of_day("23:59:59").is_ok());
        for wrong in ["23:59:60", "24:00", "07:30:00.5", ""] {
            assert_eq!(time_of_day(wrong), Err(TimeError), "{wrong}");
        }
    }

    #[test]
    fn months_know_their_days_and_neighbours() {
        let february: Month = "2016-02".parse().unwrap();
        assert_eq!(february.days().count(), 29);
        assert_eq!(february.next().to_string(), "2016-03");
        assert_eq!(february.previous().to_string(), "2016-01");
        assert!("2016-13".parse::<Month>().is_err());
        assert!("16-01".parse::<Month>().is_err());
    }
}
