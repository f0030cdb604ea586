//! The calendar's state and its questions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    CalendarCommand, CalendarError, CalendarEvent, Closure, Period, PublicHoliday, Zone, public_holiday,
    school_holidays,
};
use crate::{
    aggregate,
    ids::{ActivityId, StructureId},
};

/// The town's calendar: school zone, public holidays and closures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TownCalendar {
    /// How many decisions made it: recorded with every decision that relied on it.
    pub version: u32,
    /// The zones with the first day each holds, in the order of adoption.
    zones: Vec<(NaiveDate, Zone)>,
    /// The closures in force.
    closures: Vec<Closure>,
}

/// What kind of day a date is for one activity: the first layer of a calendar cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayKind {
    /// School or holidays.
    pub period: Period,
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
    pub fn closure_by_id(&self, id: crate::ids::ClosureId) -> Option<&Closure> {
        self.closures.iter().find(|c| c.id == id)
    }

    /// What kind of day a date is for an activity.
    pub fn day(&self, structure: &StructureId, activity: &ActivityId, date: NaiveDate) -> DayKind {
        DayKind {
            period: school_holidays::period(self.zone(date), date),
            public_holiday: public_holiday(date),
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
            CalendarEvent::DaysClosed(closure) => self.closures.push(closure.clone()),
            CalendarEvent::DaysReopened { closure } => self.closures.retain(|c| c.id != *closure),
        }
    }
}

aggregate!(TownCalendar, "Calendar", CalendarCommand, CalendarEvent, CalendarError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::{
        calendar::{ClosureReason, ClosureScope},
        ids::ClosureId,
    };

    fn strike(from: &str, to: &str) -> Closure {
        Closure {
            id: ClosureId(Uuid::from_u128(1)),
            scope: ClosureScope::Structure("cantine".parse().unwrap()),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            reason: ClosureReason::Strike,
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
}
