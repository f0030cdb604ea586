//! Commands about days: sessions, what ends them, and the roll.

pub(crate) mod asked_days;
pub mod ends;
pub mod roll;
pub mod sessions;
