//! Notices: what the town tells its families, and the forms it offers.

mod fold;
mod queries;
mod rows;

use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{correspondence::notice::Notice, privacy::erasure::Erasure};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError, Projection};

pub use queries::{all, shown_to};
pub use rows::{Announcement, AudienceKind, NoticeRow};

/// Its name.
pub const NAME: &str = "notices";

/// The projection of notices.
#[derive(Debug, Clone, Copy)]
pub struct NoticesProjection;

impl Projection for NoticesProjection {
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
        &[Notice::TYPE, Erasure::TYPE]
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
