//! What a family paid for child care in a calendar year, as the yearly tax certificate states it.
//!
//! Source: CGI art. 200 quater B (tax credit for the care, outside the home, of children under 6 on
//! 1 January of the tax year). Meals and penalties are no care: each line of an invoice carries the
//! share of it that is.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::InvoiceLine;
use crate::{shared::amount::Amount, shared::ids::ChildId};

/// The age under which care counts, in years.
const UNDER: i32 = 6;

/// Whether the care of a child born on a day counts for a tax year.
pub fn counts_for(born: NaiveDate, year: i32) -> bool {
    // Born on 1 January, a child has reached the age on the 1 January that decides.
    let limit = (year - UNDER, 1, 1);
    (born.year(), born.month(), born.day()) > (limit.0, limit.1, limit.2)
}

/// What was paid for the care of each child: of every invoice, the paid part falls on its lines in
/// proportion. Rounded once per child.
pub fn paid_for_care<'a>(
    paid: impl IntoIterator<Item = (Amount, &'a [InvoiceLine], Amount)>,
    counts: impl Fn(ChildId) -> bool,
) -> BTreeMap<ChildId, Amount> {
    let mut exact: BTreeMap<ChildId, Decimal> = BTreeMap::new();
    for (total, lines, part) in paid {
        if total.is_zero() {
            continue;
        }
        for line in lines.iter().filter(|l| l.deductible > 0 && counts(l.child)) {
            let care = line.amount().decimal() * Decimal::from(line.deductible) / Decimal::ONE_HUNDRED;
            *exact.entry(line.child).or_default() += care * part.decimal() / total.decimal();
        }
    }
    exact
        .into_iter()
        .map(|(child, sum)| (child, Amount::round(sum)))
        .filter(|(_, sum)| !sum.is_zero())
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::money::tariff::Charge;

    fn line(child: u128, cents: i64, deductible: u8) -> InvoiceLine {
        let date: NaiveDate = "2015-04-07".parse().unwrap();
        InvoiceLine {
            child: ChildId(Uuid::from_u128(child)),
            activity: "garderie".parse().unwrap(),
            charge: Charge::Reserved,
            correction: false,
            tariff: 1,
            unit: Amount::cents(cents),
            dates: vec![date],
            quantity: None,
            steps: vec![],
            deductible,
            account: "7067".into(),
        }
    }

    #[test]
    fn a_part_paid_is_a_part_of_the_care_and_meals_are_none() {
        let lines = [line(1, 4000, 100), line(1, 3000, 0), line(2, 3000, 50)];
        let paid = [(Amount::cents(10_000), &lines[..], Amount::cents(5_000))];
        let of = |counts: fn(ChildId) -> bool| paid_for_care(paid, counts);
        let (first, second) = (ChildId(Uuid::from_u128(1)), ChildId(Uuid::from_u128(2)));
        assert_eq!(of(|_| true), [(first, Amount::cents(2000)), (second, Amount::cents(750))].into());
        assert_eq!(of(|c| c == ChildId(Uuid::from_u128(2))), [(second, Amount::cents(750))].into());
    }

    #[test]
    fn a_child_counts_until_the_year_it_is_six_on_the_first_of_january() {
        let born = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(counts_for(born("2009-01-02"), 2015));
        assert!(!counts_for(born("2009-01-01"), 2015));
        assert!(counts_for(born("2015-06-01"), 2015));
    }
}
