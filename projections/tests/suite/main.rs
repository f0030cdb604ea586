//! Read models on a real database, without a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod attendance;
mod cast;
mod correspondence;
mod families;
mod golden;
mod governance;
mod money;
mod read_models;
mod upgrade;
