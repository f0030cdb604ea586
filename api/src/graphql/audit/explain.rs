//! Explanations: from a value to the events that made it, and from an event to what it changed.

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use portail_application::{
    Role,
    audit::explain::{self, Part, RelatedEvent},
    families::family_file::camel_case,
};
use portail_domain::{
    families::family_file::{Document, Field, Owner, Section},
    shared::ids::ActivityId,
    shared::sealed::Sealed,
};
use portail_event_store::{RecordedEvent, Search, Span, VaultError, search};
use portail_projections::{attendance::request_list, families::family};
use serde_json::Value;
use std::sync::Arc;

use crate::graphql::{
    audit::{LogEvent, past_town::Replays},
    context::{AUDITORS, Ask, EVERYBODY, OFFICERS, coded, unavailable, visible_child},
    families::family_file::{FileSection, changes::mask},
    mirrored_enum::mirrored_enum,
    scalars::{Date, Position},
};

mirrored_enum! {
    /// The part an event plays in a value.
    ExplanationPart = Part {
        Value: "It is the value.",
        Enrolment: "The child's enrolment in the activity.",
        Activity: "What the town offers: the activity's settings.",
        Calendar: "The town's calendar: a closure of the day, the school zone.",
        BilledDay: "A day that was billed.",
        Tariff: "The price list.",
        SameCommand: "The same command did it as well.",
        Request: "A request it came from.",
    }
}

/// An event that explains a value.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExplainingEvent {
    /// The part it plays.
    part: ExplanationPart,
    /// The event: who, when, by which command.
    event: LogEvent,
    /// Of a field of a file: its value from this event on; null where it is empty, or erased.
    value: Option<Json<Value>>,
}

/// A row of a read model that an event changed.
#[derive(Debug, Clone, SimpleObject)]
pub struct EventEffect {
    /// The read model, e.g. planning.
    read_model: String,
    /// Its table.
    table: String,
    /// The row before; null where the event made it.
    before: Option<Json<Value>>,
    /// The row after; null where the event took it away.
    after: Option<Json<Value>>,
}

/// An event with what belongs to it.
#[derive(Debug, Clone, SimpleObject)]
pub struct EventInContext {
    /// The event.
    event: LogEvent,
    /// What else its command did.
    of_command: Vec<LogEvent>,
    /// What else belongs to the same correlation.
    correlated: Vec<LogEvent>,
    /// What it, or its command, caused.
    caused: Vec<LogEvent>,
}

fn shown(explaining: Vec<RelatedEvent>) -> Vec<ExplainingEvent> {
    let event = |e: RelatedEvent| ExplainingEvent { part: e.part.into(), event: e.event.into(), value: None };
    explaining.into_iter().map(event).collect()
}

/// The position of an event as it is asked for.
async fn one(ctx: &Context<'_>, position: Position) -> Result<RecordedEvent> {
    let not_found = || coded("NOT_FOUND", ctx.language());
    let span = Span { after: position.0.checked_sub(1).ok_or_else(not_found)?, through: position.0 };
    let found = ctx.application()?.log().read_span(span, None).await.map_err(unavailable)?;
    found.into_iter().next().ok_or_else(not_found)
}

