//! The commands about days, as data.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use portail_domain::{
    attendance::session::{AbsenceReason, RefusalCode},
    shared::attachment::Attachment,
    shared::ids::{ActivityId, ChildId, FamilyNumber},
    shared::text::Note,
    shared::time::Weekdays,
};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// One child's day in one activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The child.
    pub child: ChildId,
    /// The activity.
    pub activity: ActivityId,
    /// The day.
    pub date: NaiveDate,
}

/// A weekly pattern over a range; days the activity is not offered on are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyPattern {
    /// Which weekdays.
    pub weekdays: Weekdays,
    /// From which day.
    pub from: NaiveDate,
    /// To which day.
    pub to: NaiveDate,
}

/// What staff decide about requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Grant them.
    Confirm,
    /// Put them on the waiting list.
    PutOnWaitingList,
    /// Refuse them.
    Refuse {
        /// Why, by a code.
        code: RefusalCode,
        /// Why, in words; required for another reason.
        note: Option<Note>,
    },
}

/// One line of a roll-call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollCallEntry {
    /// The child.
    pub child: ChildId,
    /// Whether it is there.
    pub present: bool,
    /// When it arrived, local time.
    #[serde(default)]
    pub arrived: Option<NaiveTime>,
    /// When it left, local time.
    #[serde(default)]
    pub left: Option<NaiveTime>,
}

/// What staff correct a cell to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Corrected {
    /// The child was there.
    Present,
    /// Absent, excused.
    AbsentExcused,
    /// Absent, billed.
    AbsentBilled,
    /// Back to the reservation.
    Reserved,
}

/// A command about days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum AttendanceCommand {
    /// Ask for places: listed days, or a weekly pattern.
    RequestReservations {
        child: ChildId,
        payer: FamilyNumber,
        activity: ActivityId,
        #[serde(default)]
        dates: Vec<NaiveDate>,
        #[serde(default)]
        pattern: Option<WeeklyPattern>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<Note>,
    },
    /// Take undecided requests back.
    WithdrawReservations { child: ChildId, payer: FamilyNumber, activity: ActivityId, dates: Vec<NaiveDate> },
    /// Cancel reservations in time.
    CancelReservations {
        child: ChildId,
        payer: FamilyNumber,
        activity: ActivityId,
        dates: Vec<NaiveDate>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<Note>,
    },
    /// Accept or decline an offered place.
    AnswerOffer { child: ChildId, payer: FamilyNumber, activity: ActivityId, date: NaiveDate, accept: bool },
    /// Declare an absence.
    DeclareAbsence {
        child: ChildId,
        payer: FamilyNumber,
        activity: ActivityId,
        dates: Vec<NaiveDate>,
        reason: AbsenceReason,
        confirmed: bool,
    },
    /// Take an absence back.
    WithdrawAbsence { child: ChildId, payer: FamilyNumber, activity: ActivityId, dates: Vec<NaiveDate> },
    /// Send a medical certificate in, for the absent days it covers.
    AttachCertificate {
        child: ChildId,
        payer: FamilyNumber,
        activity: ActivityId,
        dates: Vec<NaiveDate>,
        files: Vec<Attachment>,
    },
    /// Take contract leave.
    TakeLeave {
        child: ChildId,
        payer: FamilyNumber,
        activity: ActivityId,
        dates: Vec<NaiveDate>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<Note>,
    },
    /// Staff decide requests.
    DecideReservations { targets: Vec<Target>, decision: Decision },
    /// Staff accept or reject a certificate.
    SettleCertificate {
        child: ChildId,
        activity: ActivityId,
        dates: Vec<NaiveDate>,
        received_at: DateTime<Utc>,
        accepted: bool,
    },
    /// Staff confirm the reasons of absences, or not.
    SettleExcuses { targets: Vec<Target>, accepted: bool },
    /// Staff call the roll: one child or the whole session.
    RecordRollCall { activity: ActivityId, date: NaiveDate, entries: Vec<RollCallEntry> },
    /// Staff correct a cell.
    CorrectAttendance { target: Target, to: Corrected, reason: Note },
    /// Staff offer free places to those who wait.
    OfferPlaces { activity: ActivityId, date: NaiveDate },
    /// The clock: an offer ran out.
    ExpireOffer { target: Target },
    /// The clock: a booking stands although what it followed from has ended.
    ReleaseLeftover { target: Target },
    /// The clock: a certificate did not come.
    ExpireCertificate { target: Target },
    /// The clock: a waiting list closes.
    CloseWaitingList { activity: ActivityId, date: NaiveDate },
}

impl AttendanceCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::RequestReservations { .. }
            | Self::WithdrawReservations { .. }
            | Self::CancelReservations { .. }
            | Self::AnswerOffer { .. }
            | Self::DeclareAbsence { .. }
            | Self::WithdrawAbsence { .. }
            | Self::AttachCertificate { .. }
            | Self::TakeLeave { .. } => role == Role::Parent || role.is_staff(),
            Self::DecideReservations { .. }
            | Self::SettleCertificate { .. }
            | Self::SettleExcuses { .. }
            | Self::RecordRollCall { .. }
            | Self::CorrectAttendance { .. }
            | Self::OfferPlaces { .. } => role.is_staff(),
            Self::ExpireOffer { .. }
            | Self::ReleaseLeftover { .. }
            | Self::ExpireCertificate { .. }
            | Self::CloseWaitingList { .. } => role == Role::Timer,
        }
    }
}
