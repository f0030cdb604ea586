//! What the command line does beside serving: the tools of operators and auditors.

pub mod account;
pub mod audit;
pub mod check;
pub mod demo;
pub mod import;
pub mod key_tools;
pub mod keys;
pub mod output;
pub mod progress;
pub mod rebuild;
pub mod serve;
