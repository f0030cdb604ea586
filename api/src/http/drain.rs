//! Stopping: every connection and socket hears of it, and the server knows when the last has ended.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// Whether the server stops.
#[derive(Debug, Clone)]
pub struct Drain(Arc<watch::Sender<bool>>);

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Drain {
    /// Takes part: the server waits until this is dropped.
    pub fn join(&self) -> ShutdownSignal {
        ShutdownSignal(self.0.subscribe())
    }

    /// Tells everybody, and waits for them no longer than the limit; how many were left then.
    pub async fn finish(&self, limit: Duration) -> usize {
        self.0.send_replace(true);
        let _ = tokio::time::timeout(limit, self.0.closed()).await;
        self.0.receiver_count()
    }
}

/// What takes part in the end of the server.
#[derive(Debug)]
pub struct ShutdownSignal(watch::Receiver<bool>);

impl ShutdownSignal {
    /// Waits until the server stops.
    pub async fn begun(&mut self) {
        if self.0.wait_for(|stops| *stops).await.is_err() {
            // Nobody is left who could stop the server.
            std::future::pending::<()>().await;
        }
    }
}
