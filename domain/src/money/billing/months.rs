//! What is paid by the month.

use std::collections::HashSet;

use super::{
    BillInput, BilledKey,
    lines::Lines,
    taken_over::{Coverage, TakenOver},
    warning::{WarningKind, Warnings},
};
use crate::{
    money::tariff::{Charge, Quote, Unit},
    shared::amount::Amount,
    shared::time::Month,
};

/// The months of enrolments paid by the month; and those billed before that no enrolment holds in
/// any more, given back.
pub(super) fn months(
    input: &BillInput<'_>,
    taken_over: &TakenOver<'_>,
    lines: &mut Lines,
    warnings: &mut Warnings,
) {
    let BillInput { family, household, regie, period: (from, to), billed, offer, .. } = *input;
    let mut held = HashSet::new();
    for child in &household.children {
        for enrolment in &child.enrolments {
            let Some(tariff) = offer.tariff(&enrolment.activity) else { continue };
            let mut month = Month::of(billed.keys().map(|key| key.date).min().map_or(from, |d| d.min(from)));
            while month.first() <= to {
                let (this, day) = (month, month.first().max(enrolment.from));
                month = month.next();
                let inside = Month::of(day) == this && enrolment.holds_on(day);
                let inside = inside && offer.runs(&enrolment.activity, day);
                let Some((version, settings)) = tariff.on(day).filter(|_| inside) else { continue };
                let Some((begin, end)) = child.part(family, &enrolment.payer, day, offer.holidays(day))
                else {
                    continue;
                };
                let key = BilledKey {
                    child: child.id,
                    activity: enrolment.activity.clone(),
                    date: this.first(),
                    month: true,
                };
                held.insert(key.clone());
                // One that was given back and is held again is billed again, by whichever run comes next.
                let before = billed.get(&key).map(|(amount, _)| *amount);
                let is_new = before.is_none() && this >= Month::of(from);
                let is_back = before.is_some_and(|amount| amount.is_zero());
                if settings.unit != Unit::Month || settings.regie != *regie || !(is_new || is_back) {
                    continue;
                }
                let place = (child.id, &enrolment.activity, this.first());
                match taken_over.month(child.id, &enrolment.activity, this) {
                    Coverage::Covered { .. } => continue,
                    Coverage::Undecided { invoice } => {
                        warnings.add(WarningKind::TakenOver, place, Some(invoice));
                        continue;
                    }
                    Coverage::Not => {}
                }
                let facts = household.facts(family, child.id, day, settings, Charge::Month);
                let quote = settings.price(&facts).part(begin, end);
                input.warn_of_price(&quote, day, settings, place, warnings);
                lines.add(&key, Charge::Month, version, settings, &quote, before);
            }
        }
    }
    for (key, (amount, _)) in billed {
        let Some((version, settings)) = offer.tariff(&key.activity).and_then(|t| t.on(key.date)) else {
            continue;
        };
        if key.month && !held.contains(key) && settings.regie == *regie {
            let nothing = Quote { amount: Amount::default(), steps: vec![] };
            if let Some(invoice) = input.credited_by_hand(key, Some(*amount), nothing.amount) {
                let place = (key.child, &key.activity, key.date);
                warnings.add(WarningKind::Credited, place, Some(invoice));
                continue;
            }
            lines.add(key, Charge::Month, version, settings, &nothing, Some(*amount));
        }
    }
}
