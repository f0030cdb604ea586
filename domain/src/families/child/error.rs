//! Why a child's file refuses.

use crate::i18n::{Args, Rule};

/// A rule of a child's file that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// Registered already.
    #[error("this child is registered already")]
    AlreadyRegistered,
    /// Not registered.
    #[error("no such child")]
    Unknown,
    /// Belongs to the family already.
    #[error("the child belongs to this family already")]
    AlreadyLinked,
    /// Does not belong to the family.
    #[error("the child does not belong to this family")]
    NotLinked,
    /// Its only family: a child belongs to one at least.
    #[error("the child belongs to no other family")]
    LastFamily,
    /// A day that has not come.
    #[error("a membership ends today or earlier")]
    InTheFuture,
    /// Enrolled already over that period.
    #[error("enrolled already over that period")]
    AlreadyEnrolled,
    /// Not enrolled.
    #[error("not enrolled")]
    NotEnrolled,
    /// Ends before it starts.
    #[error("an enrolment ends after it starts")]
    ImpossibleRange,
    /// The form was filled from an older state of the file.
    #[error("the file has changed since the form was opened")]
    StaleForm,
    /// Shares that are not 100 percent of different families.
    #[error("the shares of different families must come to 100 percent")]
    SharesNotWhole,
    /// No leave left.
    #[error("the leave quota of {0} days is used up")]
    LeaveQuotaUsed(u16),
}

impl Rule for ChildError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::AlreadyLinked => "ALREADY_LINKED",
            Self::NotLinked => "NOT_LINKED",
            Self::LastFamily => "LAST_FAMILY",
            Self::InTheFuture => "DATE_IN_THE_FUTURE",
            Self::AlreadyEnrolled => "ALREADY_ENROLLED",
            Self::NotEnrolled => "NOT_ENROLLED",
            Self::ImpossibleRange => "IMPOSSIBLE_DATE_RANGE",
            Self::StaleForm => "STALE_FORM",
            Self::SharesNotWhole => "SHARES_NOT_WHOLE",
            Self::LeaveQuotaUsed(_) => "LEAVE_QUOTA_USED",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::LeaveQuotaUsed(quota) => vec![("quota", quota.to_string())],
            Self::ImpossibleRange => vec![("days", "3660".into())],
            Self::AlreadyRegistered
            | Self::Unknown
            | Self::AlreadyLinked
            | Self::NotLinked
            | Self::LastFamily
            | Self::InTheFuture
            | Self::AlreadyEnrolled
            | Self::NotEnrolled
            | Self::StaleForm
            | Self::SharesNotWhole => vec![],
        }
    }
}
