//! The days banks settle payments in euros: the TARGET calendar.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::catalogue::calendar::public_holidays::easter;

/// Whether TARGET is open: not on weekends, 1 January, Good Friday, Easter Monday, 1 May, 25 and
/// 26 December (ECB, in force since 2002).
pub fn is_bank_day(date: NaiveDate) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let fixed = matches!((date.month(), date.day()), (1 | 5, 1) | (12, 25 | 26));
    let around_easter = || {
        easter(date.year()).is_some_and(|sunday| {
            sunday.checked_sub_days(Days::new(2)) == Some(date)
                || sunday.checked_add_days(Days::new(1)) == Some(date)
        })
    };
    !weekend && !fixed && !around_easter()
}

/// The first day on or after a date that banks settle on; the date itself at the calendar's end.
pub fn next_bank_day(date: NaiveDate) -> NaiveDate {
    date.iter_days().take(10).find(|day| is_bank_day(*day)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn banks_rest_on_weekends_and_six_holidays() {
        for closed in
            ["2015-06-13", "2015-06-21", "2015-05-01", "2015-04-03", "2015-04-06", "2026-12-25", "2019-12-26"]
        {
            assert!(!is_bank_day(day(closed)), "{closed}");
        }
        // National holidays are none of the banks'.
        for open in ["2015-05-08", "2015-05-14", "2015-07-14", "2015-11-11", "2026-11-30"] {
            assert!(is_bank_day(day(open)), "{open}");
        }
    }

    #[test]
    fn the_next_bank_day_follows_the_longest_break() {
        // Good Friday to Easter Monday; Christmas on a Thursday, then the weekend.
        assert_eq!(next_bank_day(day("2015-04-03")), day("2015-04-07"));
        assert_eq!(next_bank_day(day("2025-12-25")), day("2025-12-29"));
        assert_eq!(next_bank_day(day("2015-06-12")), day("2015-06-12"));
        assert_eq!(next_bank_day(NaiveDate::MAX), NaiveDate::MAX);
    }
}
