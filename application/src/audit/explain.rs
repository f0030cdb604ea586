//! Where a value of a read model comes from: the events that made it, each with the part it plays.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::{Session, stream_id},
    catalogue::activity::Activity,
    catalogue::calendar::{self, CalendarEvent, TownCalendar},
    families::child::{Child, ChildEvent},
    families::family::{Family, FamilyEvent},
    families::family_file::{Owner, Section},
    money::account::{Account, AccountEvent},
    money::tariff::Tariff,
    shared::ids::{ActivityId, ChildId},
    shared::time::school_year,
};
use portail_event_store::{EventLog, LogError, RecordedEvent, Search, Span, StreamId, search};

/// How many events one explanation names at the most.
const MOST: u32 = 1_000;

/// The part an event plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is the value.
    Value,
    /// The child's enrolment in the activity.
    Enrolment,
    /// What the town offers: the activity's settings.
    Activity,
    /// The town's calendar: a closure of the day, the school zone.
    Calendar,
    /// A day that was billed.
    BilledDay,
    /// The price list.
    Tariff,
    /// The same command did it as well.
    SameCommand,
    /// A request it came from.
    Request,
}

/// An event with the part it plays.
#[derive(Debug, Clone)]
pub struct RelatedEvent {
    /// The part.
    pub part: Part,
    /// The event.
    pub event: RecordedEvent,
}

type Explained = Result<Vec<RelatedEvent>, LogError>;

/// The value comes first, what it rests on after it; within a part, in the order of the log.
fn ordered(mut events: Vec<RelatedEvent>) -> Vec<RelatedEvent> {
    events.sort_by_key(|explaining| (explaining.part as u8, explaining.event.position));
    events.dedup_by_key(|explaining| explaining.event.position);
    events
}

async fn stream(
    log: &EventLog,
    kind: &'static str,
    id: impl Into<String>,
) -> Result<Vec<RecordedEvent>, LogError> {
    log.read_stream(&StreamId::new(kind, id), 0).await
}

/// A cell of the calendar: what happened to the child's day, its enrolment, what the town offers, and
/// the calendar.
///
/// # Errors
/// The log cannot be read.
pub async fn cell(
    log: &EventLog,
    child: ChildId,
    activity: &ActivityId,
    date: chrono::NaiveDate,
) -> Explained {
    let mut events = vec![];
    let named = child.to_string();
    let of_everybody =
        |event: &RecordedEvent| matches!(&*event.event_type, "SessionClosed" | "SessionReopened");
    for event in stream(log, Session::TYPE, stream_id(activity, date)).await? {
        if event.payload.get().contains(&named) || of_everybody(&event) {
            events.push(RelatedEvent { part: Part::Value, event });
        }
    }
    for event in stream(log, Child::TYPE, &named).await? {
        let concerned = match log.upcasters().decode::<ChildEvent>(&event)? {
            ChildEvent::ChildEnrolled(enrolment) => enrolment.activity == *activity && enrolment.from <= date,
            ChildEvent::EnrolmentEnded { activity: ended, .. } => ended == *activity,
            ChildEvent::ChildUnlinkedFromFamily { .. } => true,
            ChildEvent::LeaveCounted { activity: of, date: day, .. } => of == *activity && day == date,
            ChildEvent::ChildRegistered { .. }
            | ChildEvent::ChildLinkedToFamily { .. }
            | ChildEvent::CostSharingAgreed { .. }
            | ChildEvent::ChildSectionRecorded { .. } => false,
        };
        if concerned {
            events.push(RelatedEvent { part: Part::Enrolment, event });
        }
    }
    let offered = stream(log, Activity::TYPE, activity.as_str()).await?;
    events.extend(offered.into_iter().map(|event| RelatedEvent { part: Part::Activity, event }));
    let mut closures = vec![];
    for event in stream(log, TownCalendar::TYPE, calendar::STREAM).await? {
        let concerned = match log.upcasters().decode::<CalendarEvent>(&event)? {
            CalendarEvent::ZoneAdopted { from, .. } | CalendarEvent::HolidayRegionAdopted { from, .. } => {
                from <= date
            }
            CalendarEvent::SchoolYearEntered { year, .. } => year == school_year(date),
            CalendarEvent::DaysClosed(closure) => {
                let concerned = closure.from <= date && date <= closure.to;
                closures.extend(concerned.then_some(closure.id));
                concerned
            }
            CalendarEvent::DaysReopened { closure } => closures.contains(&closure),
        };
        if concerned {
            events.push(RelatedEvent { part: Part::Calendar, event });
        }
    }
    Ok(ordered(events))
}

