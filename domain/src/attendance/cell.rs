//! The calendar cell: four layers, one status, and what may be done now.
//!
//! Layers: the calendar, the enrolment, the booking, the attendance. Where several apply: error,
//! attendance, booking, closure, public holiday, holidays.

use chrono::{DateTime, Utc};

use strum::IntoStaticStr;

use crate::{
    attendance::session::{
        Booking, BookingStatus as S, SessionError,
        guard::{self, Binding},
    },
    attendance::terms::{Opening, Terms},
    catalogue::activity::LateRequests,
    catalogue::calendar::Period,
    shared::ids::ActivityId,
};

/// The status of a cell, as the guide's legend names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "CELL_")]
pub enum CellStatus {
    /// Asked, undecided.
    ReservationPending,
    /// On the waiting list.
    Waitlisted,
    /// Confirmed.
    Reserved,
    /// Refused.
    ReservationRefused,
    /// Absence undecided.
    AbsencePending,
    /// Absent at no cost.
    AbsentExcused,
    /// Absent and billed.
    AbsentBilled,
    /// On contract leave.
    Leave,
    /// There outside the contract.
    OutsideContract,
    /// There without a reservation.
    Present,
    /// There as reserved.
    PresentAsReserved,
    /// Closed.
    Closed,
    /// Staff must settle it.
    Error,
}

impl CellStatus {
    /// All of them, in the legend's order.
    pub const ALL: [Self; 13] = [
        Self::Reserved,
        Self::Error,
        Self::Leave,
        Self::OutsideContract,
        Self::Closed,
        Self::AbsentBilled,
        Self::Waitlisted,
        Self::AbsentExcused,
        Self::ReservationPending,
        Self::ReservationRefused,
        Self::AbsencePending,
        Self::Present,
        Self::PresentAsReserved,
    ];

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }
}

/// The marker of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "MARKER_")]
pub enum DayMarker {
    /// Small holidays (P).
    SmallHolidays,
    /// Summer holidays (P).
    SummerHolidays,
    /// A public holiday (F).
    PublicHoliday,
    /// Closed by the town (F).
    Closure,
}

impl DayMarker {
    /// All of them, in the legend's order.
    pub const ALL: [Self; 4] =
        [Self::SmallHolidays, Self::SummerHolidays, Self::PublicHoliday, Self::Closure];

    /// The letter the guide prints.
    pub fn letter(self) -> &'static str {
        match self {
            Self::SmallHolidays | Self::SummerHolidays => "P",
            Self::PublicHoliday | Self::Closure => "F",
        }
    }

    /// The key of its label in the message catalogue.
    pub fn label_key(self) -> &'static str {
        self.into()
    }
}

/// The marker of a session's day: closure, then public holiday, then holidays.
pub fn marker(terms: &Terms) -> Option<DayMarker> {
    if terms.day.closed.is_some() {
        Some(DayMarker::Closure)
    } else if terms.day.public_holiday.is_some() {
        Some(DayMarker::PublicHoliday)
    } else {
        match terms.day.period {
            Period::School => None,
            Period::SmallHolidays => Some(DayMarker::SmallHolidays),
            Period::SummerHolidays => Some(DayMarker::SummerHolidays),
        }
    }
}

/// The one status of a cell; none when the cell is empty.
pub fn status(terms: &Terms, booking: Option<&Booking>) -> Option<CellStatus> {
    let closed = terms.day.closed.is_some() || terms.day.public_holiday.is_some();
    let of_day = closed.then_some(CellStatus::Closed);
    let Some(booking) = booking else { return of_day };
    Some(match booking.status {
        S::Error(_) => CellStatus::Error,
        S::Present => CellStatus::Present,
        S::PresentAsReserved => CellStatus::PresentAsReserved,
        S::OutsideContract => CellStatus::OutsideContract,
        // A place is held on a day that has become closed without the session being told: staff
        // must settle it.
        S::Reserved | S::AbsencePending if closed => CellStatus::Error,
        S::Reserved => CellStatus::Reserved,
        S::AbsencePending => CellStatus::AbsencePending,
        S::AbsentExcused => CellStatus::AbsentExcused,
        S::AbsentBilled => CellStatus::AbsentBilled,
        S::Leave => CellStatus::Leave,
        S::Pending => CellStatus::ReservationPending,
        S::Waitlisted | S::Offered => CellStatus::Waitlisted,
        S::Closed => CellStatus::Closed,
        S::Refused if !closed => CellStatus::ReservationRefused,
        S::Refused | S::Withdrawn | S::Cancelled | S::Released | S::NotBooked => return of_day,
    })
}

