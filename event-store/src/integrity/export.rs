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

/// The log as it was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many events.
    pub events: u64,
    /// The chain hash of the last event, as stored.
    pub tip: Hash,
    /// The Merkle root over the leaves, as stored.
    pub root: Hash,
}

#[derive(Serialize)]
struct HeaderLine<'a> {
    format: &'a str,
    genesis: String,
}

#[derive(Serialize)]
struct EventLine<'a> {
    position: u64,
    leaf: String,
    chain: String,
    event: &'a str,
}

#[derive(Serialize)]
struct FooterLine {
    events: u64,
    root: String,
    tip: String,
}

/// Writes the whole log as it is, whether it verifies or not: who verifies the export must see what is wrong.
/// `progress` is called with each position.
///
/// # Errors
/// The log cannot be read or the file not be written.
pub async fn export(
    pool: &PgPool,
    out: &mut impl Write,
    mut progress: impl FnMut(u64),
) -> Result<ExportSummary, ExportError> {
    line(out, &HeaderLine { format: FORMAT, genesis: hex(&*GENESIS) })?;
    // One statement sees one state of the log, whatever is appended meanwhile.
    let query = format!("SELECT {EVENT_COLUMNS} FROM events ORDER BY position");
    let mut connection = pool.acquire().await?;
    let mut rows = sqlx::query_as::<_, RecordedEvent>(&query).fetch(&mut *connection);
    let (mut tree, mut tip) = (MerkleFrontier::default(), *GENESIS);
    while let Some(event) = rows.try_next().await? {
        let canonical = event.envelope().canonical();
        let text = String::from_utf8_lossy(&canonical);
        let (leaf, chain) = (hex(&event.leaf), hex(&event.chain));
        line(out, &EventLine { position: event.position, leaf, chain, event: &text })?;
        if let Ok(leaf) = event.leaf.as_slice().try_into() {
            tree.push(leaf);
        }
        tip = event.chain.as_slice().try_into().unwrap_or(tip);
        progress(event.position);
    }
    drop(rows);
    // A crash of the database must not take back what was exported.
    durability::flush(&mut connection).await?;
    let exported = ExportSummary { events: tree.size(), tip, root: tree.root() };
    line(out, &FooterLine { events: exported.events, root: hex(&exported.root), tip: hex(&exported.tip) })?;
    Ok(exported)
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}
