//! How parents share a child's costs, as staff enter it.

use async_graphql::{ID, InputObject, OneofObject, Result};
use portail_application::Rejection;
use portail_domain::families::child::CostSharing;
use uuid::Uuid;

use crate::graphql::{entered::parse, scalars::Date};

/// A family's share of a child's costs.
#[derive(Debug, Clone, InputObject)]
pub struct CostShareInput {
    /// The family.
    pub(super) family_number: String,
    /// Its share, in percent.
    pub(super) percent: u8,
}

/// The families of even and odd weeks.
#[derive(Debug, Clone, InputObject)]
pub struct CostWeeksInput {
    /// Who pays the days of even weeks (ISO 8601).
    pub(super) even: String,
    /// Who pays the days of odd weeks.
    pub(super) odd: String,
}

/// A custody calendar.
#[derive(Debug, Clone, InputObject)]
pub struct CustodyInput {
    /// Who pays the days of even weeks (ISO 8601) outside school holidays.
    pub(super) even: String,
    /// Who pays the days of odd weeks outside school holidays.
    pub(super) odd: String,
    /// Which of the two pays the first half of school holidays that begin in an even year; the
    /// other pays the second half, and in odd years it is the other way round.
    pub(super) first_half_in_even_years: String,
}

/// How two families bear what a child costs: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum CostSharingInput {
    /// Each what it booked.
    Booked(bool),
    /// Each a percentage of everything; together 100.
    Shares(Vec<CostShareInput>),
    /// By weeks.
    Weeks(CostWeeksInput),
    /// By weeks, and school holidays in halves.
    Custody(CustodyInput),
}

/// A cost sharing to record.
#[derive(Debug, Clone, InputObject)]
pub struct ShareChildCostsInput {
    /// The idempotency key: the same again gives the first outcome.
    pub(super) client_mutation_id: Uuid,
    /// The child.
    pub(super) child_id: ID,
    /// The first day it holds for.
    pub(super) from: Date,
    /// How its families bear its costs.
    pub(super) sharing: CostSharingInput,
}

pub(super) fn sharing(input: CostSharingInput) -> Result<CostSharing, Rejection> {
    Ok(match input {
        CostSharingInput::Booked(_) => CostSharing::Booked,
        CostSharingInput::Shares(shares) => {
            let share = |s: CostShareInput| Ok((parse(&s.family_number, "sharing")?, s.percent));
            CostSharing::Shares(shares.into_iter().map(share).collect::<Result<_, Rejection>>()?)
        }
        CostSharingInput::Weeks(weeks) => {
            CostSharing::Weeks { even: parse(&weeks.even, "sharing")?, odd: parse(&weeks.odd, "sharing")? }
        }
        CostSharingInput::Custody(custody) => CostSharing::Custody {
            even: parse(&custody.even, "sharing")?,
            odd: parse(&custody.odd, "sharing")?,
            first_half_in_even_years: parse(&custody.first_half_in_even_years, "sharing")?,
        },
    })
}
