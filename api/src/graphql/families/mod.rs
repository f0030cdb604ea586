//! Families, children and enrolments.

pub mod family_file;
pub mod home;
mod inputs;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::{Command, CommandOutcome, PersonName, Rejection};
use portail_domain::{families::child::Enrolment as DomainEnrolment, i18n::Language};
use portail_projections::families::family;
use uuid::Uuid;

use crate::graphql::{
    context::{Ask, EVERYBODY, OFFICERS, STAFF, be_fresh, coded, unavailable},
    entered::{optional_text, parse, text},
    errors::UserError,
    families::inputs::{
        EndEnrolmentInput, EnrolChildInput, LinkChildInput, RegisterChildInput, RegisterFamilyInput,
        UnlinkChildInput,
    },
    places::keep_real,
    scalars::{Date, Position},
    send::send,
};

/// A child.
#[derive(Debug, Clone, SimpleObject)]
pub struct Child {
    /// Its id.
    id: ID,
    /// First name; null once erased.
    first_name: Option<String>,
    /// Surname; null once erased.
    surname: Option<String>,
    /// Birth date; null once erased.
    birth_date: Option<Date>,
}

/// A family.
#[derive(Debug, Clone, SimpleObject)]
pub struct Family {
    /// Its number.
    number: String,
    /// The title of the responsible guardian.
    title: Option<String>,
    /// The surname of the responsible guardian.
    surname: Option<String>,
    /// The first name of the responsible guardian.
    first_name: Option<String>,
    /// Its children.
    children: Vec<Child>,
}

pub(crate) async fn load(ctx: &Context<'_>, number: &str) -> Result<Option<Family>> {
    let pool = ctx.application()?.pool();
    let Some(responsible) = family::family(pool, number).await.map_err(unavailable)? else {
        return Ok(None);
    };
    let children = family::children(pool, number).await.map_err(unavailable)?;
    let child = |row: family::ChildRow| Child {
        id: ID(row.id.to_string()),
        first_name: row.identity.as_ref().map(|i| i.first_name.clone()),
        surname: row.identity.as_ref().map(|i| i.surname.clone()),
        birth_date: row.identity.map(|i| Date(i.birth_date)),
    };
    Ok(Some(Family {
        number: number.to_owned(),
        title: responsible.as_ref().map(|r| r.title.clone()),
        surname: responsible.as_ref().map(|r| r.surname.clone()),
        first_name: responsible.map(|r| r.first_name),
        children: children.into_iter().map(child).collect(),
    }))
}

/// Queries of families.
#[derive(Debug, Default)]
pub struct FamilyQuery;

#[Object]
impl FamilyQuery {
    /// The family that asks; null for staff and auditors.
    #[graphql(guard = "EVERYBODY")]
    async fn my_family(&self, ctx: &Context<'_>) -> Result<Option<Family>> {
        match ctx.caller()?.family() {
            Some(number) => load(ctx, number.as_str()).await,
            None => Ok(None),
        }
    }

    /// A family by its number.
    #[graphql(guard = "OFFICERS")]
    async fn family(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number.")] number: String,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Family> {
        be_fresh(ctx, &[family::NAME], min_position.map(|p| p.0)).await?;
        load(ctx, &number).await?.ok_or_else(|| coded("NOT_FOUND", ctx.language()))
    }
}

/// Something that was made or changed.
#[derive(Debug, Clone, SimpleObject)]
pub struct RecordPayload {
    /// The idempotency key.
    client_mutation_id: Uuid,
    /// The id of what was made or changed.
    id: Option<ID>,
    /// What went wrong.
    user_errors: Vec<UserError>,
    /// The position of the log that shows the effect; null when nothing was recorded.
    position: Option<Position>,
}

impl RecordPayload {
    fn of(id: Uuid, (outcome, position): (CommandOutcome, u64), language: Language) -> Self {
        Self {
            client_mutation_id: id,
            id: outcome.id.map(ID),
            user_errors: outcome.errors.iter().map(|e| UserError::of(e, language)).collect(),
            position: outcome.recorded.then_some(Position(position)),
        }
    }
}

