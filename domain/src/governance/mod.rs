//! How the town decides: its policy, and what two people must agree on.

pub mod dual_control;
pub mod policy;
