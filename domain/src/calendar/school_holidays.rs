//! School holidays by zone, from the official figures shipped in `data/school_holidays.tsv`.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A zone of the national school calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Zone {
    /// Zone A.
    A,
    /// Zone B.
    B,
    /// Zone C.
    C,
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

/// One holiday period of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holidays {
    /// Small or summer holidays.
    pub period: Period,
    /// The first day without school.
    pub from: NaiveDate,
    /// The last day without school.
    pub to: NaiveDate,
}

static BY_ZONE: LazyLock<[Vec<Holidays>; 3]> = LazyLock::new(|| {
    let mut zones = [Vec::new(), Vec::new(), Vec::new()];
    for line in include_str!("../../data/school_holidays.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [zone, name, from, to] = fields[..] else { continue };
        let zone = match zone {
            "A" => 0,
            "B" => 1,
            _ => 2,
        };
        let period = if name == "summer" { Period::SummerHolidays } else { Period::SmallHolidays };
        if let (Ok(from), Ok(to)) = (from.parse(), to.parse()) {
            zones[zone].push(Holidays { period, from, to });
        }
    }
    zones
});

fn of_zone(zone: Zone) -> &'static [Holidays] {
    &BY_ZONE[zone as usize]
}

/// The holidays a date lies in, if any.
pub fn holidays_on(zone: Zone, date: NaiveDate) -> Option<Holidays> {
    let periods = of_zone(zone);
    let after = periods.partition_point(|h| h.from <= date);
    let last = periods.get(after.checked_sub(1)?)?;
    (last.to >= date).then_some(*last)
}

/// What kind of day a date is for schools.
pub fn period(zone: Zone, date: NaiveDate) -> Period {
    holidays_on(zone, date).map_or(Period::School, |h| h.period)
}

/// Whether the official calendar covers a date; beyond it every day counts as a school day.
pub fn is_published(date: NaiveDate) -> bool {
    (2014..=2027).contains(&crate::time::school_year(date)) && date.year() >= 2014
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(zone: Zone, s: &str) -> Period {
        period(zone, s.parse().unwrap())
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
            for year in (2014..=2014).chain(2022..=2027) {
                let within = |h: &&Holidays| crate::time::school_year(h.from) == year;
                let small =
                    of_zone(zone).iter().filter(within).filter(|h| h.period == Period::SmallHolidays).count();
                assert!((4..=5).contains(&small), "{zone:?} {year}: {small} small holidays");
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
}
