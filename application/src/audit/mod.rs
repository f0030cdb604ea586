//! Looking back: the past, where a value comes from, signed checkpoints, who looked.

pub mod checkpoints;
pub mod explain;
pub mod past;
pub mod read_trail;
