//! Public holidays of mainland France, computed. Source: Code du travail, article L3133-1.

use chrono::{Datelike, Days, NaiveDate};

/// The eleven public holidays; the name is a key of the message catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicHoliday {
    /// 1 January.
    NewYear,
    /// The Monday after Easter.
    EasterMonday,
    /// 1 May.
    LabourDay,
    /// 8 May.
    VictoryDay,
    /// 39 days after Easter.
    Ascension,
    /// The Monday after Pentecost.
    WhitMonday,
    /// 14 July.
    BastilleDay,
    /// 15 August.
    Assumption,
    /// 1 November.
    AllSaints,
    /// 11 November.
    Armistice,
    /// 25 December.
    Christmas,
}

/// Easter Sunday of a year in the Gregorian calendar (the anonymous computus of Meeus).
pub fn easter(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// The public holiday on a date, if it is one.
pub fn public_holiday(date: NaiveDate) -> Option<PublicHoliday> {
    use PublicHoliday as P;
    match (date.month(), date.day()) {
        (1, 1) => return Some(P::NewYear),
        (5, 1) => return Some(P::LabourDay),
        (5, 8) => return Some(P::VictoryDay),
        (7, 14) => return Some(P::BastilleDay),
        (8, 15) => return Some(P::Assumption),
        (11, 1) => return Some(P::AllSaints),
        (11, 11) => return Some(P::Armistice),
        (12, 25) => return Some(P::Christmas),
        (3..=6, _) => {}
        _ => return None,
    }
    let easter = easter(date.year())?;
    let after = |days| easter.checked_add_days(Days::new(days)) == Some(date);
    if after(1) {
        Some(P::EasterMonday)
    } else if after(39) {
        Some(P::Ascension)
    } else if after(50) {
        Some(P::WhitMonday)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(s: &str) -> Option<PublicHoliday> {
        public_holiday(s.parse().unwrap())
    }

    #[test]
    fn easter_follows_the_published_tables() {
        for (year, day) in [(2015, "2015-04-05"), (2024, "2024-03-31"), (2038, "2038-04-25")] {
            assert_eq!(easter(year), Some(day.parse().unwrap()));
        }
    }

    #[test]
    fn the_holidays_of_spring_2015() {
        assert_eq!(on("2015-04-06"), Some(PublicHoliday::EasterMonday));
        assert_eq!(on("2015-05-14"), Some(PublicHoliday::Ascension));
        assert_eq!(on("2015-05-25"), Some(PublicHoliday::WhitMonday));
        assert_eq!(on("2015-04-05"), None, "Easter Sunday itself is not one");
        assert_eq!(on("2015-04-07"), None);
    }
}
