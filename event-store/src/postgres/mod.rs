//! The database: PostgreSQL by address or embedded, and queries that answer many callers at once.

pub(crate) mod batch_loader;
pub(crate) mod data_folder;
pub(crate) mod database;
