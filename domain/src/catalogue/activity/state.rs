//! The activity's state: its dated settings.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ActivityCommand, ActivityError, ActivityEvent, ActivitySettings};
use crate::aggregate;

/// One version of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    from: NaiveDate,
    number: u32,
    settings: Box<ActivitySettings>,
}

/// An activity with the history of its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// By the first session day each holds for.
    versions: Vec<Version>,
    count: u32,
    retired_from: Option<NaiveDate>,
}

impl Activity {
    /// The settings in force for a session of a day with their version; none before it is defined
    /// or after it is retired.
    pub fn settings_on(&self, date: NaiveDate) -> Option<(u32, &ActivitySettings)> {
        if self.retired_from.is_some_and(|from| from <= date) {
            return None;
        }
        let version = self.versions.iter().rev().find(|v| v.from <= date).or(self.versions.first())?;
        Some((version.number, &version.settings))
    }

    /// The newest settings, whatever the day.
    pub fn latest(&self) -> Option<&ActivitySettings> {
        self.versions.last().map(|v| &*v.settings)
    }

    /// The first day without it, once it is retired.
    pub fn retired_from(&self) -> Option<NaiveDate> {
        self.retired_from
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: ActivityCommand) -> Result<Vec<ActivityEvent>, ActivityError> {
        let valid = |settings: Box<ActivitySettings>| match settings.defect() {
            Some(defect) => Err(ActivityError::Settings(defect)),
            None => Ok(settings),
        };
        let defined = !self.versions.is_empty();
        match command {
            ActivityCommand::Define { .. } if defined => Err(ActivityError::AlreadyDefined),
            ActivityCommand::Define { settings } => {
                Ok(vec![ActivityEvent::ActivityDefined { settings: valid(settings)? }])
            }
            _ if !defined => Err(ActivityError::Unknown),
            ActivityCommand::Reopen => match self.retired_from {
                Some(_) => Ok(vec![ActivityEvent::ActivityReopened {}]),
                None => Err(ActivityError::NotRetired),
            },
            _ if self.retired_from.is_some() => Err(ActivityError::Retired),
            ActivityCommand::ChangeSettings { changes, from } => {
                // Those in force on the day: a change that begins later does not count for it.
                let before =
                    self.settings_on(from).map(|(_, settings)| settings).ok_or(ActivityError::Unknown)?;
                // The fold drops the versions after the day: they follow again, with what they share.
                let later = self.versions.iter().filter(|version| version.from > from).map(|version| {
                    let carried = changes.carried_to(before, &version.settings);
                    (version.from, carried.applied_to(&version.settings))
                });
                std::iter::once((from, changes.clone().applied_to(before)))
                    .chain(later)
                    .map(|(from, settings)| {
                        let settings = valid(Box::new(settings))?;
                        Ok(ActivityEvent::ActivitySettingsChanged { settings, from })
                    })
                    .collect()
            }
            ActivityCommand::Retire { from } => {
                Ok(vec![ActivityEvent::ActivityRetired { from, releases: true }])
            }
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &ActivityEvent) {
        self.count += 1;
        let number = self.count;
        match event {
            ActivityEvent::ActivityDefined { settings } => {
                self.versions = vec![Version { from: NaiveDate::MIN, number, settings: settings.clone() }];
            }
            ActivityEvent::ActivitySettingsChanged { settings, from } => {
                self.versions.retain(|v| v.from < *from);
                self.versions.push(Version { from: *from, number, settings: settings.clone() });
            }
            ActivityEvent::ActivityRetired { from, .. } => self.retired_from = Some(*from),
            ActivityEvent::ActivityReopened {} => self.retired_from = None,
        }
    }
}

aggregate!(Activity, "Activity", ActivityCommand, ActivityEvent, ActivityError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::{
        attendance::terms::tests::settings,
        catalogue::activity::{AbsenceChanges, ActivityChanges},
    };

    #[test]
    fn given_an_activity_when_its_settings_change_then_sessions_follow_those_of_their_day() {
        let mut activity = Activity::default();
        activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings()) });
        let mut larger = settings();
        larger.capacity = Some(99);
        activity.evolve(&ActivityEvent::ActivitySettingsChanged {
            settings: Box::new(larger),
            from: "2015-05-01".parse().unwrap(),
        });
        let capacity = |day: &str| activity.settings_on(day.parse().unwrap()).unwrap().1.capacity;
        assert_eq!(capacity("2015-04-30"), settings().capacity);
        assert_eq!(capacity("2015-05-01"), Some(99));
    }

    #[test]
    fn given_nothing_when_hours_run_backwards_then_refused() {
        let mut wrong = settings();
        wrong.ends = wrong.starts;
        TestFramework::<Activity>::with(())
            .given_no_previous_events()
            .when(ActivityCommand::Define { settings: Box::new(wrong) })
            .then_expect_error(ActivityError::Settings("SETTING_HOURS"));
    }

    #[test]
    fn given_settings_when_one_is_changed_then_the_others_stay() {
        let mut activity = Activity::default();
        activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings()) });
        let changes = ActivityChanges {
            capacity: Some(None),
            absence: AbsenceChanges { billed_percent: Some(50), ..AbsenceChanges::default() },
            ..ActivityChanges::default()
        };
        let told = serde_json::to_string(&changes).unwrap();
        assert_eq!(
            serde_json::from_str::<ActivityChanges>(&told).unwrap(),
            changes,
            "emptied is not unnamed"
        );
        let mut expected = settings();
        expected.capacity = None;
        expected.absence.billed_percent = 50;
        let from = "2015-05-01".parse().unwrap();
        let changed = activity.decide(ActivityCommand::ChangeSettings { changes: Box::new(changes), from });
        let event = ActivityEvent::ActivitySettingsChanged { settings: Box::new(expected), from };
        assert_eq!(changed, Ok(vec![event]));
    }

    #[test]
    fn given_a_later_change_when_an_earlier_one_is_made_then_both_hold() {
        let mut activity = Activity::default();
        activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings()) });
        let mut change = |from: &str, changes: ActivityChanges| {
            let from = from.parse().unwrap();
            let events = activity
                .decide(ActivityCommand::ChangeSettings { changes: Box::new(changes), from })
                .unwrap();
            events.iter().for_each(|event| activity.evolve(event));
        };
        let capacity = |to| ActivityChanges { capacity: Some(Some(to)), ..ActivityChanges::default() };
        change("2015-09-01", capacity(60));
        let named = ActivityChanges { name: Some("Garderie".into()), ..capacity(50) };
        change("2015-05-01", named);
        let on = |day: &str| {
            let settings = activity.settings_on(day.parse().unwrap()).unwrap().1;
            (settings.name.clone(), settings.capacity)
        };
        assert_eq!(on("2015-04-30"), (settings().name, settings().capacity));
        assert_eq!(on("2015-05-01"), ("Garderie".to_owned(), Some(50)));
        // What was decided for September stays; what was not is as it is from May on.
        assert_eq!(on("2015-09-01"), ("Garderie".to_owned(), Some(60)));
    }

    #[test]
    fn given_a_retired_activity_when_changed_then_refused() {
        TestFramework::<Activity>::with(())
            .given(vec![
                ActivityEvent::ActivityDefined { settings: Box::new(settings()) },
                ActivityEvent::ActivityRetired { from: "2015-07-01".parse().unwrap(), releases: true },
            ])
            .when(ActivityCommand::Retire { from: "2015-08-01".parse().unwrap() })
            .then_expect_error(ActivityError::Retired);
    }

    #[test]
    fn given_a_retired_activity_when_reopened_then_it_is_offered_as_before() {
        let mut activity = Activity::default();
        activity.evolve(&ActivityEvent::ActivityDefined { settings: Box::new(settings()) });
        assert_eq!(activity.decide(ActivityCommand::Reopen), Err(ActivityError::NotRetired));
        activity
            .evolve(&ActivityEvent::ActivityRetired { from: "2015-07-01".parse().unwrap(), releases: true });
        let day = "2015-09-01".parse().unwrap();
        assert!(activity.settings_on(day).is_none());
        let reopened = activity.decide(ActivityCommand::Reopen).unwrap();
        reopened.iter().for_each(|event| activity.evolve(event));
        assert!(activity.settings_on(day).is_some());
    }
}
