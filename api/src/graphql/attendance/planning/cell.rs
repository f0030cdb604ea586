//! One cell of the planning.

use async_graphql::ID;
use chrono::{DateTime, Utc};
use portail_domain::{
    attendance::cell::{self, Action, CellStatus as DomainStatus, DayMarker as DomainMarker},
    attendance::session::{BookingStatus, CellError},
    attendance::terms::Terms,
    i18n::{Language, text},
    money::billing::CellPrices,
    shared::ids::ActivityId,
};
use portail_projections::attendance::planning::CellRow;
use rust_decimal::Decimal;

use crate::graphql::{
    eager_list::eager_object,
    errors::UserError,
    mirrored_enum::mirrored_enum,
    scalars::{Date, Position, Time},
};

mirrored_enum! {
    /// The status of a cell, as the legend names it.
    CellStatus = DomainStatus {
        ReservationPending: "Asked, undecided.",
        Waitlisted: "The session is full: on the list, with a rank; or a place is offered.",
        Reserved: "Confirmed.",
        ReservationRefused: "Refused, with a reason.",
        AbsencePending: "Declared, undecided, or a certificate is awaited.",
        AbsentExcused: "Absent at no cost.",
        AbsentBilled: "Absent and billed.",
        Leave: "Contract leave, taken from the quota.",
        OutsideContract: "Attended outside the contract.",
        Present: "Came without a reservation.",
        PresentAsReserved: "Came as reserved.",
        Closed: "Closed, or a public holiday.",
        Error: "Staff must settle it.",
    }
}

mirrored_enum! {
    /// The marker of a day.
    DayMarker = DomainMarker {
        SmallHolidays: "Small holidays (P).",
        SummerHolidays: "Summer holidays (P).",
        PublicHoliday: "Public holiday (F).",
        Closure: "Closed by the town (F).",
    }
}

mirrored_enum! {
    /// What a parent may do in a cell.
    CellAction = Action {
        RequestReservation: "Ask for a place.",
        WithdrawReservation: "Take an undecided request back.",
        CancelReservation: "Cancel at no cost.",
        AcceptOffer: "Accept the offered place.",
        DeclineOffer: "Decline the offered place.",
        DeclareAbsence: "Declare an absence.",
        WithdrawAbsence: "Take an absence back.",
        AttachCertificate: "Send a medical certificate in.",
        TakeLeave: "Take contract leave.",
    }
}

eager_object! {
    /// Whether an action is possible now, until when, and if not, why.
    AllowedAction {
        /// Which action.
        action: CellAction,
        /// Whether it is possible now.
        allowed: bool,
        /// The last instant it is possible, or was; null: no limit applies.
        until: Option<DateTime<Utc>>,
        /// Why it is not possible.
        reason: Option<UserError>,
        /// Whether it takes a reason: staff act for the family past a deadline.
        reason_required: bool,
        /// What the cell costs the payer once it is done, in euros: an absence after the deadline as if
        /// nothing excused it, a certificate as if it were accepted. Null where the cell's price is.
        price: Option<Decimal>,
        /// How much more that is than if nothing is done; negative: what it gives back.
        change: Option<Decimal>,
    }
}

eager_object! {
    /// The roll-call of a child.
    Attendance {
        /// Whether the child was there.
        present: bool,
        /// When it arrived.
        arrived: Option<Time>,
        /// When it left.
        left: Option<Time>,
    }
}

impl From<portail_domain::attendance::session::Attendance> for Attendance {
    fn from(seen: portail_domain::attendance::session::Attendance) -> Self {
        Self { present: seen.present, arrived: seen.arrived.map(Time), left: seen.left.map(Time) }
    }
}

eager_object! {
    /// A cell: one child, one activity, one payer, one day.
    Cell {
        /// The day.
        date: Date,
        /// The day's marker.
        marker: Option<DayMarker>,
        /// The letter the planning prints for the marker: P or F.
        marker_letter: Option<&'static str>,
        /// The status; null when the cell is empty.
        status: Option<CellStatus>,
        /// The status in the caller's language.
        status_label: Option<String>,
        /// Whether the child is enrolled by this payer on that day.
        enrolled: bool,
        /// The roll-call.
        attendance: Option<Attendance>,
        /// The rank on the waiting list.
        waiting_rank: Option<i64>,
        /// Until when the offered place can be accepted.
        offer_until: Option<DateTime<Utc>>,
        /// Until when the medical certificate is awaited.
        certificate_due: Option<DateTime<Utc>>,
        /// When a medical certificate came in.
        certificate_received: Option<DateTime<Utc>>,
        /// The percentage of the price a billed absence costs.
        billed_percent: Option<i32>,
        /// Why the reservation was refused, or what staff must settle.
        reason: Option<String>,
        /// The request it came from.
        request_id: Option<ID>,
        /// What it costs the payer, in euros: as it is booked; undecided, as it will cost if it is granted
        /// or no certificate comes; free, as it would cost if it were asked for now, surcharges
        /// included. Null where nothing can be booked, no tariff holds, another family bears the day,
        /// or the caller is another family.
        price: Option<Decimal>,
        /// What the family may do here now, or staff who act for it. Empty for auditors, and where
        /// another family booked.
        actions: Vec<AllowedAction>,
        /// The last event that made the cell.
        position: Option<Position>,
    }
}

