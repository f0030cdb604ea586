//! What others can check without this program: the log as a file, and proofs.

use std::{fs::File, io::BufWriter, path::Path};

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use flate2::{Compression, write::GzEncoder};
use portail_event_store::{CheckpointStore, ProofTree, hex, read_head};
use serde_json::json;
use sqlx::PgPool;

use crate::{say, tools::progress::Progress};

/// Writes the log to a file, whole or not at all.
///
/// # Errors
/// The log cannot be read or the file not be written.
pub async fn export(pool: &PgPool, file: &Path) -> Result<()> {
    let head = read_head(pool).await?;
    let unfinished = file.with_added_extension("part");
    let out =
        File::create(&unfinished).with_context(|| format!("{} cannot be written", unfinished.display()))?;
    let mut out = GzEncoder::new(BufWriter::new(out), Compression::default());
    let progress = Progress::new("export", "events");
    let exported = portail_event_store::export(pool, &mut out, |at| progress.at(at, head)).await?;
    progress.finish();
    out.finish()?.into_inner()?.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    say!(
        "{} events in {}, chain {}, root {}",
        exported.events,
        file.display(),
        hex(&exported.tip),
        hex(&exported.root)
    )?;
    Ok(())
}

/// Prints the proof that an event is in the log, under a signed checkpoint.
///
/// # Errors
/// There is no such event.
pub async fn prove(checkpoints: &CheckpointStore, position: u64) -> Result<()> {
    let index = position.checked_sub(1).context("positions count from 1")?;
    let checkpoint = covering(checkpoints, position).await?;
    let tree =
        ProofTree::read(&mut *checkpoints.pool().acquire().await?, checkpoint.size(), &[index]).await?;
    let (leaf, proof) = tree.inclusion(index).context("the checkpoint does not cover it")?;
    let answer = json!({ "position": position, "size": checkpoint.size(), "leaf": hex(&leaf),
        "proof": proof.iter().map(|hash| hex(hash)).collect::<Vec<_>>(), "root": hex(&tree.root()),
        "checkpoint": checkpoint.note });
    say!("{answer:#}")?;
    Ok(())
}

/// Prints the proof that the log goes on from what it was when it had a size.
///
/// # Errors
/// It never had that size.
pub async fn prove_consistency(checkpoints: &CheckpointStore, old: u64) -> Result<()> {
    let last = old.checked_sub(1).context("an empty log proves nothing")?;
    let pool = checkpoints.pool();
    let checkpoint = covering(checkpoints, read_head(pool).await?.max(old)).await?;
    let tree = ProofTree::read(&mut *pool.acquire().await?, checkpoint.size(), &[last]).await?;
    let (root, proof) = tree.consistency(old).context("the log is shorter")?;
    let answer = json!({ "oldSize": old, "oldRoot": hex(&root), "size": checkpoint.size(),
        "proof": proof.iter().map(|hash| hex(hash)).collect::<Vec<_>>(), "root": hex(&tree.root()),
        "checkpoint": checkpoint.note });
    say!("{answer:#}")?;
    Ok(())
}

async fn covering(
    checkpoints: &CheckpointStore,
    position: u64,
) -> Result<portail_event_store::StoredCheckpoint> {
    let events = read_head(checkpoints.pool()).await?;
    ensure!((1..=events).contains(&position), "the log has {events} events, there is no position {position}");
    checkpoints.covering_or_signed(position, Utc::now()).await?.context("no checkpoint covers it")
}
