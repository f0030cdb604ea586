//! What shows, to whoever trusts nothing here but a published key, that an event is in the log and
//! that the log only grew.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{Application, Role};
use portail_event_store::{
    CheckpointStore, Hash, ProofTree, RecordedEvent, StoredCheckpoint, hex, signing_key_in_force,
};
use portail_projections::attendance::request_list;

use crate::graphql::{
    context::{Ask, EVERYBODY, OFFICERS, coded, unavailable},
    entered::page,
    scalars::Position,
};

/// The key checkpoints are signed with.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogKey {
    /// Its public half, as name+id+key (C2SP signed-note).
    public_key: String,
}

/// A signed head of the log (C2SP tlog-checkpoint).
#[derive(Debug, Clone, SimpleObject)]
pub struct LogCheckpoint {
    /// How many events it is of: the last position.
    size: Position,
    /// The signed note: origin, size, Merkle root in base64, signature.
    note: String,
    /// When it was made.
    made_at: DateTime<Utc>,
}

impl From<StoredCheckpoint> for LogCheckpoint {
    fn from(kept: StoredCheckpoint) -> Self {
        Self { size: Position(kept.size()), made_at: kept.made_at, note: kept.note }
    }
}

/// The proof that an event is in the log, or that the log goes on from what it was (RFC 6962).
#[derive(Debug, Clone, SimpleObject)]
pub struct LogProof {
    /// The size of the tree the proof is in: that of its checkpoint.
    size: Position,
    /// The Merkle root of the log of that size, in hexadecimal digits.
    root: String,
    /// Of an event: its leaf hash. Of a shorter log: its Merkle root.
    subject: String,
    /// The hashes of the proof, in the order a verifier takes them.
    path: Vec<String>,
    /// The signed head with that root.
    checkpoint: LogCheckpoint,
}

impl LogProof {
    fn new(tree: &ProofTree, (subject, path): (Hash, Vec<Hash>), checkpoint: LogCheckpoint) -> Self {
        let path = path.iter().map(|hash| hex(hash)).collect();
        Self { size: checkpoint.size, root: hex(&tree.root()), subject: hex(&subject), path, checkpoint }
    }
}

/// An event about a request with the proof that it is in the log.
#[derive(Debug, Clone, SimpleObject)]
pub struct EventProof {
    /// Its place in the log.
    position: Position,
    /// Its type, e.g. ReservationConfirmed.
    event_type: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// Who caused it: role and login.
    actor: String,
    /// The event as it was hashed: the leaf is SHA-256 of a zero byte and this text. Null where it
    /// names other families too; its leaf is proved all the same.
    event: Option<String>,
    /// The proof.
    proof: LogProof,
}

async fn covering(application: &Application, position: u64) -> Result<Option<StoredCheckpoint>> {
    application
        .checkpoints()
        .covering_or_signed(position, application.clock().now())
        .await
        .map_err(unavailable)
}

async fn inclusion(ctx: &Context<'_>, position: u64) -> Result<LogProof> {
    let not_found = || coded("NOT_FOUND", ctx.language());
    let application = ctx.application()?;
    let index = position.checked_sub(1).ok_or_else(not_found)?;
    let kept = covering(application, position).await?.ok_or_else(not_found)?;
    let mut connection = application.pool().acquire().await.map_err(unavailable)?;
    let tree = ProofTree::read(&mut connection, kept.size(), &[index]).await.map_err(unavailable)?;
    let shown = tree.inclusion(index).ok_or_else(not_found)?;
    Ok(LogProof::new(&tree, shown, kept.into()))
}

/// Events with their proofs; `shown` says whose text may be seen.
pub async fn proved(
    ctx: &Context<'_>,
    events: Vec<RecordedEvent>,
    shown: impl Fn(&RecordedEvent) -> bool,
) -> Result<Vec<EventProof>> {
    let mut proved = Vec::with_capacity(events.len());
    for event in events {
        let text = shown(&event).then(|| String::from_utf8(event.envelope().canonical())).transpose();
        proved.push(EventProof {
            position: Position(event.position),
            recorded_at: event.recorded_at,
            event: text.map_err(unavailable)?,
            proof: inclusion(ctx, event.position).await?,
            actor: event.actor,
            event_type: event.event_type,
        });
    }
    Ok(proved)
}

/// Queries of proofs.
#[derive(Debug, Default)]
pub struct ProofQuery;

#[Object]
impl ProofQuery {
    /// The key checkpoints are signed with: keep it, and compare.
    #[graphql(guard = "EVERYBODY")]
    async fn log_key(&self, ctx: &Context<'_>) -> Result<LogKey> {
        // The log's, not this server's: it may have been started with another one.
        let checkpoints = ctx.application()?.checkpoints();
        let in_force = signing_key_in_force(checkpoints.pool()).await.map_err(unavailable)?;
        Ok(LogKey { public_key: in_force.unwrap_or_else(|| checkpoints.signer().public_key().to_owned()) })
    }

    /// The signed heads of the log, in order.
    #[graphql(guard = "OFFICERS")]
    async fn log_checkpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of more events than so many.")] after: Option<Position>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
    ) -> Result<Vec<LogCheckpoint>> {
        let (after, first) = (after.map_or(0, |p| p.0), page(ctx, first, 200)?);
        let kept = CheckpointStore::after(ctx.application()?.pool(), after, first).await;
        Ok(kept.map_err(unavailable)?.into_iter().map(Into::into).collect())
    }

    /// The proof that the event at a position is in the log, under a signed head.
    #[graphql(guard = "OFFICERS")]
    async fn log_inclusion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event's position.")] position: Position,
    ) -> Result<LogProof> {
        inclusion(ctx, position.0).await
    }

    /// The proof that the log as it is now goes on from what it was when it had a size: nothing of
    /// it was altered, dropped or moved since.
    #[graphql(guard = "OFFICERS")]
    async fn log_consistency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size the log had: its last position then.")] size: Position,
    ) -> Result<LogProof> {
        let not_found = || coded("NOT_FOUND", ctx.language());
        let application = ctx.application()?;
        let last = size.0.checked_sub(1).ok_or_else(not_found)?;
        let head = application.log().read_head().await.map_err(unavailable)?;
        let kept = covering(application, head).await?.ok_or_else(not_found)?;
        if kept.size() < size.0 {
            return Err(not_found());
        }
        let mut connection = application.pool().acquire().await.map_err(unavailable)?;
        let tree = ProofTree::read(&mut connection, kept.size(), &[last]).await.map_err(unavailable)?;
        let shown = tree.consistency(size.0).ok_or_else(not_found)?;
        Ok(LogProof::new(&tree, shown, kept.into()))
    }

    /// What was recorded of a request, from its submission to its decision, with the proofs that it
    /// is in the log: a family's evidence, whatever becomes of the portal.
    #[graphql(guard = "EVERYBODY")]
    async fn request_proofs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request's id in the list of requests.")] id: ID,
    ) -> Result<Vec<EventProof>> {
        let (application, caller) = (ctx.application()?, ctx.caller()?);
        let not_found = || coded("NOT_FOUND", ctx.language());
        let line = id.parse().map_err(|_| not_found())?;
        let payer = (caller.role == Role::Parent).then_some(caller.login.as_str());
        let events = request_list::events(application.log(), line, payer).await.map_err(unavailable)?;
        let events = events.ok_or_else(not_found)?;
        proved(ctx, events, |event| caller.role != Role::Parent || !request_list::names_others(event)).await
    }
}
