//! The server: GraphQL over HTTP on top of the domain, the log and the read models. Thin: a
//! resolver is a few lines, rules are the domain's, SQL is the projections'.

pub mod access;
pub mod application;
pub mod attachments;
pub mod audit;
pub mod check;
pub mod checkpoints;
pub mod clock;
pub mod demo;
pub mod explain;
pub mod files;
pub mod graphql;
pub mod http;
pub mod import;
pub mod key_tools;
pub mod keys;
pub mod notifications;
pub mod progress;
pub mod read_trail;
pub mod replay;
pub mod roll;
pub mod runtime;
pub mod settings;
