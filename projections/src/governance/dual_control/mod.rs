//! What one of the staff proposed and another one has to second.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::seconding::{Action, Seconding, SecondingEvent};
use portail_event_store::RecordedEvent;
use sqlx::{PgConnection, PgPool};

use crate::{
    decode::json,
    engine::projection::{FoldContext, FoldError, Projection},
};

/// Its name in databases that stand.
pub const NAME: &str = "proposals";

/// The projection of proposals.
#[derive(Debug, Clone, Copy)]
pub struct DualControlProjection;

impl Projection for DualControlProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        1
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE proposal (family text NOT NULL, slot text NOT NULL, action text NOT NULL, proposed_by text NOT NULL, \
            proposed timestamptz NOT NULL, PRIMARY KEY (family, slot))"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Seconding::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                match context.decode(event)? {
                    SecondingEvent::ActionProposed { action, by, received } => {
                        let text = serde_json::to_string(&action).map_err(|e| FoldError::poison(event, e))?;
                        sqlx::query(
                            "INSERT INTO proposal VALUES ($1, $2, $3, $4, $5) ON CONFLICT (family, slot) DO UPDATE \
                             SET action = EXCLUDED.action, proposed_by = EXCLUDED.proposed_by, proposed = EXCLUDED.proposed",
                        )
                        .bind(&event.stream.id)
                        .bind(action.slot())
                        .bind(text)
                        .bind(by)
                        .bind(received)
                        .execute(&mut *connection)
                        .await?;
                    }
                    SecondingEvent::ActionSeconded { slot, .. } => {
                        sqlx::query("DELETE FROM proposal WHERE family = $1 AND slot = $2")
                            .bind(&event.stream.id)
                            .bind(slot)
                            .execute(&mut *connection)
                            .await?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// Something that waits for another person. Proposed values stay sealed.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// The family it concerns.
    pub family: String,
    /// What is proposed.
    pub action: Action,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub proposed: DateTime<Utc>,
}

/// What waits for another person, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn open(pool: &PgPool, limit: i64) -> Result<Vec<ProposalRow>, sqlx::Error> {
    let rows: Vec<(String, String, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT family, action, proposed_by, proposed FROM rm_proposals.proposal ORDER BY proposed, family, slot LIMIT $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let row = |(family, action, by, proposed): (String, String, String, DateTime<Utc>)| {
        Ok(ProposalRow { family, action: json(&action)?, by, proposed })
    };
    rows.into_iter().map(row).collect()
}
