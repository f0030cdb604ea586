//! Families, children and enrolments.

pub mod family_file;
pub mod home;
mod inputs;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::{FamiliesCommand, PersonName, Rejection};
use portail_domain::families::child::Enrolment as DomainEnrolment;
use portail_projections::families::family;

use crate::graphql::{
    commands::{RecordPayload, submit},
    context::{Ask, EVERYBODY, OFFICERS, STAFF, be_fresh, coded, unavailable},
    entered::{optional_text, parse, text},
    families::inputs::{
        EndEnrolmentInput, EnrolChildInput, LinkChildInput, RegisterChildInput, RegisterFamilyInput,
        UnlinkChildInput,
    },
    scalars::{Date, Position},
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
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::RegisterFamily {
                number: parse(&input.number, "number")?,
                title: optional_text(Some(&input.title), "title")?,
                responsible: name(&input.surname, &input.first_name)?,
            })
        })
        .await
    }

    /// Registers a child in a family.
    #[graphql(guard = "STAFF")]
    async fn register_child(&self, ctx: &Context<'_>, input: RegisterChildInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::RegisterChild {
                family: parse(&input.family_number, "familyNumber")?,
                name: name(&input.surname, &input.first_name)?,
                birth_date: input.birth_date.0,
            })
        })
        .await
    }

    /// A child belongs to a second family as well.
    #[graphql(guard = "STAFF")]
    async fn link_child(&self, ctx: &Context<'_>, input: LinkChildInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::LinkChild {
                child: parse(&input.child_id, "childId")?,
                family: parse(&input.family_number, "familyNumber")?,
            })
        })
        .await
    }

    /// A child no longer belongs to a family. What the family enrolled it in ends on the last day;
    /// what was booked later is released, its places are offered, and the family is told.
    #[graphql(guard = "STAFF")]
    async fn unlink_child(&self, ctx: &Context<'_>, input: UnlinkChildInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::UnlinkChild {
                child: parse(&input.child_id, "childId")?,
                family: parse(&input.family_number, "familyNumber")?,
                last_day: input.last_day.0,
            })
        })
        .await
    }

    /// Enrols a child in an activity: a row of its planning. What was released when an earlier
    /// enrolment ended stands again where it still can.
    #[graphql(guard = "STAFF")]
    async fn enrol_child(&self, ctx: &Context<'_>, input: EnrolChildInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let weekdays = input.contract_weekdays.unwrap_or_default();
            Ok(FamiliesCommand::EnrolChild {
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
        })
        .await
    }

    /// Ends an enrolment. What was booked on later days is released, its places are offered to those
    /// who wait, and the family is told.
    #[graphql(guard = "STAFF")]
    async fn end_enrolment(&self, ctx: &Context<'_>, input: EndEnrolmentInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(FamiliesCommand::EndEnrolment {
                child: parse(&input.child_id, "childId")?,
                activity: parse(&input.activity_id, "activityId")?,
                payer: parse(&input.payer, "payer")?,
                last_day: input.last_day.0,
            })
        })
        .await
    }
}
