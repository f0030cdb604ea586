//! What may be asked of an erasure.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{LegalBasis, Obligations, RetentionRules, Subject};
use crate::shared::sealed::Purpose;

/// A command to an erasure.
#[derive(Debug, Clone, PartialEq)]
pub enum ErasureCommand {
    /// Erase data of a subject.
    Erase {
        /// The family or the child whose data it is.
        subject: Subject,
        /// Which; empty: all that may be erased.
        purposes: BTreeSet<Purpose>,
        /// On which ground.
        basis: LegalBasis,
        /// What still binds the subject to the town.
        ties: Obligations,
        /// How long what is kept.
        rules: RetentionRules,
        /// The files that hold health data, erased with these.
        health_files: Vec<Uuid>,
        /// When it was received.
        at: DateTime<Utc>,
    },
}
