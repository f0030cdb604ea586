//! The log as a file that anybody can verify without us. The format is described in
//! `docs/audit/log-format.md`.

use std::io::Write;

use futures::TryStreamExt;
use serde::Serialize;
use sqlx::PgPool;

use crate::integrity::merkle::MerkleFrontier;
use crate::log::durability;
use crate::log::event::{EVENT_COLUMNS, RecordedEvent};
use crate::log::hashing::{GENESIS, Hash, hex};

/// The name of the format.
pub const FORMAT: &str = "portail-famille event log v1";

/// Why an export did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database cannot be read.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// An event cannot be serialised.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many events.
    pub events: u64,
    /// The chain's end, as the log has it.
    pub tip: Hash,
    /// The Merkle root of the leaves, as the log has them.
    pub root: Hash,
}

#[derive(Serialize)]
struct Head<'a> {
    format: &'a str,
    genesis: String,
}

#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    leaf: String,
    chain: String,
    event: &'a str,
}

#[derive(Serialize)]
struct Tail {
    events: u64,
    root: String,
    tip: String,
}

/// Writes the whole log as it is, whether it verifies or not: what is wrong must be visible to who
/// verifies it. `progress` hears each position.
///
/// # Errors
/// The log cannot be read or the file not be written.
pub async fn export(
    pool: &PgPool,
    out: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> Result<ExportSummary, ExportError> {
    line(out, &Head { format: FORMAT, genesis: hex(&*GENESIS) })?;
    // One statement sees one state of the log, whatever is appended meanwhile.
    let query = format!("SELECT {EVENT_COLUMNS} FROM events ORDER BY position");
    let mut connection = pool.acquire().await?;
    let mut rows = sqlx::query_as::<_, RecordedEvent>(&query).fetch(&mut *connection);
    let (mut tree, mut tip) = (MerkleFrontier::default(), *GENESIS);
    while let Some(event) = rows.try_next().await? {
        let canonical = event.envelope().canonical();
        let text = String::from_utf8_lossy(&canonical);
        let (leaf, chain) = (hex(&event.leaf), hex(&event.chain));
        line(out, &Line { position: event.position, leaf, chain, event: &text })?;
        if let Ok(leaf) = event.leaf.as_slice().try_into() {
            tree.push(leaf);
        }
        tip = event.chain.as_slice().try_into().unwrap_or(tip);
        progress(event.position);
    }
    drop(rows);
    // What leaves the database must not be taken back by a crash of it.
    durability::flush(&mut connection).await?;
    let exported = ExportSummary { events: tree.size(), tip, root: tree.root() };
    line(out, &Tail { events: exported.events, root: hex(&exported.root), tip: hex(&exported.tip) })?;
    Ok(exported)
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}
