//! Appends on their way through the queue, and the answers that need no database.

use std::fmt::Display;

use tokio::sync::oneshot;

use super::request::{Append, AppendError, Receipt};

/// An append with whoever waits for its answer.
pub(crate) struct Job {
    pub append: Append,
    pub reply: oneshot::Sender<Result<Receipt, AppendError>>,
}

/// Answers commands whose fate nobody knows: whether they were written, or will last.
pub(super) fn answer_unavailable(jobs: impl Iterator<Item = Job>, error: impl Display) {
    let error = AppendError::Unavailable(error.to_string());
    for Job { reply, .. } in jobs {
        // Nobody may be waiting any more.
        let _ = reply.send(Err(error.clone()));
    }
}
