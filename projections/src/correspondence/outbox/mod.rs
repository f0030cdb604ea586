//! The outbox: what families are told by e-mail or text message, and how far that got.
//!
//! A row is made of what one command did for one child's activity or one family, with an id made
//! from the command: rebuilt, the outbox has the same ids, and what was delivered stays delivered.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    conversation::{Conversation, ConversationEvent, Party},
    family::{Family, FamilyEvent},
    ids::ChildId,
    session::{Session, SessionEvent as S, parse_stream_id},
};
use portail_event_store::RecordedEvent;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::engine::projection::{FoldContext, FoldError, Projection};

/// Its name.
pub const NAME: &str = "outbox";

/// The projection of the outbox.
#[derive(Debug, Clone, Copy)]
pub struct OutboxProjection;

impl Projection for OutboxProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        // A day's payer is looked up in the planning when the message is sent.
        "CREATE TABLE message (id uuid PRIMARY KEY, line bigint NOT NULL, command uuid NOT NULL, template text NOT NULL, \
            family text, child uuid, activity text, dates date[] NOT NULL, occurred timestamptz NOT NULL); \
         CREATE INDEX message_occurred ON message (occurred); \
         CREATE TABLE conversation (id uuid PRIMARY KEY, family text NOT NULL)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Session::TYPE, Family::TYPE, Conversation::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            let mut told = Vec::new();
            for event in events {
                match &*event.stream.kind {
                    Session::TYPE => of_session(event, &context.decode(event)?, &mut told)?,
                    Family::TYPE => {
                        let template = match context.decode(event)? {
                            FamilyEvent::ModificationApproved { .. } => "MODIFICATION_ACCEPTED",
                            FamilyEvent::ModificationRefused { .. } => "MODIFICATION_REFUSED",
                            _ => continue,
                        };
                        told.push(Told::of_family(event, template, event.stream.id.clone()));
                    }
                    _ => of_conversation(event, context, connection, &mut told).await?,
                }
            }
            write(told, connection).await?;
            Ok(())
        })
    }
}

/// What a family is told of an event.
struct Told {
    id: Uuid,
    line: i64,
    command: Uuid,
    template: &'static str,
    family: Option<String>,
    child: Option<Uuid>,
    activity: Option<String>,
    date: Option<NaiveDate>,
    occurred: DateTime<Utc>,
}