/// Sends a command built from input that may be wrong.
///
/// # Errors
/// The command was not decided.
pub(crate) async fn record(
    ctx: &Context<'_>,
    id: Uuid,
    command: Result<Command, Rejection>,
) -> Result<RecordPayload> {
    record_with_places(ctx, id, command, |_| {}).await
}

/// As [`record`], where the mutation's input has other places than the command's own; `rename` turns
/// the latter into the former.
///
/// # Errors
/// The command was not decided.
pub(crate) async fn record_with_places(
    ctx: &Context<'_>,
    id: Uuid,
    command: Result<Command, Rejection>,
    rename: impl Fn(&mut Vec<String>),
) -> Result<RecordPayload> {
    let (mut outcome, position) = match command {
        Ok(command) => send(ctx, id, command).await?,
        Err(error) => (CommandOutcome::rejected(error), 0),
    };
    outcome.errors.iter_mut().for_each(|error| rename(&mut error.path));
    keep_real(ctx, &mut outcome);
    Ok(RecordPayload::of(id, (outcome, position), ctx.language()))
}

fn name(surname: &str, first_name: &str) -> Result<PersonName, Rejection> {
    Ok(PersonName { surname: text(surname, "surname")?, first_name: text(first_name, "firstName")? })
}

/// What staff record about families.
#[derive(Debug, Default)]
pub struct FamilyMutation;

#[Object]
impl FamilyMutation {
    /// Registers a family.
    #[graphql(guard = "STAFF")]
    async fn register_family(&self, ctx: &Context<'_>, input: RegisterFamilyInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::RegisterFamily {
                number: parse(&input.number, "number")?,
                title: optional_text(Some(&input.title), "title")?,
                responsible: name(&input.surname, &input.first_name)?,
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Registers a child in a family.
    #[graphql(guard = "STAFF")]
    async fn register_child(&self, ctx: &Context<'_>, input: RegisterChildInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::RegisterChild {
                family: parse(&input.family_number, "familyNumber")?,
                name: name(&input.surname, &input.first_name)?,
                birth_date: input.birth_date.0,
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// A child belongs to a second family as well.
    #[graphql(guard = "STAFF")]
    async fn link_child(&self, ctx: &Context<'_>, input: LinkChildInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::LinkChild {
                child: parse(&input.child_id, "childId")?,
                family: parse(&input.family_number, "familyNumber")?,
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// A child no longer belongs to a family. What the family enrolled it in ends on the last day;
    /// what was booked later is released, its places are offered, and the family is told.
    #[graphql(guard = "STAFF")]
    async fn unlink_child(&self, ctx: &Context<'_>, input: UnlinkChildInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::UnlinkChild {
                child: parse(&input.child_id, "childId")?,
                family: parse(&input.family_number, "familyNumber")?,
                last_day: input.last_day.0,
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Enrols a child in an activity: a row of its planning. What was released when an earlier
    /// enrolment ended stands again where it still can.
    #[graphql(guard = "STAFF")]
    async fn enrol_child(&self, ctx: &Context<'_>, input: EnrolChildInput) -> Result<RecordPayload> {
        let build = || {
            let weekdays = input.contract_weekdays.unwrap_or_default();
            Ok(Command::EnrolChild {
                child: parse(&input.child_id, "childId")?,
                enrolment: DomainEnrolment {
                    activity: parse(&input.activity_id, "activityId")?,
                    payer: parse(&input.payer, "payer")?,
                    from: input.from.0,
                    to: input.to.map(|d| d.0),
                    contract: weekdays.into_iter().map(chrono::Weekday::from).collect(),
                    leave_days: input.leave_days.unwrap_or(0),
                },
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Ends an enrolment. What was booked on later days is released, its places are offered to those
    /// who wait, and the family is told.
    #[graphql(guard = "STAFF")]
    async fn end_enrolment(&self, ctx: &Context<'_>, input: EndEnrolmentInput) -> Result<RecordPayload> {
        let build = || {
            Ok(Command::EndEnrolment {
                child: parse(&input.child_id, "childId")?,
                activity: parse(&input.activity_id, "activityId")?,
                payer: parse(&input.payer, "payer")?,
                last_day: input.last_day.0,
            })
        };
        record(ctx, input.client_mutation_id, build()).await
    }
}
