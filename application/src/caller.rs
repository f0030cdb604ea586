//! Who speaks, and when they were heard.

use chrono::{DateTime, Utc};
use portail_domain::shared::ids::FamilyNumber;
use strum::Display;

/// What a caller may be.
///
/// The log names administrators as the staff they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// A family, logged in by its number.
    Parent,
    /// The town's staff.
    Staff,
    /// Staff who also make accounts.
    #[strum(to_string = "staff")]
    Administrator,
    /// Reads and verifies everything, changes nothing.
    Auditor,
    /// The clock.
    Timer,
}

impl Role {
    /// Whether it decides for the town.
    pub fn is_staff(self) -> bool {
        match self {
            Self::Staff | Self::Administrator => true,
            Self::Parent | Self::Auditor | Self::Timer => false,
        }
    }
}

/// A caller: from the session, never from input.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What they are.
    pub role: Role,
    /// Their login.
    pub login: String,
    /// When the request was received.
    pub at: DateTime<Utc>,
}

impl Caller {
    /// How the log names them.
    pub fn actor(&self) -> String {
        format!("{}:{}", self.role, self.login)
    }

    /// The family a parent speaks for.
    pub fn family(&self) -> Option<FamilyNumber> {
        match self.role {
            Role::Parent => self.login.parse().ok(),
            Role::Staff | Role::Administrator | Role::Auditor | Role::Timer => None,
        }
    }
}
