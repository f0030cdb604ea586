//! The GraphQL API: a folder per concept; the root only composes.

pub mod access;
mod arguments;
pub mod attendance;
pub mod audit;
pub mod catalogue;
mod commands;
pub mod context;
pub mod correspondence;
pub mod document_guard;
pub mod eager_list;
mod entered;
pub mod errors;
pub mod families;
pub mod governance;
mod mirrored_enum;
pub mod money;
mod named_once;
pub mod privacy;
pub mod scalars;

use std::sync::Arc;

use async_graphql::{MergedObject, Schema, SchemaBuilder};
use attendance::planning::PlanningSubscription;
use document_guard::DocumentGuard;
use portail_application::Application;

/// Everything that can be asked.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    access::AccessQuery,
    catalogue::CatalogueQuery,
    families::FamilyQuery,
    correspondence::deliveries::DeliveryQuery,
    families::family_file::FileQuery,
    families::home::HomeQuery,
    correspondence::conversations::InboxQuery,
    money::MoneyQuery,
    correspondence::notices::NoticeQuery,
    attendance::planning::PlanningQuery,
    privacy::PrivacyQuery,
    governance::dual_control::ProposalQuery,
    attendance::requests::RequestQuery,
    catalogue::school_calendar::SchoolCalendarQuery,
    attendance::sessions::roll::SessionQuery,
    audit::LogQuery,
    audit::proofs::ProofQuery,
    audit::past::PastQuery,
    audit::explain::ExplainQuery,
    audit::reads::ReadQuery,
    audit::operations::OperationsQuery,
);

/// Everything that can be done.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    access::AccessMutation,
    attendance::sessions::ParentMutation,
    attendance::sessions::staff::StaffMutation,
    catalogue::CatalogueMutation,
    families::FamilyMutation,
    correspondence::deliveries::DeliveryMutation,
    families::family_file::FileMutation,
    correspondence::conversations::InboxMutation,
    money::MoneyMutation,
    correspondence::notices::NoticeMutation,
    privacy::PrivacyMutation,
    catalogue::school_calendar::SchoolCalendarMutation,
);

/// The schema.
pub type PortalSchema = Schema<Query, Mutation, PlanningSubscription>;

fn builder() -> SchemaBuilder<Query, Mutation, PlanningSubscription> {
    // Names that are close to an unknown one are not suggested: comparing each with every field of a
    // type is work a document can ask for without limit.
    Schema::build(Query::default(), Mutation::default(), PlanningSubscription).disable_suggestions()
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
    pub fn of_today(
        &self,
        application: Arc<Application>,
        replays: Arc<audit::past_town::Replays>,
    ) -> PortalSchema {
        let recording = audit::read_trail::RecordReads(application.clone());
        let schema = self.builder(application).data(replays).extension(recording);
        schema.extension(self.guard.clone()).finish()
    }

    fn builder(&self, application: Arc<Application>) -> SchemaBuilder<Query, Mutation, PlanningSubscription> {
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
