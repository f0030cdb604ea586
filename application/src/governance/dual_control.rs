//! Four eyes: where the town's policy asks for it, the first of the staff only proposes, and the
//! same from another one does it.

use portail_domain::{
    governance::dual_control::{Action, DualControl, DualControlCommand, DualControlEvent},
    governance::policy::{self, Policy},
    shared::ids::FamilyNumber,
    shared::sealed::{Place, Sealed},
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::families::family::sealed_bytes;

use crate::{
    caller::Caller,
    outcome::{CommandOutcome, Rejection},
    sealing::refused,
};

/// The code a proposal that waits is told by.
pub(crate) const NEEDED: &str = "SECOND_NEEDED";

/// Whether something may be done now.
pub(crate) enum Verdict {
    /// It takes one, or it was seconded.
    Done,
    /// It was proposed, and waits for another person.
    Proposed,
    /// Whoever proposed it tries to second it.
    Refused(Rejection),
}

impl Verdict {
    /// What is answered where nothing else was asked for; none where it may be done.
    pub(crate) fn outcome(self, id: &str) -> Option<CommandOutcome> {
        match self {
            Self::Done => None,
            Self::Proposed => {
                let errors = vec![needed()];
                Some(CommandOutcome { errors, ..CommandOutcome::made(id) })
            }
            Self::Refused(error) => Some(CommandOutcome::rejected(error.at(&["input"]))),
        }
    }
}

/// What a proposal that waits is told by.
pub(crate) fn needed() -> Rejection {
    Rejection::of_code(NEEDED).at(&["input"])
}

/// Proposes or seconds an action for a family, if the town's policy asks for two.
pub(crate) async fn second(
    caller: &Caller,
    family: &FamilyNumber,
    action: Action,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<Verdict, CommandError> {
    work.load::<Policy>([policy::STREAM.to_owned()]).await?;
    let two = work.get::<Policy>(policy::STREAM)?.four_eyes();
    let takes_two = match &action {
        Action::ApproveBank { .. } | Action::RecordBank { .. } => two.bank,
        Action::Refund { .. } => two.refunds,
    };
    if !takes_two {
        return Ok(Verdict::Done);
    }
    work.load::<DualControl>([family.to_string()]).await?;
    let dual_control = work.get::<DualControl>(family.as_str())?;
    let (by, at) = (caller.actor(), caller.at);
    let same = match dual_control.proposed(&action.slot()).map(|proposal| (&proposal.action, &action)) {
        None => false,
        // What is recorded is not in the slot's name: it may be something else than what was proposed.
        Some((Action::RecordBank { values }, Action::RecordBank { values: again })) => {
            opened(values, vault).await? == opened(again, vault).await?
        }
        Some((Action::RecordBank { .. }, Action::ApproveBank { .. } | Action::Refund { .. })) => false,
        Some((Action::ApproveBank { .. } | Action::Refund { .. }, _)) => true,
    };
    let command = if same {
        DualControlCommand::Second { action, by, at }
    } else {
        DualControlCommand::Propose { action, by, at }
    };
    match dual_control.decide(command) {
        Ok(events) => {
            let done = events.iter().any(|event| matches!(event, DualControlEvent::ActionSeconded { .. }));
            work.record::<DualControl>(family.as_str(), events)?;
            Ok(if done { Verdict::Done } else { Verdict::Proposed })
        }
        Err(error) => Ok(Verdict::Refused(Rejection::of(&error))),
    }
}

async fn opened(sealed: &Sealed, vault: &Vault) -> Result<Vec<u8>, CommandError> {
    let bytes = sealed_bytes(sealed).map_err(|e| CommandError::Unreadable(e.to_string()))?;
    let context = Place::DualControl.context(&sealed.subject);
    vault.unseal(&sealed.subject, sealed.purpose.into(), &context, &bytes).await.map_err(refused)
}
