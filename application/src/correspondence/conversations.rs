//! Commands about messages between families and structures. Texts are sealed for the family.

use portail_domain::{
    catalogue::structure::Structure,
    correspondence::conversation::{Act, Conversation, ConversationCommand, Party},
    families::family::Family,
    shared::attachment::Attachment,
    shared::ids::{ConversationId, FamilyNumber, MessageId, StructureId},
    shared::sealed::{Place, Purpose, Sealed},
};
use portail_event_store::{CommandError, UnitOfWork, Vault};
use uuid::Uuid;

use crate::{
    caller::{Caller, Role},
    outcome::{CommandOutcome, Rejection},
    sealing::seal,
};

fn not_found(field: &str) -> Rejection {
    Rejection::of_code("NOT_FOUND").at(&["input", field])
}

/// Where a caller writes to the other side.
pub(super) struct ConversationAccess<'a> {
    pub(super) caller: &'a Caller,
    pub(super) vault: &'a Vault,
    /// The command's id: that of the conversation or message it makes.
    pub(super) id: Uuid,
}

impl ConversationAccess<'_> {
    pub(super) async fn open(
        &self,
        (family, structure): (&FamilyNumber, &StructureId),
        (subject, body): (&str, &str),
        attachments: &[Attachment],
        work: &mut UnitOfWork<'_>,
    ) -> Result<CommandOutcome, CommandError> {
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
            subject: self.seal(family, subject).await?,
            message: MessageId(self.id),
            body: self.seal(family, body).await?,
            attachments: attachments.to_vec(),
        };
        work.load::<Conversation>([self.id.to_string()]).await?;
        self.apply(ConversationId(self.id), act, work)
    }

    async fn seal(&self, family: &FamilyNumber, text: &str) -> Result<Sealed, CommandError> {
        seal(self.vault, family.as_str(), Purpose::Message, Place::Message, text).await
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

    pub(super) async fn send(
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

    /// Does something with a conversation as a whole.
    pub(super) async fn of(
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
