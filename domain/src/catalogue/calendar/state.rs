//! The calendar's state and its questions.

use std::collections::BTreeMap;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    CalendarCommand, CalendarError, CalendarEvent, Closure, HolidayRegion, Holidays, Period, PublicHoliday,
    Zone,
    public_holidays::public_holiday,
    school_holidays::{self, last_day},
};
use crate::{
    aggregate,
    shared::ids::{ActivityId, StructureId},
    shared::time::school_year,
};

/// The town's calendar: school zone, public holidays and closures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TownCalendar {
    /// How many decisions made it: recorded with every decision that relied on it.
    pub version: u32,
    /// The zones with the first day each holds, in the order of adoption.
    zones: Vec<(NaiveDate, Zone)>,
    /// The regions with the first day each holds, in order.
    #[serde(default)]
    regions: Vec<(NaiveDate, HolidayRegion)>,
    /// The school years the town entered itself.
    #[serde(default)]
    entered: BTreeMap<i32, Vec<Holidays>>,
    /// The closures in force.
    closures: Vec<Closure>,
}

/// What kind of day a date is for one activity: the first layer of a calendar cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayKind {
    /// School or holidays.
    pub period: Period,
    /// The holidays it lies in.
    pub holidays: Option<Holidays>,
    /// The public holiday, if it is one.
    pub public_holiday: Option<PublicHoliday>,
    /// Why the town closed it, if it did.
    pub closed: Option<super::ClosureReason>,
}

impl TownCalendar {
    /// The zone on a date; zone A before the town says otherwise.
    pub fn zone(&self, date: NaiveDate) -> Zone {
        let in_force = self.zones.iter().rev().find(|(from, _)| *from <= date);
        in_force.or(self.zones.first()).map_or(Zone::A, |(_, zone)| *zone)
    }

    /// The region whose public holidays hold on a date.
    pub fn region(&self, date: NaiveDate) -> HolidayRegion {
        let in_force = self.regions.iter().rev().find(|(from, _)| *from <= date);
        in_force.map_or(HolidayRegion::Common, |(_, region)| *region)
    }

    /// The public holiday on a date, if it is one in the town.
    pub fn public_holiday(&self, date: NaiveDate) -> Option<PublicHoliday> {
        public_holiday(self.region(date), date)
    }

    /// The school holidays a date lies in: as the town entered them, or the official ones.
    pub fn holidays_on(&self, date: NaiveDate) -> Option<Holidays> {
        match self.entered.get(&school_year(date)) {
            Some(entered) => school_holidays::find(entered, date),
            None => school_holidays::holidays_on(self.zone(date), date),
        }
    }

