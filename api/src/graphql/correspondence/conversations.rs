//! The inbox: messages between families and structures.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use chrono::{DateTime, Utc};
use portail_application::{CorrespondenceCommand, Role};
use portail_domain::{correspondence::conversation::Party as DomainParty, shared::ids::ConversationId};
use portail_projections::correspondence::inbox::{self, ConversationRow, Filter, Folder, MessageRow};
use uuid::Uuid;

use crate::graphql::{
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, EVERYBODY, PARENTS, STAFF, be_fresh, coded, unavailable},
    correspondence::{
        attachments::{Attachment, uploaded},
        conversation_inputs::{
            AssignConversationInput, MarkConversationInput, OpenConversationInput, SendMessageInput,
        },
    },
    entered::{cursor, optional_text, page, parse, text},
    families::family_file::acting_family,
    mirrored_enum::mirrored_enum,
    scalars::Position,
};

mirrored_enum! {
    /// A side of a conversation.
    MessageParty = DomainParty {
        Family: "The family.",
        Structure: "The structure's staff.",
    }
}

mirrored_enum! {
    /// A folder of the inbox.
    MessageFolder = Folder {
        Received: "The other side wrote something.",
        Sent: "The own side wrote something.",
        Deleted: "The own side deleted it.",
    }
}

/// A message.
#[derive(Debug, Clone, SimpleObject)]
pub struct Message {
    /// Its id.
    id: ID,
    /// Which side wrote it.
    from: MessageParty,
    /// Its text; null once erased.
    body: Option<String>,
    /// The files sent with it.
    attachments: Vec<Attachment>,
    /// When it was sent.
    sent_at: DateTime<Utc>,
    /// When the other side read it.
    read_at: Option<DateTime<Utc>>,
    /// Who of the staff wrote it; only staff and auditors see it.
    author: Option<String>,
}

/// A conversation between a family and a structure.
#[derive(Debug, Clone, SimpleObject)]
pub struct Conversation {
    /// Its id.
    id: ID,
    /// What it is about; null once erased.
    subject: Option<String>,
    /// The family.
    family_number: String,
    /// The structure's code.
    structure_id: ID,
    /// The structure.
    structure: String,
    /// How many messages of the other side are unread.
    unread_count: i32,
    /// When its last message was sent.
    last_message_at: DateTime<Utc>,
    /// Whether the own side deleted it.
    deleted: bool,
    /// Which of the staff it was handed to; only staff and auditors see it.
    assigned_to: Option<String>,
    /// Its messages, the oldest first.
    messages: Vec<Message>,
}

input_objects! {
    /// Which conversations to list.
    #[derive(Default)]
    object ConversationFilter {
        "Only this folder; all that is not deleted when left out." folder: Option<MessageFolder>,
        "Only of this structure." structure_id: Option<ID>,
        "Only of this family; for staff." family_number: Option<String>,
        "Only handed to this login; for staff." assigned_to: Option<String>,
        #[graphql(default)]
        "Only with something unread." unread: bool,
        "Only those that hold these words." search: Option<String>,
    }
}

fn side(role: Role) -> DomainParty {
    if role == Role::Parent { DomainParty::Family } else { DomainParty::Structure }
}

async fn shown(ctx: &Context<'_>, rows: Vec<ConversationRow>) -> Result<Vec<Conversation>> {
    let application = ctx.application()?;
    let is_parent = ctx.caller()?.role == Role::Parent;
    let catalogue = application.catalogue().get().await.map_err(unavailable)?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let mut messages: HashMap<Uuid, Vec<Message>> = HashMap::new();
    for row in inbox::messages(application.pool(), &ids).await.map_err(unavailable)? {
        messages.entry(row.conversation).or_default().push(message(row, is_parent));
    }
    let of_row = |row: ConversationRow| {
        let structure = row.structure.parse().ok().and_then(|id| catalogue.structures.get(&id));
        Conversation {
            subject: row.subject,
            family_number: row.family,
            structure: structure.and_then(|s| s.name.clone()).unwrap_or_else(|| row.structure.clone()),
            structure_id: ID(row.structure),
            unread_count: row.unread,
            last_message_at: row.last_at,
            deleted: row.deleted,
            assigned_to: row.assigned.filter(|_| !is_parent),
            messages: messages.remove(&row.id).unwrap_or_default(),
            id: ID(row.id.to_string()),
        }
    };
    Ok(rows.into_iter().map(of_row).collect())
}

fn message(row: MessageRow, for_parent: bool) -> Message {
    let hidden = for_parent && row.from == DomainParty::Structure;
    Message {
        id: ID(row.id.to_string()),
        from: row.from.into(),
        body: row.body,
        attachments: row.attachments.into_iter().map(Into::into).collect(),
        sent_at: row.sent,
        read_at: row.read,
        author: (!hidden).then_some(row.author),
    }
}

/// Queries of the inbox.
#[derive(Debug, Default)]
pub struct InboxQuery;

