//! The append-only store: one strictly ordered, hash-chained event log on PostgreSQL.
//!
//! It stores events, whatever they mean. What it promises:
//!
//! - **Order.** `position` is gapless and equals commit order and visibility order, across all
//!   streams and processes. `position > checkpoint ORDER BY position` never skips an event.
//! - **Atomicity.** A command's events, in one stream or several, and its outcome are one append.
//! - **Idempotence.** A command id is remembered for ever with its first outcome.
//! - **Optimistic concurrency.** Streams written and streams merely read are both checked.
//! - **Evidence.** Payloads are canonical JSON (RFC 8785) kept to the byte; every event has a leaf
//!   hash and a place in a hash chain.
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]

mod append;
mod commands;
mod event_log;
mod integrity;
mod log;
mod postgres;
mod secrets;

pub use append::append_key::AppendKey;
pub use append::counts::AppendCounts;
pub use append::request::{Append, AppendError, CommandMeta, NewEvent, Receipt, StreamAppend};
pub use commands::aggregate_cache::AggregateCache;
pub use commands::bus::{CommandBus, CommandError, Decide, Execution, Outcome};
pub use commands::cqrs_store::{CqrsStore, LoadedStream};
pub use commands::unit_of_work::{NotLoaded, RecordError, UnitOfWork};
pub use event_log::{EventLog, LogError, Span};
pub use integrity::append_seals::verify_seals;
pub use integrity::checkpoint_folder::{CheckpointFolder, CheckpointFolderError};
pub use integrity::checkpoint_store::{CheckpointStore, StoredCheckpoint, Unproved};
pub use integrity::diagnosis::IntegrityViolation;
pub use integrity::export::{ExportError, ExportSummary, export};
pub use integrity::merkle;
pub use integrity::proofs::ProofTree;
pub use integrity::read_trail::{NewRead, RecordedRead, forget_old_reads, reads, record_read, verify_reads};
pub use integrity::signed_checkpoint::{
    Appends, Checkpoint, CheckpointError, CheckpointSigner, ReadTrailHead,
};
pub use integrity::signed_head::DATABASE as DATABASE_PLACE;
pub use integrity::signing_error::SigningError;
pub use integrity::signing_keys::{
    ChangeError, FollowError, KeyChange, PreviousKey, change_signing_key, claim_signing_key, follow_keys,
    key_changes, signing_key_in_force,
};
pub use integrity::trusted_keys::TrustedKeys;
pub use integrity::verify::{CheckpointCopy, VerifiedLog, VerifyError, verify};
pub use log::canonical::canonical_json;
pub use log::durability::{Head, read_head};
pub use log::envelope::Envelope;
pub use log::event::{EVENT_COLUMNS, RecordedEvent, StreamId};
pub use log::hashing::{GENESIS, Hash, chain, hex, leaf, parse_hex};
pub use log::search::{Search, search};
pub use log::upcasters::{DecodeError, Upcasters};
pub use postgres::batch_loader::{BatchLoader, BatchQuery};
pub use postgres::data_folder::{FolderError, ensure_private, make_private_folder, open_mode};
pub use postgres::database::{Database, DatabaseError, StatementLimits, connected_servers};
pub use secrets::attachments::{AttachmentError, Attachments, MAX_ATTACHMENT_SIZE, StoredAttachment, Upload};
pub use secrets::secret_file::replace as replace_secret;
pub use secrets::vault::{
    Binding, DestroyedKey, MasterKey, OpenableKeys, SealedBytes, Vault, VaultError, binding,
    rotate_master_key,
};
