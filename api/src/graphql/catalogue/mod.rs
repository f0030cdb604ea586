//! What the town offers: structures, activities, the school calendar.

mod activity_input;
mod deadline_input;
pub mod school_calendar;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::CatalogueCommand;
use portail_domain::{
    catalogue::activity::{ActivitySettings, ApprovalMode as DomainApproval, LateRequests as DomainLate},
    catalogue::calendar::Period as DomainPeriod,
    shared::ids::ActivityId,
};

use crate::graphql::{
    attendance::sessions::Weekday,
    catalogue::activity_input::{ActivityChangesInput, ActivitySettingsInput},
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, EVERYBODY, STAFF, unavailable},
    entered::{parse, text},
    mirrored_enum::mirrored_enum,
    scalars::{Date, Time},
};

mirrored_enum! {
    /// What kind of days an activity is offered on.
    Period = DomainPeriod {
        School: "When school is held.",
        SmallHolidays: "Autumn, Christmas, winter and spring holidays.",
        SummerHolidays: "July and August.",
    }
}

mirrored_enum! {
    /// Who decides a reservation.
    ApprovalMode = DomainApproval {
        Instant: "Confirmed at once while a place is free.",
        Staff: "Staff decide each request.",
    }
}

mirrored_enum! {
    /// What a request after the booking cut-off becomes.
    LateRequests = DomainLate {
        Refuse: "An error that names the deadline.",
        WaitingList: "A place on the waiting list.",
        Accept: "Accepted, marked late.",
    }
}

/// An activity, with its newest settings.
#[derive(Debug, Clone, SimpleObject)]
pub struct Activity {
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
    /// When a session starts.
    starts: Time,
    /// When a session ends.
    ends: Time,
    /// The weekdays it is offered on.
    weekdays: Vec<Weekday>,
    /// The periods it is offered in.
    periods: Vec<Period>,
    /// How many children a session holds; null: no limit.
    capacity: Option<u32>,
    /// Who decides a reservation.
    approval: ApprovalMode,
    /// Whether a full session keeps a waiting list.
    waiting_list: bool,
}

impl Activity {
    fn of(id: &ActivityId, settings: &ActivitySettings) -> Self {
        Self {
            id: ID(id.to_string()),
            name: settings.name.clone(),
            starts: Time(settings.starts),
            ends: Time(settings.ends),
            weekdays: settings.weekdays.iter().map(Into::into).collect(),
            periods: settings.periods.iter().map(|p| (*p).into()).collect(),
            capacity: settings.capacity,
            approval: settings.approval.into(),
            waiting_list: settings.waiting_list,
        }
    }
}

/// A structure with its activities.
#[derive(Debug, Clone, SimpleObject)]
pub struct Structure {
    /// Its code.
    id: ID,
    /// Its name.
    name: String,
    /// Its activities, in the order of the planning.
    activities: Vec<Activity>,
}

/// Queries of the catalogue.
#[derive(Debug, Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// The structures with their activities.
    #[graphql(guard = "EVERYBODY")]
    async fn structures(&self, ctx: &Context<'_>) -> Result<Vec<Structure>> {
        let catalogue = ctx.application()?.catalogue().get().await.map_err(unavailable)?;
        let of = |(id, structure): (&_, &portail_domain::catalogue::structure::Structure)| {
            let settings = catalogue.activities.iter().filter_map(|(a, state)| Some((a, state.latest()?)));
            let mut own: Vec<_> = settings.filter(|(_, s)| s.structure == *id).collect();
            own.sort_by_key(|(a, s)| (s.rank, (*a).clone()));
            Structure {
                id: ID(id.to_string()),
                name: structure.name.clone().unwrap_or_default(),
                activities: own.into_iter().map(|(a, s)| Activity::of(a, s)).collect(),
            }
        };
        Ok(catalogue.structures.iter().map(of).collect())
    }
}

input_objects! {
    /// A structure.
    command StructureInput {
        "Its code." id: ID,
        "Its name." name: String,
    }

    /// An activity.
    command DefineActivityInput {
        "Its code." id: ID,
        "Its settings." settings: ActivitySettingsInput,
    }

    /// A change of an activity's settings.
    command ChangeActivityInput {
        "Its code." id: ID,
        "The settings to change; what is left out stays." settings: ActivityChangesInput,
        "The first session day they hold for." from: Date,
    }

    /// The end of a structure.
    command RetireStructureInput {
        "Its code." id: ID,
        "The first day without it." from: Date,
    }

    /// A structure or an activity to open again.
    command ReopenInput {
        "Its code." id: ID,
    }

    /// The end of an activity.
    command RetireActivityInput {
        "Its code." id: ID,
        "The first day without it." from: Date,
    }
}

/// What staff decide about what the town offers.
#[derive(Debug, Default)]
pub struct CatalogueMutation;

#[Object]
impl CatalogueMutation {
    /// Defines a structure.
    #[graphql(guard = "STAFF")]
    async fn define_structure(&self, ctx: &Context<'_>, input: StructureInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::DefineStructure {
                id: parse(&input.id, "id")?,
                name: text(&input.name, "name")?,
            })
        })
        .await
    }

    /// Renames a structure.
    #[graphql(guard = "STAFF")]
    async fn rename_structure(&self, ctx: &Context<'_>, input: StructureInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::RenameStructure {
                id: parse(&input.id, "id")?,
                name: text(&input.name, "name")?,
            })
        })
        .await
    }

    /// Closes a structure for good. Its activities end with it: what was booked from that day on is
    /// released, and the families are told.
    #[graphql(guard = "STAFF")]
    async fn retire_structure(
        &self,
        ctx: &Context<'_>,
        input: RetireStructureInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::RetireStructure { id: parse(&input.id, "id")?, from: input.from.0 })
        })
        .await
    }

    /// Opens a structure again, with the activities that ended with it: what was released stands
    /// again where it still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_structure(&self, ctx: &Context<'_>, input: ReopenInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| Ok(CatalogueCommand::ReopenStructure { id: parse(&input.id, "id")? }))
            .await
    }

    /// Offers an activity.
    #[graphql(guard = "STAFF")]
    async fn define_activity(&self, ctx: &Context<'_>, input: DefineActivityInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::DefineActivity {
                id: parse(&input.id, "id")?,
                settings: input.settings.settings()?,
            })
        })
        .await
    }

    /// Changes some of an activity's settings from a day on; the others stay as they are. What was booked on
    /// days it is no longer offered on is released, and the families are told.
    #[graphql(guard = "STAFF")]
    async fn change_activity(&self, ctx: &Context<'_>, input: ChangeActivityInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let changes = input.settings.changes()?;
            Ok(CatalogueCommand::ChangeActivity { id: parse(&input.id, "id")?, changes, from: input.from.0 })
        })
        .await
    }

    /// Stops offering an activity. What was booked from that day on is released, and the families
    /// are told.
    #[graphql(guard = "STAFF")]
    async fn retire_activity(&self, ctx: &Context<'_>, input: RetireActivityInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::RetireActivity { id: parse(&input.id, "id")?, from: input.from.0 })
        })
        .await
    }

    /// Offers an activity again, as if it had never ended: what was released stands again where it
    /// still can.
    #[graphql(guard = "STAFF")]
    async fn reopen_activity(&self, ctx: &Context<'_>, input: ReopenInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| Ok(CatalogueCommand::ReopenActivity { id: parse(&input.id, "id")? })).await
    }
}
