//! Every command of the portal, as data: what GraphQL mutations, fixtures and timers send. Each area has its
//! own; here they are one.

mod json;

use portail_event_store::canonical_json;
use sha2::{Digest, Sha256};

use crate::{
    attendance::command::AttendanceCommand, caller::Role, catalogue::command::CatalogueCommand,
    correspondence::command::CorrespondenceCommand, families::command::FamiliesCommand,
    governance::command::GovernanceCommand, money::command::MoneyCommand, privacy::command::PrivacyCommand,
};

macro_rules! areas {
    ($($(#[$doc:meta])* $area:ident($command:ident)),+ $(,)?) => {
        /// A command.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Command { $($(#[$doc])* $area($command)),+ }

        impl Command {
            /// Whether a role may send it. Whose child and whose money it is, is checked where it is
            /// decided.
            pub fn is_open_to(&self, role: Role) -> bool {
                match self { $(Self::$area(command) => command.is_open_to(role)),+ }
            }
        }

        $(impl From<$command> for Command {
            fn from(command: $command) -> Self {
                Self::$area(command)
            }
        })+
    };
}
areas! {
    /// About days.
    Attendance(AttendanceCommand),
    /// About what the town offers, and about its calendar.
    Catalogue(CatalogueCommand),
    /// About messages and notices.
    Correspondence(CorrespondenceCommand),
    /// About families, children and their file.
    Families(FamiliesCommand),
    /// About the town's policy.
    Governance(GovernanceCommand),
    /// About money.
    Money(MoneyCommand),
    /// About personal data.
    Privacy(PrivacyCommand),
}

impl Command {
    /// What the log knows the command by: the same id with another hash is another command.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn request_hash(&self, actor: &str) -> Result<[u8; 32], serde_json::Error> {
        Ok(Sha256::digest(canonical_json(&(actor, self))?.get()).into())
    }
}

#[cfg(test)]
mod tests;