/// One cell, from its four layers.
pub(crate) struct CellView<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) row: Option<&'a CellRow>,
    pub(crate) enrolled: bool,
    pub(crate) overlaps: Vec<ActivityId>,
    /// Who acts in this cell, if the caller does.
    pub(crate) acts: Option<Acting>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: Language,
    pub(crate) prices: Option<CellPrices<'a>>,
    /// The names of activities, as families know them on the day.
    pub(crate) names: &'a dyn Fn(&ActivityId) -> Option<String>,
}

/// Who acts in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acting {
    /// The family itself.
    Family,
    /// Staff for the family: past deadlines with a reason.
    Staff,
}

impl CellView<'_> {
    pub(crate) fn cell(&self) -> Cell {
        let booking = self.row.map(|r| &r.booking);
        let (marker, status) = (cell::marker(self.terms), cell::status(self.terms, booking));
        let absence = booking.and_then(|b| b.absence.as_ref());
        let actions = self.acts.map_or_else(Vec::new, |acting| {
            let staff = acting == Acting::Staff;
            cell::possibilities(self.terms, booking, self.enrolled, &self.overlaps, self.now, staff)
        });
        // Where nothing is booked and nothing can be, nothing has a price.
        let priced = booking.is_some() || (self.enrolled && self.terms.require_open().is_ok());
        let prices = self.prices.filter(|_| priced);
        Cell {
            date: Date(self.terms.date),
            marker: marker.map(Into::into),
            marker_letter: marker.map(DomainMarker::letter),
            status: status.map(Into::into),
            status_label: status.map(|s| text(s.label_key(), self.language, &[])),
            enrolled: self.enrolled,
            attendance: booking.and_then(|b| b.attendance).map(Into::into),
            waiting_rank: self.row.and_then(|r| r.rank),
            offer_until: booking.filter(|b| b.status == BookingStatus::Offered).and_then(|b| b.offer_until),
            certificate_due: absence.and_then(|a| a.certificate_due),
            certificate_received: absence.and_then(|a| a.certificate.as_ref()).map(|c| c.received),
            billed_percent: absence.and_then(|a| a.billed_percent).map(i32::from),
            reason: booking.and_then(|b| reason(b, self.language)),
            request_id: booking.and_then(|b| b.request).map(|r| ID(r.to_string())),
            price: prices.and_then(|prices| prices.cell()).map(|quote| quote.amount.decimal()),
            actions: actions
                .into_iter()
                .map(|p| {
                    let price = prices.and_then(|prices| prices.action(p.action, self.now));
                    AllowedAction {
                        action: p.action.into(),
                        allowed: p.refusal.is_none(),
                        until: p.until,
                        reason: p.refusal.map(|rule| UserError::of_session(rule, self.language, self.names)),
                        reason_required: p.takes_reason,
                        price: price.map(|p| p.price.decimal()),
                        change: price.map(|p| p.change.decimal()),
                    }
                })
                .collect(),
            position: self.row.map(|r| Position(r.position)),
        }
    }
}

fn reason(booking: &portail_domain::attendance::session::Booking, language: Language) -> Option<String> {
    match booking.status {
        BookingStatus::Error(error) => {
            let key = match error {
                CellError::ClosedDay => "ERROR_CLOSED_DAY",
                CellError::NotEnrolled => "ERROR_NOT_ENROLLED",
                CellError::Overlap => "ERROR_OVERLAP",
            };
            Some(text(key, language, &[]))
        }
        BookingStatus::Released => {
            booking.release.map(|release| text(release.reason.label_key(), language, &[]))
        }
        BookingStatus::Refused => booking.refusal.as_ref().map(|r| r.text(language)),
        // The status says it all.
        BookingStatus::Pending
        | BookingStatus::Waitlisted
        | BookingStatus::Offered
        | BookingStatus::Reserved
        | BookingStatus::Withdrawn
        | BookingStatus::Cancelled
        | BookingStatus::AbsencePending
        | BookingStatus::AbsentExcused
        | BookingStatus::AbsentBilled
        | BookingStatus::Leave
        | BookingStatus::PresentAsReserved
        | BookingStatus::Present
        | BookingStatus::OutsideContract
        | BookingStatus::Closed
        | BookingStatus::NotBooked => None,
    }
}
