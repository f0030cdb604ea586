//! Every command of the portal, as data: what GraphQL mutations, fixtures and timers send.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use portail_domain::{
    attendance::session::{AbsenceReason, RefusalCode},
    catalogue::activity::{ActivityChanges, ActivitySettings},
    catalogue::calendar::{ClosureReason, ClosureScope, HolidayRegion, Holidays, Zone},
    correspondence::notice::Audience,
    families::child::Enrolment,
    families::family_file::{Document, Section},
    governance::policy::FourEyes,
    privacy::erasure::{LegalBasis, RetentionRules, Subject},
    shared::attachment::Attachment,
    shared::ids::{
        ActivityId, ChildId, ClosureId, ConversationId, FamilyNumber, NoticeId, RequestId, StructureId,
    },
    shared::sealed::Purpose,
    shared::text::{Body, Heading, Link, Login, Name, Note},
    shared::time::Weekdays,
};
use portail_event_store::canonical_json;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{caller::Role, money::command::MoneyCommand};

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

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// Surname.
    pub surname: Name,
    /// First name.
    pub first_name: Name,
}

/// Whose file: a family's own, or a child's as one of its families sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOwner {
    /// The family.
    pub family: FamilyNumber,
    /// The child.
    #[serde(default)]
    pub child: Option<ChildId>,
}

impl FileOwner {
    /// The id of the stream the file is kept in.
    pub fn id(&self) -> String {
        self.child.map_or_else(|| self.family.to_string(), |child| child.to_string())
    }
}

/// What a side does with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConversationMark {
    /// It has read it.
    Read,
    /// It moves it to its deleted folder.
    Deleted,
    /// It brings it back.
    Restored,
}

/// A request for a modification, as staff name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModificationTarget {
    /// The family that asked.
    pub family: FamilyNumber,
    /// The request.
    pub request: RequestId,
}

/// What staff decide about requests for modifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ModificationDecision {
    /// The file changes.
    Approve {
        /// Whether values that changed meanwhile are overwritten.
        overwrite: bool,
    },
    /// It does not.
    Refuse {
        /// Why, by a code.
        code: RefusalCode,
        /// Why, in words; required for another reason.
        note: Option<Note>,
    },
}

