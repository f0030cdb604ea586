//! The conversation's state.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Act, ConversationCommand, ConversationError as E, ConversationEvent as V, Party};
use crate::{
    aggregate,
    shared::ids::{FamilyNumber, StructureId},
};

/// A conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    between: Option<(FamilyNumber, StructureId)>,
    /// Sides with something unread.
    unread: BTreeSet<Party>,
    /// Sides that have it in their deleted folder.
    deleted: BTreeSet<Party>,
    assigned: Option<String>,
}

impl Conversation {
    /// The family and the structure; none before it was opened.
    pub fn between(&self) -> Option<&(FamilyNumber, StructureId)> {
        self.between.as_ref()
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: ConversationCommand) -> Result<Vec<V>, E> {
        let ConversationCommand { by, author, at: received, act } = command;
        let sent = |message, body, attachments| V::MessageSent {
            message,
            from: by,
            author: author.clone(),
            body,
            attachments,
            received,
        };
        let unless = |already: bool, event: V| if already { Err(E::NothingChanged) } else { Ok(vec![event]) };
        match act {
            Act::Open { .. } if self.between.is_some() => Err(E::AlreadyOpened),
            Act::Open { family, structure, subject, message, body, attachments } => Ok(vec![
                V::ConversationOpened { family, structure, subject, received },
                sent(message, body, attachments),
            ]),
            _ if self.between.is_none() => Err(E::Unknown),
            Act::Send { message, body, attachments } => Ok(vec![sent(message, body, attachments)]),
            Act::Read => unless(!self.unread.contains(&by), V::ConversationRead { by, received }),
            Act::Delete => unless(self.deleted.contains(&by), V::ConversationDeleted { by, received }),
            Act::Restore => unless(!self.deleted.contains(&by), V::ConversationRestored { by, received }),
            Act::Assign { .. } if by == Party::Family => Err(E::StaffOnly),
            Act::Assign { to } => unless(self.assigned == to, V::ConversationAssigned { to, received }),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::ConversationOpened { family, structure, .. } => {
                self.between = Some((family.clone(), structure.clone()));
            }
            V::MessageSent { from, .. } => {
                self.unread.insert(from.other());
                self.deleted.clear();
            }
            V::ConversationRead { by, .. } => {
                self.unread.remove(by);
            }
            V::ConversationDeleted { by, .. } => {
                self.deleted.insert(*by);
            }
            V::ConversationRestored { by, .. } => {
                self.deleted.remove(by);
            }
            V::ConversationAssigned { to, .. } => self.assigned.clone_from(to),
        }
    }
}

aggregate!(Conversation, "Conversation", ConversationCommand, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;
    use crate::{
        shared::ids::MessageId,
        shared::sealed::{Purpose, Sealed},
    };

    fn sealed() -> Sealed {
        Sealed {
            alg: "XC20P".into(),
            subject: "1001001010331".into(),
            purpose: Purpose::Message,
            nonce: String::new(),
            ct: String::new(),
        }
    }

    fn at() -> chrono::DateTime<chrono::Utc> {
        "2015-04-08T09:00:00Z".parse().unwrap()
    }

    fn command(by: Party, act: Act) -> ConversationCommand {
        ConversationCommand { by, author: "somebody".into(), at: at(), act }
    }

    fn message(from: Party) -> V {
        V::MessageSent {
            message: MessageId(Uuid::nil()),
            from,
            author: "somebody".into(),
            body: sealed(),
            attachments: vec![],
            received: at(),
        }
    }

    fn opened() -> Vec<V> {
        let family = "1001001010331".parse().unwrap();
        let structure = "garderie".parse().unwrap();
        vec![
            V::ConversationOpened { family, structure, subject: sealed(), received: at() },
            message(Party::Family),
        ]
    }

    #[test]
    fn given_an_answer_when_the_family_reads_it_then_it_is_read_once() {
        let read = command(Party::Family, Act::Read);
        TestFramework::<Conversation>::with(())
            .given([opened(), vec![message(Party::Structure)]].concat())
            .when(read.clone())
            .then_expect_events(vec![V::ConversationRead { by: Party::Family, received: at() }]);
        TestFramework::<Conversation>::with(())
            .given(opened())
            .when(read)
            .then_expect_error(E::NothingChanged);
    }

    #[test]
    fn given_a_deleted_conversation_when_the_other_side_answers_then_it_is_back() {
        let deleted = V::ConversationDeleted { by: Party::Family, received: at() };
        TestFramework::<Conversation>::with(())
            .given([opened(), vec![deleted, message(Party::Structure)]].concat())
            .when(command(Party::Family, Act::Restore))
            .then_expect_error(E::NothingChanged);
    }

    #[test]
    fn given_no_conversation_when_a_message_is_sent_then_refused() {
        let send = Act::Send { message: MessageId(Uuid::nil()), body: sealed(), attachments: vec![] };
        TestFramework::<Conversation>::with(())
            .given_no_previous_events()
            .when(command(Party::Family, send))
            .then_expect_error(E::Unknown);
    }

    #[test]
    fn given_a_conversation_when_the_family_assigns_it_then_refused() {
        TestFramework::<Conversation>::with(())
            .given(opened())
            .when(command(Party::Family, Act::Assign { to: None }))
            .then_expect_error(E::StaffOnly);
    }
}
