//! A batch that is committed, and not necessarily durable yet.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    append::{job::Job, request::Receipt},
    log::durability::Place,
};

/// A batch whose transaction has committed.
pub(super) struct CommittedBatch {
    pub jobs: Vec<Job>,
    /// The head before it.
    pub before: Place,
    /// The head with it.
    pub end: Place,
    /// The id and time of one of its commands: what proves a batch without an event.
    pub command: Option<(Uuid, DateTime<Utc>)>,
    /// Whether its commit waited for the disk, and with it for all before.
    pub is_durable: bool,
}

impl CommittedBatch {
    /// Whether it has an event: then its end is a place of its own.
    pub fn has_events(&self) -> bool {
        self.end.0 > self.before.0
    }

    /// Answers its commands.
    pub fn answer(&mut self) {
        let (mut position, _) = self.before;
        for Job { append, reply } in self.jobs.drain(..) {
            position += append.events.len() as u64;
            let event_ids = append.events.iter().map(|e| e.event_id).collect();
            // Nobody may be waiting any more.
            let _ = reply.send(Ok(Receipt { position, event_ids }));
        }
    }
}

/// How many commands are committed and not answered yet.
#[derive(Default)]
pub(super) struct UnflushedCommands(AtomicUsize);

impl UnflushedCommands {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    pub fn add(&self, commands: usize) {
        self.0.fetch_add(commands, Ordering::AcqRel);
    }

    pub fn remove(&self, commands: usize) {
        self.0.fetch_sub(commands, Ordering::AcqRel);
    }
}