/// A field of the section an event records, opened: none where it is empty or its key destroyed.
async fn field(ctx: &Context<'_>, event: &RecordedEvent, name: &str) -> Result<Option<Value>> {
    let payload: Value = serde_json::from_str(event.payload.get()).map_err(unavailable)?;
    let body = payload.as_object().and_then(|variants| variants.values().next());
    let sealed = body.and_then(|b| ["value", "responsible", "identity"].into_iter().find_map(|n| b.get(n)));
    let Some(sealed) = sealed else { return Ok(None) };
    let sealed: Sealed = serde_json::from_value(sealed.clone()).map_err(unavailable)?;
    let bytes = family::sealed_bytes(&sealed).map_err(unavailable)?;
    let place = format!("{}/{}", event.stream.kind, sealed.subject);
    let vault = ctx.application()?.vault();
    match vault.unseal(&sealed.subject, sealed.purpose.into(), &place, &bytes).await {
        Ok(text) => {
            let document: Document = serde_json::from_slice(&text).map_err(unavailable)?;
            Ok(document.get(name).filter(|value| !value.is_null()).cloned())
        }
        Err(VaultError::Destroyed) => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// A value as an auditor sees it: account numbers are masked, wherever they stand.
fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let account = value.as_str().filter(|_| name == "iban").map(mask);
                    (name, account.map_or_else(|| masked(value), Into::into))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        // Documents are kept as text in some read models.
        Value::String(text) if text.contains("iban") => match serde_json::from_str::<Value>(&text) {
            Ok(document) => Value::String(masked(document).to_string()),
            Err(_) => Value::String(text),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Queries that explain.
#[derive(Debug, Default)]
pub struct ExplainQuery;

#[Object]
impl ExplainQuery {
    /// Where a cell of the calendar comes from: what happened to the child's day, its enrolment,
    /// what the town offers, and the calendar.
    #[graphql(guard = "OFFICERS")]
    async fn explain_cell(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The child.")] child_id: ID,
        #[graphql(desc = "The activity.")] activity_id: ID,
        #[graphql(desc = "The day.")] date: Date,
    ) -> Result<Vec<ExplainingEvent>> {
        let child = visible_child(ctx, &child_id).await?;
        let activity: ActivityId = activity_id.parse().map_err(|_| coded("NOT_FOUND", ctx.language()))?;
        let explained = explain::cell(ctx.application()?.log(), child, &activity, date.0).await;
        Ok(shown(explained.map_err(unavailable)?))
    }

    /// Where a line of an account statement comes from: the operation, what else its command did,
    /// and for an invoice the billed days and their price list, as known when it was computed.
    /// Parents explain the lines of their own account.
    #[graphql(guard = "EVERYBODY")]
    async fn explain_operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "The operation's position.")] position: Position,
    ) -> Result<Vec<ExplainingEvent>> {
        let not_found = || coded("NOT_FOUND", ctx.language());
        let caller = ctx.caller()?;
        let family = if caller.role == Role::Parent { Some(caller.login) } else { family_number };
        let family = family.ok_or_else(not_found)?;
        let explained = explain::operation(ctx.application()?.log(), &family, position.0).await;
        let mut explained = explained.map_err(unavailable)?.ok_or_else(not_found)?;
        if caller.role == Role::Parent {
            // Other families are in what the town's commands did together, and to whole sessions.
            explained.retain(|e| e.part != Part::SameCommand && !request_list::names_others(&e.event));
        }
        Ok(shown(explained))
    }

    /// Where a field of a file comes from: every value it had, who recorded it when, and the requests
    /// they came from. Account numbers are masked for auditors.
    #[graphql(guard = "OFFICERS")]
    async fn explain_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number.")] family_number: String,
        #[graphql(desc = "The child, for a child's section.")] child_id: Option<ID>,
        #[graphql(desc = "The section.")] section: FileSection,
        #[graphql(desc = "The field, as the section's type names it, e.g. birthDate.")] field_name: String,
    ) -> Result<Vec<ExplainingEvent>> {
        let not_found = || coded("NOT_FOUND", ctx.language());
        let section = Section::from(section);
        // The log's own name, birth_date, is the older way to ask.
        let named = |f: &&Field| camel_case(f.name) == field_name || f.name == field_name;
        let field_name = section.fields().iter().find(named).ok_or_else(not_found)?.name;
        let owner = match (section.owner(), child_id) {
            (Owner::Family, _) => family_number.clone(),
            (Owner::Child, Some(id)) => visible_child(ctx, &id).await?.to_string(),
            (Owner::Child, None) => return Err(not_found()),
        };
        let log = ctx.application()?.log();
        let explained =
            explain::section(log, &owner, &[family_number], section).await.map_err(unavailable)?;
        if explained.is_empty() {
            return Err(not_found());
        }
        let hides = ctx.caller()?.role == Role::Auditor && field_name == "iban";
        let mut events: Vec<ExplainingEvent> = vec![];
        let mut last = None;
        for explaining in explained {
            let value = match explaining.part {
                Part::Value => field(ctx, &explaining.event, field_name).await?,
                Part::Enrolment
                | Part::Activity
                | Part::Calendar
                | Part::BilledDay
                | Part::Tariff
                | Part::SameCommand
                | Part::Request => None,
            };
            // A value that stayed as it was does not explain itself anew.
            if explaining.part == Part::Value && !events.is_empty() && value == last {
                continue;
            }
            last.clone_from(&value);
            let value = value.map(|value| {
                let account = value.as_str().filter(|_| hides).map(mask);
                Json(account.map_or(value, Value::String))
            });
            events.push(ExplainingEvent { value, ..shown(vec![explaining]).remove(0) });
        }
        Ok(events)
    }

    /// An event with what its command did, what belongs to the same correlation, and what it caused.
    #[graphql(guard = "AUDITORS")]
    async fn log_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its position.")] position: Position,
    ) -> Result<EventInContext> {
        let event = one(ctx, position).await?;
        let pool = ctx.application()?.pool();
        let others = async |asked: Search| -> Result<Vec<LogEvent>> {
            let found = search(pool, &asked, 0, 200).await.map_err(unavailable)?;
            Ok(found.into_iter().filter(|e| e.position != event.position).map(LogEvent::from).collect())
        };
        let of_command = others(Search { command: Some(event.command_id), ..Search::default() }).await?;
        let mut correlated =
            others(Search { correlation: Some(event.correlation_id), ..Search::default() }).await?;
        correlated.retain(|e| of_command.iter().all(|other| other.position != e.position));
        let mut caused = others(Search { causation: Some(event.event_id), ..Search::default() }).await?;
        caused.extend(others(Search { causation: Some(event.command_id), ..Search::default() }).await?);
        Ok(EventInContext { event: event.into(), of_command, correlated, caused })
    }

    /// What an event changed: every row of every read model, before and after. Found by folding the
    /// log up to it in a database of its own; on a long log that may take a while.
    #[graphql(guard = "AUDITORS")]
    async fn event_effects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its position.")] position: Position,
    ) -> Result<Vec<EventEffect>> {
        one(ctx, position).await?;
        let replays = ctx.data::<Arc<Replays>>().map_err(|_| coded("INVALID_MOMENT", ctx.language()))?;
        let changes = replays.effects(position.0).await.map_err(|error| {
            tracing::warn!(%error, "effects");
            coded(error.code(), ctx.language())
        })?;
        let auditor = ctx.caller()?.role == Role::Auditor;
        let shown = |value: Option<Value>| value.map(|v| Json(if auditor { masked(v) } else { v }));
        let effect = |change: &portail_application::audit::past::RowChange| EventEffect {
            read_model: change.read_model.clone(),
            table: change.table.clone(),
            before: shown(change.before.clone()),
            after: shown(change.after.clone()),
        };
        Ok(changes.iter().map(effect).collect())
    }
}
