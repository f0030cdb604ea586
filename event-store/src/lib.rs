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

mod append;
mod appender;
mod attachments;
mod bus;
mod canonical;
mod checkpoint;
mod checkpoints;
mod codec;
mod cqrs;
mod data_folder;
mod database;
mod diagnosis;
mod durable;
mod envelope;
mod export;
mod group_read;
mod hashing;
mod loader;
mod log;
pub mod merkle;
mod read_trail;
mod search;
mod secret_file;
mod signing_keys;
mod tree;
mod unit_of_work;
mod vault;
mod verify;

pub use append::{Append, AppendError, CommandMeta, NewEvent, Receipt, StreamAppend, StreamId};
pub use attachments::{AttachmentError, Attachments, LARGEST, StoredAttachment, Upload};
pub use bus::{CommandBus, CommandError, Decide, Executed, Outcome};
pub use canonical::canonical_json;
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointSigner, Reads, TrustedKeys};
pub use checkpoints::{Checkpoints, KeptCheckpoint, MakeError};
pub use codec::{DecodeError, Upcasters};
pub use cqrs::{CqrsStore, LoadedStream};
pub use data_folder::{FolderError, ensure_private, make_private_folder, open_mode};
pub use database::{Database, DatabaseError, StatementLimits};
pub use diagnosis::Wrong;
pub use durable::Head;
pub use envelope::Envelope;
pub use export::{ExportError, Exported, export};
pub use group_read::{GroupRead, Lookup};
pub use hashing::{GENESIS, Hash, chain, hex, leaf, of_hex};
pub use log::{COLUMNS, EventLog, LogError, RecordedEvent, Span, read_head};
pub use read_trail::{Read, RecordedRead, forget_old_reads, reads, record_read, verify_reads};
pub use search::{Search, search};
pub use secret_file::replace as replace_secret;
pub use signing_keys::{
    Before, ChangeError, FollowError, KeyChange, change_signing_key, claim_signing_key, follow_keys,
    key_changes, signing_key_in_force,
};
pub use tree::Tree;
pub use unit_of_work::{AggregateCache, UnitOfWork};
pub use vault::{
    Binding, DestroyedKey, MasterKey, Opened, SealedBytes, Vault, VaultError, binding, rotate_master_key,
};
pub use verify::{Held, Verified, VerifyError, verify};
