//! Rows of families and children.

use chrono::NaiveDate;
use portail_domain::shared::ids::ChildId;
use serde::{Deserialize, Serialize};

/// What a family's sealed identity holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    /// Monsieur, Madame.
    #[serde(default)]
    pub title: String,
    /// Surname.
    pub surname: String,
    /// First name.
    pub first_name: String,
}

/// What a child's sealed identity holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildIdentity {
    /// Surname.
    pub surname: String,
    /// First name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: NaiveDate,
}

/// A child as families and staff see it.
#[derive(Debug, Clone)]
pub struct ChildRow {
    /// Its id.
    pub id: ChildId,
    /// Who it is; none once erased.
    pub identity: Option<ChildIdentity>,
}

pub(super) fn identity_of<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    text.and_then(|t| serde_json::from_str(&t).ok())
}
