//! Erasures, and what they mean for the other read models.

pub(crate) mod erased_data;
pub mod erasures;
