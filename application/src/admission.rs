//! How much a family sends: more than anybody enters by hand is somebody's program. The town's own people
//! are not counted.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use portail_event_store::CommandError;

use crate::{
    access::allowance::Allowance,
    caller::{Caller, Role},
    command::Command,
    correspondence::command::CorrespondenceCommand,
    limits::Rate,
    outcome::Rejection,
    services::Services,
};

/// How many families are remembered before those are forgotten whose allowance is whole again.
const TIDY: usize = 4096;

fn too_often(rate: Rate) -> Rejection {
    let minutes = rate.span.as_secs().div_ceil(60).to_string();
    let rejection = Rejection::of_code("TOO_OFTEN").with("most", rate.most.to_string());
    rejection.with("minutes", minutes).at(&["input"])
}

/// The pace of families, as far as this server sees it: for all servers together, asking the database
/// would cost every command a round trip. By login, when all of the allowance is free again.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<String, Instant>>);

impl Pace {
    /// Why a command is not even decided: its family has sent too many.
    pub(crate) async fn admit(
        &self,
        services: &Services,
        caller: &Caller,
        command: &Command,
    ) -> Result<Option<Rejection>, CommandError> {
        if caller.role != Role::Parent {
            return Ok(None);
        }
        let limits = services.limits();
        if let Some(rate) = limits.commands
            && !self.takes(&caller.login, rate, Instant::now())
        {
            return Ok(Some(too_often(rate)));
        }
        let Command::Correspondence(command) = command else { return Ok(None) };
        let (what, rate) = match command {
            CorrespondenceCommand::OpenConversation { .. } => ("conversation", limits.conversations),
            CorrespondenceCommand::SendMessage { .. } => ("message", limits.messages),
            CorrespondenceCommand::MarkConversation { .. }
            | CorrespondenceCommand::AssignConversation { .. }
            | CorrespondenceCommand::PublishNotice { .. }
            | CorrespondenceCommand::WithdrawNotice { .. } => return Ok(None),
        };
        let wait = Allowance::new(what, &caller.login, rate).take(services.pool()).await;
        let wait = wait.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        Ok(wait.map(|_| too_often(rate)))
    }

    fn takes(&self, login: &str, rate: Rate, now: Instant) -> bool {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if families.len() >= TIDY {
            families.retain(|_, free_at| *free_at > now);
        }
        let free_at = families.get(login).copied().unwrap_or(now);
        let next = free_at.max(now) + rate.span / rate.most;
        if next > now + rate.span {
            return false;
        }
        families.insert(login.to_owned(), next);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_at_a_time() {
        let (pace, rate) = (Pace::default(), Rate { most: 120, span: Duration::from_secs(60) });
        let now = Instant::now();
        let takes = |login: &str, seconds: u64| pace.takes(login, rate, now + Duration::from_secs(seconds));
        assert_eq!((0..150).filter(|_| takes("a", 0)).count(), 120);
        assert!(takes("b", 0), "another family");
        assert_eq!((0..10).filter(|_| takes("a", 1)).count(), 2, "two come back in a second");
    }
}
