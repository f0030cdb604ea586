//! Which date of a command is dated how, and where it stands in the input. The bounds themselves are
//! the domain's.

use chrono::NaiveDate;
use portail_domain::{
    money::account::TakenOver as Operation,
    shared::plausibility::DateKind::{
        self, Billing, CashDesk, ChildBirth, Closure, Due, Enrolment, Notice, Payment, Received, Session,
        Setting, TakenOver,
    },
    shared::time::local_date,
};

use crate::{
    attendance::{
        asked::MOST_DAYS,
        command::{AttendanceCommand, Target},
    },
    catalogue::command::CatalogueCommand,
    command::Command,
    correspondence::command::CorrespondenceCommand,
    families::command::FamiliesCommand,
    governance::command::GovernanceCommand,
    money::command::MoneyCommand,
    outcome::Rejection,
    privacy::command::PrivacyCommand,
};

/// The first date of a command that is not plausible.
pub(crate) fn fault(command: &Command, today: NaiveDate) -> Option<Rejection> {
    dates(command).into_iter().find_map(|(dated, date, path)| {
        let path: Vec<&str> = std::iter::once("input").chain(path.split('.')).collect();
        dated.check(date, today).err().map(|error| Rejection::of(&error).at(&path))
    })
}

type Entry = (DateKind, NaiveDate, String);

fn one(dated: DateKind, date: NaiveDate, path: &str) -> Entry {
    (dated, date, path.to_owned())
}

/// The days of a command; more than one may name are refused as such.
fn each(dates: &[NaiveDate]) -> Vec<Entry> {
    let named = if dates.len() > MOST_DAYS { &[] } else { dates };
    named.iter().enumerate().map(|(i, date)| (Session, *date, format!("dates.{i}"))).collect()
}

/// The days of the bookings that staff decide.
fn each_target(targets: &[Target], field: &str) -> Vec<Entry> {
    targets
        .iter()
        .enumerate()
        .map(|(i, target)| (Session, target.date, format!("{field}.{i}.date")))
        .collect()
}

/// The dates a person gave with a command, each with its place in the input.
fn dates(command: &Command) -> Vec<Entry> {
    match command {
        Command::Attendance(command) => of_attendance(command),
        Command::Catalogue(command) => of_catalogue(command),
        Command::Correspondence(command) => of_correspondence(command),
        Command::Families(command) => of_families(command),
        Command::Money(command) => of_money(command),
        Command::Governance(
            GovernanceCommand::AdoptRetention { .. } | GovernanceCommand::AdoptFourEyes { .. },
        )
        | Command::Privacy(PrivacyCommand::ErasePersonalData { .. }) => vec![],
    }
}

fn of_attendance(command: &AttendanceCommand) -> Vec<Entry> {
    match command {
        AttendanceCommand::RequestReservations { dates, pattern, .. } => {
            let mut all = each(dates);
            if let Some(pattern) = pattern {
                all.push(one(Session, pattern.from, "pattern.from"));
                all.push(one(Session, pattern.to, "pattern.to"));
            }
            all
        }
        AttendanceCommand::WithdrawReservations { dates, .. }
        | AttendanceCommand::CancelReservations { dates, .. }
        | AttendanceCommand::DeclareAbsence { dates, .. }
        | AttendanceCommand::WithdrawAbsence { dates, .. }
        | AttendanceCommand::AttachCertificate { dates, .. }
        | AttendanceCommand::TakeLeave { dates, .. } => each(dates),
        AttendanceCommand::AnswerOffer { date, .. }
        | AttendanceCommand::RecordRollCall { date, .. }
        | AttendanceCommand::OfferPlaces { date, .. } => vec![one(Session, *date, "date")],
        AttendanceCommand::SettleCertificate { dates, received_at, .. } => {
            let mut all = each(dates);
            all.push(one(Received, local_date(*received_at), "receivedAt"));
            all
        }
        AttendanceCommand::DecideReservations { targets, .. } => each_target(targets, "requests"),
        AttendanceCommand::SettleExcuses { targets, .. } => each_target(targets, "absences"),
        AttendanceCommand::CorrectAttendance { target, .. } => {
            vec![one(Session, target.date, "target.date")]
        }
        // What the clock sends is dated by the log itself.
        AttendanceCommand::ExpireOffer { .. }
        | AttendanceCommand::ExpireCertificate { .. }
        | AttendanceCommand::ReleaseLeftover { .. }
        | AttendanceCommand::CloseWaitingList { .. } => vec![],
    }
}

