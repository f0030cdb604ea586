//! Commands about families, children and enrolments. Names are sealed before they are decided on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cqrs_es::Aggregate;
use portail_domain::{
    activity::Activity,
    child::{Child, ChildCommand},
    family::{Family, FamilyCommand},
    ids::{ChildId, FamilyNumber},
    sealed::{Purpose, Sealed},
};
use portail_event_store::{CommandError, UnitOfWork, Vault, VaultError};
use portail_projections::family::{ChildIdentity, Responsible};
use uuid::Uuid;

use super::{Command, CommandOutcome, Rejection};

/// Seals a text for a subject; `place` binds it to the kind of event that carries it.
pub(super) async fn seal(
    vault: &Vault,
    subject: &str,
    purpose: Purpose,
    place: &str,
    text: &str,
) -> Result<Sealed, CommandError> {
    let context = format!("{place}/{subject}");
    let sealed = vault.seal(subject, purpose.as_str(), &context, text.as_bytes()).await;
    let sealed = sealed.map_err(refused)?;
    Ok(Sealed {
        alg: "XC20P".into(),
        subject: subject.to_owned(),
        purpose,
        nonce: BASE64_STANDARD.encode(sealed.nonce),
        ct: BASE64_STANDARD.encode(sealed.ciphertext),
    })
}

/// What a refusal of the vault means for a command.
pub(super) fn refused(error: VaultError) -> CommandError {
    match error {
        VaultError::Database(e) => CommandError::Unavailable(e.to_string()),
        VaultError::Destroyed => CommandError::Erased,
        other => CommandError::Unreadable(other.to_string()),
    }
}

pub(super) async fn decide(
    id: Uuid,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<CommandOutcome, CommandError> {
    match command {
        Command::RegisterFamily { number, title, responsible } => {
            let identity = Responsible {
                title: title.as_deref().unwrap_or_default().to_owned(),
                surname: responsible.surname.to_string(),
                first_name: responsible.first_name.to_string(),
            };
            let text = serde_json::to_string(&identity)?;
            let responsible = seal(vault, number.as_str(), Purpose::Identity, Family::TYPE, &text).await?;
            work.load::<Family>([number.to_string()]).await?;
            match work.get::<Family>(number.as_str()).decide(FamilyCommand::Register { responsible }) {
                Ok(events) => work.record::<Family>(number.as_str(), events)?,
                Err(error) => {
                    return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input", "number"])));
                }
            }
            Ok(CommandOutcome::made(number.as_str()))
        }
        Command::RegisterChild { family, name, birth_date } => {
            let identity = ChildIdentity {
                surname: name.surname.to_string(),
                first_name: name.first_name.to_string(),
                birth_date: *birth_date,
            };
            let child = ChildId(id);
            let text = serde_json::to_string(&identity)?;
            let identity = seal(vault, &child.to_string(), Purpose::Identity, Child::TYPE, &text).await?;
            of_family(child, family, ChildCommand::Register { family: family.clone(), identity }, work).await
        }
        Command::LinkChild { child, family } => {
            of_family(*child, family, ChildCommand::LinkFamily { family: family.clone() }, work).await
        }
        Command::EnrolChild { child, enrolment } => {
            work.load::<Activity>([enrolment.activity.to_string()]).await?;
            if work.get::<Activity>(enrolment.activity.as_str()).latest().is_none() {
                return Ok(CommandOutcome::rejected(
                    Rejection::of_code("NOT_FOUND").at(&["input", "activityId"]),
                ));
            }
            of_child(*child, ChildCommand::Enrol(enrolment.clone()), work).await
        }
        Command::EndEnrolment { child, activity, payer, last_day } => {
            let end = ChildCommand::EndEnrolment {
                activity: activity.clone(),
                payer: payer.clone(),
                last_day: *last_day,
            };
            of_child(*child, end, work).await
        }
        _ => Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    }
}

async fn of_family(
    child: ChildId,
    family: &FamilyNumber,
    command: ChildCommand,
    work: &mut UnitOfWork<'_>,
) -> Result<CommandOutcome, CommandError> {
    work.load::<Family>([family.to_string()]).await?;
    if !work.get::<Family>(family.as_str()).registered {
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
    match work.get::<Child>(&id).decide(command) {
        Ok(events) => work.record::<Child>(&id, events)?,
        Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
    }
    Ok(CommandOutcome::made(id))
}
