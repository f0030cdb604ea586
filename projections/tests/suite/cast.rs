//! Whom the cases are about: a family of Haisnes with two children, and the days they ask for.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{Basis, Session, SessionEvent, stream_id},
    families::child::{Child, Enrolment},
    families::family::Family,
    money::account::Account,
    shared::attachment::Attachment,
    shared::ids::{ActivityId, AttachmentId, ChildId, FamilyNumber, RequestId},
};
use portail_event_store::StreamId;
use uuid::Uuid;

pub const FAMILY: &str = "1001001010331";
pub const OTHER_FAMILY: &str = "1001001010348";

pub fn family() -> FamilyNumber {
    FAMILY.parse().unwrap()
}

pub fn other_family() -> FamilyNumber {
    OTHER_FAMILY.parse().unwrap()
}

pub fn lucie() -> ChildId {
    ChildId(Uuid::from_u128(1))
}

pub fn emma() -> ChildId {
    ChildId(Uuid::from_u128(2))
}

pub fn canteen() -> ActivityId {
    "restauration-scolaire".parse().unwrap()
}

pub fn request(number: u128) -> RequestId {
    RequestId(Uuid::from_u128(0x100 + number))
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// When every request and fact of the cases is received.
pub fn received() -> DateTime<Utc> {
    at("2015-04-03T09:00:00Z")
}

pub fn basis() -> Basis {
    Basis { policy: 1, calendar: 1, cutoff: None, received: received() }
}

pub fn certificate() -> Attachment {
    Attachment {
        id: AttachmentId(Uuid::from_u128(0xf11e)),
        media_type: serde_json::from_value("application/pdf".into()).unwrap(),
        size: 1024,
        sha256: "ab".repeat(32),
    }
}

pub fn of_family() -> StreamId {
    StreamId::new(Family::TYPE, FAMILY)
}

pub fn of_child(child: ChildId) -> StreamId {
    StreamId::new(Child::TYPE, child.to_string())
}

pub fn of_account() -> StreamId {
    StreamId::new(Account::TYPE, FAMILY)
}

/// The canteen of a day.
pub fn of_session(date: NaiveDate) -> StreamId {
    StreamId::new(Session::TYPE, stream_id(&canteen(), date))
}

pub fn enrolment() -> Enrolment {
    Enrolment {
        activity: canteen(),
        payer: family(),
        from: day("2014-09-01"),
        to: None,
        contract: serde_json::from_value(serde_json::json!([])).unwrap(),
        leave_days: 0,
    }
}

pub fn requested(child: ChildId, number: u128) -> SessionEvent {
    SessionEvent::ReservationRequested {
        child,
        payer: family(),
        request: request(number),
        late: false,
        exception: None,
        basis: basis(),
    }
}

pub fn confirmed(child: ChildId, number: u128) -> SessionEvent {
    SessionEvent::ReservationConfirmed { child, request: request(number), basis: basis() }
}

pub fn waitlisted(child: ChildId, number: u128, rank: u32) -> SessionEvent {
    SessionEvent::ReservationWaitlisted {
        child,
        request: request(number),
        rank,
        capacity: Some(1),
        closes: at("2015-06-01T08:00:00Z"),
        basis: basis(),
    }
}

/// An absence for illness, whose certificate is awaited until the third of June.
pub fn ill(child: ChildId, number: u128) -> SessionEvent {
    SessionEvent::AbsenceDeclared {
        child,
        absence: request(number),
        reason: portail_domain::attendance::session::AbsenceReason::Medical,
        day_index: 0,
        certificate_due: Some(at("2015-06-03T10:00:00Z")),
        certificate_latest: Some(at("2015-06-11T10:00:00Z")),
        basis: basis(),
    }
}
