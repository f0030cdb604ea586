//! The auditor's command line: verify, export, prove.
#![allow(clippy::print_stdout, reason = "a command line answers on its standard output")]

use std::{fs::File, io::BufWriter, path::Path};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use portail_event_store::{hex, merkle};
use serde_json::json;
use sqlx::PgPool;

use crate::progress::Progress;

async fn head(pool: &PgPool) -> Result<u64> {
    let head: i64 =
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events").fetch_one(pool).await?;
    Ok(head.unsigned_abs())
}

/// Recomputes every leaf, the chain and the Merkle root, and prints where they end.
///
/// # Errors
/// The first thing wrong.
pub async fn verify(pool: &PgPool) -> Result<()> {
    let head = head(pool).await?;
    let progress = Progress::new("verify", "events");
    let verified = portail_event_store::verify(pool, |at| progress.at(at, head)).await?;
    progress.finish();
    println!(
        "{} events verified, chain {}, root {}",
        verified.events,
        hex(&verified.tip),
        hex(&verified.root)
    );
    Ok(())
}

/// Writes the log to a file, whole or not at all.
///
/// # Errors
/// The log cannot be read or the file not be written.
pub async fn export(pool: &PgPool, file: &Path) -> Result<()> {
    let head = head(pool).await?;
    let unfinished = file.with_added_extension("part");
    let out =
        File::create(&unfinished).with_context(|| format!("{} cannot be written", unfinished.display()))?;
    let mut out = GzEncoder::new(BufWriter::new(out), Compression::default());
    let progress = Progress::new("export", "events");
    let exported = portail_event_store::export(pool, &mut out, |at| progress.at(at, head)).await?;
    progress.finish();
    out.finish()?.into_inner()?.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    println!(
        "{} events in {}, chain {}, root {}",
        exported.events,
        file.display(),
        hex(&exported.tip),
        hex(&exported.root)
    );
    Ok(())
}

/// Prints the proof that an event is in the log: its leaf, the hashes beside its path, the root.
///
/// # Errors
/// There is no such event.
pub async fn prove(pool: &PgPool, position: u64) -> Result<()> {
    let leaves = merkle::leaves(pool).await?;
    let index = usize::try_from(position)?.checked_sub(1).context("positions count from 1")?;
    let proof = merkle::inclusion_proof(&leaves, index);
    ensure!(proof.is_some(), "the log has {} events, there is no position {position}", leaves.len());
    let proof: Vec<String> = proof.iter().flatten().map(|hash| hex(hash)).collect();
    let answer = json!({ "position": position, "size": leaves.len(), "leaf": hex(&leaves[index]), "proof": proof,
        "root": hex(&merkle::root(&leaves)) });
    println!("{answer:#}");
    Ok(())
}
