//! Appending: the only code that writes events. Promises order, atomicity and optimistic concurrency.

pub(crate) mod append_key;
pub(crate) mod appender;
pub(crate) mod counts;
pub(crate) mod job;
pub(crate) mod request;