fn of_catalogue(command: &CatalogueCommand) -> Vec<Entry> {
    match command {
        CatalogueCommand::CloseDays { from, to, .. } => {
            vec![one(Closure, *from, "from"), one(Closure, *to, "to")]
        }
        CatalogueCommand::AdoptZone { from, .. }
        | CatalogueCommand::AdoptRegion { from, .. }
        | CatalogueCommand::RetireStructure { from, .. }
        | CatalogueCommand::ChangeActivity { from, .. }
        | CatalogueCommand::RetireActivity { from, .. } => vec![one(Setting, *from, "from")],
        // A school year's days lie in it: the calendar sees to that.
        CatalogueCommand::EnterSchoolYear { .. } => vec![],
        CatalogueCommand::ReopenDays { .. }
        | CatalogueCommand::DefineStructure { .. }
        | CatalogueCommand::RenameStructure { .. }
        | CatalogueCommand::ReopenStructure { .. }
        | CatalogueCommand::DefineActivity { .. }
        | CatalogueCommand::ReopenActivity { .. } => vec![],
    }
}

fn of_correspondence(command: &CorrespondenceCommand) -> Vec<Entry> {
    match command {
        CorrespondenceCommand::PublishNotice { from, to, .. } => {
            let to = to.map(|to| one(Notice, to, "to"));
            std::iter::once(one(Notice, *from, "from")).chain(to).collect()
        }
        CorrespondenceCommand::OpenConversation { .. }
        | CorrespondenceCommand::SendMessage { .. }
        | CorrespondenceCommand::MarkConversation { .. }
        | CorrespondenceCommand::AssignConversation { .. }
        | CorrespondenceCommand::WithdrawNotice { .. } => vec![],
    }
}

fn of_families(command: &FamiliesCommand) -> Vec<Entry> {
    match command {
        FamiliesCommand::RegisterChild { birth_date, .. } => {
            vec![one(ChildBirth, *birth_date, "birthDate")]
        }
        FamiliesCommand::EnrolChild { enrolment, .. } => {
            let to = enrolment.to.map(|to| one(Enrolment, to, "to"));
            std::iter::once(one(Enrolment, enrolment.from, "from")).chain(to).collect()
        }
        FamiliesCommand::EndEnrolment { last_day, .. } | FamiliesCommand::UnlinkChild { last_day, .. } => {
            vec![one(Enrolment, *last_day, "lastDay")]
        }
        // The values of a section are checked by their fields' rules.
        FamiliesCommand::RecordSection { .. } | FamiliesCommand::RequestModification { .. } => vec![],
        FamiliesCommand::RegisterFamily { .. }
        | FamiliesCommand::LinkChild { .. }
        | FamiliesCommand::WithdrawModification { .. }
        | FamiliesCommand::DecideModifications { .. } => vec![],
    }
}

fn of_money(command: &MoneyCommand) -> Vec<Entry> {
    match command {
        MoneyCommand::SetTariff { from, .. } | MoneyCommand::ShareCosts { from, .. } => {
            vec![one(Setting, *from, "from")]
        }
        MoneyCommand::PrepareBillingRun { from, to, date, due, .. } => vec![
            one(Billing, *from, "from"),
            one(Billing, *to, "to"),
            one(Billing, *date, "date"),
            one(Due, *due, "due"),
        ],
        MoneyCommand::RecordPayment { date, .. }
        | MoneyCommand::RejectPayment { date, .. }
        | MoneyCommand::RefundFamily { date, .. }
        | MoneyCommand::CreditInvoice { date, .. } => vec![one(Payment, *date, "date")],
        MoneyCommand::TakeOverOperation { date, operation, .. } => {
            let mut all = vec![one(TakenOver, *date, "date")];
            if let Operation::Invoice { from, to, due, .. } = operation {
                all.push(one(TakenOver, *from, "from"));
                all.push(one(TakenOver, *to, "to"));
                all.push(one(Due, *due, "due"));
            }
            all
        }
        MoneyCommand::CloseCashDay { date, .. } => vec![one(CashDesk, *date, "date")],
        MoneyCommand::PrepareDirectDebits { date, due_by, .. } => {
            vec![one(Payment, *date, "date"), one(Due, *due_by, "dueBy")]
        }
        MoneyCommand::DefineRegie { .. }
        | MoneyCommand::ChangeRegie { .. }
        | MoneyCommand::StartBillingRun { .. }
        | MoneyCommand::AbandonBillingRun { .. }
        | MoneyCommand::IssueInvoices { .. }
        | MoneyCommand::ArchiveDocument { .. } => vec![],
    }
}
