//! Commands about families, children and enrolments. Names are sealed before they are decided on.

pub mod attachments;
pub mod command;
pub mod family_file;

use chrono::NaiveDate;
use portail_domain::{
    attendance::session::{ReleaseReason, Whose},
    catalogue::activity::Activity,
    families::child::{Child, ChildCommand, ChildEvent},
    families::family::{Family, FamilyCommand},
    families::family_file::{FieldProblem, Kind},
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::sealed::{Place, Purpose},
    shared::time::LAST_DAY,
};
use portail_event_store::{CommandError, UnitOfWork};
use portail_projections::families::family::{ChildIdentity, Responsible};
use uuid::Uuid;

use crate::{
    attendance::ends,
    caller::Caller,
    families::{command::FamiliesCommand, family_file::Files},
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
    services::Services,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &FamiliesCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let vault = services.vault();
    let files = Files { caller, vault };
    match command {
        FamiliesCommand::RegisterFamily { number, title, responsible } => {
            let title = match Kind::Title.check(&title.as_deref().unwrap_or_default().into(), NaiveDate::MAX)
            {
                Ok(title) => title.as_str().unwrap_or_default().to_owned(),
                Err(problem) => {
                    let wrong = FieldProblem { field: "title".into(), problem };
                    return Ok(CommandOutcome::rejected(Rejection::of(&wrong).at(&["input", "title"])));
                }
            };
            let identity = Responsible {
                title,
                surname: responsible.surname.to_string(),
                first_name: responsible.first_name.to_string(),
            };
            let text = serde_json::to_string(&identity)?;
            let responsible = seal(vault, number.as_str(), Purpose::Identity, Place::Family, &text).await?;
            work.load::<Family>([number.to_string()]).await?;
            match work.get::<Family>(number.as_str())?.decide(FamilyCommand::Register { responsible }) {
                Ok(events) => work.record::<Family>(number.as_str(), events)?,
                Err(error) => {
                    return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", "number"])));
                }
            }
            Ok(CommandOutcome::made(number.as_str()))
        }
        FamiliesCommand::RegisterChild { family, name, birth_date } => {
            let identity = ChildIdentity {
                surname: name.surname.to_string(),
                first_name: name.first_name.to_string(),
                birth_date: *birth_date,
            };
            let child = ChildId(id);
            let text = serde_json::to_string(&identity)?;
            let identity = seal(vault, &child.to_string(), Purpose::Identity, Place::Child, &text).await?;
            of_family(child, family, ChildCommand::Register { family: family.clone(), identity }, work).await
        }
        FamiliesCommand::LinkChild { child, family } => {
            of_family(*child, family, ChildCommand::LinkFamily { family: family.clone() }, work).await
        }
        FamiliesCommand::UnlinkChild { child, family, last_day } => {
            let unlink =
                ChildCommand::UnlinkFamily { family: family.clone(), last_day: *last_day, at: caller.at };
            let Some(next) = last_day.succ_opt() else { return Ok(no_day()) };
            let ends = End { payer: family, activity: None, days: (next, LAST_DAY) };
            ends.decide(caller, *child, unlink, ReleaseReason::LeftFamily, work, services).await
        }
        FamiliesCommand::EnrolChild { child, enrolment } => {
            work.load::<Activity>([enrolment.activity.to_string()]).await?;
            let activity = work.get::<Activity>(enrolment.activity.as_str())?;
            let refused = |code| Rejection::of_code(code).at(&["input", "activityId"]);
            if activity.latest().is_none() {
                return Ok(CommandOutcome::rejected(refused("NOT_FOUND")));
            }
            if activity.retired_from().is_some_and(|from| from <= enrolment.from) {
                return Ok(CommandOutcome::rejected(refused("ACTIVITY_RETIRED")));
            }
            let outcome = of_child(*child, ChildCommand::Enrol(enrolment.clone()), work).await?;
            if outcome.recorded {
                let (activity, payer) = (&enrolment.activity, enrolment.payer.clone());
                let days = (enrolment.from, enrolment.to.unwrap_or(LAST_DAY));
                let sessions = services.sessions_of_child(*child, Some(activity), days).await?;
                let whose = Whose::Child { child: *child, payer };
                let reasons = &[ReleaseReason::EnrolmentEnded, ReleaseReason::LeftFamily];
                ends::restore(caller.at, &sessions, &whose, reasons, work).await?;
            }
            Ok(outcome)
        }
        FamiliesCommand::EndEnrolment { child, activity, payer, last_day } => {
            let end = ChildCommand::EndEnrolment {
                activity: activity.clone(),
                payer: payer.clone(),
                last_day: *last_day,
            };
            let Some(next) = last_day.succ_opt() else { return Ok(no_day()) };
            let ends = End { payer, activity: Some(activity), days: (next, LAST_DAY) };
            ends.decide(caller, *child, end, ReleaseReason::EnrolmentEnded, work, services).await
        }
        FamiliesCommand::RecordSection { owner, section, seen_revision, values } => {
            files.record(owner, *section, *seen_revision, values, work).await
        }
        FamiliesCommand::RequestModification { owner, section, seen_revision, values, attachments } => {
            files.request(id, owner, (*section, *seen_revision), values, attachments, work).await
        }
        FamiliesCommand::WithdrawModification { family, request } => {
            files.withdraw(family, *request, work).await
        }
        FamiliesCommand::DecideModifications { targets, decision } => {
            files.decide_all(targets, decision, work).await
        }
    }
}

fn no_day() -> CommandOutcome {
    CommandOutcome::rejected(Rejection::of_code("INVALID_DATE").at(&["input", "lastDay"]))
}

/// What ends for a child: all that a family pays for, or one activity of it.
struct End<'a> {
    payer: &'a FamilyNumber,
    activity: Option<&'a ActivityId>,
    days: (NaiveDate, NaiveDate),
}

impl End<'_> {
    /// Ends it, and releases what was booked on its days: in one append.
    async fn decide(
        mut self,
        caller: &Caller,
        child: ChildId,
        command: ChildCommand,
        reason: ReleaseReason,
        work: &mut UnitOfWork<'_>,
        services: &Services,
    ) -> Result<CommandOutcome, CommandError> {
        let id = child.to_string();
        work.load::<Child>([id.clone()]).await?;
        let events = match work.get::<Child>(&id)?.decide(command) {
            Ok(events) => events,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        };
        if let Some(ChildEvent::EnrolmentEnded { released_until: until, .. }) = events.first() {
            self.days.1 = *until;
        }
        let sessions = services.sessions_of_child(child, self.activity, self.days).await?;
        let whose = Whose::Child { child, payer: self.payer.clone() };
        ends::release(caller.at, &sessions, &whose, reason, work).await?;
        work.record::<Child>(&id, events)?;
        Ok(CommandOutcome::made(id))
    }
}

async fn of_family(
    child: ChildId,
    family: &FamilyNumber,
    command: ChildCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Family>([family.to_string()]).await?;
    if !work.get::<Family>(family.as_str())?.registered {
        return Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND").at(&["input", "familyNumber"])));
    }
    of_child(child, command, work).await
}

async fn of_child(
    child: ChildId,
    command: ChildCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    let id = child.to_string();
    work.load::<Child>([id.clone()]).await?;
    match work.get::<Child>(&id)?.decide(command) {
        Ok(events) => work.record::<Child>(&id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id))
}