impl Told {
    fn of_family(event: &RecordedEvent, template: &'static str, family: String) -> Self {
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

fn id(event: &RecordedEvent, template: &str, to: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}/{template}/{to}", event.command_id).as_bytes())
}

fn of_session(event: &RecordedEvent, change: &S, told: &mut Vec<Told>) -> Result<(), FoldError> {
    // What a family did itself it knows already.
    let by_family = event.actor.starts_with("parent:");
    let (template, children): (_, Vec<ChildId>) = match change {
        S::PlaceOffered { child, .. } => ("PLACE_OFFERED", vec![*child]),
        S::SessionClosed { children, .. } => ("DAY_CLOSED", children.clone()),
        S::BookingsReleased { children, .. } => ("BOOKINGS_RELEASED", children.clone()),
        S::BookingsRestored { restored, .. } => {
            ("BOOKINGS_RESTORED", restored.iter().map(|line| line.child).collect())
        }
        _ if by_family => return Ok(()),
        S::ReservationConfirmed { child, .. } => ("RESERVATION_ACCEPTED", vec![*child]),
        S::ReservationRefused { child, .. } | S::OfferExpired { child, .. } => {
            ("RESERVATION_REFUSED", vec![*child])
        }
        S::WaitingListClosed { refused, .. } => {
            ("RESERVATION_REFUSED", refused.iter().map(|l| l.child).collect())
        }
        S::AbsenceExcused { child, .. } | S::AbsenceBilled { child, .. } => ("ABSENCE_DECIDED", vec![*child]),
        _ => return Ok(()),
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
            told.push(Told::of_family(event, "MESSAGE_RECEIVED", family));
        }
        _ => {}
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
    let templates: Vec<&str> = told.iter().map(|t| t.template).collect();
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

/// A message to send on a channel.
#[derive(Debug, Clone, FromRow)]
pub struct Due {
    /// Its id: the idempotency key of its delivery.
    pub id: Uuid,
    /// `EMAIL` or `SMS`.
    pub channel: String,
    /// What it says.
    pub template: String,
    /// To which family; none when a booking without a payer is meant.
    pub family: Option<String>,
    /// About which child.
    pub child: Option<Uuid>,
    /// About which activity.
    pub activity: Option<String>,
    /// About which days.
    pub dates: Vec<NaiveDate>,
}

/// What is to be sent now: of what happened since `since`, whole commands only (a command's days
/// are one message), never tried or due again.
///
/// # Errors
/// The database failed.
pub async fn due(
    pool: &PgPool,
    channels: &[&str],
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.id, h.channel, m.template, m.child, m.activity, m.dates, coalesce(m.family, ( \
            SELECT c.booking::json->>'payer' FROM rm_planning.cell c \
            WHERE c.child = m.child AND c.activity = m.activity AND c.date = m.dates[1])) AS family \
         FROM rm_outbox.message m \
         JOIN command_log l ON l.command_id = m.command \
         JOIN projection p ON p.name = 'outbox' AND p.status = 'live' AND p.position >= l.position \
         CROSS JOIN unnest($1::text[]) AS h (channel) \
         LEFT JOIN delivery d ON d.notification = m.id AND d.channel = h.channel \
         WHERE m.occurred >= $2 AND (d.status IS NULL OR (d.status = 'PENDING' AND d.next_at <= now())) \
         ORDER BY m.line LIMIT $3",
    )
    .bind(channels)
    .bind(since)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Claims a delivery until a moment; how often it was tried then, none when another node has it.
/// Should this process die, it is due again at that moment: at least once.
///
/// # Errors
/// The database failed.
pub async fn claim(pool: &PgPool, message: &Due, lease_seconds: f64) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO delivery (notification, channel, status, attempts, next_at) \
         VALUES ($1, $2, 'PENDING', 1, now() + make_interval(secs => $3)) \
         ON CONFLICT (notification, channel) DO UPDATE SET attempts = delivery.attempts + 1, \
            next_at = EXCLUDED.next_at, updated_at = now() \
         WHERE delivery.status = 'PENDING' AND delivery.next_at <= now() RETURNING attempts",
    )
    .bind(message.id)
    .bind(&message.channel)
    .bind(lease_seconds)
    .fetch_optional(pool)
    .await
}

/// Notes how a claimed delivery ended, or when it is tried again.
///
/// # Errors
/// The database failed.
pub async fn settle(
    pool: &PgPool,
    message: &Due,
    status: &str,
    retry_seconds: f64,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE delivery SET status = $3, error = $4, next_at = now() + make_interval(secs => $5), \
            updated_at = now() WHERE notification = $1 AND channel = $2",
    )
    .bind(message.id)
    .bind(&message.channel)
    .bind(status)
    .bind(error)
    .bind(retry_seconds)
    .execute(pool)
    .await?;
    Ok(())
}

/// A delivery that was given up.
#[derive(Debug, Clone, FromRow)]
pub struct Dead {
    /// Which message.
    pub notification: Uuid,
    /// Which channel.
    pub channel: String,
    /// What it says.
    pub template: String,
    /// How often it was tried.
    pub attempts: i32,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// When it was given up.
    pub updated_at: DateTime<Utc>,
}

/// The deliveries that were given up, the latest first.
///
/// # Errors
/// The database failed.
pub async fn dead(pool: &PgPool, limit: i64) -> Result<Vec<Dead>, sqlx::Error> {
    sqlx::query_as(
        "SELECT d.notification, d.channel, m.template, d.attempts, d.error, d.updated_at FROM delivery d \
         JOIN rm_outbox.message m ON m.id = d.notification WHERE d.status = 'DEAD' \
         ORDER BY d.updated_at DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Tries a given-up delivery again; whether there was one.
///
/// # Errors
/// The database failed.
pub async fn retry(pool: &PgPool, notification: Uuid, channel: &str) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "UPDATE delivery SET status = 'PENDING', attempts = 0, next_at = now(), updated_at = now() \
         WHERE notification = $1 AND channel = $2 AND status = 'DEAD'",
    )
    .bind(notification)
    .bind(channel)
    .execute(pool)
    .await?;
    Ok(updated.rows_affected() == 1)
}
