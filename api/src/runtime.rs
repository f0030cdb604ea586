//! How many threads the server works on.

use std::num::NonZero;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

/// A runtime that leaves half of the processors to the database, which usually runs beside the server
/// and works at least as hard for a request. With a worker on every processor, the turns of the
/// database wait for ours (decision 17). `TOKIO_WORKER_THREADS` says otherwise.
///
/// # Errors
/// The system gives no threads, or the setting is no number of threads.
pub fn serving() -> Result<Runtime> {
    let workers = match std::env::var("TOKIO_WORKER_THREADS").ok().filter(|set| !set.is_empty()) {
        Some(set) => {
            let workers = set.parse().ok().filter(|workers| (1..=1024).contains(workers));
            workers.with_context(|| {
                format!("TOKIO_WORKER_THREADS={set}: a number of threads from 1 to 1024 is expected")
            })?
        }
        None => (std::thread::available_parallelism().map_or(1, NonZero::get) / 2).max(1),
    };
    Ok(Builder::new_multi_thread().worker_threads(workers).enable_all().build()?)
}
