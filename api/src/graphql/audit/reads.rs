//! Who looked at what.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_event_store::{RecordedRead, reads};

use crate::graphql::{
    context::{AUDITORS, Ask, unavailable},
    entered::page,
    scalars::Position,
};

/// A look at something: of an auditor at anything, of staff at personal data.
#[derive(Debug, Clone, SimpleObject)]
pub struct ReadEntry {
    /// Its place in the trail, from 1.
    number: Position,
    /// When it was read.
    at: DateTime<Utc>,
    /// Who: role and login.
    actor: String,
    /// How: query, download, or at which moment of the past.
    operation: String,
    /// What: the fields that were asked for, or the path of a file.
    fields: Vec<String>,
    /// About whom, as far as they were named: numbers of families, ids of children.
    subjects: Vec<String>,
}

impl From<RecordedRead> for ReadEntry {
    fn from(read: RecordedRead) -> Self {
        Self {
            number: Position(read.number.unsigned_abs()),
            at: read.at,
            actor: read.actor,
            operation: read.operation,
            fields: read.fields,
            subjects: read.subjects,
        }
    }
}

/// Queries of the trail of reads.
#[derive(Debug, Default)]
pub struct ReadQuery;

#[Object]
impl ReadQuery {
    /// Who looked at what, the newest first. Asking is a look as well.
    #[graphql(guard = "AUDITORS")]
    async fn reads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this actor, e.g. staff:mairie.")] actor: Option<String>,
        #[graphql(desc = "Only about this family (its number) or child (its id).")] about: Option<ID>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "Only those before this entry.")] before: Option<Position>,
    ) -> Result<Vec<ReadEntry>> {
        let about = about.as_ref().map(|id| id.as_str());
        let before = before.map(|number| number.0.cast_signed());
        let first = page(ctx, first, 200)?;
        let found = reads(ctx.application()?.pool(), (actor.as_deref(), about), before, first).await;
        Ok(found.map_err(unavailable)?.into_iter().map(Into::into).collect())
    }
}
