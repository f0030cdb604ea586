//! Signs the log's head as it grows, and hands copies out: to a folder, to an address. What is kept
//! outside the database is what makes a rewritten log evident.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use portail_event_store::{
    CheckpointCopy, CheckpointError, CheckpointStore, IntegrityViolation, TrustedKeys,
};
use sqlx::PgPool;

use crate::application::Application;

/// The ending of a checkpoint's file.
const ENDING: &str = "checkpoint";

/// The place of the checkpoints that are held in the database.
pub const DATABASE: &str = "database";

/// How many checkpoints are handed out at once.
const MOST: u32 = 500;

/// How long it is waited after something went wrong, at the least.
const RETRY: Duration = Duration::from_secs(5);

/// Where copies of checkpoints go.
#[derive(Debug, Clone)]
pub struct Copies {
    /// The folder they are written to.
    pub folder: PathBuf,
    /// The address they are posted to as well; none: nowhere.
    pub url: Option<String>,
    /// The least time between two.
    pub every: Duration,
}

/// Makes checkpoints and hands them out, for as long as the application runs.
#[derive(Debug, Clone)]
pub struct Publisher {
    application: Arc<Application>,
    folder: PathBuf,
    url: Option<String>,
    every: Duration,
    client: reqwest::Client,
    /// The size of the last checkpoint in the folder.
    written: u64,
    /// The size of the last one that was posted.
    posted: u64,
}

impl Publisher {
    /// Readies the folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(application: Arc<Application>, copies: Copies) -> Result<Self> {
        let Copies { folder, url, every } = copies;
        let failed = || format!("the checkpoints' folder {} cannot be written", folder.display());
        std::fs::create_dir_all(&folder).with_context(failed)?;
        let written = largest(&folder)?.unwrap_or(0);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { application, folder, url, every, client, written, posted: 0 })
    }

    /// Signs whenever the log has grown, at most as often as the settings say.
    pub async fn run(mut self) {
        let mut head = self.application.log().subscribe();
        loop {
            head.mark_unchanged();
            if let Err(error) = self.publish().await {
                tracing::error!(error = format!("{error:#}"), "a checkpoint will be tried again");
                tokio::time::sleep(self.every.max(RETRY)).await;
                continue;
            }
            tokio::time::sleep(self.every).await;
            if head.changed().await.is_err() {
                return;
            }
        }
    }

    /// Signs the head, and hands out what was not handed out yet.
    async fn publish(&mut self) -> Result<()> {
        let checkpoints = self.application.checkpoints();
        checkpoints.sign_head(self.application.clock().now()).await?;
        // The log's own key signed: it is the one to check the copies with.
        let (file, key) = (self.folder.join("log.pub"), checkpoints.signer().public_key());
        if std::fs::read_to_string(&file).unwrap_or_default().trim() != key {
            std::fs::write(&file, format!("{key}\n"))
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        loop {
            let due = CheckpointStore::after(self.application.pool(), self.written, MOST).await?;
            let Some(last) = due.last().map(portail_event_store::StoredCheckpoint::size) else { break };
            for kept in &due {
                write(&self.folder, kept.size(), &kept.note)?;
            }
            self.written = last;
        }
        if let Some(url) = &self.url
            && let Some(last) = checkpoints.last().await?.filter(|last| last.size() > self.posted)
        {
            let size = last.size();
            let posted = self.client.post(url).header("content-type", "text/plain; charset=utf-8");
            let answer = posted.body(last.note).send().await.map_err(reqwest::Error::without_url)?;
            ensure!(answer.status().is_success(), "the address for checkpoints answered {}", answer.status());
            self.posted = size;
        }
        Ok(())
    }
}

/// A file is there whole or not at all, and is never written over.
fn write(folder: &Path, size: u64, note: &str) -> Result<()> {
    let path = folder.join(format!("{size:012}.{ENDING}"));
    if path.exists() {
        let before = std::fs::read_to_string(&path)?;
        ensure!(before == note, "{} holds another checkpoint of as many events", path.display());
        return Ok(());
    }
    let unfinished = path.with_added_extension("part");
    std::fs::write(&unfinished, note).with_context(|| format!("{} cannot be written", path.display()))?;
    std::fs::File::open(&unfinished)?.sync_all()?;
    // A copy is there to be taken by others; it holds nothing about anybody.
    #[cfg(unix)]
    std::fs::set_permissions(&unfinished, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    std::fs::rename(&unfinished, &path)?;
    Ok(())
}

/// The checkpoints of a folder by the size in their names; none of a folder that is not there.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries.with_context(|| format!("{} cannot be read", folder.display()))?,
    };
    let mut found = vec![];
    for entry in entries {
        let path = entry?.path();
        let size = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(size) = size.filter(|_| path.extension().is_some_and(|e| e == ENDING)) {
            found.push((size, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// How many events the largest checkpoint of a folder is of; none where there is none.
///
/// # Errors
/// The folder cannot be read.
pub fn largest(folder: &Path) -> Result<Option<u64>> {
    Ok(files(folder)?.into_iter().map(|(size, _)| size).max())
}

/// Everything the log is held against: the checkpoints of the database and those of a folder.
///
/// # Errors
/// They cannot be read, or one is not what it should be (`IntegrityViolation::Checkpoint`).
pub async fn held(pool: &PgPool, folder: Option<&Path>, keys: &TrustedKeys) -> Result<Vec<CheckpointCopy>> {
    let read = |place: String, note: &str| match keys.read(note) {
        Ok(checkpoint) => Ok(CheckpointCopy { place, checkpoint }),
        Err(CheckpointError::Note(reason)) => {
            Err(IntegrityViolation::Checkpoint { held: place, reason }.into())
        }
        Err(error) => Err(anyhow::Error::from(error)),
    };
    let mut all = vec![];
    loop {
        let after = all.last().map_or(0, |held: &CheckpointCopy| held.checkpoint.size);
        let page = CheckpointStore::after(pool, after, 5_000).await?;
        if page.is_empty() {
            break;
        }
        for kept in page {
            let held = read(DATABASE.into(), &kept.note)?;
            if held.checkpoint.size != kept.size() {
                let reason = format!("it is of {} events, not of {}", held.checkpoint.size, kept.size());
                return Err(IntegrityViolation::Checkpoint { held: DATABASE.into(), reason }.into());
            }
            all.push(held);
        }
    }
    for (_, path) in folder.map(files).transpose()?.unwrap_or_default() {
        let note =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        all.push(read(path.display().to_string(), &note)?);
    }
    Ok(all)
}
