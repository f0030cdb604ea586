//! What the town's policy asks of its own people.

pub mod dual_control;
