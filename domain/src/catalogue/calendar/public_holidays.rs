//! Public holidays, computed: those of the whole country (Code du travail, article L3133-1), the two
//! more of Alsace and Moselle (L3134-13), and the day of the abolition of slavery overseas (L3422-2).

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// Where a town lies, as far as public holidays are concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HolidayRegion {
    /// The eleven holidays of the whole country, and no other.
    #[default]
    Common,
    /// Bas-Rhin, Haut-Rhin and Moselle: Good Friday and 26 December as well. (By law, Good Friday
    /// in communes with a Protestant church; a town without one reopens the day by another region.)
    AlsaceMoselle,
    /// Guadeloupe: 27 May as well.
    Guadeloupe,
    /// Guyane: 10 June as well.
    Guyane,
    /// Martinique: 22 May as well.
    Martinique,
    /// La Réunion: 20 December as well.
    Reunion,
    /// Mayotte: 27 April as well.
    Mayotte,
    /// Saint-Barthélemy: 9 October as well.
    SaintBarthelemy,
    /// Saint-Martin: 28 May as well.
    SaintMartin,
}

/// A public holiday.
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
    /// The Friday before Easter, in Alsace and Moselle.
    GoodFriday,
    /// 26 December, in Alsace and Moselle.
    SaintStephen,
    /// The abolition of slavery, overseas: each department has its own day.
    AbolitionOfSlavery,
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

/// The public holiday of a region on a date, if it is one.
pub fn public_holiday(region: HolidayRegion, date: NaiveDate) -> Option<PublicHoliday> {
    common(date).or_else(|| regional(region, date))
}

fn regional(region: HolidayRegion, date: NaiveDate) -> Option<PublicHoliday> {
    use HolidayRegion as R;
    let abolition = match region {
        R::Common => return None,
        R::AlsaceMoselle => {
            let good_friday = easter(date.year())?.checked_sub_days(Days::new(2));
            return match (date.month(), date.day()) {
                (12, 26) => Some(PublicHoliday::SaintStephen),
                _ => (good_friday == Some(date)).then_some(PublicHoliday::GoodFriday),
            };
        }
        R::Guadeloupe => (5, 27),
        R::Guyane => (6, 10),
        R::Martinique => (5, 22),
        R::Reunion => (12, 20),
        R::Mayotte => (4, 27),
        R::SaintBarthelemy => (10, 9),
        R::SaintMartin => (5, 28),
    };
    ((date.month(), date.day()) == abolition).then_some(PublicHoliday::AbolitionOfSlavery)
}

/// The eleven of the whole country.
fn common(date: NaiveDate) -> Option<PublicHoliday> {
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
        public_holiday(HolidayRegion::Common, s.parse().unwrap())
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

    #[test]
    fn regions_have_their_own_holidays_besides() {
        use HolidayRegion as R;
        for (region, day, holiday) in [
            (R::AlsaceMoselle, "2016-03-25", PublicHoliday::GoodFriday),
            (R::AlsaceMoselle, "2016-12-26", PublicHoliday::SaintStephen),
            (R::AlsaceMoselle, "2016-03-28", PublicHoliday::EasterMonday),
            (R::Martinique, "2016-05-22", PublicHoliday::AbolitionOfSlavery),
            (R::Reunion, "2016-12-20", PublicHoliday::AbolitionOfSlavery),
            (R::Mayotte, "2016-04-27", PublicHoliday::AbolitionOfSlavery),
        ] {
            assert_eq!(public_holiday(region, day.parse().unwrap()), Some(holiday), "{region:?} {day}");
            assert!(day == "2016-03-28" || on(day).is_none(), "{day} is one everywhere");
        }
    }
}
