//! Secrets: personal data sealed with a key per subject and purpose, sealed files, and key files.

pub(crate) mod attachments;
pub(crate) mod secret_file;
pub(crate) mod vault;
