//! Files beside GraphQL: documents to print, exports, uploads. What is in them is made by the crate
//! `documents`; here it is read, who may have it is asked, and it is answered.

pub mod documents;
pub mod download;
pub mod exports;
pub mod read_trail;
mod subject_access;
pub mod uploads;
