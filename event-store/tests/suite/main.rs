//! What the event store promises, on a real database of either kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod batch_loader;
mod bus;
mod conformance;
mod crash;
mod functions;
mod keys;
mod log;
mod search;
mod signing;
mod support;
mod verification;
