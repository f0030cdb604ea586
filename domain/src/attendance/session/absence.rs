//! What a declared absence becomes: the decision table, as one pure function.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::{attendance::terms::Terms, catalogue::activity::AbsencePolicy};

/// Why a child is absent. A list, not free text: the family's privacy (CNIL), the staff's time.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AbsenceReason {
    /// Illness: a certificate is always due (the guide).
    Medical,
    /// Strike.
    Strike,
    /// The teacher is absent and not replaced.
    TeacherAbsent,
    /// A school trip.
    SchoolTrip,
    /// The school sent the child home.
    SentHome,
    /// Bereavement or another serious event in the family.
    FamilyEvent,
    /// Anything else.
    Personal,
}

/// The outcome of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Before the cancel cut-off: excused, and the place is freed.
    ExcusedInTime,
    /// Excused after the cut-off by its reason.
    Excused,
    /// Staff must confirm the reason.
    Unconfirmed,
    /// A certificate is awaited.
    CertificateDue,
    /// Billed at once.
    Billed,
}

/// The first rows of the decision table: what a declaration becomes when it is received.
pub(super) fn on_declaration(terms: &Terms, reason: AbsenceReason, at: DateTime<Utc>) -> Outcome {
    if at <= terms.cancel_cutoff {
        Outcome::ExcusedInTime
    } else if reason == AbsenceReason::Medical {
        Outcome::CertificateDue
    } else if terms.absence.excusing_reasons.contains(&reason) {
        // A strike, an absent teacher, a school trip: the town knows of it, not the family's word.
        if terms.absence.excused_on_word.contains(&reason) { Outcome::Excused } else { Outcome::Unconfirmed }
    } else {
        Outcome::Billed
    }
}

/// What an accepted certificate makes of an absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateOutcome {
    /// Excused.
    Excused,
    /// Late, and one of the first days: stays billed.
    WaitingDay,
    /// Later than the maximum.
    TooLate,
}

/// The certificate rows of the decision table. `day_index` counts the absent days from 0.
pub(super) fn on_certificate(
    policy: &AbsencePolicy,
    due: DateTime<Utc>,
    latest: DateTime<Utc>,
    day_index: u16,
    received: DateTime<Utc>,
) -> CertificateOutcome {
    if received <= due {
        CertificateOutcome::Excused
    } else if received > latest {
        CertificateOutcome::TooLate
    } else if day_index < policy.waiting_days {
        CertificateOutcome::WaitingDay
    } else {
        CertificateOutcome::Excused
    }
}
