//! The rules of real towns.

use chrono::{
    NaiveTime,
    Weekday::{self, Fri, Mon, Sat, Thu, Tue, Wed},
};

use super::{Batch, DeadlineRule, ServiceDays};
use crate::{
    catalogue::calendar::{
        CalendarEvent, Closure, ClosureReason, ClosureScope, HolidayRegion, TownCalendar, Zone,
    },
    shared::time::Weekdays,
};

fn at(s: &str) -> NaiveTime {
    s.parse().unwrap()
}

/// The cut-off in local time for a session starting at noon.
fn cutoff(rule: &DeadlineRule, day: &str) -> String {
    cutoff_in(&[], rule, day)
}

/// The same in a town where some more was decided about the calendar.
fn cutoff_in(decided: &[CalendarEvent], rule: &DeadlineRule, day: &str) -> String {
    let mut calendar = TownCalendar::default();
    calendar.evolve(&CalendarEvent::ZoneAdopted { zone: Zone::A, from: "2010-01-01".parse().unwrap() });
    decided.iter().for_each(|event| calendar.evolve(event));
    let (activity, settings) =
        ("restauration-scolaire".parse().unwrap(), crate::attendance::terms::tests::settings());
    let days = ServiceDays { calendar: &calendar, activity: &activity, settings: &settings };
    rule.cutoff(days, day.parse().unwrap(), at("12:00:00"))
        .with_timezone(&crate::shared::time::TOWN_ZONE)
        .format("%a %Y-%m-%d %H:%M")
        .to_string()
}

fn closed(day: &str, announced: Option<&str>) -> CalendarEvent {
    CalendarEvent::DaysClosed(Closure {
        id: crate::shared::ids::ClosureId(uuid::Uuid::from_u128(1)),
        scope: ClosureScope::Town,
        from: day.parse().unwrap(),
        to: day.parse().unwrap(),
        reason: ClosureReason::TownHoliday,
        announced: announced.map(|at| at.parse().unwrap()),
    })
}

fn friday_for_monday_and_tuesday() -> DeadlineRule {
    DeadlineRule::WeeklyBatches {
        batches: vec![
            Batch { closes_on: Fri, at: at("09:00:00"), covers: [Mon, Tue].into() },
            Batch { closes_on: Tue, at: at("09:00:00"), covers: [Thu, Fri].into() },
        ],
    }
}

