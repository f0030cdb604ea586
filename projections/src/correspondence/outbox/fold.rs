//! Folding what families are told of.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{Session, SessionEvent as V, parse_stream_id},
    correspondence::conversation::{Conversation, ConversationEvent, Party},
    families::family::{Family, FamilyEvent},
    shared::ids::ChildId,
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::Template;
use crate::engine::projection::{FoldContext, FoldError};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let mut told = Vec::new();
    for event in events {
        match &*event.stream.kind {
            Session::TYPE => of_session(event, &context.decode(event)?, &mut told)?,
            Family::TYPE => {
                let template = match context.decode(event)? {
                    FamilyEvent::ModificationApproved { .. } => Template::ModificationAccepted,
                    FamilyEvent::ModificationRefused { .. } => Template::ModificationRefused,
                    FamilyEvent::FamilyRegistered { .. }
                    | FamilyEvent::FamilySectionRecorded { .. }
                    | FamilyEvent::ModificationRequested { .. }
                    | FamilyEvent::ModificationWithdrawn { .. } => continue,
                };
                told.push(Told::of_family(event, template, event.stream.id.clone()));
            }
            Conversation::TYPE => of_conversation(event, context, connection, &mut told).await?,
            other => return Err(FoldError::poison(event, format_args!("nobody is told of a {other}"))),
        }
    }
    write(told, connection).await?;
    Ok(())
}

/// What a family is told of an event.
struct Told {
    id: Uuid,
    line: i64,
    command: Uuid,
    template: Template,
    family: Option<String>,
    child: Option<Uuid>,
    activity: Option<String>,
    date: Option<NaiveDate>,
    occurred: DateTime<Utc>,
}

impl Told {
    fn of_family(event: &RecordedEvent, template: Template, family: String) -> Self {
        Self {
            id: id(event, template, &family),
            line: event.position.cast_signed(),
            command: event.command_id,
            template,
            family: Some(family),
            child: None,
            activity: None,
            date: None,
            occurred: event.recorded_at,
        }
    }
}

fn id(event: &RecordedEvent, template: Template, to: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{template}/{to}", event.command_id).as_bytes())
}

fn of_session(event: &RecordedEvent, change: &V, told: &mut Vec<Told>) -> Result<(), FoldError> {
    // What a family did itself it knows already.
    let by_family = event.actor.starts_with("parent:");
    let (template, children): (_, Vec<ChildId>) = match change {
        V::PlaceOffered { child, .. } => (Template::PlaceOffered, vec![*child]),
        V::SessionClosed { children, .. } => (Template::DayClosed, children.clone()),
        V::BookingsReleased { children, .. } => (Template::BookingsReleased, children.clone()),
        V::BookingsRestored { restored, .. } => {
            (Template::BookingsRestored, restored.iter().map(|line| line.child).collect())
        }
        V::ReservationConfirmed { .. }
        | V::ReservationWaitlisted { .. }
        | V::ReservationCancelled { .. }
        | V::ReservationRefused { .. }
        | V::OfferExpired { .. }
        | V::WaitingListClosed { .. }
        | V::AbsenceExcused { .. }
        | V::AbsenceBilled { .. }
            if by_family =>
        {
            return Ok(());
        }
        V::ReservationConfirmed { child, .. } => (Template::ReservationAccepted, vec![*child]),
        V::ReservationWaitlisted { child, .. } => (Template::ReservationWaitlisted, vec![*child]),
        V::ReservationCancelled { child, .. } => (Template::ReservationCancelled, vec![*child]),
        V::ReservationRefused { child, .. } | V::OfferExpired { child, .. } => {
            (Template::ReservationRefused, vec![*child])
        }
        V::WaitingListClosed { refused, .. } => {
            (Template::ReservationRefused, refused.iter().map(|l| l.child).collect())
        }
        V::AbsenceExcused { child, .. } | V::AbsenceBilled { child, .. } => {
            (Template::AbsenceDecided, vec![*child])
        }
        V::ReservationRequested { .. }
        | V::ReservationWithdrawn { .. }
        | V::OfferDeclined { .. }
        | V::AbsenceDeclared { .. }
        | V::AbsenceWithdrawn { .. }
        | V::CertificateOverdue { .. }
        | V::CertificateReceived { .. }
        | V::LeaveTaken { .. }
        | V::PresenceRecorded { .. }
        | V::UnbookedPresenceRecorded { .. }
        | V::InconsistentPresenceRecorded { .. }
        | V::NoShowRecorded { .. }
        | V::AbsenceObserved { .. }
        | V::AttendanceCorrected { .. }
        | V::SessionReopened { .. } => return Ok(()),
    };
    let (activity, date) = parse_stream_id(&event.stream.id)
        .ok_or_else(|| FoldError::poison(event, "not a session's stream id"))?;
    told.extend(children.into_iter().map(|child| Told {
        id: id(event, template, &format!("{child}/{activity}")),
        line: event.position.cast_signed(),
        command: event.command_id,
        template,
        family: None,
        child: Some(child.0),
        activity: Some(activity.to_string()),
        date: Some(date),
        occurred: event.recorded_at,
    }));
    Ok(())
}

async fn of_conversation(
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
    told: &mut Vec<Told>,
) -> Result<(), FoldError> {
    let id: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
    match context.decode(event)? {
        ConversationEvent::ConversationOpened { family, .. } => {
            sqlx::query("INSERT INTO conversation VALUES ($1, $2)")
                .bind(id)
                .bind(family.as_str())
                .execute(connection)
                .await?;
        }
        ConversationEvent::MessageSent { from: Party::Structure, .. } => {
            let family: String = sqlx::query_scalar("SELECT family FROM conversation WHERE id = $1")
                .bind(id)
                .fetch_one(connection)
                .await?;
            told.push(Told::of_family(event, Template::MessageReceived, family));
        }
        ConversationEvent::MessageSent { from: Party::Family, .. }
        | ConversationEvent::ConversationRead { .. }
        | ConversationEvent::ConversationDeleted { .. }
        | ConversationEvent::ConversationRestored { .. }
        | ConversationEvent::ConversationAssigned { .. } => {}
    }
    Ok(())
}

/// Writes what is told; the days of one command, child and activity are one message.
async fn write(told: Vec<Told>, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if told.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($field:ident) => {
            told.iter().map(|t| t.$field.clone()).collect::<Vec<_>>()
        };
    }
    let templates: Vec<&str> = told.iter().map(|t| t.template.into()).collect();
    sqlx::query(
        "INSERT INTO message SELECT id, min(line), min(command::text)::uuid, min(template), min(family), \
            min(child::text)::uuid, min(activity), array_remove(array_agg(date ORDER BY date), NULL), min(occurred) \
         FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], \
            $8::date[], $9::timestamptz[]) \
            AS t (id, line, command, template, family, child, activity, date, occurred) GROUP BY id \
         ON CONFLICT (id) DO UPDATE SET dates = message.dates || EXCLUDED.dates",
    )
    .bind(column!(id))
    .bind(column!(line))
    .bind(column!(command))
    .bind(templates)
    .bind(column!(family))
    .bind(column!(child))
    .bind(column!(activity))
    .bind(column!(date))
    .bind(column!(occurred))
    .execute(connection)
    .await?;
    Ok(())
}
