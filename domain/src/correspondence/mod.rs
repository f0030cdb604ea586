//! What the town and the families write to each other.

pub mod conversation;
pub mod notice;
