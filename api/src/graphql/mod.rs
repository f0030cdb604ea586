//! The GraphQL API: a folder per concept; the root only composes.

pub mod access;
mod arguments;
pub mod attachments;
pub mod catalogue;
pub mod context;
pub mod deliveries;
mod digits;
pub mod document_guard;
mod entered;
pub mod errors;
pub mod families;
pub mod file;
pub mod home;
pub mod inbox;
mod leaf;
pub mod log;
pub mod money;
pub mod notices;
pub mod operations;
mod places;
pub mod planning;
pub mod privacy;
pub mod proposals;
pub mod requests;
pub mod scalars;
pub mod school_calendar;
pub mod sessions;
pub mod written;

use std::sync::Arc;

use async_graphql::{MergedObject, Schema, SchemaBuilder};
use document_guard::DocumentGuard;

use crate::{application::Application, reads::RecordReads, replay::Replays};

/// Everything that can be asked.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    access::AccessQuery,
    catalogue::CatalogueQuery,
    families::FamilyQuery,
    deliveries::DeliveryQuery,
    file::FileQuery,
    home::HomeQuery,
    inbox::InboxQuery,
    money::MoneyQuery,
    notices::NoticeQuery,
    planning::PlanningQuery,
    privacy::PrivacyQuery,
    proposals::ProposalQuery,
    requests::RequestQuery,
    school_calendar::SchoolCalendarQuery,
    sessions::roll::SessionQuery,
    log::LogQuery,
    log::proofs::ProofQuery,
    log::past::PastQuery,
    log::explain::ExplainQuery,
    log::reads::ReadQuery,
    operations::OperationsQuery,
);

/// Everything that can be done.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    access::AccessMutation,
    sessions::ParentMutation,
    sessions::staff::StaffMutation,
    catalogue::CatalogueMutation,
    families::FamilyMutation,
    deliveries::DeliveryMutation,
    file::FileMutation,
    inbox::InboxMutation,
    money::MoneyMutation,
    notices::NoticeMutation,
    privacy::PrivacyMutation,
    school_calendar::SchoolCalendarMutation,
);

/// The schema.
pub type PortalSchema = Schema<Query, Mutation, planning::PlanningSubscription>;

fn builder() -> SchemaBuilder<Query, Mutation, planning::PlanningSubscription> {
    // Names that are close to an unknown one are not suggested: comparing each with every field of a
    // type is work a document can ask for without limit.
    Schema::build(Query::default(), Mutation::default(), planning::PlanningSubscription).disable_suggestions()
}

/// The schema over a running application; `site` is where logging out leads. The town of today can
/// also be asked about the past; a past town cannot.
pub fn schema(
    application: Arc<Application>,
    site: String,
    guard: DocumentGuard,
    replays: Option<Arc<Replays>>,
) -> PortalSchema {
    let recording = RecordReads(application.clone());
    let schema = builder().data(application).data(context::Site(site)).extension(arguments::CheckArguments);
    match replays {
        Some(replays) => schema.data(replays).extension(recording).extension(guard).finish(),
        None => schema.extension(guard).finish(),
    }
}

/// The schema definition, as published in `docs/schema.graphql`.
pub fn definition() -> String {
    let options =
        async_graphql::SDLExportOptions::new().sorted_fields().sorted_enum_items().include_specified_by();
    builder().finish().sdl_with_options(options)
}
