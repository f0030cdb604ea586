//! The outbox: what families are told by e-mail or text message, and how far that got.
//!
//! A row is made of what one command did for one child's activity or one family, with an id made
//! from the command: rebuilt, the outbox has the same ids, and what was delivered stays delivered.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attendance::session::Session, correspondence::conversation::Conversation, families::family::Family,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{claim, dead, due, retry, settle};
pub use rows::{AbandonedDelivery, Channel, DeliveryStatus, Due, Template};

/// Its name.
pub const NAME: &str = "outbox";

/// The projection of the outbox.
#[derive(Debug, Clone, Copy)]
pub struct OutboxProjection;

impl Projection for OutboxProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        3
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Session::TYPE, Family::TYPE, Conversation::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(fold::fold(events, context, connection))
    }
}
