//! Value types and rules that every area uses.

pub mod amount;
pub mod attachment;
pub mod commune;
pub mod countries;
pub mod given;
pub mod ids;
pub mod plausibility;
pub mod sealed;
pub mod text;
pub mod time;
