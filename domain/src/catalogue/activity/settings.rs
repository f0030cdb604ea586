//! The settings of an activity. Every threshold a town decides for itself is one of them.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::{
    attendance::session::AbsenceReason, catalogue::calendar::Period, catalogue::deadline::DeadlineRule,
    shared::ids::StructureId, shared::time::Weekdays,
};

/// Who decides a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApprovalMode {
    /// Confirmed at once while a place is free.
    Instant,
    /// Staff decide each request (the guide's way).
    Staff,
}

/// What a request after the booking cut-off becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LateRequests {
    /// An error that names the deadline.
    Refuse,
    /// A place on the waiting list (Argenteuil).
    WaitingList,
    /// Accepted, marked late: the tariff may add a surcharge (Vailhauquès).
    Accept,
}

/// What an absence becomes. Defaults: certificate within 48 h, accepted late up to 10 days, no
/// waiting day, billed in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsencePolicy {
    /// Hours after the start of the first absent day (or the declaration, if later) within which
    /// the certificate must arrive.
    pub certificate_window_hours: u16,
    /// Days after the first absent day until which a late certificate is still accepted.
    pub late_certificate_days: u16,
    /// How many first days stay billed when the certificate came late.
    pub waiting_days: u16,
    /// What a billed absence costs, in percent of the price: 0 to 100.
    pub billed_percent: u8,
    /// The reasons that excuse without a certificate.
    pub excusing_reasons: BTreeSet<AbsenceReason>,
    /// Those of them that excuse on the family's word, after the cut-off too; of the others only the
    /// town can know, and staff confirm them.
    #[serde(default = "excused_on_word", skip_serializing_if = "is_usual_word")]
    pub excused_on_word: BTreeSet<AbsenceReason>,
}

/// What only the family can know.
fn excused_on_word() -> BTreeSet<AbsenceReason> {
    [AbsenceReason::FamilyEvent].into()
}

fn is_usual_word(reasons: &BTreeSet<AbsenceReason>) -> bool {
    *reasons == excused_on_word()
}

impl Default for AbsencePolicy {
    fn default() -> Self {
        use AbsenceReason as R;
        Self {
            certificate_window_hours: 48,
            late_certificate_days: 10,
            waiting_days: 0,
            billed_percent: 100,
            excusing_reasons: [R::Strike, R::TeacherAbsent, R::SchoolTrip, R::SentHome, R::FamilyEvent]
                .into(),
            excused_on_word: excused_on_word(),
        }
    }
}

/// Contract leave: asked with notice, taken from the enrolment's quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavePolicy {
    /// Until when leave can be taken.
    pub notice: DeadlineRule,
}

/// The settings of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivitySettings {
    /// The structure it belongs to.
    pub structure: StructureId,
    /// Its name as families see it.
    pub name: String,
    /// Where it stands among the rows of the planning.
    pub rank: u16,
    /// When a session starts, local time.
    pub starts: NaiveTime,
    /// When a session ends, local time, the same day.
    pub ends: NaiveTime,
    /// The weekdays it is offered on.
    pub weekdays: Weekdays,
    /// The periods it is offered in.
    pub periods: BTreeSet<Period>,
    /// How many children a session holds; none: no limit.
    pub capacity: Option<u32>,
    /// Who decides a reservation.
    pub approval: ApprovalMode,
    /// Whether a full session keeps a waiting list.
    pub waiting_list: bool,
    /// How many hours a family has to accept an offered place.
    pub offer_hours: u16,
    /// Until when a session can be booked.
    pub booking_deadline: DeadlineRule,
    /// Until when a reservation can be cancelled, and an absence excused without a reason's proof.
    pub cancel_deadline: DeadlineRule,
    /// What a request after the booking cut-off becomes.
    pub late_requests: LateRequests,
    /// What an absence becomes.
    pub absence: AbsencePolicy,
    /// Contract leave, where the activity has it.
    pub leave: Option<LeavePolicy>,
}

impl ActivitySettings {
    /// Whether the activity is offered on a day of that weekday and period.
    pub fn offered(&self, date: NaiveDate, period: Period) -> bool {
        use chrono::Datelike;
        self.weekdays.contains(date.weekday()) && self.periods.contains(&period)
    }

    /// Whether its hours overlap another's; touching ends do not.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.starts < other.ends && other.starts < self.ends
    }

    /// The first thing wrong with the settings: the catalogue's key of what is expected.
    pub fn defect(&self) -> Option<&'static str> {
        let name = self.name.trim().chars().count();
        if !(1..=120).contains(&name) {
            return Some("SETTING_NAME_120");
        }
        if self.starts >= self.ends {
            return Some("SETTING_HOURS");
        }
        if self.weekdays.is_empty() || self.periods.is_empty() {
            return Some("SETTING_DAYS");
        }
        if self.capacity == Some(0) {
            return Some("SETTING_CAPACITY");
        }
        if !(1..=720).contains(&self.offer_hours) {
            return Some("SETTING_OFFER_HOURS");
        }
        if self.absence.billed_percent > 100 {
            return Some("SETTING_BILLED_PERCENT");
        }
        let leave = self.leave.as_ref().map(|l| &l.notice);
        [Some(&self.booking_deadline), Some(&self.cancel_deadline), leave]
            .into_iter()
            .flatten()
            .find_map(|rule| rule.defect(self.weekdays))
    }
}
