//! Rows of files that nothing refers to.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

/// What somebody has sent that nothing refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct UnreferencedFiles {
    /// How many uploads are not finished.
    pub unfinished: i64,
    /// The bytes of these, as announced, and of finished files.
    pub bytes: i64,
}

/// A file that nothing refers to.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct UnreferencedFile {
    /// Its id.
    pub id: Uuid,
    /// Its whole size.
    pub size: i64,
    /// How much of it has arrived.
    pub received: i64,
    /// Whether it is finished.
    pub complete: bool,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
}