#[Object]
impl InboxQuery {
    /// The conversations of the family that asks, those with the newest message first; for staff
    /// and auditors, those of every family.
    #[graphql(guard = "EVERYBODY")]
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which conversations.")] filter: Option<ConversationFilter>,
        #[graphql(desc = "How many, 1 to 50; 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Connection<String, Conversation, EmptyFields, EmptyFields>> {
        be_fresh(ctx, &[inbox::NAME], min_position.map(|p| p.0)).await?;
        let (caller, filter) = (ctx.caller()?, filter.unwrap_or_default());
        let own = caller.family().map(|f| f.to_string());
        let is_parent = own.is_some();
        let filter = Filter {
            side: side(caller.role),
            family: own.or(filter.family_number),
            structure: filter.structure_id.map(|id| id.0),
            folder: filter.folder.map(Into::into),
            assigned: filter.assigned_to.filter(|_| !is_parent),
            unread: filter.unread,
            words: filter.search.filter(|words| !words.trim().is_empty()),
        };
        let before = cursor::<i64>(ctx, after.as_deref())?;
        let first = page(ctx, first.unwrap_or(20), 50)?;
        let limit = i64::from(first) + 1;
        let first = first as usize;
        let mut rows =
            inbox::list(ctx.application()?.pool(), &filter, before, limit).await.map_err(unavailable)?;
        let more = rows.len() > first;
        rows.truncate(first);
        let cursors: Vec<String> = rows.iter().map(|r| r.last.to_string()).collect();
        let mut page = Connection::new(before.is_some(), more);
        let shown = shown(ctx, rows).await?;
        page.edges = cursors.into_iter().zip(shown).map(|(cursor, node)| Edge::new(cursor, node)).collect();
        Ok(page)
    }

    /// One conversation with its messages. Unknown and foreign ones answer alike.
    #[graphql(guard = "EVERYBODY")]
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] id: ID,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Conversation> {
        be_fresh(ctx, &[inbox::NAME], min_position.map(|p| p.0)).await?;
        let not_found = || coded("NOT_FOUND", ctx.language());
        let caller = ctx.caller()?;
        let id: Uuid = id.parse().map_err(|_| not_found())?;
        let row = inbox::conversation(ctx.application()?.pool(), side(caller.role), id).await;
        let row = row.map_err(unavailable)?;
        let visible = row.filter(|r| caller.role != Role::Parent || r.family == caller.login);
        let mut shown = shown(ctx, vec![visible.ok_or_else(not_found)?]).await?;
        shown.pop().ok_or_else(not_found)
    }
}

/// What either side does with messages.
#[derive(Debug, Default)]
pub struct InboxMutation;

#[Object]
impl InboxMutation {
    /// Begins a conversation with a structure; for staff, with a family.
    #[graphql(guard = "PARENTS")]
    async fn open_conversation(
        &self,
        ctx: &Context<'_>,
        input: OpenConversationInput,
    ) -> Result<RecordPayload> {
        let family = acting_family(ctx, input.family_number.as_deref())?;
        let owner = family.as_ref().map(ToString::to_string).unwrap_or_default();
        let attachments = uploaded(ctx, &input.attachment_ids, &owner, "attachmentIds").await?;
        submit(ctx, input, |input| {
            Ok(CorrespondenceCommand::OpenConversation {
                family: family?,
                structure: parse(&input.structure_id, "structureId")?,
                subject: text(&input.subject, "subject")?,
                body: text(&input.body, "body")?,
                attachments: attachments?,
            })
        })
        .await
    }

    /// Sends a message in a conversation.
    #[graphql(guard = "PARENTS")]
    async fn send_message(&self, ctx: &Context<'_>, input: SendMessageInput) -> Result<RecordPayload> {
        let conversation = parse::<ConversationId>(&input.conversation_id, "conversationId");
        let attachments = match (&conversation, input.attachment_ids.is_empty()) {
            (Ok(id), false) => {
                let (pool, side) = (ctx.application()?.pool(), side(ctx.caller()?.role));
                let row = inbox::conversation(pool, side, id.0).await.map_err(unavailable)?;
                let owner = row.map(|r| r.family).unwrap_or_default();
                uploaded(ctx, &input.attachment_ids, &owner, "attachmentIds").await?
            }
            _ => Ok(vec![]),
        };
        submit(ctx, input, |input| {
            let conversation = conversation?;
            let body = text(&input.body, "body")?;
            Ok(CorrespondenceCommand::SendMessage { conversation, body, attachments: attachments? })
        })
        .await
    }

    /// Reads, deletes or restores a conversation, for the own side only.
    #[graphql(guard = "PARENTS")]
    async fn mark_conversation(
        &self,
        ctx: &Context<'_>,
        input: MarkConversationInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let conversation = parse(&input.conversation_id, "conversationId")?;
            Ok(CorrespondenceCommand::MarkConversation { conversation, mark: input.mark.into() })
        })
        .await
    }

    /// Hands a conversation to one of the staff, or to nobody.
    #[graphql(guard = "STAFF")]
    async fn assign_conversation(
        &self,
        ctx: &Context<'_>,
        input: AssignConversationInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let conversation = parse(&input.conversation_id, "conversationId")?;
            let to = optional_text(input.assignee.as_deref(), "assignee")?;
            Ok(CorrespondenceCommand::AssignConversation { conversation, to })
        })
        .await
    }
}
