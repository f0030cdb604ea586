//! A mutation's way to the application: its input, the command it means, what became of it. Every
//! mutation's input passes here.

pub mod input_objects;
pub mod payload;
mod places;

use std::sync::PoisonError;

use async_graphql::{Context, Result};
use portail_application::{Command, CommandOutcome, Rejection};
use portail_event_store::CommandError;
use uuid::Uuid;

pub(super) use self::input_objects::input_objects;
use self::places::keep_real;
pub use self::{
    input_objects::CommandInput,
    payload::{Payload, RecordPayload},
};
use crate::{
    graphql::{
        context::{Ask, coded, unavailable},
        entered::hostile_text,
    },
    http::request_context::Consistency,
};

/// Sends the command that an input means, for the caller; `command` reads it, and says what is wrong with it.
///
/// # Errors
/// It was not decided; a rejection is an outcome, not an error.
pub async fn submit<I: CommandInput, C: Into<Command>, P: Payload>(
    ctx: &Context<'_>,
    input: I,
    command: impl FnOnce(I) -> Result<C, Rejection>,
) -> Result<P> {
    submit_with_places(ctx, input, command, |_| {}).await
}

/// As [`submit`], where the input has other places than the command's own; `rename` turns the latter into the
/// former.
///
/// # Errors
/// It was not decided.
pub async fn submit_with_places<I: CommandInput, C: Into<Command>, P: Payload>(
    ctx: &Context<'_>,
    input: I,
    command: impl FnOnce(I) -> Result<C, Rejection>,
    rename: impl Fn(&mut Vec<String>),
) -> Result<P> {
    let id = input.client_mutation_id();
    let (mut outcome, position) = match command(input) {
        Ok(command) => send(ctx, id, command.into()).await?,
        Err(error) => (CommandOutcome::rejected(error), 0),
    };
    outcome.errors.iter_mut().for_each(|error| rename(&mut error.path));
    keep_real(ctx, &mut outcome);
    Ok(P::of(id, outcome, position, ctx.language()))
}

/// Sends a command for the caller.
///
/// # Errors
/// It was not decided; a rejection is an outcome, not an error.
pub async fn send(ctx: &Context<'_>, id: Uuid, command: impl Into<Command>) -> Result<(CommandOutcome, u64)> {
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
