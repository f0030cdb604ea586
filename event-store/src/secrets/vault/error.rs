//! Why a value cannot be sealed or opened.

/// A value cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The key was destroyed: the value is gone for good.
    #[error("the key was destroyed")]
    Destroyed,
    /// The master key does not open this vault, or the value was altered or moved.
    #[error("the value cannot be opened with this master key")]
    Cannot,
    /// The master key file is not usable.
    #[error("master key: {0}")]
    MasterKey(String),
    /// The master key is not the database's.
    #[error(
        "the master key {found} is not the one this database is sealed with{}",
        expected.as_ref().map_or_else(String::new, |key| format!(": that is {key}"))
    )]
    WrongMasterKey {
        /// The fingerprint of the database's key, where it is known.
        expected: Option<String>,
        /// The fingerprint of the key that was given.
        found: String,
    },
    /// A subject's key was wrapped with a master key that is not given.
    #[error("the key {subject}/{purpose} was wrapped with yet another master key: nothing was changed")]
    Foreign {
        /// The subject of the key.
        subject: String,
        /// Its purpose.
        purpose: String,
    },
}
