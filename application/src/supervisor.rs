//! Runs the workers. One that panics or ends is started again, later each time, and health says so.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::task::{AbortHandle, JoinError, JoinSet};

/// How long a worker is waited for before it is started again, at first and at the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How a worker stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerStatus {
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it is not running at this moment: it is started again in a while.
    pub is_waiting: bool,
    /// Why it ended the last time.
    pub error: Option<String>,
}

/// The workers of a process.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    workers: Arc<Mutex<BTreeMap<&'static str, WorkerStatus>>>,
    tasks: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Supervisor {
    /// Starts a worker; it is made anew each time it has ended.
    pub fn start<W, F>(&self, name: &'static str, worker: W)
    where
        W: Fn() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.start_with(name, PAUSES, worker);
    }

    fn start_with<W, F>(&self, name: &'static str, (first, longest): (Duration, Duration), worker: W)
    where
        W: Fn() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let supervisor = self.clone();
        supervisor.change(name, |_| ());
        let watched = async move {
            let mut pause = first;
            loop {
                let begun = Instant::now();
                // Dropped with this task, it takes the worker with it.
                let mut running = JoinSet::new();
                running.spawn(worker());
                let ended = running.join_next().await.unwrap_or(Ok(()));
                if begun.elapsed() > longest {
                    pause = first;
                }
                let why = reason(ended);
                tracing::error!(worker = name, why, "a worker ended: it is started again");
                supervisor.change(name, |status| {
                    status.is_waiting = true;
                    status.error = Some(why);
                });
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(longest);
                supervisor.change(name, |status| {
                    status.is_waiting = false;
                    status.restarts += 1;
                });
            }
        };
        let task = tokio::spawn(watched).abort_handle();
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// How each worker stands, by its name.
    pub fn status(&self) -> BTreeMap<&'static str, WorkerStatus> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends all of them.
    pub fn stop(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }

    fn change(&self, name: &'static str, change: impl FnOnce(&mut WorkerStatus)) {
        change(self.workers.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default());
    }
}

/// Why a worker is not running any more.
fn reason(ended: Result<(), JoinError>) -> String {
    let panic = match ended.map_err(JoinError::try_into_panic) {
        Ok(()) => return "it ended by itself".into(),
        Err(Err(cancelled)) => return cancelled.to_string(),
        Err(Ok(panic)) => panic,
    };
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("it panicked: {}", said.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const AT_ONCE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(1));

    #[tokio::test]
    async fn a_worker_that_panics_or_ends_is_started_again() {
        let (supervisor, starts, runs) =
            (Supervisor::default(), Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let (counted, told) = (starts.clone(), runs.clone());
        supervisor.start_with("timers", AT_ONCE, move || {
            let (start, told) = (counted.fetch_add(1, Ordering::SeqCst), told.clone());
            async move {
                match start {
                    0 => panic!("no luck"),
                    1 => {}
                    _ => {
                        told.notify_one();
                        std::future::pending().await
                    }
                }
            }
        });
        runs.notified().await;
        let ended = WorkerStatus { restarts: 2, is_waiting: false, error: Some("it ended by itself".into()) };
        assert_eq!(supervisor.status(), [("timers", ended)].into());
        assert_eq!(starts.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn health_hears_of_a_worker_that_waits_and_why() {
        let supervisor = Supervisor::default();
        let long = (Duration::from_secs(3600), Duration::from_secs(3600));
        let made = Arc::new(Notify::new());
        let told = made.clone();
        supervisor.start_with("billing", long, move || {
            let told = told.clone();
            async move {
                told.notify_one();
                panic!("no luck")
            }
        });
        made.notified().await;
        while !supervisor.status()["billing"].is_waiting {
            tokio::task::yield_now().await;
        }
        assert_eq!(supervisor.status()["billing"].error.as_deref(), Some("it panicked: no luck"));
    }

    #[tokio::test]
    async fn what_is_stopped_ends_with_its_worker() {
        let supervisor = Supervisor::default();
        let (held, holds) = (Arc::new(()), Arc::new(Notify::new()));
        let (kept, told) = (Arc::downgrade(&held), holds.clone());
        supervisor.start("tidy", move || {
            let (held, told) = (held.clone(), told.clone());
            async move {
                told.notify_one();
                std::future::pending::<()>().await;
                drop(held);
            }
        });
        holds.notified().await;
        supervisor.stop();
        while kept.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
