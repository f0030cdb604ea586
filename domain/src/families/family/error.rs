//! Why a family's file refuses.

use crate::i18n::{Args, Rule};

/// A rule of a family's file that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FamilyError {
    /// Registered already.
    #[error("this family is registered already")]
    AlreadyRegistered,
    /// Not registered.
    #[error("no such family")]
    Unknown,
    /// The form was filled from an older state of the file.
    #[error("the file has changed since the form was opened")]
    StaleForm,
    /// The form changes nothing.
    #[error("nothing changes")]
    NothingChanged,
    /// No such request.
    #[error("no such request")]
    UnknownRequest,
    /// The request has been decided, or taken back.
    #[error("the request has been decided")]
    AlreadyDecided,
    /// Too many undecided requests.
    #[error("more than {0} undecided requests")]
    TooManyPending(usize),
    /// Fields changed since the parent wrote: staff must say whether to overwrite them.
    #[error("changed meanwhile: {0:?}")]
    Conflicting(Vec<String>),
    /// Another reason needs words.
    #[error("a reason is required")]
    ReasonRequired,
}

impl Rule for FamilyError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "ALREADY_EXISTS",
            Self::Unknown | Self::UnknownRequest => "NOT_FOUND",
            Self::StaleForm => "STALE_FORM",
            Self::NothingChanged => "NOTHING_CHANGED",
            Self::AlreadyDecided => "ALREADY_DECIDED",
            Self::TooManyPending(_) => "TOO_MANY_PENDING",
            Self::Conflicting(_) => "CONFLICTING_FIELDS",
            Self::ReasonRequired => "REASON_REQUIRED",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::TooManyPending(most) => vec![("most", most.to_string())],
            Self::Conflicting(fields) => {
                let keys: Vec<String> =
                    fields.iter().map(|f| format!("FIELD_{}", f.to_uppercase())).collect();
                vec![("fields", keys.join(","))]
            }
            Self::AlreadyRegistered
            | Self::Unknown
            | Self::StaleForm
            | Self::NothingChanged
            | Self::UnknownRequest
            | Self::AlreadyDecided
            | Self::ReasonRequired => vec![],
        }
    }
}
