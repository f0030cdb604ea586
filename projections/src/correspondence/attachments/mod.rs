//! Which files the log refers to: all others are nobody's, and are deleted after a while.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attendance::session::Session, correspondence::conversation::Conversation, correspondence::notice::Notice,
    families::family::Family, money::account::Account,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{collect, delete_loose, loose, loose_files};
pub use rows::{UnreferencedFile, UnreferencedFiles};

/// Its name.
pub const NAME: &str = "attachments";

/// The projection of files that are attached to something.
#[derive(Debug, Clone, Copy)]
pub struct AttachmentsProjection;

impl Projection for AttachmentsProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        1
    }
    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Account::TYPE, Conversation::TYPE, Family::TYPE, Notice::TYPE, Session::TYPE]
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
