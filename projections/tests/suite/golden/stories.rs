//! The golden events as stories: each in an order in which it changes what is there.
//!
//! A new event type or version needs its place in a story. **New stories follow the old ones**: rows hold
//! positions of the log. Every story has a family, children, a régie and requests of its own.

use portail_domain::shared::sealed::{Place, Purpose};
use serde_json::{Value, json};

use crate::read_models::ReadModels;

/// An event of a story.
pub struct Told {
    pub kind: &'static str,
    pub stream: String,
    pub event: &'static str,
    pub version: &'static str,
    /// What differs from the golden payload.
    change: Value,
}

impl Told {
    /// As the golden files name it.
    pub fn name(&self) -> String {
        format!("{} {}", self.event, self.version)
    }

    /// Puts what differs into the golden payload.
    pub fn alter(&self, payload: &mut Value) {
        let fields = payload.get_mut(self.event).unwrap_or_else(|| panic!("{} has fields", self.event));
        merge(fields, &self.change);
    }
}

fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        // Of an enum with a value the name is the only field: it is replaced.
        (Value::Object(fields), Value::Object(changes))
            if fields.len() > 1 || fields.keys().eq(changes.keys()) =>
        {
            for (name, change) in changes {
                merge(fields.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (_, Value::Null) => {}
        (into, change) => *into = change.clone(),
    }
}

/// Events in the order they are recorded.
pub struct Story {
    pub name: &'static str,
    pub events: Vec<Told>,
}

impl Story {
    fn new(name: &'static str) -> Self {
        Self { name, events: vec![] }
    }

    /// Events of a stream, as the golden files hold them in version 1.0.
    fn tell(mut self, kind: &'static str, stream: &str, events: &[&'static str]) -> Self {
        for event in events {
            self = self.with(kind, stream, event, Value::Null);
        }
        self
    }

    /// An event in which something differs.
    fn with(self, kind: &'static str, stream: &str, event: &'static str, change: Value) -> Self {
        self.in_version("1.0", kind, stream, event, change)
    }

    /// An event in the version it was once written in.
    fn in_version(
        mut self,
        version: &'static str,
        kind: &'static str,
        stream: &str,
        event: &'static str,
        change: Value,
    ) -> Self {
        self.events.push(Told { kind, stream: stream.to_owned(), event, version, change });
        self
    }
}

const FAMILY: &str = "1001001010331";
const CHILD: &str = "5f0b4f0e-5d8a-4c55-9a59-0b1f2f6c2a01";
const CONVERSATION: &str = "00000000-0000-0000-0000-000000000005";
const NOTICE: &str = "00000000-0000-0000-0000-000000000006";
const REGIE: &str = "al";

/// The names of a story's own family, children and requests in place of the golden ones.
pub fn own(text: &str, number: usize) -> String {
    let number = number + 1;
    let is_family =
        text.len() == 13 && text.starts_with("10010010") && text.bytes().all(|b| b.is_ascii_digit());
    if is_family {
        format!("10010010{number:02}{}", &text[10..])
    } else if text.len() == 36 && text.matches('-').count() == 4 {
        format!("{number:08x}{}", &text[8..])
    } else if text == REGIE {
        format!("al{number}")
    } else {
        text.to_owned()
    }
}

