//! The server: GraphQL over HTTP on top of the domain, the log and the read models. Thin: a
//! resolver is a few lines, rules are the domain's, SQL is the projections'.
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]

pub mod files;
pub mod graphql;
pub mod http;
pub mod runtime;
pub mod settings;
pub mod tools;
