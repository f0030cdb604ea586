//! Sends commands: every mutation's input passes here.

use std::sync::PoisonError;

use async_graphql::{Context, Result};
use portail_application::{Command, CommandOutcome, Rejection};
use portail_event_store::CommandError;
use uuid::Uuid;

use crate::{
    graphql::{
        context::{Ask, coded, unavailable},
        entered::hostile_text,
    },
    http::request_context::Consistency,
};

/// Sends a command for the caller.
///
/// # Errors
/// It was not decided; a rejection is an outcome, not an error.
pub async fn send(ctx: &Context<'_>, id: Uuid, command: Command) -> Result<(CommandOutcome, u64)> {
    let caller = ctx.caller()?;
    if let Some(error) = hostile_text(ctx) {
        return Ok((CommandOutcome::rejected(error), 0));
    }
    let application = ctx.application()?;
    match application.execute(&caller, id, command).await {
        Ok(executed) => {
            let not_shown_by = application.engine().hide(&executed.streams);
            if !not_shown_by.is_empty() {
                let (required, actual) = (executed.position, application.engine().position(&not_shown_by));
                let mut consistency =
                    ctx.request()?.consistency.lock().unwrap_or_else(PoisonError::into_inner);
                *consistency = Some(Consistency { required, actual, not_shown_by });
            }
            Ok((executed.outcome, executed.position))
        }
        Err(CommandError::CommandReused) => {
            let error = Rejection::of_code("COMMAND_REUSED");
            Ok((CommandOutcome::rejected(error.at(&["input", "clientMutationId"])), 0))
        }
        Err(CommandError::Erased) => {
            let error = Rejection::of_code("ERASED");
            Ok((CommandOutcome::rejected(error.at(&["input"])), 0))
        }
        Err(CommandError::Conflict) => Err(coded("CONFLICT", ctx.language())),
        Err(error) => Err(unavailable(error)),
    }
}
