//! The log as it is stored: its events, their canonical form and hashes, how they are read, and what of
//! them is durable. Nothing here writes.

pub(crate) mod canonical;
pub(crate) mod durability;
pub(crate) mod envelope;
pub(crate) mod event;
pub(crate) mod hashing;
pub(crate) mod listener;
pub(crate) mod search;
pub(crate) mod streams;
pub(crate) mod upcasters;
