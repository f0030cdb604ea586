//! Verifies the log against itself and against what was signed.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use portail_application::audit::checkpoints;
use portail_event_store::{
    Appends, CheckpointCopy, CheckpointFolder, CheckpointStore, DATABASE_PLACE, Database, KeyChange,
    VerifiedLog, follow_keys, hex, key_changes, merkle::MerkleFrontier, parse_hex, verify_reads,
    verify_seals,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::{say, settings::Settings, tools::progress::Progress};

/// How a verification goes about it.
#[derive(Debug, Clone, Default, Args)]
pub struct VerifyOptions {
    /// Begin where the last verification that came to a good end left off.
    #[arg(long)]
    pub since_last: bool,
    /// Where that is kept; by default `verified.json` in the data folder. Keep it where nobody who
    /// can write to the database can write.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// A public key (name+id+key) checkpoints may be signed with; may be given several times. By
    /// default that of this server's signing key.
    #[arg(long = "key")]
    pub keys: Vec<String>,
    /// A folder with copies of checkpoints; by default the server's own.
    #[arg(long)]
    pub checkpoints: Option<PathBuf>,
}

/// Where a verification left off.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    events: u64,
    chain: String,
    subtrees: Vec<String>,
}

impl State {
    fn of(verified: &VerifiedLog) -> Self {
        Self {
            events: verified.events(),
            chain: hex(&verified.tip),
            subtrees: verified.tree.subtrees().iter().map(|hash| hex(hash)).collect(),
        }
    }

    fn verified(&self) -> Option<VerifiedLog> {
        let subtrees = self.subtrees.iter().map(|text| parse_hex(text)).collect::<Option<Vec<_>>>()?;
        Some(VerifiedLog {
            tip: parse_hex(&self.chain)?,
            tree: MerkleFrontier::from_subtrees(self.events, subtrees)?,
        })
    }
}

fn last_verified(path: &Path) -> Result<VerifiedLog> {
    match std::fs::read_to_string(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(VerifiedLog::default()),
        text => {
            let state: State = serde_json::from_str(&text?)?;
            state.verified().context("it is not the state of a verification")
        }
    }
}

/// Recomputes every leaf, the chain and the Merkle root, holds them against every checkpoint of the
/// database and of the folder outside it, and prints where they end.
///
/// # Errors
/// A [`IntegrityViolation`](portail_event_store::IntegrityViolation) is the first thing wrong with the log; any other error says that it could not be
/// verified.
pub async fn verify(database: &Database, settings: &Settings, options: &VerifyOptions) -> Result<()> {
    let pool = database.pool();
    let state = options.state.clone().unwrap_or_else(|| settings.data.join("verified.json"));
    let start = if options.since_last {
        last_verified(&state).with_context(|| format!("{} cannot be read", state.display()))?
    } else {
        VerifiedLog::default()
    };
    let own = if options.keys.is_empty() { settings.public_key()? } else { None };
    let known: Vec<String> = options.keys.iter().cloned().chain(own).collect();
    ensure!(
        !known.is_empty() || CheckpointStore::after(pool, 0, 1).await?.is_empty(),
        "no public key is known to check the signed checkpoints with: give --key"
    );
    let changes = key_changes(pool).await?;
    let keys = follow_keys(&known, &changes)?;
    let folder = CheckpointFolder::new(options.checkpoints.as_ref().unwrap_or(&settings.checkpoint_dir));
    let held = checkpoints::held(pool, Some(&folder), &keys).await?;
    let progress = Progress::new("verify", "events");
    let begun = start.events();
    let verified = portail_event_store::verify(pool, start, &held, |at, head| progress.at(at, head)).await;
    progress.finish();
    let verified = verified?;
    say!(
        "{} events verified, chain {}, root {}",
        verified.events(),
        hex(&verified.tip),
        hex(&verified.tree.root())
    )?;
    let outside = held.iter().filter(|held| held.place != DATABASE_PLACE).count();
    say!(
        "{} checkpoints of the database and {outside} held outside it fit; {begun} events were verified before",
        held.len() - outside
    )?;
    if outside == 0 {
        say!("no checkpoint is held outside the database: a log written anew as a whole would not show")?;
    }
    for KeyChange { position, recorded_at, previous, key, lost, note: _ } in &changes {
        let (day, before) = (recorded_at.format("%Y-%m-%d"), previous.as_deref().unwrap_or("no key"));
        say!("the signing key changed at position {position} on {day}, from {before} to {key}")?;
        if *lost {
            say!("  WITHOUT the signature of the key before, which was declared lost")?;
        }
    }
    say_who_appended(database, settings, &held, verified.events()).await?;
    say!("{} entries of the trail of reads fit", verify_reads(pool, &held).await?)?;
    check_read_models(pool).await?;
    let unfinished = state.with_added_extension("part");
    let kept = serde_json::to_vec_pretty(&State::of(&verified))?;
    std::fs::write(&unfinished, kept).and_then(|()| std::fs::rename(&unfinished, &state))?;
    Ok(())
}

/// Says whether servers of the town appended the events that no checkpoint covers yet, and which of the others
/// were signed without that proof.
async fn say_who_appended(
    database: &Database,
    settings: &Settings,
    held: &[CheckpointCopy],
    events: u64,
) -> Result<()> {
    let own = held.iter().filter(|copy| copy.place == DATABASE_PLACE).map(|copy| &copy.checkpoint);
    for checkpoint in own.clone() {
        if let Appends::Unproved { first, last } = checkpoint.appends {
            say!("events {first} to {last} were signed although nothing proves that a server appended them")?;
        }
    }
    let last = own.max_by_key(|checkpoint| checkpoint.size);
    let (covered, is_sealed) = last.map_or((0, false), |last| (last.size, last.appends.is_sealed()));
    let unsigned = events.saturating_sub(covered);
    if unsigned == 0 {
        return Ok(());
    }
    let Some(key) = settings.append_key(database).await? else {
        say!("{unsigned} events are not signed yet; only the master key can tell who appended them")?;
        return Ok(());
    };
    match verify_seals(database.pool(), &key, covered, is_sealed).await? {
        Appends::Proved => {
            say!("servers of the town appended the {unsigned} events that are not signed yet")?
        }
        Appends::Unsealed | Appends::Unproved { .. } => {
            say!("the {unsigned} events that are not signed yet are from before appends were sealed")?;
        }
    }
    Ok(())
}

/// A read model shows what is not in the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}; run `portail rebuild`")]
pub(super) struct Ahead(String);

/// Holds where the read models stand against the log.
async fn check_read_models(pool: &PgPool) -> Result<()> {
    let status = portail_projections::engine::status(pool).await?;
    let ahead = status.iter().filter(|s| s.status == "ahead");
    let ahead: Vec<String> =
        ahead.map(|s| format!("read model {}: {}", s.name, s.error.as_deref().unwrap_or_default())).collect();
    if !ahead.is_empty() {
        return Err(Ahead(ahead.join("; ")).into());
    }
    say!("{} read models stand in the log", status.len())?;
    Ok(())
}
