//! What a mutation answers of its command.

use async_graphql::{ID, SimpleObject};
use portail_application::CommandOutcome;
use portail_domain::i18n::Language;
use uuid::Uuid;

use crate::graphql::{errors::UserError, scalars::Position};

/// The payload of a mutation, made of what became of its command.
pub trait Payload {
    /// `id` is the idempotency key; `position` is where the log stands.
    fn of(id: Uuid, outcome: CommandOutcome, position: u64, language: Language) -> Self;
}

/// Something that was made or changed.
#[derive(Debug, Clone, SimpleObject)]
pub struct RecordPayload {
    /// The idempotency key.
    client_mutation_id: Uuid,
    /// The id of what was made or changed.
    id: Option<ID>,
    /// What went wrong.
    user_errors: Vec<UserError>,
    /// The position of the log that shows the effect; null when nothing was recorded.
    position: Option<Position>,
}

impl Payload for RecordPayload {
    fn of(id: Uuid, outcome: CommandOutcome, position: u64, language: Language) -> Self {
        Self {
            client_mutation_id: id,
            id: outcome.id.map(ID),
            user_errors: outcome.errors.iter().map(|e| UserError::of(e, language)).collect(),
            position: outcome.recorded.then_some(Position(position)),
        }
    }
}
