//! Why a session refuses.

use chrono::{DateTime, Utc};

use strum::{IntoStaticStr, VariantNames};

use crate::{
    i18n::{Args, Rule},
    shared::ids::ActivityId,
    shared::time::TOWN_ZONE,
};

/// A rule of sessions that a command breaks. Reads like the town's rule book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionError {
    /// Not offered on such a day.
    #[error("not offered on that day")]
    NotOffered,
    /// Closed by the town.
    #[error("closed on that day")]
    DayClosed,
    /// A public holiday.
    #[error("a public holiday")]
    PublicHoliday,
    /// Not enrolled.
    #[error("the child is not enrolled")]
    NotEnrolled,
    /// After the deadline.
    #[error("the deadline passed at {0}")]
    DeadlinePassed(DateTime<Utc>),
    /// Reserved elsewhere at the same hours.
    #[error("already reserved at the same hours: {0:?}")]
    OverlappingReservation(Vec<ActivityId>),
    /// A request is recorded already.
    #[error("already requested")]
    AlreadyRequested,
    /// A place is held already.
    #[error("already reserved")]
    AlreadyReserved,
    /// No place left.
    #[error("full: {0} places")]
    SessionFull(u32),
    /// A refusal for capacity while places are free.
    #[error("only {held} of {capacity} places are held")]
    SessionNotFull {
        /// How many are held.
        held: u32,
        /// How many there are.
        capacity: u32,
    },
    /// A refusal for capacity where there is no limit.
    #[error("the activity has no limit of places")]
    NoCapacityLimit,
    /// The school calendar does not reach that day.
    #[error("the school calendar does not reach that day")]
    CalendarEnds,
    /// The waiting list is closed.
    #[error("the waiting list is closed")]
    WaitingListClosed,
    /// Nothing to decide.
    #[error("no request to decide")]
    NotPending,
    /// No reservation.
    #[error("not reserved")]
    NotReserved,
    /// No offer.
    #[error("no place is offered")]
    NotOfferedAPlace,
    /// The offer ran out.
    #[error("the offer ran out at {0}")]
    OfferExpired(DateTime<Utc>),
    /// Others wait before.
    #[error("rank {0} on the waiting list")]
    NotFirstInLine(u32),
    /// Nothing to take back.
    #[error("nothing to withdraw")]
    NothingToWithdraw,
    /// The roll has been called.
    #[error("the roll has been called")]
    RollCalled,
    /// Too late: it has begun.
    #[error("the session has started")]
    SessionStarted,
    /// The guide: an absence must be confirmed.
    #[error("the absence is not confirmed")]
    ConfirmationRequired,
    /// No absence.
    #[error("no absence is declared")]
    NoAbsence,
    /// No certificate awaited.
    #[error("no certificate is expected")]
    NoCertificateExpected,
    /// No reason that staff have to confirm.
    #[error("no excuse to confirm")]
    NoExcuseExpected,
    /// Beyond the last day for a certificate.
    #[error("the certificate had to arrive by {0}")]
    CertificateTooLate(DateTime<Utc>),
    /// No leave in this activity.
    #[error("no leave in this activity")]
    NoLeave,
    /// No leave left.
    #[error("the leave quota of {0} days is used up")]
    LeaveQuotaUsed(u16),
    /// A reason is required.
    #[error("a reason is required")]
    ReasonRequired,
    /// The day has not come.
    #[error("the day has not come")]
    DayNotReached,
    /// Nothing to correct.
    #[error("nothing to correct")]
    NothingToCorrect,
    /// Closed already.
    #[error("closed already")]
    AlreadyClosed,
    /// Not closed.
    #[error("not closed")]
    NotClosed,
    /// A timer came too early.
    #[error("not due yet")]
    NotDue,
    /// The booking is the other family's.
    #[error("another family pays for this reservation")]
    OtherPayer,
    /// Left before arriving.
    #[error("the departure is not after the arrival")]
    ImpossibleHours,
}

fn local(at: &DateTime<Utc>) -> String {
    at.with_timezone(&TOWN_ZONE).format("%d/%m/%Y %H:%M").to_string()
}

impl Rule for SessionError {
    fn code(&self) -> &'static str {
        self.into()
    }

    fn args(&self) -> Args {
        self.args_named(|_| None)
    }
}

impl SessionError {
    /// The arguments of its message, activities by the name families know; by their code where none
    /// is known.
    pub fn args_named(&self, name: impl Fn(&ActivityId) -> Option<String>) -> Args {
        match self {
            Self::DeadlinePassed(at) | Self::OfferExpired(at) | Self::CertificateTooLate(at) => {
                vec![("deadline", local(at))]
            }
            Self::OverlappingReservation(activities) => {
                let named = |id: &ActivityId| name(id).unwrap_or_else(|| id.to_string());
                let names: Vec<String> = activities.iter().map(named).collect();
                vec![("activities", names.join(", "))]
            }
            Self::SessionFull(capacity) => vec![("capacity", capacity.to_string())],
            Self::SessionNotFull { held, capacity } => {
                vec![("held", held.to_string()), ("capacity", capacity.to_string())]
            }
            Self::NotFirstInLine(rank) => vec![("rank", rank.to_string())],
            Self::LeaveQuotaUsed(quota) => vec![("quota", quota.to_string())],
            Self::NotOffered
            | Self::DayClosed
            | Self::PublicHoliday
            | Self::NotEnrolled
            | Self::AlreadyRequested
            | Self::AlreadyReserved
            | Self::NoCapacityLimit
            | Self::CalendarEnds
            | Self::WaitingListClosed
            | Self::NotPending
            | Self::NotReserved
            | Self::NotOfferedAPlace
            | Self::NothingToWithdraw
            | Self::RollCalled
            | Self::SessionStarted
            | Self::ConfirmationRequired
            | Self::NoAbsence
            | Self::NoCertificateExpected
            | Self::NoExcuseExpected
            | Self::NoLeave
            | Self::ReasonRequired
            | Self::DayNotReached
            | Self::NothingToCorrect
            | Self::AlreadyClosed
            | Self::NotClosed
            | Self::NotDue
            | Self::OtherPayer
            | Self::ImpossibleHours => vec![],
        }
    }
}
