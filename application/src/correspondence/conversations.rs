//! Commands about messages between families and structures. Texts are sealed for the family.

use portail_domain::{
    catalogue::structure::Structure,
    correspondence::conversation::{Act, Conversation, ConversationCommand, Party},
    families::family::Family,
    shared::attachment::Attachment,
    shared::ids::{ConversationId, FamilyNumber, MessageId},
    shared::sealed::{Purpose, Sealed},
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use portail_projections::correspondence::inbox::TEXT;
use uuid::Uuid;

use crate::{
    caller::{Caller, Role},
    command::{Command, ConversationMark},
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &Command,
    work: &mut UnitOfWork<'_>,
    vault: &Vault,
) -> Result<CommandOutcome, CommandError> {
    let desk = ConversationAccess { caller, vault, id };
    match command {
        Command::OpenConversation { family, structure, subject, body, attachments } => {
            work.load::<Family>([family.to_string()]).await?;
            work.load::<Structure>([structure.to_string()]).await?;
            if !work.get::<Family>(family.as_str())?.registered {
                return Ok(CommandOutcome::rejected(not_found("familyNumber")));
            }
            if work.get::<Structure>(structure.as_str())?.name.is_none() {
                return Ok(CommandOutcome::rejected(not_found("structureId")));
            }
            let act = Act::Open {
                family: family.clone(),
                structure: structure.clone(),
                subject: desk.seal(family, subject).await?,
                message: MessageId(id),
                body: desk.seal(family, body).await?,
                attachments: attachments.clone(),
            };
            work.load::<Conversation>([id.to_string()]).await?;
            desk.apply(ConversationId(id), act, work)
        }
        Command::SendMessage { conversation, body, attachments } => {
            desk.send(*conversation, body, attachments, work).await
        }
        Command::MarkConversation { conversation, mark } => {
            let act = match mark {
                ConversationMark::Read => Act::Read,
                ConversationMark::Deleted => Act::Delete,
                ConversationMark::Restored => Act::Restore,
            };
            desk.of(*conversation, act, work).await
        }
        Command::AssignConversation { conversation, to } => {
            desk.of(*conversation, Act::Assign { to: to.clone().map(Into::into) }, work).await
        }
        _ => Ok(CommandOutcome::rejected(Rejection::of_code("NOT_FOUND"))),
    }
}

fn not_found(field: &str) -> Rejection {
    Rejection::of_code("NOT_FOUND").at(&["input", field])
}

struct ConversationAccess<'a> {
    caller: &'a Caller,
    vault: &'a Vault,
    id: Uuid,
}

impl ConversationAccess<'_> {
    async fn seal(&self, family: &FamilyNumber, text: &str) -> Result<Sealed, CommandError> {
        seal(self.vault, family.as_str(), Purpose::Message, TEXT, text).await
    }

    /// The family of a conversation the caller takes part in; foreign and unknown answer alike.
    async fn family(
        &self,
        conversation: ConversationId,
        work: &mut UnitOfWork<'_>,
    ) -> Result<Option<FamilyNumber>, CommandError> {
        let id = conversation.to_string();
        work.load::<Conversation>([id.clone()]).await?;
        let state = work.get::<Conversation>(&id)?;
        let family = state.between().map(|(family, _)| family.clone());
        Ok(family.filter(|family| self.caller.role != Role::Parent || self.caller.login == family.as_str()))
    }

    async fn send(
        &self,
        conversation: ConversationId,
        body: &str,
        attachments: &[Attachment],
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let Some(family) = self.family(conversation, work).await? else {
            return Ok(CommandOutcome::rejected(not_found("conversationId")));
        };
        let act = Act::Send {
            message: MessageId(self.id),
            body: self.seal(&family, body).await?,
            attachments: attachments.to_vec(),
        };
        self.apply(conversation, act, work)
    }

    async fn of(
        &self,
        conversation: ConversationId,
        act: Act,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        if self.family(conversation, work).await?.is_none() {
            return Ok(CommandOutcome::rejected(not_found("conversationId")));
        }
        self.apply(conversation, act, work)
    }

    fn apply(
        &self,
        conversation: ConversationId,
        act: Act,
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
        let by = if self.caller.role == Role::Parent { Party::Family } else { Party::Structure };
        let command = ConversationCommand { by, author: self.caller.login.clone(), at: self.caller.at, act };
        let id = conversation.to_string();
        match work.get::<Conversation>(&id)?.decide(command) {
            Ok(events) => work.record::<Conversation>(&id, events)?,
            Err(error) => return Ok(CommandOutcome::rejected(Rejection::of(&error).at(&["input"]))),
        }
        Ok(CommandOutcome::made(id))
    }
}