/// A command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum Command {
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
    /// Staff close days for everybody.
    CloseDays { scope: ClosureScope, from: NaiveDate, to: NaiveDate, reason: ClosureReason },
    /// Staff take a closure back.
    ReopenDays { closure: ClosureId },
    /// The town belongs to a school zone from a day on.
    AdoptZone { zone: Zone, from: NaiveDate },
    /// The town has the public holidays of a region from a day on.
    AdoptRegion { region: HolidayRegion, from: NaiveDate },
    /// The town enters the holidays of a school year.
    EnterSchoolYear { year: i32, holidays: Vec<Holidays> },
    /// Define a structure.
    DefineStructure { id: StructureId, name: Heading },
    /// Rename a structure.
    RenameStructure { id: StructureId, name: Heading },
    /// Close a structure for good, and end its activities.
    RetireStructure { id: StructureId, from: NaiveDate },
    /// Open a structure again, with the activities that ended with it.
    ReopenStructure { id: StructureId },
    /// Offer an activity.
    DefineActivity { id: ActivityId, settings: Box<ActivitySettings> },
    /// Change an activity's settings from a day on.
    ChangeActivity { id: ActivityId, changes: Box<ActivityChanges>, from: NaiveDate },
    /// Stop offering an activity.
    RetireActivity { id: ActivityId, from: NaiveDate },
    /// Offer an activity again.
    ReopenActivity { id: ActivityId },
    /// Register a family.
    RegisterFamily { number: FamilyNumber, title: Option<Name>, responsible: PersonName },
    /// Register a child in a family.
    RegisterChild { family: FamilyNumber, name: PersonName, birth_date: NaiveDate },
    /// A child belongs to a second family as well.
    LinkChild { child: ChildId, family: FamilyNumber },
    /// A child no longer belongs to a family.
    UnlinkChild { child: ChildId, family: FamilyNumber, last_day: NaiveDate },
    /// Enrol a child.
    EnrolChild { child: ChildId, enrolment: Enrolment },
    /// End an enrolment.
    EndEnrolment { child: ChildId, activity: ActivityId, payer: FamilyNumber, last_day: NaiveDate },
    /// Staff record a section of a file.
    RecordSection { owner: FileOwner, section: Section, seen_revision: u32, values: Document },
    /// A parent asks to modify a section; a child's identity without a child is a new child.
    RequestModification {
        owner: FileOwner,
        section: Section,
        seen_revision: u32,
        values: Document,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// A parent takes a request for a modification back.
    WithdrawModification { family: FamilyNumber, request: RequestId },
    /// Staff decide requests for modifications.
    DecideModifications { targets: Vec<ModificationTarget>, decision: ModificationDecision },
    /// Either side begins a conversation with a first message.
    OpenConversation {
        family: FamilyNumber,
        structure: StructureId,
        subject: Heading,
        body: Body,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// Either side sends a message.
    SendMessage {
        conversation: ConversationId,
        body: Body,
        #[serde(default)]
        attachments: Vec<Attachment>,
    },
    /// Either side reads, deletes or restores a conversation.
    MarkConversation { conversation: ConversationId, mark: ConversationMark },
    /// Staff hand a conversation to one of them, or to nobody.
    AssignConversation { conversation: ConversationId, to: Option<Login> },
    /// Staff publish a notice.
    PublishNotice {
        audience: Audience,
        title: Heading,
        text: Option<Body>,
        link: Option<Link>,
        form: Option<Attachment>,
        from: NaiveDate,
        to: Option<NaiveDate>,
    },
    /// Staff withdraw a notice.
    WithdrawNotice { notice: NoticeId },
    /// Erase data of a person: a family's by its number, a child's by its id.
    ErasePersonalData {
        subject: Subject,
        #[serde(default)]
        purposes: BTreeSet<Purpose>,
        basis: LegalBasis,
    },
    /// Adopt the town's retention rules.
    AdoptRetention { rules: RetentionRules },
    /// Say what takes two of the staff.
    AdoptFourEyes { what: FourEyes },
    /// A command about money.
    Money(MoneyCommand),
    /// The clock: an offer ran out.
    ExpireOffer { target: Target },
    /// The clock: a booking stands although what it followed from has ended.
    ReleaseLeftover { target: Target },
    /// The clock: a certificate did not come.
    ExpireCertificate { target: Target },
    /// The clock: a waiting list closes.
    CloseWaitingList { activity: ActivityId, date: NaiveDate },
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

impl Command {
    /// What the log knows the command by: the same id with another hash is another command.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn request_hash(&self, actor: &str) -> Result<[u8; 32], serde_json::Error> {
        Ok(Sha256::digest(canonical_json(&(actor, self))?.get()).into())
    }

    /// Whether a role may send it. Whose child and whose money it is, is checked where it is
    /// decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::RequestReservations { .. }
            | Self::WithdrawReservations { .. }
            | Self::CancelReservations { .. }
            | Self::AnswerOffer { .. }
            | Self::DeclareAbsence { .. }
            | Self::WithdrawAbsence { .. }
            | Self::AttachCertificate { .. }
            | Self::TakeLeave { .. }
            | Self::RequestModification { .. }
            | Self::WithdrawModification { .. }
            | Self::OpenConversation { .. }
            | Self::SendMessage { .. }
            | Self::MarkConversation { .. } => role == Role::Parent || role.is_staff(),
            Self::ExpireOffer { .. }
            | Self::ExpireCertificate { .. }
            | Self::ReleaseLeftover { .. }
            | Self::CloseWaitingList { .. } => role == Role::Timer,
            Self::ErasePersonalData { .. } => matches!(role, Role::Administrator | Role::Timer),
            Self::AdoptRetention { .. } | Self::AdoptFourEyes { .. } => role == Role::Administrator,
            Self::Money(command) => command.is_open_to(role),
            _ => role.is_staff(),
        }
    }
}

#[cfg(test)]
mod tests;
