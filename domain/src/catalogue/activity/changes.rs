//! A change of some settings of an activity. What is not named stays as it is.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::{AbsencePolicy, ActivitySettings, ApprovalMode, LateRequests, LeavePolicy};
use crate::{
    attendance::session::AbsenceReason, catalogue::calendar::Period, catalogue::deadline::DeadlineRule,
    shared::ids::StructureId, shared::time::Weekdays,
};

/// The changes of a struct: each field may be named or not. A field that is forgotten here does not
/// compile.
macro_rules! changes {
    ($(#[$doc:meta])* $name:ident of $settings:ident { $($(#[$attr:meta])* $field:ident: $kind:ty),+ $(,)? }
        inside { $($inner:ident: $changes:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        #[allow(missing_docs, reason = "the fields are those of the settings; none: it stays")]
        pub struct $name {
            $($(#[$attr])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)+
            $(pub $inner: $changes),*
        }

        impl $name {
            /// The settings after the change.
            #[must_use]
            pub fn applied_to(self, settings: &$settings) -> $settings {
                $settings {
                    $($field: self.$field.unwrap_or_else(|| settings.$field.clone()),)+
                    $($inner: self.$inner.applied_to(&settings.$inner)),*
                }
            }

            /// What the change means for settings that hold later: those that were themselves changed
            /// since the settings before stay.
            #[must_use]
            pub fn carried_to(&self, before: &$settings, later: &$settings) -> Self {
                Self {
                    $($field: self.$field.clone().filter(|_| later.$field == before.$field),)+
                    $($inner: self.$inner.carried_to(&before.$inner, &later.$inner)),*
                }
            }
        }

        impl From<$settings> for $name {
            /// A change of everything.
            fn from(settings: $settings) -> Self {
                Self { $($field: Some(settings.$field),)+ $($inner: settings.$inner.into()),* }
            }
        }
    };
}

changes! {
    /// What to change of the rules of absences.
    AbsenceChanges of AbsencePolicy {
        certificate_window_hours: u16,
        late_certificate_days: u16,
        waiting_days: u16,
        billed_percent: u8,
        excusing_reasons: BTreeSet<AbsenceReason>,
        excused_on_word: BTreeSet<AbsenceReason>,
    } inside {}
}

changes! {
    /// What to change of an activity.
    ActivityChanges of ActivitySettings {
        structure: StructureId,
        name: String,
        rank: u16,
        starts: NaiveTime,
        ends: NaiveTime,
        weekdays: Weekdays,
        periods: BTreeSet<Period>,
        #[serde(with = "crate::shared::given")]
        capacity: Option<u32>,
        approval: ApprovalMode,
        waiting_list: bool,
        offer_hours: u16,
        booking_deadline: DeadlineRule,
        cancel_deadline: DeadlineRule,
        late_requests: LateRequests,
        #[serde(with = "crate::shared::given")]
        leave: Option<LeavePolicy>,
    } inside { absence: AbsenceChanges }
}
