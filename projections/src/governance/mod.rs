//! What takes two of the staff.

pub mod dual_control;
