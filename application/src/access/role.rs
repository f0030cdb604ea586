//! What a person with an account may be.

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use crate::caller::Role;

/// What an account makes of whoever logs in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum AccountRole {
    /// A family, by its number.
    Parent,
    /// The town's staff.
    Staff,
    /// Staff who also make accounts.
    Administrator,
    /// Reads and verifies everything, changes nothing.
    Auditor,
}

impl AccountRole {
    /// Whether whoever has it decides for the town.
    pub fn is_staff(self) -> bool {
        Role::from(self).is_staff()
    }

    /// The roles as people write them, one after the other.
    pub fn choices() -> String {
        Self::VARIANTS.join(", ").to_lowercase()
    }
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Parent => Self::Parent,
            AccountRole::Staff => Self::Staff,
            AccountRole::Administrator => Self::Administrator,
            AccountRole::Auditor => Self::Auditor,
        }
    }
}
