//! Sessions, the planning, and requests about days.

pub mod planning;
pub mod requests;
pub mod sessions;
