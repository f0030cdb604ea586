//! The inbox: conversations between families and structures, from either side.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attachment::Attachment,
    conversation::{Conversation, ConversationEvent as E, Party},
    erasure::Erasure,
    sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    engine::projection::{FoldContext, FoldError, Projection},
    families::family::open,
    privacy::erased_data::ErasedData,
};

/// Its name.
pub const NAME: &str = "inbox";

/// What binds a sealed subject or message to where it stands.
pub const TEXT: &str = "Message";

/// The projection of conversations.
#[derive(Debug, Clone, Copy)]
pub struct InboxProjection;

impl Projection for InboxProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        // Counters per side: the home page and the folders read them without counting.
        "CREATE TABLE conversation (id uuid PRIMARY KEY, family text NOT NULL, structure text NOT NULL, subject text, \
            assigned text, last bigint NOT NULL, last_at timestamptz NOT NULL, \
            family_sent int NOT NULL DEFAULT 0, structure_sent int NOT NULL DEFAULT 0, \
            family_unread int NOT NULL DEFAULT 0, structure_unread int NOT NULL DEFAULT 0, \
            family_deleted boolean NOT NULL DEFAULT false, structure_deleted boolean NOT NULL DEFAULT false); \
         CREATE INDEX conversation_family ON conversation (family, last); \
         CREATE INDEX conversation_structure ON conversation (structure, last); \
         CREATE TABLE message (id uuid PRIMARY KEY, conversation uuid NOT NULL, line bigint NOT NULL, sender text NOT NULL, \
            author text NOT NULL, body text, attachments json NOT NULL, sent timestamptz NOT NULL, read timestamptz); \
         CREATE INDEX message_conversation ON message (conversation, line)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Conversation::TYPE, Erasure::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                if let Some(erased) = ErasedData::from_event(event, context)? {
                    if let Some(family) = erased.family().filter(|_| erased.is_of(Purpose::Message)) {
                        forget(family, connection).await?;
                    }
                    continue;
                }
                let id: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
                fold_one(id, event, context, connection).await?;
            }
            Ok(())
        })
    }
}

