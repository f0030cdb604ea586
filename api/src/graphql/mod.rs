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
pub mod past_town;
mod places;
pub mod planning;
pub mod privacy;
pub mod proposals;
pub mod read_trail;
pub mod requests;
pub mod scalars;
pub mod school_calendar;
mod send;
pub mod sessions;
pub mod written;

use std::sync::Arc;

use async_graphql::{MergedObject, Schema, SchemaBuilder};
use document_guard::DocumentGuard;
use portail_application::Application;

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

/// Makes the schemas of a server, all with the same limits.
#[derive(Debug, Clone)]
pub struct Schemas {
    site: String,
    guard: DocumentGuard,
}

impl Schemas {
    /// `site` is where logging out leads.
    pub fn new(site: String, guard: DocumentGuard) -> Self {
        Self { site, guard }
    }

    /// What measures documents before they are answered.
    pub fn guard(&self) -> &DocumentGuard {
        &self.guard
    }

    /// Over a town of the past, or for a family's archive: no look is recorded, and the past of it
    /// cannot be asked.
    pub fn over(&self, application: Arc<Application>) -> PortalSchema {
        self.builder(application).extension(self.guard.clone()).finish()
    }

    /// Over the town of today.
    pub fn of_today(&self, application: Arc<Application>, replays: Arc<past_town::Replays>) -> PortalSchema {
        let recording = read_trail::RecordReads(application.clone());
        let schema = self.builder(application).data(replays).extension(recording);
        schema.extension(self.guard.clone()).finish()
    }

    fn builder(
        &self,
        application: Arc<Application>,
    ) -> SchemaBuilder<Query, Mutation, planning::PlanningSubscription> {
        let site = context::Site(self.site.clone());
        builder().data(application).data(site).data(self.guard.clone()).extension(arguments::CheckArguments)
    }
}

/// The schema definition, as published in `docs/schema.graphql`.
pub fn definition() -> String {
    let options =
        async_graphql::SDLExportOptions::new().sorted_fields().sorted_enum_items().include_specified_by();
    builder().finish().sdl_with_options(options)
}