/// A line of a statement, by the position of its event: the operation, what else its command did, and
/// for an invoice the days it bills and their price list, as they were when it was computed.
///
/// # Errors
/// The log cannot be read.
pub async fn operation(
    log: &EventLog,
    family: &str,
    position: u64,
) -> Result<Option<Vec<RelatedEvent>>, LogError> {
    let span = Span { after: position.saturating_sub(1), through: position };
    let found = log.read_span(span, Some(&[Account::TYPE])).await?;
    let Some(event) = found.into_iter().find(|event| event.stream.id == family) else { return Ok(None) };
    let mut events = vec![];
    let together = Search { command: Some(event.command_id), ..Search::default() };
    for other in search(log.database().pool(), &together, 0, MOST).await? {
        if other.position != position && (other.stream.kind != Account::TYPE || other.stream.id == family) {
            events.push(RelatedEvent { part: Part::SameCommand, event: other });
        }
    }
    let (lines, seen) = match log.upcasters().decode::<AccountEvent>(&event)? {
        AccountEvent::InvoiceIssued { lines, seen, .. }
        | AccountEvent::CreditNoteIssued { lines, seen, .. } => (lines, seen),
        AccountEvent::OperationTakenOver { .. }
        | AccountEvent::PaymentRecorded { .. }
        | AccountEvent::PaymentRejected { .. }
        | AccountEvent::RefundRecorded { .. }
        | AccountEvent::DocumentArchived { .. } => (vec![], 0),
    };
    let mut streams = vec![];
    for line in &lines {
        streams.extend(
            line.dates.iter().map(|date| StreamId::new(Session::TYPE, stream_id(&line.activity, *date))),
        );
        streams.push(StreamId::new(Tariff::TYPE, line.activity.as_str()));
    }
    streams.sort_unstable();
    streams.dedup();
    let children: BTreeSet<String> = lines.iter().map(|line| line.child.to_string()).collect();
    let streams: Vec<(StreamId, u64)> = streams.into_iter().map(|stream| (stream, 0)).collect();
    for other in log.read_streams(&streams).await?.into_iter().filter(|other| other.position <= seen) {
        let named = || children.iter().any(|child| other.payload.get().contains(child));
        let part = if other.stream.kind == Tariff::TYPE { Part::Tariff } else { Part::BilledDay };
        if part == Part::Tariff || named() {
            events.push(RelatedEvent { part, event: other });
        }
    }
    events.push(RelatedEvent { part: Part::Value, event });
    Ok(Some(ordered(events)))
}

/// A section of a family's file, or of a child's: every value it had, and the requests they came from.
///
/// # Errors
/// The log cannot be read.
pub async fn section(log: &EventLog, owner: &str, families: &[String], section: Section) -> Explained {
    let mut events = vec![];
    let mut requests = vec![];
    let kind = if section.owner() == Owner::Family { Family::TYPE } else { Child::TYPE };
    for event in stream(log, kind, owner).await? {
        let came_from = if kind == Family::TYPE {
            match log.upcasters().decode::<FamilyEvent>(&event)? {
                FamilyEvent::FamilyRegistered { .. } if section == Section::Responsible => Some(None),
                FamilyEvent::FamilySectionRecorded { section: of, request, .. } if of == section => {
                    Some(request)
                }
                FamilyEvent::FamilyRegistered { .. }
                | FamilyEvent::FamilySectionRecorded { .. }
                | FamilyEvent::ModificationRequested { .. }
                | FamilyEvent::ModificationWithdrawn { .. }
                | FamilyEvent::ModificationApproved { .. }
                | FamilyEvent::ModificationRefused { .. } => None,
            }
        } else {
            match log.upcasters().decode::<ChildEvent>(&event)? {
                ChildEvent::ChildRegistered { .. } if section == Section::ChildIdentity => Some(None),
                ChildEvent::ChildSectionRecorded { section: of, request, .. } if of == section => {
                    Some(request)
                }
                ChildEvent::ChildRegistered { .. }
                | ChildEvent::ChildLinkedToFamily { .. }
                | ChildEvent::ChildUnlinkedFromFamily { .. }
                | ChildEvent::ChildEnrolled(_)
                | ChildEvent::EnrolmentEnded { .. }
                | ChildEvent::LeaveCounted { .. }
                | ChildEvent::CostSharingAgreed { .. }
                | ChildEvent::ChildSectionRecorded { .. } => None,
            }
        };
        if let Some(request) = came_from {
            requests.extend(request.map(|id| id.to_string()));
            events.push(RelatedEvent { part: Part::Value, event });
        }
    }
    for family in families {
        for event in stream(log, Family::TYPE, family).await? {
            if requests.iter().any(|id| event.payload.get().contains(id))
                && event.event_type.starts_with("Modification")
            {
                events.push(RelatedEvent { part: Part::Request, event });
            }
        }
    }
    Ok(ordered(events))
}
