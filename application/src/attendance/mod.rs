//! Commands about days: sessions, what ends them, and the roll.

pub(crate) mod asked;
pub mod command;
pub mod ends;
pub mod roll;
pub mod sessions;

use portail_domain::{
    attendance::session::{Act, Correction, Refusal, SessionError},
    families::child::ContractDay,
    shared::ids::RequestId,
};
use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{
    attendance::{
        asked::{Asked, Day, dates, day, each_entry, each_target, with_pattern},
        command::{AttendanceCommand, Corrected, Decision, RollCallEntry, Target},
    },
    caller::Caller,
    outcome::CommandOutcome,
    services::Services,
};

/// What each command about days asks, and of which days.
pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &AttendanceCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let asked = match command {
        AttendanceCommand::RequestReservations { child, payer, activity, dates: named, pattern, reason } => {
            let days = dates(*child, activity, named);
            let days = match pattern {
                Some(pattern) => match with_pattern(days, *child, activity, pattern) {
                    Ok(days) => days,
                    Err(error) => return Ok(CommandOutcome::rejected(error)),
                },
                None => days,
            };
            let asked = Asked::new(days, "dates", move |day| {
                Ok(Act::Request {
                    child: *child,
                    payer: payer.clone(),
                    request: RequestId(id),
                    enrolled: day.child.enrolment(activity, payer, day.target.date).is_some(),
                    overlaps: day.overlaps.clone(),
                })
            });
            Asked { skips_closed_days: named.is_empty(), ..asked.paid_by(payer).noting(reason.as_ref()) }
        }
        AttendanceCommand::WithdrawReservations { child, payer, activity, dates: named } => {
            Asked::new(dates(*child, activity, named), "dates", |_| {
                Ok(Act::Withdraw { child: *child, payer: payer.clone() })
            })
            .paid_by(payer)
        }
        AttendanceCommand::CancelReservations { child, payer, activity, dates: named, reason } => {
            Asked::new(dates(*child, activity, named), "dates", |_| {
                Ok(Act::Cancel { child: *child, payer: payer.clone() })
            })
            .paid_by(payer)
            .noting(reason.as_ref())
        }
        AttendanceCommand::AnswerOffer { child, payer, activity, date, accept } => {
            let target = Target { child: *child, activity: activity.clone(), date: *date };
            Asked::new(day(target, "date"), "dates", |day| {
                let (child, payer) = (*child, payer.clone());
                Ok(if *accept {
                    Act::AcceptOffer { child, payer, overlaps: day.overlaps.clone() }
                } else {
                    Act::DeclineOffer { child, payer }
                })
            })
            .paid_by(payer)
        }
        AttendanceCommand::DeclareAbsence { child, payer, activity, dates: named, reason, confirmed } => {
            Asked::new(dates(*child, activity, named), "dates", move |day| {
                Ok(Act::DeclareAbsence {
                    child: *child,
                    payer: payer.clone(),
                    absence: RequestId(id),
                    reason: *reason,
                    confirmed: *confirmed,
                    day_index: day.index,
                    first_start: day.first_start.unwrap_or(day.terms.starts),
                })
            })
            .paid_by(payer)
        }
        AttendanceCommand::WithdrawAbsence { child, payer, activity, dates: named } => {
            Asked::new(dates(*child, activity, named), "dates", |day| {
                let overlaps = day.overlaps.clone();
                Ok(Act::WithdrawAbsence { child: *child, payer: payer.clone(), overlaps })
            })
            .paid_by(payer)
        }
        AttendanceCommand::AttachCertificate { child, payer, activity, dates: named, files } => {
            Asked::new(dates(*child, activity, named), "dates", |_| {
                Ok(Act::AttachCertificate { child: *child, payer: payer.clone(), files: files.clone() })
            })
            .paid_by(payer)
        }
        AttendanceCommand::TakeLeave { child, payer, activity, dates: named, reason } => {
            Asked::new(dates(*child, activity, named), "dates", |day| {
                let date = day.target.date;
                // Days of this very command are counted already.
                let enrolment =
                    day.child.enrolment(activity, payer, date).ok_or(SessionError::NotEnrolled)?;
                let quota = day.child.leave_quota(enrolment, date);
                Ok(Act::TakeLeave { child: *child, payer: payer.clone(), quota })
            })
            .paid_by(payer)
            .noting(reason.as_ref())
        }
        AttendanceCommand::DecideReservations { targets, decision } => {
            let note = match decision {
                Decision::Refuse { note, .. } => note.as_ref(),
                Decision::Confirm | Decision::PutOnWaitingList => None,
            };
            Asked::new(each_target(targets, "requests"), "requests", |day| {
                let child = day.target.child;
                Ok(match decision {
                    Decision::Confirm => Act::Confirm { child, overlaps: day.overlaps.clone() },
                    Decision::PutOnWaitingList => Act::PutOnWaitingList { child },
                    Decision::Refuse { code, .. } => {
                        let refusal = Refusal { note: day.note.clone(), ..Refusal::of(*code) };
                        Act::Refuse { child, refusal }
                    }
                })
            })
            .noting(note)
        }
        AttendanceCommand::SettleCertificate { child, activity, dates: named, received_at, accepted } => {
            Asked::new(dates(*child, activity, named), "dates", |_| {
                Ok(Act::SettleCertificate { child: *child, received: *received_at, accepted: *accepted })
            })
        }
        AttendanceCommand::SettleExcuses { targets, accepted } => {
            Asked::new(each_target(targets, "absences"), "absences", |day| {
                Ok(Act::SettleExcuse { child: day.target.child, accepted: *accepted })
            })
        }
        AttendanceCommand::RecordRollCall { activity, date, entries } => {
            Asked::new(each_entry(activity, *date, entries), "entries", |day| called(entries, day))
        }
        AttendanceCommand::CorrectAttendance { target, to, reason } => {
            Asked::new(day(target.clone(), "target"), "dates", |day| {
                Ok(Act::Correct {
                    child: target.child,
                    to: match to {
                        Corrected::Present => Correction::Present,
                        Corrected::AbsentExcused => Correction::AbsentExcused,
                        Corrected::AbsentBilled => Correction::AbsentBilled,
                        Corrected::Reserved => Correction::Reserved,
                    },
                    reason: day.note.clone().ok_or(SessionError::ReasonRequired)?,
                    overlaps: day.overlaps.clone(),
                })
            })
            .noting(Some(reason))
        }
        AttendanceCommand::ExpireOffer { target } => {
            Asked::new(day(target.clone(), "target"), "dates", |_| {
                Ok(Act::ExpireOffer { child: target.child })
            })
        }
        AttendanceCommand::ExpireCertificate { target } => {
            Asked::new(day(target.clone(), "target"), "dates", |_| {
                Ok(Act::ExpireCertificate { child: target.child })
            })
        }
        AttendanceCommand::ReleaseLeftover { target } => return ends::leftover(caller, target, work).await,
        AttendanceCommand::OfferPlaces { activity, date } => {
            return sessions::decide_whole(caller, activity, *date, Act::OfferPlaces, work).await;
        }
        AttendanceCommand::CloseWaitingList { activity, date } => {
            return sessions::decide_whole(caller, activity, *date, Act::CloseWaitingList, work).await;
        }
    };
    sessions::decide(caller, &asked, work, services.vault()).await
}

/// What the roll says of a child.
fn called(entries: &[RollCallEntry], day: &Day<'_>) -> Result<Act, SessionError> {
    let Target { child, activity, date } = day.target;
    let entry = entries.iter().find(|entry| entry.child == *child).ok_or(SessionError::NotReserved)?;
    if !entry.present {
        return Ok(Act::RecordNoShow { child: *child });
    }
    let enrolment = day.child.any_enrolment(activity, *date);
    let payer = enrolment.map(|e| &e.payer).or_else(|| day.child.families().next());
    Ok(Act::RecordPresence {
        child: *child,
        payer: payer.cloned().ok_or(SessionError::NotEnrolled)?,
        enrolled: enrolment.is_some(),
        contract: enrolment.map_or(ContractDay::Occasional, |e| e.contract_day(*date)),
        overlaps: day.overlaps.clone(),
        arrived: entry.arrived,
        left: entry.left,
    })
}
