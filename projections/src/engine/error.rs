//! Why an engine does not start.

use portail_event_store::LogError;

/// A projection engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A read model had to be built anew, and cannot be.
    #[error("{0}")]
    Unbuilt(String),
}
