//! Accounts, régies and what billing prepares.

pub mod accounts;
pub mod billing_drafts;
pub mod regies;
