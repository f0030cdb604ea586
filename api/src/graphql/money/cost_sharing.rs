//! How parents share a child's costs, as staff enter it.

use async_graphql::{ID, OneofObject, Result};
use portail_application::Rejection;
use portail_domain::families::child::CostSharing;

use crate::graphql::{commands::input_objects, entered::parse, scalars::Date};

input_objects! {
    /// A family's share of a child's costs.
    object CostShareInput {
        "The family." family_number: String,
        "Its share, in percent." percent: u8,
    }

    /// The families of even and odd weeks.
    object CostWeeksInput {
        "Who pays the days of even weeks (ISO 8601)." even: String,
        "Who pays the days of odd weeks." odd: String,
    }

    /// A custody calendar.
    object CustodyInput {
        "Who pays the days of even weeks (ISO 8601) outside school holidays." even: String,
        "Who pays the days of odd weeks outside school holidays." odd: String,
        "Which of the two pays the first half of school holidays that begin in an even year; the\n\
         other pays the second half, and in odd years it is the other way round."
        first_half_in_even_years: String,
    }
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

input_objects! {
    /// A cost sharing to record.
    command ShareChildCostsInput {
        "The child." child_id: ID,
        "The first day it holds for." from: Date,
        "How its families bear its costs." sharing: CostSharingInput,
    }
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
