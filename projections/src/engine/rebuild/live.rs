//! The live read model that a rebuilt one takes the place of.

use std::collections::HashSet;

use portail_event_store::{Span, StreamId};
use sqlx::PgConnection;

use super::{STRICT, concerning, read_in};
use crate::engine::{
    fold::{FoldOutcome, fold},
    projection::{FoldContext, Projection, enter},
    streams_aside,
};

/// The live read model, held until the end of the transaction.
pub(super) struct Live {
    pub(super) position: u64,
    /// Whether the log has the event it stands at.
    pub(super) fits: bool,
    /// Whether it stopped, or set streams aside.
    pub(super) is_incomplete: bool,
    aside: HashSet<StreamId>,
}

impl Live {
    pub(super) async fn hold(
        projection: &dyn Projection,
        connection: &mut PgConnection,
    ) -> Result<Option<Self>, sqlx::Error> {
        let found: Option<(i32, i64, String, bool)> = sqlx::query_as(
            "SELECT version, position, status, log_has(position, chain) FROM projection \
             WHERE name = $1 AND status IN ('live', 'failed') ORDER BY version DESC LIMIT 1 FOR UPDATE",
        )
        .bind(projection.name())
        .fetch_optional(&mut *connection)
        .await?;
        let Some((version, position, status, fits)) = found else { return Ok(None) };
        let aside = streams_aside(projection.name(), version, connection).await?;
        let is_incomplete = status == "failed" || !aside.is_empty();
        Ok(Some(Self { position: position.unsigned_abs(), fits, is_incomplete, aside }))
    }

    /// Brings it to a position; whether it got there. One that stopped cannot be compared.
    pub(super) async fn catch_up(
        &self,
        projection: &dyn Projection,
        context: &FoldContext,
        schema: &str,
        target: u64,
        connection: &mut PgConnection,
    ) -> Result<bool, sqlx::Error> {
        let behind = read_in(connection, Span { after: self.position, through: target }).await?;
        enter(schema, connection).await?;
        let (events, mut aside) = (concerning(projection, &behind, 0), self.aside.clone());
        let folded = fold(projection, &events, &mut aside, STRICT, context, connection).await?;
        Ok(matches!(folded, FoldOutcome::All(_)))
    }
}
