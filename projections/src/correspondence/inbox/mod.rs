//! The inbox: conversations between families and structures, from either side.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{correspondence::conversation::Conversation, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{conversation, list, messages, unread};
pub use rows::{ConversationRow, Filter, Folder, MessageRow};

/// Its name.
pub const NAME: &str = "inbox";

/// The projection of conversations.
#[derive(Debug, Clone, Copy)]
pub struct InboxProjection;

impl Projection for InboxProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Conversation::TYPE, Erasure::TYPE]
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
