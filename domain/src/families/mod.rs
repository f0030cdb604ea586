//! Families, their children, and the sections of the family file.

pub mod child;
pub mod family;
pub mod family_file;
