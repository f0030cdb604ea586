//! Rows of régies, runs and batches.

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::money::regie::{CashTotal, Issuer, LeftOut, RegieSettings, Series};
use sqlx::FromRow;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::decode::kept_as_text;

/// A régie as it stands: its settings, and how it writes its numbers.
#[derive(Debug, Clone)]
pub struct KnownRegie {
    /// Its settings.
    pub settings: RegieSettings,
    /// How it writes its numbers.
    pub series: Series,
}

impl std::ops::Deref for KnownRegie {
    type Target = RegieSettings;
    fn deref(&self) -> &RegieSettings {
        &self.settings
    }
}

/// How far a billing run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Its draft is computed, and waits for staff.
    Prepared,
    /// Its invoices are being issued.
    Issuing,
    /// All its invoices are issued.
    Completed,
    /// Staff gave it up.
    Abandoned,
}

kept_as_text!(Stage);

/// A billing run.
#[derive(Debug, Clone, FromRow)]
pub struct RunRow {
    /// Its id.
    pub id: Uuid,
    /// Its régie.
    pub regie: String,
    /// The first billed day.
    pub first_day: NaiveDate,
    /// The last billed day.
    pub last_day: NaiveDate,
    /// The date of its invoices.
    pub date: NaiveDate,
    /// Until when they are to be paid.
    pub due: NaiveDate,
    /// How far it is.
    pub stage: Stage,
    /// How many invoices and credit notes it issued so far.
    pub invoices: i32,
    /// The last family invoiced.
    pub last_family: Option<String>,
    /// When it was prepared.
    pub prepared: DateTime<Utc>,
    /// When it was completed or abandoned.
    pub ended: Option<DateTime<Utc>>,
}

/// A batch of direct debits, beside its collections.
#[derive(Debug, Clone)]
pub struct DebitBatchRow {
    /// The régie that collects.
    pub regie: String,
    /// The day the banks collect.
    pub date: NaiveDate,
    /// Who signs its file; none in batches from before it was kept.
    pub issuer: Option<Issuer>,
    /// What was due and could not be collected.
    pub left_out: Vec<LeftOut>,
    /// When it was ordered.
    pub ordered: DateTime<Utc>,
}

/// A closed cash desk: its last day, its totals and when it was closed.
pub type Closing = (NaiveDate, Vec<CashTotal>, DateTime<Utc>);
