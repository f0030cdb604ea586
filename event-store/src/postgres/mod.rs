//! The database: PostgreSQL by address or embedded, its functions, and queries that answer many callers at
//! once.

pub(crate) mod batch_loader;
pub(crate) mod data_folder;
pub(crate) mod database;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(not(feature = "embedded"))]
mod embedded_left_out;
mod functions;
