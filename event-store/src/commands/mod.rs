//! Commands: load the streams a decision needs, decide, append, and decide again when another command
//! was faster. Promises that a command id is decided once.

pub(crate) mod aggregate_cache;
pub(crate) mod bus;
pub(crate) mod cqrs_store;
pub(crate) mod unit_of_work;
