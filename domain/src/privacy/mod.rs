//! Erasure and retention.

pub mod erasure;