    /// Whether it is known which days are school days: nothing is booked beyond where the calendar
    /// ends.
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.entered.contains_key(&school_year(date)) || school_holidays::is_published(self.zone(date), date)
    }

    /// The school years the town entered itself, by their first calendar year.
    pub fn entered_years(&self) -> impl Iterator<Item = (i32, &[Holidays])> {
        self.entered.iter().map(|(year, holidays)| (*year, holidays.as_slice()))
    }

    /// The last day it covers without a gap, seen from a day; the day before when it does not cover
    /// that one.
    pub fn covered_until(&self, today: NaiveDate) -> NaiveDate {
        let mut until = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        while let Some(next) = until.succ_opt()
            && self.covers(next)
        {
            let end = last_day(school_year(next));
            until = if self.covers(end) { end } else { next };
        }
        until
    }

    /// The last day it covers without a gap, from a year before: what follows has to be entered.
    pub fn ends_soon(&self, today: NaiveDate) -> Option<NaiveDate> {
        let in_a_year = today.checked_add_months(Months::new(12))?;
        Some(self.covered_until(today)).filter(|until| *until < in_a_year)
    }

    /// The closure that concerns an activity on a date.
    pub fn closure(
        &self,
        structure: &StructureId,
        activity: &ActivityId,
        date: NaiveDate,
    ) -> Option<&Closure> {
        self.closures.iter().find(|c| c.from <= date && date <= c.to && c.scope.covers(structure, activity))
    }

    /// A closure in force, by its id.
    pub fn closure_by_id(&self, id: crate::shared::ids::ClosureId) -> Option<&Closure> {
        self.closures.iter().find(|c| c.id == id)
    }

    /// What kind of day a date is for an activity.
    pub fn day(&self, structure: &StructureId, activity: &ActivityId, date: NaiveDate) -> DayKind {
        let holidays = self.holidays_on(date);
        DayKind {
            period: holidays.map_or(Period::School, |h| h.period),
            holidays,
            public_holiday: self.public_holiday(date),
            closed: self.closure(structure, activity, date).map(|c| c.reason),
        }
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: CalendarCommand) -> Result<Vec<CalendarEvent>, CalendarError> {
        match command {
            CalendarCommand::AdoptZone { zone, from } => Ok(vec![CalendarEvent::ZoneAdopted { zone, from }]),
            CalendarCommand::AdoptRegion { region, from } => {
                Ok(vec![CalendarEvent::HolidayRegionAdopted { region, from }])
            }
            CalendarCommand::EnterSchoolYear { year, holidays } => match defect(year, &holidays) {
                Some(expected) => Err(CalendarError::SchoolYear(expected)),
                None => Ok(vec![CalendarEvent::SchoolYearEntered { year, holidays }]),
            },
            CalendarCommand::CloseDays(closure) => {
                let length = (closure.to - closure.from).num_days();
                if !(0..366).contains(&length) {
                    return Err(CalendarError::ImpossibleRange);
                }
                if self.closure_by_id(closure.id).is_some() {
                    return Err(CalendarError::AlreadyClosed);
                }
                Ok(vec![CalendarEvent::DaysClosed(closure)])
            }
            CalendarCommand::ReopenDays { closure } => match self.closure_by_id(closure) {
                Some(_) => Ok(vec![CalendarEvent::DaysReopened { closure }]),
                None => Err(CalendarError::UnknownClosure),
            },
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &CalendarEvent) {
        self.version += 1;
        match event {
            CalendarEvent::ZoneAdopted { zone, from } => {
                self.zones.retain(|(start, _)| start < from);
                self.zones.push((*from, *zone));
            }
            CalendarEvent::HolidayRegionAdopted { region, from } => {
                self.regions.retain(|(start, _)| start < from);
                self.regions.push((*from, *region));
            }
            CalendarEvent::SchoolYearEntered { year, holidays } if holidays.is_empty() => {
                self.entered.remove(year);
            }
            CalendarEvent::SchoolYearEntered { year, holidays } => {
                self.entered.insert(*year, holidays.clone());
            }
            CalendarEvent::DaysClosed(closure) => self.closures.push(closure.clone()),
            CalendarEvent::DaysReopened { closure } => self.closures.retain(|c| c.id != *closure),
        }
    }
}

/// What is wrong with a school year's holidays, if anything.
fn defect(year: i32, holidays: &[Holidays]) -> Option<&'static str> {
    let within = |h: &Holidays| {
        h.from <= h.to
            && school_year(h.from) == year
            && school_year(h.to) == year
            && h.period != Period::School
    };
    if !(2000..=2199).contains(&year) {
        return Some("SETTING_SCHOOL_YEAR");
    }
    if holidays.len() > 24 {
        return Some("SETTING_HOLIDAYS_24");
    }
    if !holidays.iter().all(within) {
        return Some("SETTING_HOLIDAYS_WITHIN");
    }
    if !holidays.windows(2).all(|pair| pair[0].to < pair[1].from) {
        return Some("SETTING_HOLIDAYS_ORDER");
    }
    let forgotten = !holidays.is_empty() && !holidays.iter().any(|h| h.period == Period::SummerHolidays);
    forgotten.then_some("SETTING_HOLIDAYS_SUMMER")
}

