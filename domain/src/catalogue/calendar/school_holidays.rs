//! School holidays by zone, from the official figures shipped in `data/school_holidays.tsv`.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::shared::time::school_year;

/// A zone of the national school calendar, or a calendar of the town's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Zone {
    /// Zone A.
    A,
    /// Zone B.
    B,
    /// Zone C.
    C,
    /// None of them (Corsica, overseas): the town enters each school year itself.
    #[serde(rename = "OWN")]
    Own,
}

/// Which kind of holidays: the guide's legend tells small from summer holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Period {
    /// School is held (weekends included).
    School,
    /// Autumn, Christmas, winter, spring and the Ascension bridge ("petites vacances").
    SmallHolidays,
    /// July and August ("grandes vacances").
    SummerHolidays,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::School, Self::SmallHolidays, Self::SummerHolidays];
}

/// One holiday period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holidays {
    /// Small or summer holidays.
    pub period: Period,
    /// The first day without school.
    pub from: NaiveDate,
    /// The last day without school.
    pub to: NaiveDate,
}

impl Holidays {
    /// Whether a day lies in their first half; of an odd number of days, the middle one does.
    pub fn is_first_half(&self, date: NaiveDate) -> bool {
        (date - self.from).num_days() * 2 < (self.to - self.from).num_days() + 1
    }
}

static BY_ZONE: LazyLock<[Vec<Holidays>; 3]> = LazyLock::new(|| {
    let mut zones = [Vec::new(), Vec::new(), Vec::new()];
    for line in include_str!("../../../data/school_holidays.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [zone, name, from, to] = fields[..] else { continue };
        let zone = match zone {
            "A" => 0,
            "B" => 1,
            "C" => 2,
            _ => continue,
        };
        let period = if name == "summer" { Period::SummerHolidays } else { Period::SmallHolidays };
        if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
            zones[zone].push(Holidays { period, from, to });
        }
    }
    zones
});

fn of_zone(zone: Zone) -> &'static [Holidays] {
    let [a, b, c] = &*BY_ZONE;
    match zone {
        Zone::A => a,
        Zone::B => b,
        Zone::C => c,
        Zone::Own => &[],
    }
}

/// The first school year of the official table, by its first calendar year.
const FIRST_YEAR: i32 = 2014;

/// The last school year of the official table, by its first calendar year.
const LAST_YEAR: i32 = 2027;

/// The period of a list in order that a date lies in.
pub(super) fn find(periods: &[Holidays], date: NaiveDate) -> Option<Holidays> {
    let after = periods.partition_point(|h| h.from <= date);
    let last = periods.get(after.checked_sub(1)?)?;
    (last.to >= date).then_some(*last)
}

/// The official holidays a date lies in, if any.
pub fn holidays_on(zone: Zone, date: NaiveDate) -> Option<Holidays> {
    find(of_zone(zone), date)
}

/// Whether the official calendar covers a date; what lies beyond is not known to be a school day.
pub fn is_published(zone: Zone, date: NaiveDate) -> bool {
    let summer_before = date.year() == FIRST_YEAR && date.month() >= 7;
    zone != Zone::Own && (summer_before || (FIRST_YEAR..=LAST_YEAR).contains(&school_year(date)))
}

/// The last day the official calendar covers.
pub fn published_until() -> NaiveDate {
    last_day(LAST_YEAR)
}

/// The last day of a school year.
pub(super) fn last_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year + 1, 8, 31).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(zone: Zone, s: &str) -> Period {
        holidays_on(zone, s.parse().unwrap()).map_or(Period::School, |h| h.period)
    }

    #[test]
    fn spring_2015_starts_on_11_april_in_zone_a_and_on_25_april_in_zone_b() {
        assert_eq!(on(Zone::A, "2015-04-10"), Period::School);
        assert_eq!(on(Zone::A, "2015-04-11"), Period::SmallHolidays);
        assert_eq!(on(Zone::A, "2015-04-26"), Period::SmallHolidays);
        assert_eq!(on(Zone::A, "2015-04-27"), Period::School);
        assert_eq!(on(Zone::B, "2015-04-24"), Period::School);
        assert_eq!(on(Zone::B, "2015-04-25"), Period::SmallHolidays);
        assert_eq!(on(Zone::C, "2015-04-18"), Period::SmallHolidays);
    }

    #[test]
    fn every_school_year_of_every_zone_has_its_periods() {
        for zone in [Zone::A, Zone::B, Zone::C] {
            for year in FIRST_YEAR..=LAST_YEAR {
                let within = |h: &&Holidays| crate::shared::time::school_year(h.from) == year;
                let small =
                    of_zone(zone).iter().filter(within).filter(|h| h.period == Period::SmallHolidays).count();
                assert_eq!(small, 5, "{zone:?} {year}");
                let summer = of_zone(zone)
                    .iter()
                    .filter(|h| h.period == Period::SummerHolidays)
                    .filter(|h| h.from.year() == year + 1)
                    .count();
                assert_eq!(summer, 1, "{zone:?} {year}");
            }
        }
    }

    #[test]
    fn periods_are_ordered_and_do_not_overlap() {
        for zone in [Zone::A, Zone::B, Zone::C] {
            for pair in of_zone(zone).windows(2) {
                assert!(pair[0].to < pair[1].from, "{pair:?}");
            }
            assert!(of_zone(zone).iter().all(|h| h.from <= h.to));
        }
    }

    #[test]
    fn winter_2026_matches_the_official_order() {
        assert_eq!(on(Zone::A, "2026-02-07"), Period::SmallHolidays);
        assert_eq!(on(Zone::A, "2026-02-23"), Period::School);
        assert_eq!(on(Zone::B, "2026-02-14"), Period::SmallHolidays);
        assert_eq!(on(Zone::C, "2026-02-21"), Period::SmallHolidays);
    }

    /// The orders of every year: "les classes vaqueront le vendredi et le samedi" after Ascension.
    #[test]
    fn the_friday_after_ascension_has_no_school_in_any_year() {
        for year in FIRST_YEAR + 1..=LAST_YEAR + 1 {
            let easter = super::super::public_holidays::easter(year).unwrap();
            let friday = easter + chrono::Days::new(40);
            for zone in [Zone::A, Zone::B, Zone::C] {
                let period = holidays_on(zone, friday).map(|h| h.period);
                assert_eq!(period, Some(Period::SmallHolidays), "{zone:?} {friday}");
            }
        }
    }

    /// Holidays begin after class: a weekday that an order names is still a school day.
    #[test]
    fn holidays_begin_after_the_last_class() {
        for (last, first) in [
            ("2016-07-05", "2016-07-06"),
            ("2016-10-19", "2016-10-20"),
            ("2021-07-06", "2021-07-07"),
            ("2022-07-07", "2022-07-08"),
        ] {
            assert_eq!(on(Zone::A, last), Period::School, "{last}");
            assert_ne!(on(Zone::A, first), Period::School, "{first}");
        }
        assert_eq!(on(Zone::B, "2021-05-17"), Period::School, "school begins again on that Monday");
    }

    #[test]
    fn the_table_says_where_it_ends() {
        assert!(is_published(Zone::B, published_until()));
        assert!(!is_published(Zone::B, published_until() + chrono::Days::new(1)));
        assert!(!is_published(Zone::Own, "2015-04-07".parse().unwrap()), "nobody published it");
        for zone in [Zone::A, Zone::B, Zone::C] {
            assert_eq!(of_zone(zone).last().map(|h| h.to), Some(published_until()));
        }
    }
}
