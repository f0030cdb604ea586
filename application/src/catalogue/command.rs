//! The commands about what the town offers and about its calendar, as data.

use chrono::NaiveDate;
use portail_domain::{
    catalogue::activity::{ActivityChanges, ActivitySettings},
    catalogue::calendar::{ClosureReason, ClosureScope, HolidayRegion, Holidays, Zone},
    shared::ids::{ActivityId, ClosureId, StructureId},
    shared::text::Heading,
};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use crate::caller::Role;

/// A command about what the town offers and its calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, VariantNames)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are the glossary's words; each variant is described")]
pub enum CatalogueCommand {
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
}

impl CatalogueCommand {
    /// Whether a role may send it. Whose child and whose money it is, is checked where it is decided.
    pub fn is_open_to(&self, role: Role) -> bool {
        match self {
            Self::CloseDays { .. }
            | Self::ReopenDays { .. }
            | Self::AdoptZone { .. }
            | Self::AdoptRegion { .. }
            | Self::EnterSchoolYear { .. }
            | Self::DefineStructure { .. }
            | Self::RenameStructure { .. }
            | Self::RetireStructure { .. }
            | Self::ReopenStructure { .. }
            | Self::DefineActivity { .. }
            | Self::ChangeActivity { .. }
            | Self::RetireActivity { .. }
            | Self::ReopenActivity { .. } => role.is_staff(),
        }
    }
}