/// Gives a payload its story's own names.
pub fn make_own(value: &mut Value, number: usize) {
    match value {
        Value::String(text) => *text = own(text, number),
        Value::Array(items) => items.iter_mut().for_each(|item| make_own(item, number)),
        Value::Object(fields) => fields.values_mut().for_each(|field| make_own(field, number)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Seals what read models open; what they do not open stays as the golden files have it.
pub async fn seal(kind: &str, payload: &mut Value, models: &ReadModels) {
    let mut waiting = vec![(String::new(), payload)];
    while let Some((name, value)) = waiting.pop() {
        match value {
            Value::Object(fields) if fields.contains_key("ct") => {
                let place = match kind {
                    "Account" if name == "details" => Place::Debited,
                    "Account" => Place::Operation,
                    "Conversation" => Place::Message,
                    "Notice" => Place::Notice,
                    "Family" | "Child" if name == "proposal" || name == "note" => Place::Modification,
                    "Family" => Place::Family,
                    "Child" => Place::Child,
                    // The log has them sealed, and so do read models.
                    _ => continue,
                };
                let purpose: Purpose = serde_json::from_value(fields["purpose"].clone()).unwrap();
                let secret = secret(kind, &name, purpose);
                let subject = fields["subject"].as_str().unwrap();
                let sealed = models.seal(place, subject, purpose, &secret).await;
                *value = serde_json::to_value(sealed).unwrap();
            }
            Value::Object(fields) => {
                waiting.extend(fields.iter_mut().map(|(name, field)| (name.clone(), field)));
            }
            Value::Array(items) => waiting.extend(items.iter_mut().map(|item| (name.clone(), item))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn secret(kind: &str, field: &str, purpose: Purpose) -> String {
    if field == "proposal" {
        return json!({ "base": { "town": "Haisnes" }, "proposed": { "town": "Lens" } }).to_string();
    }
    let document = match purpose {
        Purpose::Identity => json!({
            "title": "Madame", "surname": "Martin", "first_name": "Lucie", "birth_date": "2008-05-14",
            "postcode": "62138", "commune": "62401", "town": "Haisnes",
        }),
        Purpose::Caf => {
            json!({ "income_quotient": "623", "quotient_from": "2015-01-01", "quotient_to": "2015-12-31" })
        }
        Purpose::Bank => json!({ "iban": "FR7630001007941234567890185" }),
        Purpose::Health => json!({ "glasses": true }),
        Purpose::Message if kind == "Notice" => json!({ "title": "Bonjour", "text": "À lundi." }),
        Purpose::Message | Purpose::Note => return "À lundi.".into(),
        Purpose::Tax | Purpose::Attachment | Purpose::Document => json!({}),
    };
    document.to_string()
}

/// A session of its own for each story.
fn on_day(day: u32) -> String {
    format!("restauration-scolaire:2015-06-{day:02}")
}

fn booking(name: &'static str, day: u32, then: &[&'static str]) -> Story {
    let asked = ["ReservationRequested", "ReservationConfirmed"];
    Story::new(name).tell("Session", &on_day(day), &asked).tell("Session", &on_day(day), then)
}

fn waiting(name: &'static str, day: u32, then: &[&'static str]) -> Story {
    let asked = ["ReservationRequested", "ReservationWaitlisted"];
    Story::new(name).tell("Session", &on_day(day), &asked).tell("Session", &on_day(day), then)
}

/// Every story.
pub fn stories() -> Vec<Story> {
    [sessions(), ends(), offers(), files(), correspondence(), money(), erasures(), later_versions()]
        .into_iter()
        .flatten()
        .collect()
}

fn sessions() -> Vec<Story> {
    vec![
        booking("a reservation is cancelled", 1, &["ReservationCancelled"]),
        Story::new("a request is refused").tell(
            "Session",
            &on_day(2),
            &["ReservationRequested", "ReservationRefused"],
        ),
        Story::new("a request is withdrawn").tell(
            "Session",
            &on_day(3),
            &["ReservationRequested", "ReservationWithdrawn"],
        ),
        waiting("an offered place is declined", 4, &["PlaceOffered", "OfferDeclined"]),
        waiting("an offer expires", 5, &["PlaceOffered", "OfferExpired"]),
        waiting("the waiting list closes", 6, &["WaitingListClosed"]),
        booking(
            "an absence is excused by its certificate",
            7,
            &["AbsenceDeclared", "CertificateReceived", "AbsenceExcused"],
        ),
        booking(
            "an absence is billed for want of one",
            8,
            &["AbsenceDeclared", "CertificateOverdue", "AbsenceBilled"],
        ),
        booking("an absence is withdrawn", 9, &["AbsenceDeclared", "AbsenceWithdrawn"]),
        booking("a day of leave", 10, &["LeaveTaken"]),
        booking("a child comes and is corrected", 11, &["PresenceRecorded", "AttendanceCorrected"]),
        booking(
            "a child is missed, and a certificate follows",
            12,
            &["NoShowRecorded", "CertificateReceived", "AbsenceExcused"],
        ),
        Story::new("a child comes unbooked").tell("Session", &on_day(13), &["UnbookedPresenceRecorded"]),
        Story::new("a child comes on a closed day").tell(
            "Session",
            &on_day(14),
            &["InconsistentPresenceRecorded"],
        ),
        booking("a declared absence is observed", 15, &["AbsenceDeclared", "AbsenceObserved"]),
        booking("a session closes and reopens", 16, &["SessionClosed", "SessionReopened"]),
        waiting("a session closes over its waiting list", 17, &["SessionClosed", "SessionReopened"]),
        booking("bookings are released and restored", 18, &["BookingsReleased", "BookingsRestored"]),
    ]
}

fn ends() -> Vec<Story> {
    let enrolled = json!({ "activity": "restauration-scolaire" });
    vec![
        Story::new("an enrolment ends over a booking, and begins again")
            .tell("Child", CHILD, &["ChildRegistered"])
            .with("Child", CHILD, "ChildEnrolled", enrolled.clone())
            .tell("Session", &on_day(19), &["ReservationRequested", "ReservationConfirmed"])
            .with(
                "Child",
                CHILD,
                "EnrolmentEnded",
                json!({
                    "activity": "restauration-scolaire", "last_day": "2015-05-31", "released_until": "2015-07-31",
                }),
            )
            .with("Child", CHILD, "ChildEnrolled", enrolled),
        Story::new("an activity is retired over a booking, and reopens")
            .tell("Activity", "etude", &["ActivityDefined"])
            .tell("Session", "etude:2015-06-22", &["ReservationRequested", "ReservationConfirmed"])
            .with("Activity", "etude", "ActivityRetired", json!({ "from": "2015-06-01", "releases": true }))
            .tell("Activity", "etude", &["ActivityReopened"]),
    ]
}

fn offers() -> Vec<Story> {
    vec![
        Story::new("structures").tell(
            "Structure",
            "garderie",
            &["StructureDefined", "StructureRenamed", "StructureRetired", "StructureReopened"],
        ),
        Story::new("activities").tell(
            "Activity",
            "garderie-matin",
            &["ActivityDefined", "ActivitySettingsChanged", "ActivityRetired", "ActivityReopened"],
        ),
        Story::new("tariffs").tell("Tariff", "garderie-matin", &["TariffSet"]),
        Story::new("the calendar").tell(
            "Calendar",
            "town",
            &["ZoneAdopted", "HolidayRegionAdopted", "SchoolYearEntered", "DaysClosed", "DaysReopened"],
        ),
        Story::new("the policy").tell("Policy", "town", &["RetentionAdopted", "FourEyesAdopted"]),
    ]
}

fn files() -> Vec<Story> {
    let section =
        |section: &str, purpose: &str| json!({ "section": section, "value": { "purpose": purpose } });
    let bank = json!({
        "values": { "alg": "XC20P", "ct": "BBBB", "nonce": "AAAA", "purpose": "BANK", "subject": FAMILY },
    });
    vec![
        Story::new("a family's file")
            .tell("Family", FAMILY, &["FamilyRegistered", "FamilySectionRecorded"])
            .with("Family", FAMILY, "FamilySectionRecorded", section("RESPONSIBLE", "IDENTITY"))
            .with("Family", FAMILY, "FamilySectionRecorded", section("CAF", "CAF")),
        Story::new("a child of two families")
            .tell("Child", CHILD, &["ChildRegistered", "ChildSectionRecorded"])
            .with("Child", CHILD, "ChildSectionRecorded", section("CHILD_IDENTITY", "IDENTITY"))
            .with("Child", CHILD, "ChildLinkedToFamily", json!({ "family": "1001001010348" }))
            .tell("Child", CHILD, &["ChildEnrolled", "CostSharingAgreed", "LeaveCounted", "EnrolmentEnded"])
            .with("Child", CHILD, "ChildEnrolled", json!({ "payer": "1001001010348" }))
            .tell("Child", CHILD, &["ChildUnlinkedFromFamily"]),
        Story::new("a modification is withdrawn").tell(
            "Family",
            FAMILY,
            &["ModificationRequested", "ModificationWithdrawn"],
        ),
        Story::new("a modification is approved").tell(
            "Family",
            FAMILY,
            &["ModificationRequested", "ModificationApproved"],
        ),
        Story::new("a modification is refused").tell(
            "Family",
            FAMILY,
            &["ModificationRequested", "ModificationRefused"],
        ),
        Story::new("what takes two")
            .tell("Seconding", FAMILY, &["ActionProposed"])
            .with("Seconding", FAMILY, "ActionProposed", json!({ "action": { "RECORD_BANK": bank } }))
            .tell("Seconding", FAMILY, &["ActionSeconded"]),
    ]
}

fn correspondence() -> Vec<Story> {
    let town = json!({ "audience": "TOWN" });
    vec![
        Story::new("a conversation").tell(
            "Conversation",
            CONVERSATION,
            &[
                "ConversationOpened",
                "MessageSent",
                "ConversationRead",
                "ConversationAssigned",
                "ConversationDeleted",
                "ConversationRestored",
            ],
        ),
        Story::new("a notice to a family").tell("Notice", NOTICE, &["NoticePublished", "NoticeWithdrawn"]),
        Story::new("a notice to everybody").with("Notice", NOTICE, "NoticePublished", town),
    ]
}

fn money() -> Vec<Story> {
    let second_run = "00000000-0000-0000-0000-00000000000a";
    let invoice = json!({
        "number": 36, "amount": "40.00", "allocations": [],
        "operation": { "INVOICE": { "from": "2015-03-01", "to": "2015-03-31", "due": "2015-04-30", "lines": [] } },
    });
    vec![
        Story::new("a régie and its billing runs")
            .tell("Regie", REGIE, &["RegieDefined"])
            .with("Regie", REGIE, "RegieChanged", json!({ "settings": { "name": "Régie" } }))
            .tell("Regie", REGIE, &["SeriesSetApart", "NumberTakenOver"])
            .tell("Regie", REGIE, &["BillingRunPrepared", "BillingRunStarted", "InvoicesNumbered"])
            .tell("Regie", REGIE, &["BillingRunCompleted"])
            .with("Regie", REGIE, "BillingRunPrepared", json!({ "run": second_run }))
            .with("Regie", REGIE, "BillingRunAbandoned", json!({ "run": second_run }))
            .tell("Regie", REGIE, &["CreditNoteNumbered", "PaymentNumbered", "DirectDebitsNumbered"])
            .tell("Regie", REGIE, &["CashDayClosed"]),
        Story::new("an account")
            .with("Account", FAMILY, "OperationTakenOver", invoice)
            .tell("Account", FAMILY, &["OperationTakenOver", "InvoiceIssued", "CreditNoteIssued"])
            .tell("Account", FAMILY, &["PaymentRecorded", "PaymentRejected", "RefundRecorded"])
            .tell("Account", FAMILY, &["DocumentArchived"]),
    ]
}

fn erasures() -> Vec<Story> {
    let of_family = json!({
        "subject": { "FAMILY": FAMILY },
        "purposes": ["IDENTITY", "TAX", "CAF", "BANK", "MESSAGE", "NOTE", "ATTACHMENT", "DOCUMENT"],
    });
    let caf = json!({ "section": "CAF", "value": { "purpose": "CAF" } });
    vec![
        Story::new("a child's data are erased")
            .tell("Child", CHILD, &["ChildRegistered", "ChildSectionRecorded"])
            .tell("Family", FAMILY, &["ModificationRequested"])
            .tell("Erasure", CHILD, &["PersonalDataErased"]),
        Story::new("a family's data are erased")
            .tell("Family", FAMILY, &["FamilyRegistered", "FamilySectionRecorded"])
            .with("Family", FAMILY, "FamilySectionRecorded", caf)
            .tell("Family", FAMILY, &["ModificationRequested", "ModificationRefused"])
            .tell("Conversation", CONVERSATION, &["ConversationOpened", "MessageSent"])
            .tell("Notice", NOTICE, &["NoticePublished"])
            .tell("Account", FAMILY, &["InvoiceIssued", "CreditNoteIssued", "PaymentRecorded"])
            .with("Erasure", FAMILY, "PersonalDataErased", of_family),
    ]
}

fn later_versions() -> Vec<Story> {
    vec![
        Story::new("an enrolment ends, as it is written since 2.0")
            .tell("Child", CHILD, &["ChildRegistered", "ChildEnrolled"])
            .in_version("2.0", "Child", CHILD, "EnrolmentEnded", Value::Null),
    ]
}