#[test]
fn a_batch_shifts_over_a_local_public_holiday_and_over_a_closure_of_the_town() {
    let rule = friday_for_monday_and_tuesday();
    let alsace = CalendarEvent::HolidayRegionAdopted {
        region: HolidayRegion::AlsaceMoselle,
        from: "2010-01-01".parse().unwrap(),
    };
    assert_eq!(cutoff(&rule, "2016-03-29"), "Fri 2016-03-25 09:00", "a working day elsewhere");
    assert_eq!(cutoff_in(&[alsace], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
    let known = closed("2016-03-25", Some("2016-02-01T09:00:00Z"));
    assert_eq!(cutoff_in(&[known], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
    assert_eq!(cutoff_in(&[closed("2016-03-25", None)], &rule, "2016-03-29"), "Thu 2016-03-24 09:00");
    let late = closed("2016-03-25", Some("2016-03-24T17:00:00Z"));
    assert_eq!(
        cutoff_in(&[late], &rule, "2016-03-29"),
        "Fri 2016-03-25 09:00",
        "what is announced after the earlier cut-off does not take the later one away"
    );
}

#[test]
fn working_days_leave_out_what_the_town_closed() {
    let rule = DeadlineRule::DaysBefore {
        days: 1,
        at: at("10:00:00"),
        skip_weekends: true,
        skip_public_holidays: true,
        skip_weekdays: Weekdays::default(),
        only_open_days: false,
    };
    assert_eq!(cutoff(&rule, "2015-06-02"), "Mon 2015-06-01 10:00");
    assert_eq!(cutoff_in(&[closed("2015-06-01", None)], &rule, "2015-06-02"), "Fri 2015-05-29 10:00");
}

#[test]
fn rontalon_the_last_day_of_school_before_the_holidays_for_the_day_of_return() {
    let rule = |only_open_days| DeadlineRule::DaysBefore {
        days: 1,
        at: at("11:00:00"),
        skip_weekends: true,
        skip_public_holidays: true,
        skip_weekdays: [Wed].into(),
        only_open_days,
    };
    assert_eq!(cutoff(&rule(true), "2015-04-27"), "Fri 2015-04-10 11:00");
    assert_eq!(cutoff(&rule(true), "2015-06-04"), "Tue 2015-06-02 11:00");
    assert_eq!(cutoff(&rule(false), "2015-04-27"), "Fri 2015-04-24 11:00", "a working day of the holidays");
}

#[test]
fn batches_without_a_day_with_it_twice_or_on_it_are_refused() {
    let week: Weekdays = [Mon, Tue, Thu, Fri].into();
    let batches = |all: &[(Weekday, Vec<Weekday>)]| DeadlineRule::WeeklyBatches {
        batches: all
            .iter()
            .map(|(closes_on, covers)| Batch {
                closes_on: *closes_on,
                at: at("09:00:00"),
                covers: covers.clone().into(),
            })
            .collect(),
    };
    assert_eq!(friday_for_monday_and_tuesday().defect(week), None);
    let each = Some("SETTING_BATCH_GAP");
    assert_eq!(batches(&[]).defect(week), each);
    assert_eq!(batches(&[(Fri, vec![Mon, Tue])]).defect(week), each);
    assert_eq!(friday_for_monday_and_tuesday().defect([Mon, Wed].into()), each);
    let twice = batches(&[(Fri, vec![Mon, Tue]), (Sat, vec![Mon, Thu, Fri])]);
    assert_eq!(twice.defect(week), Some("SETTING_BATCH_TWICE"));
    assert_eq!(batches(&[(Fri, vec![Mon, Tue, Thu, Fri])]).defect(week), Some("SETTING_BATCH_CLOSES_AFTER"));
    let empty = batches(&[(Fri, vec![]), (Fri, vec![Mon, Tue, Thu])]);
    assert_eq!(empty.defect(week), Some("SETTING_BATCH_EMPTY"));
}

#[test]
fn veyras_canteen_until_tuesday_2359_for_the_following_week() {
    let rule = DeadlineRule::WeekdayOfWeekBefore { weekday: Tue, weeks: 1, at: at("23:59:00") };
    assert_eq!(cutoff(&rule, "2015-06-01"), "Tue 2015-05-26 23:59");
    assert_eq!(cutoff(&rule, "2015-06-05"), "Tue 2015-05-26 23:59");
}

#[test]
fn andancette_books_until_friday_noon_and_cancels_until_noon_the_day_before() {
    let book = DeadlineRule::WeekdayOfWeekBefore { weekday: Fri, weeks: 1, at: at("12:00:00") };
    let cancel = days_rule(1, "12:00:00", false);
    assert_eq!(cutoff(&book, "2015-06-04"), "Fri 2015-05-29 12:00");
    assert_eq!(cutoff(&cancel, "2015-06-04"), "Wed 2015-06-03 12:00");
}

fn days_rule(days: u16, time: &str, skip_weekends: bool) -> DeadlineRule {
    DeadlineRule::DaysBefore {
        days,
        at: at(time),
        skip_weekends,
        skip_public_holidays: false,
        skip_weekdays: Weekdays::default(),
        only_open_days: false,
    }
}

#[test]
fn cruas_two_days_before_at_noon_weekends_not_counted_wednesday_counted() {
    let rule = days_rule(2, "12:00:00", true);
    for (day, expected) in [
        ("2015-06-01", "Thu 2015-05-28 12:00"),
        ("2015-06-02", "Fri 2015-05-29 12:00"),
        ("2015-06-04", "Tue 2015-06-02 12:00"),
        ("2015-06-05", "Wed 2015-06-03 12:00"),
    ] {
        assert_eq!(cutoff(&rule, day), expected);
    }
}

#[test]
fn vailhauques_two_batches_a_week() {
    let rule = DeadlineRule::WeeklyBatches {
        batches: vec![
            Batch { closes_on: Fri, at: at("09:00:00"), covers: [Mon, Tue].into() },
            Batch { closes_on: Tue, at: at("09:00:00"), covers: [Thu, Fri].into() },
        ],
    };
    assert_eq!(cutoff(&rule, "2015-06-01"), "Fri 2015-05-29 09:00");
    assert_eq!(cutoff(&rule, "2015-06-02"), "Fri 2015-05-29 09:00");
    assert_eq!(cutoff(&rule, "2015-06-04"), "Tue 2015-06-02 09:00");
    assert_eq!(cutoff(&rule, "2015-06-05"), "Tue 2015-06-02 09:00");
    assert_eq!(cutoff(&rule, "2015-06-03"), "Wed 2015-06-03 12:00", "no batch: at the start");
}

#[test]
fn centre_social_vhb_a_batch_closing_on_easter_monday_shifts_to_the_friday_before() {
    let rule = DeadlineRule::WeeklyBatches {
        batches: vec![
            Batch { closes_on: Thu, at: at("15:00:00"), covers: [Mon, Tue].into() },
            Batch { closes_on: Mon, at: at("15:00:00"), covers: [Wed, Thu, Fri].into() },
        ],
    };
    assert_eq!(cutoff(&rule, "2015-04-09"), "Fri 2015-04-03 15:00", "Monday 6 is Easter Monday");
    assert_eq!(cutoff(&rule, "2015-06-04"), "Mon 2015-06-01 15:00");
}

#[test]
fn a_batch_meant_to_close_on_saturday_does() {
    let rule = DeadlineRule::WeeklyBatches {
        batches: vec![Batch { closes_on: Sat, at: at("09:00:00"), covers: [Tue].into() }],
    };
    assert_eq!(cutoff(&rule, "2015-06-02"), "Sat 2015-05-30 09:00");
}

#[test]
fn argenteuil_books_holidays_four_weeks_before_they_start() {
    let rule = DeadlineRule::WeeksBeforeHolidays { weeks: 4, at: at("23:59:00") };
    assert_eq!(cutoff(&rule, "2015-04-15"), "Sat 2015-03-14 23:59");
    assert_eq!(cutoff(&rule, "2015-04-22"), "Sat 2015-03-14 23:59");
}

#[test]
fn public_holidays_can_be_left_out_of_the_count() {
    let rule = DeadlineRule::DaysBefore {
        days: 1,
        at: at("10:00:00"),
        skip_weekends: true,
        skip_public_holidays: true,
        skip_weekdays: [Wed].into(),
        only_open_days: false,
    };
    assert_eq!(cutoff(&rule, "2015-04-07"), "Fri 2015-04-03 10:00", "over Easter");
    assert_eq!(cutoff(&rule, "2015-06-04"), "Tue 2015-06-02 10:00", "over Wednesday");
}

#[test]
fn the_31st_of_a_short_month_is_its_last_day() {
    let rule = DeadlineRule::DayOfPreviousMonth { day: 31, at: at("18:00:00") };
    assert_eq!(cutoff(&rule, "2015-03-10"), "Sat 2015-02-28 18:00");
}

#[test]
fn hours_are_elapsed_hours_over_a_change_of_the_clock() {
    let rule = DeadlineRule::HoursBefore { hours: 24 };
    assert_eq!(cutoff(&rule, "2015-03-29"), "Sat 2015-03-28 11:00", "one hour is skipped");
    assert_eq!(cutoff(&rule, "2015-10-25"), "Sat 2015-10-24 13:00", "one hour is repeated");
}

#[test]
fn a_deadline_is_never_after_the_start() {
    assert_eq!(cutoff(&days_rule(0, "18:00:00", false), "2015-06-01"), "Mon 2015-06-01 12:00");
}
