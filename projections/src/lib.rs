//! Projections fold the log into read models; this crate is the only one that writes or reads
//! them.
//!
//! One engine drives all of them, one module holds each read model: its tables, its fold, its
//! queries. Everything here can be deleted and rebuilt from the log.

pub mod accounts;
pub mod attachments;
pub mod catalogue;
mod decode;
pub mod drafts;
pub mod engine;
mod erased;
pub mod family;
mod fault;
pub mod file;
mod fold;
pub mod household;
pub mod inbox;
mod known;
pub mod month;
pub mod notices;
pub mod outbox;
pub mod planning;
pub mod privacy;
mod projection;
pub mod proposals;
pub mod rebuild;
pub mod regies;
pub mod request_list;
pub mod requests;
mod storable;

pub use engine::{Engine, ProjectionStatus, SetAside, status};
pub use projection::{FoldContext, FoldError, PoisonPolicy, Projection};

/// Every projection of the portal.
pub fn all() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(accounts::AccountsProjection),
        Box::new(attachments::AttachmentsProjection),
        Box::new(catalogue::CatalogueProjection),
        Box::new(family::FamilyProjection),
        Box::new(file::FileProjection),
        Box::new(household::HouseholdProjection),
        Box::new(inbox::InboxProjection),
        Box::new(notices::NoticesProjection),
        Box::new(outbox::OutboxProjection),
        Box::new(planning::PlanningProjection),
        Box::new(privacy::PrivacyProjection),
        Box::new(proposals::ProposalsProjection),
        Box::new(regies::RegiesProjection),
        Box::new(requests::RequestsProjection),
    ]
}
