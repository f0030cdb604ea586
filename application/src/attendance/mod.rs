//! Commands about days: sessions, what ends them, and the roll.

pub mod ends;
pub mod roll;
pub mod sessions;
