//! Who speaks, and when they were heard.

use chrono::{DateTime, Utc};
use portail_domain::shared::ids::FamilyNumber;

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A family, logged in by its number.
    Parent,
    /// The town's staff.
    Staff,
    /// Staff who also make accounts.
    Administrator,
    /// Reads and verifies everything, changes nothing.
    Auditor,
    /// The clock.
    Timer,
}

impl Role {
    /// Whether it decides for the town.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Staff | Self::Administrator)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Staff | Self::Administrator => "staff",
            Self::Auditor => "auditor",
            Self::Timer => "timer",
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
        format!("{}:{}", self.role.name(), self.login)
    }

    /// The family a parent speaks for.
    pub fn family(&self) -> Option<FamilyNumber> {
        match self.role {
            Role::Parent => self.login.parse().ok(),
            _ => None,
        }
    }
}
