//! A build without the embedded database.

use std::path::Path;

use super::database::{Database, DatabaseError};

impl Database {
    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always.
    pub async fn scratch(folder: impl AsRef<Path> + Send + Sync + 'static) -> Result<Self, DatabaseError> {
        Self::embedded(folder.as_ref()).await
    }

    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always: this build has no embedded database.
    pub async fn embedded(_folder: &Path) -> Result<Self, DatabaseError> {
        Err(DatabaseError::Embedded("built without it: set DATABASE_URL".into()))
    }

    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always: this build has no embedded database.
    pub async fn embedded_existing(folder: &Path) -> Result<Self, DatabaseError> {
        Self::embedded(folder).await
    }
}
