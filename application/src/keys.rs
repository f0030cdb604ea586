//! The secrets of a town.

use portail_event_store::{CheckpointSigner, MasterKey};

/// The secrets an application works with; none of them is in the database.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Wraps the keys of personal data.
    pub master: MasterKey,
    /// Signs checkpoints of the log.
    pub signer: CheckpointSigner,
}
