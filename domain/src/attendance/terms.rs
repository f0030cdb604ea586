//! The terms of one session: the town's settings resolved for one activity on one day.
//!
//! Resolved once, outside the aggregate, and given to every decision: so a decision is a pure
//! function of the session's past, its terms and the instant the request was received.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    attendance::session::SessionError,
    catalogue::activity::{AbsencePolicy, Activity, ApprovalMode, LateRequests},
    catalogue::calendar::{ClosureReason, DayKind, Period, TownCalendar},
    catalogue::deadline::{DeadlineRule, ServiceDays},
    shared::ids::ActivityId,
    shared::time::instant,
};

/// Whether a session takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It does.
    Open,
    /// The activity is not offered on such a day.
    NotOffered,
    /// The town closed it.
    Closed(ClosureReason),
    /// A public holiday.
    PublicHoliday,
    /// The school calendar does not reach that day yet: nobody knows whether it takes place.
    CalendarEnds,
}

/// The terms of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The activity.
    pub activity: ActivityId,
    /// The day.
    pub date: NaiveDate,
    /// What kind of day it is.
    pub day: DayKind,
    /// Whether the session takes place.
    pub opening: Opening,
    /// When it starts.
    pub starts: DateTime<Utc>,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// How many children it holds; none: no limit.
    pub capacity: Option<u32>,
    /// Who decides.
    pub approval: ApprovalMode,
    /// Whether it keeps a waiting list.
    pub waiting_list: bool,
    /// Hours to accept an offered place.
    pub offer_hours: u16,
    /// What a late request becomes.
    pub late_requests: LateRequests,
    /// The last instant to book.
    pub book_cutoff: DateTime<Utc>,
    /// The last instant to cancel, or to be absent without cost.
    pub cancel_cutoff: DateTime<Utc>,
    /// The last instant to take leave; none: the activity has no leave.
    pub leave_cutoff: Option<DateTime<Utc>>,
    /// What an absence becomes.
    pub absence: AbsencePolicy,
    /// The version of the settings.
    pub policy_version: u32,
    /// The version of the calendar.
    pub calendar_version: u32,
}

impl Terms {
    /// Resolves the terms; none when the activity does not exist on that day.
    pub fn resolve(
        id: &ActivityId,
        activity: &Activity,
        calendar: &TownCalendar,
        date: NaiveDate,
    ) -> Option<Self> {
        let (policy_version, settings) = activity.settings_on(date)?;
        let day = calendar.day(&settings.structure, id, date);
        let whenever = Period::ALL.iter().all(|period| settings.periods.contains(period));
        let opening = if !calendar.covers(date) && !whenever {
            Opening::CalendarEnds
        } else if !settings.offered(date, day.period) {
            Opening::NotOffered
        } else if let Some(reason) = day.closed {
            Opening::Closed(reason)
        } else if day.public_holiday.is_some() {
            Opening::PublicHoliday
        } else {
            Opening::Open
        };
        let days = ServiceDays { calendar, activity: id, settings };
        let cutoff = |rule: &DeadlineRule| rule.cutoff(days, date, settings.starts);
        Some(Self {
            activity: id.clone(),
            date,
            day,
            opening,
            starts: instant(date, settings.starts),
            ends: instant(date, settings.ends),
            capacity: settings.capacity,
            approval: settings.approval,
            waiting_list: settings.waiting_list,
            offer_hours: settings.offer_hours,
            late_requests: settings.late_requests,
            book_cutoff: cutoff(&settings.booking_deadline),
            cancel_cutoff: cutoff(&settings.cancel_deadline),
            leave_cutoff: settings.leave.as_ref().map(|l| cutoff(&l.notice)),
            absence: settings.absence.clone(),
            policy_version,
            calendar_version: calendar.version,
        })
    }

    /// The instant the waiting list closes: the later of both cut-offs, or the start where late
    /// requests wait.
    pub fn list_closes(&self) -> DateTime<Utc> {
        match self.late_requests {
            LateRequests::WaitingList => self.starts,
            LateRequests::Refuse | LateRequests::Accept => self.book_cutoff.max(self.cancel_cutoff),
        }
    }

    /// Fails unless the session takes place.
    ///
    /// # Errors
    /// Why it does not.
    pub fn require_open(&self) -> Result<(), SessionError> {
        match self.opening {
            Opening::Open => Ok(()),
            Opening::NotOffered => Err(SessionError::NotOffered),
            Opening::Closed(_) => Err(SessionError::DayClosed),
            Opening::PublicHoliday => Err(SessionError::PublicHoliday),
            Opening::CalendarEnds => Err(SessionError::CalendarEnds),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        catalogue::activity::{ActivityEvent, ActivitySettings},
        catalogue::calendar::{CalendarEvent, Zone},
    };
    use chrono::Weekday;

    /// School meals on school days, two places, book and cancel until 10:00 the day before.
    pub fn settings() -> ActivitySettings {
        let day_before = DeadlineRule::DaysBefore {
            days: 1,
            at: "10:00:00".parse().unwrap(),
            skip_weekends: false,
            skip_public_holidays: false,
            skip_weekdays: [].into(),
            only_open_days: false,
        };
        ActivitySettings {
            structure: "restauration".parse().unwrap(),
            name: "Restauration scolaire".into(),
            rank: 1,
            starts: "12:00:00".parse().unwrap(),
            ends: "13:30:00".parse().unwrap(),
            weekdays: [Weekday::Mon, Weekday::Tue, Weekday::Thu, Weekday::Fri].into(),
            periods: [Period::School].into(),
            capacity: Some(2),
            approval: ApprovalMode::Instant,
            waiting_list: true,
            offer_hours: 12,
            booking_deadline: day_before.clone(),
            cancel_deadline: day_before,
            late_requests: LateRequests::Refuse,
            absence: AbsencePolicy::default(),
            leave: None,
        }
    }

    /// The terms of those settings on a day in zone A.
    pub fn terms_on(settings: ActivitySettings, date: &str) -> Terms {
        let mut activity = Activity::default();
        activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings) });
        let mut calendar = TownCalendar::default();
        calendar.evolve(&CalendarEvent::ZoneAdopted { zone: Zone::A, from: "2010-01-01".parse().unwrap() });
        let id = "restauration-scolaire".parse().unwrap();
        Terms::resolve(&id, &activity, &calendar, date.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_session_is_open_on_its_weekdays_in_its_periods_outside_public_holidays() {
        let opening = |day| terms_on(settings(), day).opening;
        assert_eq!(opening("2015-04-07"), Opening::Open);
        assert_eq!(opening("2015-04-06"), Opening::PublicHoliday, "Easter Monday");
        assert_eq!(opening("2015-04-08"), Opening::NotOffered, "a Wednesday");
        assert_eq!(opening("2015-04-14"), Opening::NotOffered, "spring holidays");
        assert_eq!(opening("2015-05-15"), Opening::NotOffered, "the Friday after Ascension");
    }

    #[test]
    fn nothing_is_open_where_the_school_calendar_ends_unless_it_does_not_matter() {
        assert_eq!(terms_on(settings(), "2028-08-31").opening, Opening::NotOffered, "summer");
        let beyond = terms_on(settings(), "2028-09-04");
        assert_eq!(beyond.require_open(), Err(SessionError::CalendarEnds));
        let mut whenever = settings();
        whenever.periods = Period::ALL.into();
        assert_eq!(terms_on(whenever, "2028-09-04").opening, Opening::Open);
    }
}
