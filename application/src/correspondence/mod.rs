//! Conversations, notices, and telling families what happened.

pub mod command;
mod conversations;
mod notices;
pub mod notifications;

use portail_domain::{correspondence::conversation::Act, correspondence::notice::NoticeCommand};
use portail_event_store::{CommandError, UnitOfWork};
use uuid::Uuid;

use crate::{
    caller::Caller,
    correspondence::{
        command::{ConversationMark, CorrespondenceCommand},
        conversations::ConversationAccess,
        notices::{Draft, of_notice},
    },
    outcome::CommandOutcome,
    services::Services,
};

pub(crate) async fn decide(
    caller: &Caller,
    id: Uuid,
    command: &CorrespondenceCommand,
    work: &mut UnitOfWork<'_>,
    services: &Services,
) -> Result<CommandOutcome, CommandError> {
    let (vault, at) = (services.vault(), caller.at);
    let access = ConversationAccess { caller, vault, id };
    match command {
        CorrespondenceCommand::OpenConversation { family, structure, subject, body, attachments } => {
            access.open((family, structure), (subject, body), attachments, work).await
        }
        CorrespondenceCommand::SendMessage { conversation, body, attachments } => {
            access.send(*conversation, body, attachments, work).await
        }
        CorrespondenceCommand::MarkConversation { conversation, mark } => {
            let act = match mark {
                ConversationMark::Read => Act::Read,
                ConversationMark::Deleted => Act::Delete,
                ConversationMark::Restored => Act::Restore,
            };
            access.of(*conversation, act, work).await
        }
        CorrespondenceCommand::AssignConversation { conversation, to } => {
            access.of(*conversation, Act::Assign { to: to.clone().map(Into::into) }, work).await
        }
        CorrespondenceCommand::PublishNotice { audience, title, text, link, form, from, to } => {
            let (text, link, form) = (text.as_deref(), link.as_ref(), form.as_ref());
            let content = match (Draft { audience, title, text, link, form }).content(work, vault).await? {
                Ok(content) => content,
                Err(error) => return Ok(CommandOutcome::rejected(error)),
            };
            let (audience, from, to) = (audience.clone(), *from, *to);
            of_notice(id.to_string(), NoticeCommand::Publish { audience, content, from, to, at }, work).await
        }
        CorrespondenceCommand::WithdrawNotice { notice } => {
            of_notice(notice.to_string(), NoticeCommand::Withdraw { at }, work).await
        }
    }
}
