//! Evidence: whether the log is what was written. Verification, Merkle proofs, signed checkpoints, the
//! keys that sign them, the export for third parties, and the chained trail of reads.

pub(crate) mod append_seals;
pub(crate) mod checkpoint_folder;
pub(crate) mod checkpoint_store;
pub(crate) mod diagnosis;
pub(crate) mod export;
pub mod merkle;
pub(crate) mod proofs;
pub(crate) mod read_trail;
pub(crate) mod signed_checkpoint;
pub(crate) mod signed_head;
pub(crate) mod signing_error;
pub(crate) mod signing_keys;
pub(crate) mod trusted_keys;
pub(crate) mod verify;
