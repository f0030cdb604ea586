//! The days a command is about, and where in the input each was asked.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use portail_domain::{
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::time::days,
};

use crate::{
    command::{Command, Target},
    outcome::Rejection,
};

/// How many days one command may name.
pub(crate) const MOST_DAYS: usize = 400;

/// A day a command is about, and where in the input it was asked.
pub(super) struct Asked {
    pub(super) target: Target,
    pub(super) path: Vec<String>,
}

/// The days of bookings that staff decide.
pub(super) fn each_target(targets: &[Target], field: &str) -> Vec<Asked> {
    let asked = |(i, target): (usize, &Target)| Asked {
        target: target.clone(),
        path: vec!["input".into(), field.into(), i.to_string()],
    };
    targets.iter().enumerate().map(asked).collect()
}

/// The days a command is about, and whose money it is.
pub(super) fn targets(command: &Command) -> Result<(Vec<Asked>, Option<&FamilyNumber>), Rejection> {
    let path = |field: &str, index: usize| vec!["input".to_owned(), field.to_owned(), index.to_string()];
    let of_dates = |child: &ChildId, activity: &ActivityId, dates: &[NaiveDate]| -> Vec<Asked> {
        // A day named twice is asked once, where it was named first.
        let mut first = BTreeMap::new();
        for (index, date) in dates.iter().enumerate() {
            first.entry(*date).or_insert(index);
        }
        let target = |date| Target { child: *child, activity: activity.clone(), date };
        first.into_iter().map(|(date, i)| Asked { target: target(date), path: path("dates", i) }).collect()
    };
    let (targets, payer) = match command {
        Command::RequestReservations { child, payer, activity, dates, pattern, .. } => {
            let mut all = of_dates(child, activity, dates);
            if let Some(pattern) = pattern {
                let length = (pattern.to - pattern.from).num_days();
                if !(0..=400).contains(&length) {
                    let error = Rejection::of_code("IMPOSSIBLE_DATE_RANGE").with("days", "400");
                    return Err(error.at(&["input", "pattern"]));
                }
                use chrono::Datelike;
                let fits = |d: &NaiveDate| pattern.weekdays.contains(d.weekday()) && !dates.contains(d);
                let path = vec!["input".to_owned(), "pattern".to_owned()];
                all.extend(days(pattern.from, pattern.to).filter(fits).map(|date| Asked {
                    target: Target { child: *child, activity: activity.clone(), date },
                    path: path.clone(),
                }));
                all.sort_by_key(|asked| asked.target.date);
            }
            (all, Some(payer))
        }
        Command::WithdrawReservations { child, payer, activity, dates }
        | Command::CancelReservations { child, payer, activity, dates, .. }
        | Command::DeclareAbsence { child, payer, activity, dates, .. }
        | Command::WithdrawAbsence { child, payer, activity, dates }
        | Command::AttachCertificate { child, payer, activity, dates, .. }
        | Command::TakeLeave { child, payer, activity, dates, .. } => {
            (of_dates(child, activity, dates), Some(payer))
        }
        Command::AnswerOffer { child, payer, activity, date, .. } => {
            let target = Target { child: *child, activity: activity.clone(), date: *date };
            (vec![Asked { target, path: vec!["input".into(), "date".into()] }], Some(payer))
        }
        Command::SettleCertificate { child, activity, dates, .. } => (of_dates(child, activity, dates), None),
        Command::DecideReservations { targets, .. } => (each_target(targets, "requests"), None),
        Command::SettleExcuses { targets, .. } => (each_target(targets, "absences"), None),
        Command::RecordRollCall { activity, date, entries } => {
            let asked = |(i, entry): (usize, &crate::command::RollCallEntry)| Asked {
                target: Target { child: entry.child, activity: activity.clone(), date: *date },
                path: path("entries", i),
            };
            (entries.iter().enumerate().map(asked).collect(), None)
        }
        Command::CorrectAttendance { target, .. }
        | Command::ExpireOffer { target }
        | Command::ExpireCertificate { target } => {
            let path = vec!["input".to_owned(), "target".to_owned()];
            (vec![Asked { target: target.clone(), path }], None)
        }
        _ => (vec![], None),
    };
    if targets.len() > MOST_DAYS {
        let error = Rejection::of_code("TOO_MANY_DAYS").with("days", MOST_DAYS.to_string());
        return Err(error.at(&["input", list_of(command)]));
    }
    Ok((targets, payer))
}

/// The field of a command's input that lists its days.
pub(super) fn list_of(command: &Command) -> &'static str {
    match command {
        Command::DecideReservations { .. } => "requests",
        Command::RecordRollCall { .. } => "entries",
        Command::SettleExcuses { .. } => "absences",
        _ => "dates",
    }
}
