//! How long what is kept, and why.
//!
//! Sources: RGPD articles 5 (1) e and 17 (3) b; Code de commerce L123-22 (accounting evidence, ten
//! years); Code monétaire et financier L133-24 (a direct debit is disputed within thirteen months);
//! CNIL: health data go when the child leaves.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::{i18n::Args, shared::amount::Amount, shared::sealed::Purpose};

/// The least a town may keep accounting evidence, in months.
const ACCOUNTING: u16 = 120;

/// How long a direct debit can be disputed, in months.
const DISPUTE: u16 = 13;

/// What binds a subject to the town, as far as it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obligations {
    /// The last day of the last enrolment; an open one has none, and is far away.
    pub enrolled_until: Option<NaiveDate>,
    /// The last operation of the account.
    pub last_operation: Option<NaiveDate>,
    /// The last direct debit.
    pub last_debit: Option<NaiveDate>,
    /// What the account comes to; anything but zero is unfinished business.
    pub balance: Amount,
    /// When the file last changed.
    pub last_change: Option<NaiveDate>,
    /// Today, in the town.
    pub today: NaiveDate,
}

/// Why something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", prefix = "KEPT_")]
pub enum KeptReason {
    /// The child is enrolled.
    Enrolled,
    /// The account is not settled.
    OpenBalance,
    /// Accounting evidence.
    Accounting,
    /// A direct debit can still be disputed.
    DirectDebit,
    /// The town's own time for it is not over.
    Retention,
}

impl KeptReason {
    /// The key of its words in the catalogue.
    pub fn key(self) -> &'static str {
        self.into()
    }
}

/// Something that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which data.
    pub purpose: Purpose,
    /// The law or the need that keeps them.
    pub reason: KeptReason,
    /// Until when; none: until something happens.
    pub until: Option<NaiveDate>,
}

impl Kept {
    /// The arguments of its words in the catalogue.
    pub fn args(&self) -> Args {
        let until = self.until.map_or_else(|| "NO_DATE".to_owned(), |day| day.format("%d/%m/%Y").to_string());
        vec![("until", until)]
    }
}

/// The town's retention rules: how many months after the last tie each purpose is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRules {
    /// The months of each purpose.
    pub months: BTreeMap<Purpose, u16>,
    /// Whether what is over is erased by itself.
    pub automatic: bool,
}

impl Default for RetentionRules {
    fn default() -> Self {
        let months = [
            (Purpose::Health, 1),
            (Purpose::Tax, 12),
            (Purpose::Caf, 12),
            (Purpose::Bank, DISPUTE),
            (Purpose::Message, 24),
            (Purpose::Note, 24),
            (Purpose::Attachment, 24),
            (Purpose::Identity, ACCOUNTING),
            (Purpose::Document, ACCOUNTING),
        ];
        Self { months: months.into(), automatic: false }
    }
}

impl RetentionRules {
    /// The least months the law leaves for a purpose.
    pub fn least(purpose: Purpose) -> u16 {
        match purpose {
            Purpose::Identity | Purpose::Document => ACCOUNTING,
            Purpose::Bank => DISPUTE,
            Purpose::Tax
            | Purpose::Caf
            | Purpose::Health
            | Purpose::Message
            | Purpose::Note
            | Purpose::Attachment => 0,
        }
    }

    /// The months of a purpose.
    pub fn of(&self, purpose: Purpose) -> u16 {
        self.months.get(&purpose).copied().unwrap_or_else(|| Self::least(purpose))
    }

    /// The first purpose that is kept for less than the law asks.
    pub fn too_short(&self) -> Option<Purpose> {
        self.months.iter().find(|(purpose, months)| **months < Self::least(**purpose)).map(|(p, _)| *p)
    }

    /// What keeps data from being erased; none: nothing does. When their own time has to be over
    /// (`retention`), the town's rules count too; a person's right does not wait for them.
    pub fn keeps(&self, purpose: Purpose, ties: &Obligations, retention: bool) -> Option<Kept> {
        let kept = |reason, until| Some(Kept { purpose, reason, until });
        let over = |from: Option<NaiveDate>, months: u16| {
            let until = from?.checked_add_months(Months::new(months.into()))?;
            (until >= ties.today).then_some(until)
        };
        let in_use =
            !matches!(purpose, Purpose::Bank | Purpose::Message | Purpose::Note | Purpose::Attachment);
        if in_use && ties.enrolled_until.is_some_and(|until| until >= ties.today) {
            return kept(KeptReason::Enrolled, ties.enrolled_until.filter(|until| *until < NaiveDate::MAX));
        }
        if matches!(purpose, Purpose::Identity | Purpose::Document) {
            if ties.balance != Amount::ZERO {
                return kept(KeptReason::OpenBalance, None);
            }
            if let Some(until) = over(ties.last_operation, self.of(purpose)) {
                return kept(KeptReason::Accounting, Some(until));
            }
        }
        if purpose == Purpose::Bank
            && let Some(until) = over(ties.last_debit, DISPUTE)
        {
            return kept(KeptReason::DirectDebit, Some(until));
        }
        if retention {
            let last =
                [ties.enrolled_until, ties.last_operation, ties.last_change].into_iter().flatten().max();
            if last == Some(NaiveDate::MAX) {
                return kept(KeptReason::Enrolled, None);
            }
            if let Some(until) = over(last, self.of(purpose)) {
                return kept(KeptReason::Retention, Some(until));
            }
        }
        None
    }
}
