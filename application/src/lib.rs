//! The application: takes a person's command, loads what the decision needs, lets the domain decide,
//! and appends the whole effect in one step; and what runs beside the requests. No rule lives here, and
//! nothing knows of HTTP or GraphQL. The areas are those of the domain: catalogue, attendance, families,
//! money, correspondence, privacy, governance, audit.
#![cfg_attr(test, allow(clippy::wildcard_enum_match_arm, reason = "a test names what it is about"))]

pub mod access;
mod admission;
mod application;
pub mod attendance;
pub mod audit;
mod caller;
pub mod catalogue;
pub mod clock;
mod command;
pub mod correspondence;
mod entry;
pub mod families;
pub mod governance;
pub mod import;
mod keys;
pub mod limits;
pub mod money;
mod outcome;
mod plausible;
pub mod privacy;
mod sealing;
mod services;
pub mod supervisor;
pub mod workers;

pub use application::Application;
pub use attendance::command::{AttendanceCommand, Corrected, Decision, RollCallEntry, Target, WeeklyPattern};
pub use caller::{Caller, Role};
pub use catalogue::command::CatalogueCommand;
pub use command::Command;
pub use correspondence::command::{ConversationMark, CorrespondenceCommand};
pub use families::command::{
    FamiliesCommand, FileOwner, ModificationDecision, ModificationTarget, PersonName,
};
pub use governance::command::GovernanceCommand;
pub use keys::Keys;
pub use money::command::MoneyCommand;
pub use outcome::{CommandOutcome, DayOutcome, DayResult, ItemOutcome, Rejection};
pub use privacy::command::PrivacyCommand;
pub use services::{PATIENCE, Services};
