//! What a process has appended since it started.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a process has appended since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppendCounts {
    /// Transactions that wrote commands.
    pub batches: u64,
    /// Commands they wrote.
    pub commands: u64,
    /// Events of these commands.
    pub events: u64,
    /// Transactions that failed: their commands were answered that the log is unavailable.
    pub failures: u64,
}

/// Counts while it is appended.
#[derive(Debug, Default)]
pub(crate) struct AppendCounters {
    batches: AtomicU64,
    commands: AtomicU64,
    events: AtomicU64,
    failures: AtomicU64,
}

impl AppendCounters {
    pub(super) fn count_batch(&self, commands: usize, events: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(u64::try_from(commands).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> AppendCounts {
        AppendCounts {
            batches: self.batches.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}
