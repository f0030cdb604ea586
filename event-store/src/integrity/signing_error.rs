//! Why a head of the log is not signed.

use super::{
    checkpoint_folder::CheckpointFolderError, diagnosis::IntegrityViolation,
    signed_checkpoint::CheckpointError, signing_keys::FollowError, verify::VerifyError,
};

/// A checkpoint cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] CheckpointError),
    /// The copies outside the database cannot be read.
    #[error(transparent)]
    Folder(#[from] CheckpointFolderError),
    /// The key is not the log's: nothing is signed with it.
    #[error(
        "the signing key {found} is not the log's, which is {expected}: nothing is signed. Put the log's key \
         back, or change it with `portail keys rotate-signing`"
    )]
    NotTheLogsKey {
        /// The log's key, as far as it is known: `name+id+key`, or `name+id`.
        expected: String,
        /// The key that was to sign.
        found: String,
    },
    /// The log contradicts what was signed of it, or was not written by its servers.
    #[error("nothing is signed: {0}. Run `portail audit verify`")]
    Violation(#[from] IntegrityViolation),
    /// The last checkpoint proves who appended; the next one cannot without the append key.
    #[error("the log's appends are sealed: signing needs the master key, which opens the key of the seals")]
    NoAppendKey,
}

impl From<VerifyError> for SigningError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Database(error) => error.into(),
            VerifyError::Violation(violation) => violation.into(),
        }
    }
}

impl From<FollowError> for SigningError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Violation(violation) => violation.into(),
            FollowError::Key(error) => error.into(),
        }
    }
}
