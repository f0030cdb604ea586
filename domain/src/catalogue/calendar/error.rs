//! Why the calendar refuses.

use crate::i18n::{Args, Rule};

/// A rule of the calendar that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The range ends before it starts, or is longer than a year.
    #[error("a closure runs from a day to the same or a later one, within 366 days")]
    ImpossibleRange,
    /// Nothing is closed under this id.
    #[error("no such closure")]
    UnknownClosure,
    /// This closure id was already used.
    #[error("this closure exists already")]
    AlreadyClosed,
    /// Holidays that are not those of one school year.
    #[error("impossible school year, expected {0}")]
    SchoolYear(&'static str),
}

impl Rule for CalendarError {
    fn code(&self) -> &'static str {
        match self {
            Self::ImpossibleRange => "IMPOSSIBLE_DATE_RANGE",
            Self::UnknownClosure => "NOT_FOUND",
            Self::AlreadyClosed => "ALREADY_EXISTS",
            Self::SchoolYear(_) => "IMPOSSIBLE_SCHOOL_YEAR",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::ImpossibleRange => vec![("days", "366".into())],
            Self::SchoolYear(expected) => vec![("expected", (*expected).into())],
            Self::UnknownClosure | Self::AlreadyClosed => vec![],
        }
    }
}
