//! Families, their children, their file and their household.

pub mod family;
pub mod family_file;
pub mod household;