aggregate!(TownCalendar, "Calendar", CalendarCommand, CalendarEvent, CalendarError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::{
        catalogue::calendar::{ClosureReason, ClosureScope},
        shared::ids::ClosureId,
    };

    fn strike(from: &str, to: &str) -> Closure {
        Closure {
            id: ClosureId(Uuid::from_u128(1)),
            scope: ClosureScope::Structure("cantine".parse().unwrap()),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            reason: ClosureReason::Strike,
            announced: None,
        }
    }

    #[test]
    fn given_nothing_when_days_close_then_they_are_closed() {
        TestFramework::<TownCalendar>::with(())
            .given_no_previous_events()
            .when(CalendarCommand::CloseDays(strike("2015-04-09", "2015-04-10")))
            .then_expect_events(vec![CalendarEvent::DaysClosed(strike("2015-04-09", "2015-04-10"))]);
    }

    #[test]
    fn given_nothing_when_a_range_runs_backwards_then_it_is_refused() {
        TestFramework::<TownCalendar>::with(())
            .given_no_previous_events()
            .when(CalendarCommand::CloseDays(strike("2015-04-10", "2015-04-09")))
            .then_expect_error(CalendarError::ImpossibleRange);
    }

    #[test]
    fn a_closure_concerns_its_scope_only_and_ends_when_reopened() {
        let mut calendar = TownCalendar::default();
        calendar.evolve(&CalendarEvent::DaysClosed(strike("2015-04-09", "2015-04-10")));
        let on = |c: &TownCalendar, structure: &str, day: &str| {
            c.day(&structure.parse().unwrap(), &"x".parse().unwrap(), day.parse().unwrap()).closed
        };
        assert_eq!(on(&calendar, "cantine", "2015-04-10"), Some(ClosureReason::Strike));
        assert_eq!(on(&calendar, "alsh", "2015-04-10"), None);
        assert_eq!(on(&calendar, "cantine", "2015-04-11"), None);
        calendar.evolve(&CalendarEvent::DaysReopened { closure: ClosureId(Uuid::from_u128(1)) });
        assert_eq!(on(&calendar, "cantine", "2015-04-10"), None);
    }

    #[test]
    fn the_zone_is_a_dated_setting() {
        let mut calendar = TownCalendar::default();
        for (zone, from) in [(Zone::A, "2010-09-01"), (Zone::C, "2016-09-01")] {
            calendar.evolve(&CalendarEvent::ZoneAdopted { zone, from: from.parse().unwrap() });
        }
        assert_eq!(calendar.zone("2015-04-11".parse().unwrap()), Zone::A);
        assert_eq!(calendar.zone("2016-09-01".parse().unwrap()), Zone::C);
        assert_eq!(calendar.zone("2001-01-01".parse().unwrap()), Zone::A);
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn year_2028() -> Vec<Holidays> {
        let holidays = |period, from, to| Holidays { period, from: day(from), to: day(to) };
        vec![
            holidays(Period::SmallHolidays, "2028-10-21", "2028-11-05"),
            holidays(Period::SummerHolidays, "2029-07-07", "2029-08-31"),
        ]
    }

    #[test]
    fn the_calendar_ends_where_nobody_published_or_entered_it() {
        let mut calendar = TownCalendar::default();
        let today = day("2026-11-28");
        assert_eq!(calendar.covered_until(today), day("2028-08-31"));
        assert!(!calendar.covers(day("2028-09-01")));
        assert_eq!(calendar.ends_soon(day("2027-08-31")), None, "a year is left");
        assert_eq!(calendar.ends_soon(day("2027-09-01")), Some(day("2028-08-31")));
        let enter = CalendarCommand::EnterSchoolYear { year: 2028, holidays: year_2028() };
        calendar.decide(enter).unwrap().iter().for_each(|event| calendar.evolve(event));
        assert_eq!(calendar.covered_until(today), day("2029-08-31"));
        assert_eq!(calendar.ends_soon(day("2027-09-01")), None, "the next year is entered");
        assert_eq!(calendar.holidays_on(day("2028-10-23")).unwrap().period, Period::SmallHolidays);
        assert_eq!(calendar.holidays_on(day("2028-11-06")), None);
        calendar.evolve(&CalendarEvent::SchoolYearEntered { year: 2028, holidays: vec![] });
        assert_eq!(calendar.covered_until(today), day("2028-08-31"), "taken back");
        calendar.evolve(&CalendarEvent::ZoneAdopted { zone: Zone::Own, from: day("2026-09-01") });
        assert_eq!(calendar.covered_until(today), day("2026-11-27"), "an own calendar begins empty");
    }

    #[test]
    fn given_a_school_year_that_cannot_be_when_entered_then_it_is_refused() {
        let refused = |year, holidays: Vec<Holidays>, expected| {
            TestFramework::<TownCalendar>::with(())
                .given_no_previous_events()
                .when(CalendarCommand::EnterSchoolYear { year, holidays })
                .then_expect_error(CalendarError::SchoolYear(expected));
        };
        let [autumn, summer] = year_2028()[..] else { panic!() };
        refused(2028, vec![summer, autumn], "SETTING_HOLIDAYS_ORDER");
        refused(2028, vec![autumn], "SETTING_HOLIDAYS_SUMMER");
        let of_year = "SETTING_HOLIDAYS_WITHIN";
        refused(2027, vec![autumn, summer], of_year);
        refused(1912, vec![], "SETTING_SCHOOL_YEAR");
    }

    #[test]
    fn the_region_is_a_dated_setting() {
        let mut calendar = TownCalendar::default();
        let adopted = CalendarEvent::HolidayRegionAdopted {
            region: HolidayRegion::AlsaceMoselle,
            from: day("2016-01-01"),
        };
        calendar.evolve(&adopted);
        assert_eq!(calendar.public_holiday(day("2015-04-03")), None);
        assert_eq!(calendar.public_holiday(day("2016-03-25")), Some(PublicHoliday::GoodFriday));
    }
}
