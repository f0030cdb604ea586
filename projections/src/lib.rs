//! Projections fold the log into read models; this crate is the only one that writes or reads
//! them.
//!
//! One engine drives all of them. Each read model is a folder of its area, with its tables, its fold, its
//! rows and its queries. Everything here can be deleted and rebuilt from the log.
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]

pub mod attendance;
pub mod catalogue;
pub mod correspondence;
mod decode;
pub mod engine;
pub mod families;
pub mod governance;
pub mod money;
pub mod privacy;

pub use engine::{
    Engine, ProjectionStatus, SetAside,
    projection::{FoldContext, FoldError, PoisonPolicy, Projection},
    status,
};

/// Every projection of the portal.
pub fn all() -> Vec<Box<dyn Projection>> {
    vec![
        Box::new(money::accounts::AccountsProjection),
        Box::new(correspondence::attachments::AttachmentsProjection),
        Box::new(catalogue::CatalogueProjection),
        Box::new(families::family::FamilyProjection),
        Box::new(families::family_file::FamilyFileProjection),
        Box::new(families::household::HouseholdProjection),
        Box::new(correspondence::inbox::InboxProjection),
        Box::new(correspondence::notices::NoticesProjection),
        Box::new(correspondence::outbox::OutboxProjection),
        Box::new(attendance::planning::PlanningProjection),
        Box::new(privacy::erasures::ErasuresProjection),
        Box::new(governance::dual_control::DualControlProjection),
        Box::new(money::regies::RegiesProjection),
        Box::new(attendance::requests::RequestsProjection),
    ]
}