/// What a parent may do in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask for a place.
    RequestReservation,
    /// Take an undecided request back.
    WithdrawReservation,
    /// Cancel at no cost.
    CancelReservation,
    /// Accept the offered place.
    AcceptOffer,
    /// Decline the offered place.
    DeclineOffer,
    /// Declare an absence.
    DeclareAbsence,
    /// Take an absence back.
    WithdrawAbsence,
    /// Send a medical certificate in.
    AttachCertificate,
    /// Take contract leave.
    TakeLeave,
}

/// Whether an action is possible, until when, and if not, why.
#[derive(Debug, Clone, PartialEq)]
pub struct Possibility {
    /// Which action.
    pub action: Action,
    /// The last instant it is possible (or was); none: no limit applies.
    pub until: Option<DateTime<Utc>>,
    /// The rule in the way; none: it is possible now.
    pub refusal: Option<SessionError>,
    /// Whether it takes a reason: staff act past a deadline.
    pub takes_reason: bool,
}

/// What the family that pays, or staff who act for it, may do in a cell now, by the same guards the
/// aggregate enforces.
///
/// Actions that make no sense for the cell are left out: a free day offers a request, a reserved
/// one cancelling, absence and leave.
pub fn possibilities(
    terms: &Terms,
    booking: Option<&Booking>,
    enrolled: bool,
    overlaps: &[ActivityId],
    now: DateTime<Utc>,
    staff: bool,
) -> Vec<Possibility> {
    let of = |action, until, verdict: Result<(), SessionError>| {
        let takes_reason = verdict == Err(SessionError::ReasonRequired);
        Possibility { action, until, refusal: verdict.err().filter(|_| !takes_reason), takes_reason }
    };
    let binding = if staff { Binding::Staff } else { Binding::Family };
    let cancel_or_absence = || {
        let cancel = guard::cancel(terms, booking, now, binding);
        let mut all = vec![
            of(Action::CancelReservation, Some(terms.cancel_cutoff), cancel),
            of(Action::DeclareAbsence, None, guard::declare_absence(booking)),
        ];
        if terms.leave_cutoff.is_some() {
            let verdict = guard::take_leave(terms, booking, now, binding);
            all.push(of(Action::TakeLeave, terms.leave_cutoff, verdict));
        }
        all
    };
    match booking.map(|b| b.status) {
        Some(S::Pending | S::Waitlisted) => {
            vec![of(Action::WithdrawReservation, None, guard::withdraw(booking))]
        }
        Some(S::Offered) => {
            let until = booking.and_then(|b| b.offer_until);
            let verdict = guard::offer(booking, now).map(|_| ());
            let accept = verdict.clone().and_then(|()| guard::no_overlap(overlaps));
            vec![
                of(Action::AcceptOffer, until, accept),
                of(Action::DeclineOffer, until, verdict),
                of(Action::WithdrawReservation, None, guard::withdraw(booking)),
            ]
        }
        Some(S::Reserved) => cancel_or_absence(),
        Some(S::AbsencePending | S::AbsentExcused | S::AbsentBilled) => {
            let verdict = guard::withdraw_absence(terms, booking, now);
            let mut all = vec![of(Action::WithdrawAbsence, Some(terms.starts), verdict)];
            let latest = booking.and_then(|b| b.absence.as_ref()).and_then(|a| a.certificate_latest);
            match guard::certificate(booking, now) {
                Err(SessionError::NoCertificateExpected | SessionError::NoAbsence) => {}
                verdict => all.push(of(Action::AttachCertificate, latest, verdict.map(|_| ()))),
            }
            all
        }
        Some(status) if !status.is_over() => vec![],
        _ if terms.opening == Opening::NotOffered => vec![],
        _ => {
            let asking = guard::PlaceRequest { booking, enrolled, overlaps };
            let until = match terms.late_requests {
                LateRequests::Refuse => terms.book_cutoff,
                LateRequests::Accept | LateRequests::WaitingList => terms.starts,
            };
            let verdict = guard::request(terms, asking, now, binding).map(|_| ());
            vec![of(Action::RequestReservation, Some(until), verdict)]
        }
    }
}
