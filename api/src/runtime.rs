//! How many threads the server works on.

use std::{io, num::NonZero};

use tokio::runtime::{Builder, Runtime};

/// A runtime that leaves half of the processors to the database, which usually runs beside the server
/// and works at least as hard for a request. With a worker on every processor, the turns of the
/// database wait for ours (decision 17). `TOKIO_WORKER_THREADS` says otherwise.
///
/// # Errors
/// The system gives no threads.
pub fn serving() -> io::Result<Runtime> {
    let asked = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|workers| workers.parse().ok());
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = asked.unwrap_or(processors / 2).max(1);
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}
