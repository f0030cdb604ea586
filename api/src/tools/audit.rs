//! The auditor's command line: verify, export, prove.

use std::{
    fs::File,
    io::{BufWriter, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use flate2::{Compression, write::GzEncoder};
use portail_application::{
    Role,
    access::Principal,
    audit::{checkpoints, past as replay, past::Moment},
};
use portail_event_store::{
    CheckpointSigner, CheckpointStore, Database, FollowError, IntegrityViolation, KeyChange, ProofTree,
    VerifiedLog, VerifyError, follow_keys, hex, key_changes, merkle::MerkleFrontier, parse_hex, read_head,
    verify_reads,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    graphql::{
        Schemas,
        audit::past_town::{self, PastTown},
        document_guard::DocumentGuard,
    },
    say,
    settings::Settings,
    tools::progress::Progress,
};

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

/// What to ask of the past.
#[derive(Debug, Clone, Args)]
pub struct ReplayOptions {
    /// When: position=123, date=2015-04-10, before=ID or after=ID of an event.
    #[arg(long)]
    pub at: Moment,
    /// Another moment: only what differs is printed.
    #[arg(long)]
    pub against: Option<Moment>,
    /// The variables of the query, as a JSON object.
    #[arg(long, default_value = "{}")]
    pub variables: String,
    /// The GraphQL query, or the name of a file with one after an at sign.
    pub query: String,
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
/// A [`IntegrityViolation`] is the first thing wrong with the log; any other error says that it could not be
/// verified.
pub async fn verify(pool: &PgPool, settings: &Settings, options: &VerifyOptions) -> Result<()> {
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
    let folder = options.checkpoints.as_ref().unwrap_or(&settings.checkpoint_dir);
    let held = checkpoints::held(pool, Some(folder), &keys).await?;
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
    let outside = held.iter().filter(|held| held.place != checkpoints::DATABASE).count();
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
    say!("{} entries of the trail of reads fit", verify_reads(pool, &held).await?)?;
    check_read_models(pool).await?;
    let unfinished = state.with_added_extension("part");
    let kept = serde_json::to_vec_pretty(&State::of(&verified))?;
    std::fs::write(&unfinished, kept).and_then(|()| std::fs::rename(&unfinished, &state))?;
    Ok(())
}

/// A read model shows what is not in the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}; run `portail rebuild`")]
struct Ahead(String);

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

/// Asks the town as it was, and prints the answer, or what differs between two moments.
///
/// # Errors
/// There is no such moment, it cannot be made, or the query is refused.
pub async fn replay(database: &Database, settings: &Settings, options: &ReplayOptions) -> Result<()> {
    let pool = database.pool();
    let query = match options.query.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?,
        None => options.query.clone(),
    };
    let variables = serde_json::from_str(&options.variables).context("the variables are not JSON")?;
    let auditor = Principal { role: Role::Auditor, login: "command line".into() };
    let mut answers = vec![];
    for moment in [Some(options.at), options.against].into_iter().flatten() {
        let past = past(database, settings, moment.find(pool).await?).await?;
        let answer =
            past_town::answer(&past, &DocumentGuard::new(settings.documents), &query, &variables, &auditor)
                .await?;
        if let Some(error) = answer["errors"][0]["message"].as_str() {
            bail!("the query was refused: {error}");
        }
        answers.push(answer["data"].clone());
    }
    match answers.as_slice() {
        [before, after] => {
            for difference in replay::differences(before, after) {
                say!("{}: {} -> {}", difference.path, difference.before, difference.after)?;
            }
        }
        _ => say!("{:#}", answers.pop().unwrap_or_default())?,
    }
    Ok(())
}

/// The town at a position, its clock showing what it showed then.
async fn past(database: &Database, settings: &Settings, found: (u64, DateTime<Utc>)) -> Result<PastTown> {
    let keys = settings.keys(database).await?;
    let progress = Progress::new("replay", "events");
    let schemas = Schemas::new(settings.site.clone(), DocumentGuard::new(settings.documents));
    let at = |done, all| progress.at(done, all);
    let screens = |application| schemas.over(application);
    let past = PastTown::open(database.pool().clone(), keys, found, &settings.data, screens, at).await?;
    progress.finish();
    Ok(past)
}

/// Prints what an event changed.
///
/// # Errors
/// There is no such event, or the log cannot be folded.
pub async fn effects(database: &Database, settings: &Settings, position: u64) -> Result<()> {
    let pool = database.pool();
    let (_, at) = Moment::Position(position).find(pool).await?;
    let past = past(database, settings, (position.saturating_sub(1), at)).await?;
    for change in past.effects_of_next(pool.clone()).await? {
        let row = |row: Option<serde_json::Value>| row.map_or_else(|| "-".to_owned(), |row| row.to_string());
        say!("{}.{}: {} -> {}", change.read_model, change.table, row(change.before), row(change.after))?;
    }
    Ok(())
}

/// The exit code of an error: 1 says that the log is wrong, or a read model not of the log, 2 that it could
/// not be examined.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let found = matches!(error.downcast_ref(), Some(VerifyError::Violation(_)))
        || matches!(error.downcast_ref(), Some(FollowError::Violation(_)));
    if found || error.is::<IntegrityViolation>() || error.is::<Ahead>() { 1 } else { 2 }
}

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
pub async fn prove(pool: &PgPool, signer: CheckpointSigner, position: u64) -> Result<()> {
    let index = position.checked_sub(1).context("positions count from 1")?;
    let checkpoint = covering(pool, signer, position).await?;
    let tree = ProofTree::read(&mut *pool.acquire().await?, checkpoint.size(), &[index]).await?;
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
pub async fn prove_consistency(pool: &PgPool, signer: CheckpointSigner, old: u64) -> Result<()> {
    let last = old.checked_sub(1).context("an empty log proves nothing")?;
    let checkpoint = covering(pool, signer, read_head(pool).await?.max(old)).await?;
    let tree = ProofTree::read(&mut *pool.acquire().await?, checkpoint.size(), &[last]).await?;
    let (root, proof) = tree.consistency(old).context("the log is shorter")?;
    let answer = json!({ "oldSize": old, "oldRoot": hex(&root), "size": checkpoint.size(),
        "proof": proof.iter().map(|hash| hex(hash)).collect::<Vec<_>>(), "root": hex(&tree.root()),
        "checkpoint": checkpoint.note });
    say!("{answer:#}")?;
    Ok(())
}

async fn covering(
    pool: &PgPool,
    signer: CheckpointSigner,
    position: u64,
) -> Result<portail_event_store::StoredCheckpoint> {
    let events = read_head(pool).await?;
    ensure!((1..=events).contains(&position), "the log has {events} events, there is no position {position}");
    let checkpoints = CheckpointStore::new(pool.clone(), signer);
    checkpoints.covering_or_signed(position, Utc::now()).await?.context("no checkpoint covers it")
}
