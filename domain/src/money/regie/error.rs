//! Why a régie refuses.

use chrono::NaiveDate;

use crate::i18n::{Args, Rule};

/// A rule of régies that a command breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegieError {
    /// Defined already.
    #[error("this régie exists already")]
    AlreadyDefined,
    /// Not defined, or no such run.
    #[error("no such régie or billing run")]
    Unknown,
    /// A setting that cannot be.
    #[error("impossible setting, expected {0}")]
    Settings(&'static str),
    /// The last day comes before the first, or the range is longer than a year.
    #[error("an impossible range of days")]
    ImpossibleRange,
    /// Another run is not finished.
    #[error("another billing run of this régie is not finished")]
    RunOpen,
    /// The run does not stand where the command needs it.
    #[error("the billing run is not at this step")]
    RunStage,
    /// The day's cash desk is closed.
    #[error("the cash desk is closed up to {0}")]
    CashDayClosed(NaiveDate),
    /// The number was used, or belongs to this software's own series.
    #[error("this number is taken")]
    NumberTaken,
    /// Numbers were given out with the prefix.
    #[error("numbers were given out with this prefix")]
    PrefixInUse,
    /// Banks cannot collect that soon: the day is past, or there is no bank day before it.
    #[error("the first day banks can collect is {0}")]
    CollectionTooSoon(NaiveDate),
    /// Too far ahead.
    #[error("a collection is ordered for {0} at the latest")]
    CollectionTooLate(NaiveDate),
    /// Banks do not settle on that day (TARGET calendar).
    #[error("banks do not settle on that day: the next is {0}")]
    NotABankDay(NaiveDate),
    /// The régie has no creditor for direct debits.
    #[error("this régie has no creditor")]
    NoCreditor,
}

impl Rule for RegieError {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyDefined => "ALREADY_EXISTS",
            Self::Unknown => "NOT_FOUND",
            Self::Settings(_) => "IMPOSSIBLE_SETTINGS",
            Self::ImpossibleRange => "IMPOSSIBLE_DATE_RANGE",
            Self::RunOpen => "BILLING_RUN_OPEN",
            Self::RunStage => "BILLING_RUN_STAGE",
            Self::CashDayClosed(_) => "CASH_DAY_CLOSED",
            Self::NumberTaken => "NUMBER_TAKEN",
            Self::PrefixInUse => "PREFIX_IN_USE",
            Self::CollectionTooSoon(_) => "COLLECTION_TOO_SOON",
            Self::CollectionTooLate(_) => "COLLECTION_TOO_LATE",
            Self::NotABankDay(_) => "NOT_A_BANK_DAY",
            Self::NoCreditor => "NO_CREDITOR",
        }
    }
    fn args(&self) -> Args {
        match self {
            Self::Settings(expected) => vec![("expected", (*expected).into())],
            Self::ImpossibleRange => vec![("days", "366".into())],
            Self::CashDayClosed(date)
            | Self::CollectionTooSoon(date)
            | Self::CollectionTooLate(date)
            | Self::NotABankDay(date) => vec![("date", date.format("%d/%m/%Y").to_string())],
            Self::AlreadyDefined
            | Self::Unknown
            | Self::RunOpen
            | Self::RunStage
            | Self::NumberTaken
            | Self::PrefixInUse
            | Self::NoCreditor => vec![],
        }
    }
}
