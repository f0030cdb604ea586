//! Signs the log's head as it grows, and hands copies out: to a folder, to an address. What is kept
//! outside the database is what makes a rewritten log evident.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use portail_event_store::{
    CheckpointCopy, CheckpointFolder, CheckpointStore, DATABASE_PLACE, IntegrityViolation, TrustedKeys,
    Unproved,
};
use sqlx::PgPool;

use crate::application::Application;

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
    folder: CheckpointFolder,
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
        let folder = CheckpointFolder::new(folder);
        let written = folder.largest()?.unwrap_or(0);
        application.checkpoints().hold_against(folder.clone());
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
        let outside = self.receivers_newest().await?;
        checkpoints.sign_head_beside(self.application.clock().now(), outside, Unproved::IsRefused).await?;
        // The log's own key signed: it is the one to check the copies with.
        let (file, key) = (self.folder.path().join("log.pub"), checkpoints.signer().public_key());
        if std::fs::read_to_string(&file).unwrap_or_default().trim() != key {
            std::fs::write(&file, format!("{key}\n"))
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
        loop {
            let due = CheckpointStore::after(self.application.pool(), self.written, MOST).await?;
            let Some(last) = due.last().map(portail_event_store::StoredCheckpoint::size) else { break };
            for kept in &due {
                self.folder.keep(kept.size(), &kept.note)?;
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

    /// The newest checkpoint that the address for them has, with the address; none where it does not tell.
    async fn receivers_newest(&self) -> Result<Option<(String, String)>> {
        let Some(url) = &self.url else { return Ok(None) };
        let answer = self.client.get(url).send().await.map_err(reqwest::Error::without_url)?;
        if !answer.status().is_success() {
            return Ok(None);
        }
        let note = answer.text().await.map_err(reqwest::Error::without_url)?;
        Ok(note.contains("\n\u{2014} ").then(|| ("the address for checkpoints".to_owned(), note)))
    }
}

/// Everything the log is held against: the checkpoints of the database and those of a folder.
///
/// # Errors
/// They cannot be read, or one is not what it should be (`IntegrityViolation::Checkpoint`).
pub async fn held(
    pool: &PgPool,
    folder: Option<&CheckpointFolder>,
    keys: &TrustedKeys,
) -> Result<Vec<CheckpointCopy>> {
    let mut all = vec![];
    loop {
        let after = all.last().map_or(0, |held: &CheckpointCopy| held.checkpoint.size);
        let page = CheckpointStore::after(pool, after, 5_000).await?;
        if page.is_empty() {
            break;
        }
        for kept in page {
            let held = keys.read_copy(DATABASE_PLACE.into(), &kept.note)?;
            if held.checkpoint.size != kept.size() {
                let reason = format!("it is of {} events, not of {}", held.checkpoint.size, kept.size());
                return Err(IntegrityViolation::Checkpoint { held: DATABASE_PLACE.into(), reason }.into());
            }
            all.push(held);
        }
    }
    for (_, path) in folder.map(CheckpointFolder::files).transpose()?.unwrap_or_default() {
        all.push(keys.read_copy(path.display().to_string(), &CheckpointFolder::read(&path)?)?);
    }
    Ok(all)
}