async fn forget(family: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for query in [
        "UPDATE message SET body = NULL WHERE conversation IN (SELECT id FROM conversation WHERE family = $1)",
        "UPDATE conversation SET subject = NULL WHERE family = $1",
    ] {
        sqlx::query(query).bind(family).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn fold_one(
    id: Uuid,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    let side = side_columns;
    match context.decode(event)? {
        E::ConversationOpened { family, structure, subject, received } => {
            let subject = open(&subject, TEXT, event, context, connection).await?;
            sqlx::query(
                "INSERT INTO conversation (id, family, structure, subject, last, last_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(id)
            .bind(family.as_str())
            .bind(structure.as_str())
            .bind(subject)
            .bind(event.position.cast_signed())
            .bind(received)
            .execute(connection)
            .await?;
        }
        E::MessageSent { message, from, author, body, attachments, received } => {
            let body = open(&body, TEXT, event, context, connection).await?;
            let attachments = serde_json::to_string(&attachments).map_err(|e| FoldError::poison(event, e))?;
            sqlx::query("INSERT INTO message VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8)")
                .bind(message.0)
                .bind(id)
                .bind(event.position.cast_signed())
                .bind(side(from))
                .bind(author)
                .bind(body)
                .bind(attachments)
                .bind(received)
                .execute(&mut *connection)
                .await?;
            let (own, other) = (side(from), side(from.other()));
            let update = format!(
                "UPDATE conversation SET last = $2, last_at = $3, {own}_sent = {own}_sent + 1, \
                    {other}_unread = {other}_unread + 1, family_deleted = false, structure_deleted = false \
                 WHERE id = $1"
            );
            sqlx::query(&update)
                .bind(id)
                .bind(event.position.cast_signed())
                .bind(received)
                .execute(connection)
                .await?;
        }
        E::ConversationRead { by, received } => {
            sqlx::query(
                "UPDATE message SET read = $2 WHERE conversation = $1 AND sender = $3 AND read IS NULL",
            )
            .bind(id)
            .bind(received)
            .bind(side(by.other()))
            .execute(&mut *connection)
            .await?;
            let update = format!("UPDATE conversation SET {}_unread = 0 WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        E::ConversationDeleted { by, .. } => {
            let update = format!("UPDATE conversation SET {}_deleted = true WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        E::ConversationRestored { by, .. } => {
            let update = format!("UPDATE conversation SET {}_deleted = false WHERE id = $1", side(by));
            sqlx::query(&update).bind(id).execute(connection).await?;
        }
        E::ConversationAssigned { to, .. } => {
            sqlx::query("UPDATE conversation SET assigned = $2 WHERE id = $1")
                .bind(id)
                .bind(to)
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

/// What a side's columns and messages are called.
fn side_columns(party: Party) -> &'static str {
    match party {
        Party::Family => "family",
        Party::Structure => "structure",
    }
}

/// The folders of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The other side wrote something.
    Received,
    /// The own side wrote something.
    Sent,
    /// The own side deleted it.
    Deleted,
}

/// Which conversations.
#[derive(Debug, Clone)]
pub struct Filter {
    /// From whose side.
    pub side: Party,
    /// Only this family's.
    pub family: Option<String>,
    /// Only this structure's.
    pub structure: Option<String>,
    /// Only this folder; none: all that is not deleted.
    pub folder: Option<Folder>,
    /// Only those handed to this login.
    pub assigned: Option<String>,
    /// Only those with something unread.
    pub unread: bool,
    /// Only those whose subject or messages hold these words.
    pub words: Option<String>,
}

/// A conversation from one side.
#[derive(Debug, Clone, FromRow)]
pub struct ConversationRow {
    /// Its id.
    pub id: Uuid,
    /// The family.
    pub family: String,
    /// The structure.
    pub structure: String,
    /// What it is about; none once erased.
    pub subject: Option<String>,
    /// Which of the staff it was handed to.
    pub assigned: Option<String>,
    /// Its place: the position of its last message.
    pub last: i64,
    /// When its last message was sent.
    pub last_at: DateTime<Utc>,
    /// How many messages of the other side are unread.
    pub unread: i32,
    /// Whether this side deleted it.
    pub deleted: bool,
}

fn columns(side: Party) -> String {
    let side = side_columns(side);
    format!(
        "id, family, structure, subject, assigned, last, last_at, {side}_unread AS unread, \
         {side}_deleted AS deleted"
    )
}

/// A page of conversations, those with the newest message first, before a place.
///
/// # Errors
/// The database failed.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ConversationRow>, sqlx::Error> {
    let (own, other) = (side_columns(filter.side), side_columns(filter.side.other()));
    let folder = match filter.folder {
        Some(Folder::Received) => format!("NOT {own}_deleted AND {other}_sent > 0"),
        Some(Folder::Sent) => format!("NOT {own}_deleted AND {own}_sent > 0"),
        Some(Folder::Deleted) => format!("{own}_deleted"),
        None => format!("NOT {own}_deleted"),
    };
    let query = format!(
        "SELECT {} FROM rm_inbox.conversation c WHERE {folder} AND ($1::text IS NULL OR family = $1) \
            AND ($2::text IS NULL OR structure = $2) AND ($3::text IS NULL OR assigned = $3) \
            AND (NOT $4 OR {own}_unread > 0) AND ($5::bigint IS NULL OR last < $5) \
            AND ($6::text IS NULL OR subject ILIKE $6 OR EXISTS (SELECT FROM rm_inbox.message m \
                WHERE m.conversation = c.id AND m.body ILIKE $6)) \
         ORDER BY last DESC LIMIT $7",
        columns(filter.side)
    );
    let pattern = filter.words.as_ref().map(|words| {
        let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{escaped}%")
    });
    sqlx::query_as(&query)
        .bind(&filter.family)
        .bind(&filter.structure)
        .bind(&filter.assigned)
        .bind(filter.unread)
        .bind(before)
        .bind(pattern)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// One conversation, from a side.
///
/// # Errors
/// The database failed.
pub async fn conversation(
    pool: &PgPool,
    side: Party,
    id: Uuid,
) -> Result<Option<ConversationRow>, sqlx::Error> {
    let query = format!("SELECT {} FROM rm_inbox.conversation WHERE id = $1", columns(side));
    sqlx::query_as(&query).bind(id).fetch_optional(pool).await
}

/// A message.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Its id.
    pub id: Uuid,
    /// Its conversation.
    pub conversation: Uuid,
    /// Which side wrote it.
    pub from: Party,
    /// Its author's login.
    pub author: String,
    /// Its text; none once erased.
    pub body: Option<String>,
    /// The files sent with it.
    pub attachments: Vec<Attachment>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// When the other side read it.
    pub read: Option<DateTime<Utc>>,
}

/// The messages of several conversations, in order.
///
/// # Errors
/// The database failed.
pub async fn messages(pool: &PgPool, conversations: &[Uuid]) -> Result<Vec<MessageRow>, sqlx::Error> {
    #[derive(FromRow)]
    struct Row {
        id: Uuid,
        conversation: Uuid,
        sender: String,
        author: String,
        body: Option<String>,
        attachments: String,
        sent: DateTime<Utc>,
        read: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, conversation, sender, author, body, attachments::text AS attachments, sent, read \
         FROM rm_inbox.message WHERE conversation = ANY($1) ORDER BY line",
    )
    .bind(conversations)
    .fetch_all(pool)
    .await?;
    let of_row = |row: Row| {
        Ok(MessageRow {
            id: row.id,
            conversation: row.conversation,
            from: if row.sender == "family" { Party::Family } else { Party::Structure },
            author: row.author,
            body: row.body,
            attachments: serde_json::from_str(&row.attachments).map_err(|e| sqlx::Error::Decode(e.into()))?,
            sent: row.sent,
            read: row.read,
        })
    };
    rows.into_iter().map(of_row).collect()
}

/// How many messages a family has not read.
///
/// # Errors
/// The database failed.
pub async fn unread(pool: &PgPool, family: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(sum(family_unread), 0) FROM rm_inbox.conversation WHERE family = $1 AND NOT family_deleted",
    )
    .bind(family)
    .fetch_one(pool)
    .await
}
