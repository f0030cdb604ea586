//! Tariffs: what each activity costs, by version.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use portail_application::{MoneyCommand, Rejection};
use portail_domain::{
    money::tariff::{
        Band, LatePickUp, Outside, Scale, SiblingReduction, Surcharge, TariffSettings, Unit as DomainUnit,
    },
    shared::commune,
};
use rust_decimal::Decimal;

use crate::graphql::{
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, EVERYBODY, OFFICERS, STAFF, unavailable},
    entered::parse,
    money::{
        amount,
        cost_sharing::{ShareChildCostsInput, sharing},
    },
    scalars::Date,
};

/// What a tariff counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TariffUnit {
    /// Each session.
    Session,
    /// Each started unit of minutes of attendance.
    Minutes,
    /// Each month of an enrolment.
    Month,
}

/// A band of the household income quotient: it ends where the next one begins.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "TariffBandInput")]
pub struct TariffBand {
    /// The first quotient of the band, in euros.
    from: Decimal,
    /// The price of a unit, in euros, four decimals at most.
    price: Decimal,
}

/// A percentage of the quotient between a floor and a ceiling.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "EffortRateInput")]
pub struct EffortRate {
    /// The percentage of the quotient, e.g. 0.36.
    percent: Decimal,
    /// The least a unit costs, in euros.
    floor: Decimal,
    /// The most a unit costs, in euros.
    ceiling: Decimal,
}

/// How the price of a unit follows from the quotient: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum ScaleInput {
    /// It does not: one price, in euros.
    Flat(Decimal),
    /// By bands, the first from 0; the last one holds without a valid quotient.
    Bands(Vec<TariffBand>),
    /// By an effort rate; its ceiling holds without a valid quotient.
    EffortRate(EffortRate),
}

/// What families who live elsewhere pay: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum OutsideInput {
    /// A percentage of the price; 200: double.
    Percent(u16),
    /// By a scale of their own.
    Scale(ScaleInput),
}

/// What comes on top: exactly one of these.
#[derive(Debug, Clone, OneofObject)]
pub enum SurchargeInput {
    /// A percentage of the price; 50: half as much again.
    Percent(u16),
    /// An amount, in euros.
    Amount(Decimal),
    /// This price instead, in euros.
    Instead(Decimal),
}

/// A reduction from a child's rank in the family on.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "SiblingReductionInput")]
pub struct TariffSiblingReduction {
    /// The first rank it is for: 2 is the second enrolled child, the oldest first.
    from_rank: u8,
    /// The reduction, in percent.
    percent: u8,
}

/// What fetching a child late costs.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "LatePickUpInput")]
pub struct TariffLatePickUp {
    /// Minutes after the session's end that cost nothing.
    grace_minutes: u16,
    /// Each started unit of so many minutes after them costs the amount; 0: once.
    unit_minutes: u16,
    /// What a unit costs, in euros.
    amount: Decimal,
}

input_objects! {
    /// A tariff from a day on.
    object TariffInput {
        "The régie that bills." regie_id: ID,
        "What is counted." unit: TariffUnit,
        "How many minutes a unit has, when minutes are counted: 15, 30, 60." unit_minutes: Option<u16>,
        "What a unit costs." scale: ScaleInput,
        "What it costs families who live elsewhere; left out: the same." outside: Option<OutsideInput>,
        #[graphql(default)]
        "The communes whose inhabitants are of the town, by INSEE code (see `communes`); left out, and no\n\
         postcodes: everybody is of the town."
        resident_communes: Vec<String>,
        #[graphql(default)]
        "The postcodes of the town, where no other commune shares them." resident_postcodes: Vec<String>,
        #[graphql(default)]
        "Reductions for siblings, by rising rank." siblings: Vec<TariffSiblingReduction>,
        "What a request after the booking cut-off costs on top." late_request: Option<SurchargeInput>,
        "What coming without a reservation, or outside the contract, costs on top." unbooked: Option<SurchargeInput>,
        "What fetching a child late costs." late_pick_up: Option<TariffLatePickUp>,
        #[graphql(default)]
        "How much of the price is deductible child care, in percent; meals and penalties are not."
        deductible_percent: u8,
        "The account of the books it is earned on, e.g. 7067." product_account: String,
    }

    /// A tariff to set.
    command SetTariffInput {
        "The activity." activity_id: ID,
        "The first session day it holds for." from: Date,
        "What it costs." settings: TariffInput,
    }
}

fn scale(input: ScaleInput) -> Scale {
    match input {
        ScaleInput::Flat(price) => Scale::Flat(price),
        ScaleInput::Bands(bands) => {
            Scale::Bands(bands.into_iter().map(|b| Band { from: b.from, price: b.price }).collect())
        }
        ScaleInput::EffortRate(EffortRate { percent, floor, ceiling }) => {
            Scale::EffortRate { percent, floor, ceiling }
        }
    }
}

fn surcharge(input: Option<SurchargeInput>, field: &str) -> Result<Surcharge, Rejection> {
    let path = ["input", "settings", field];
    Ok(match input {
        None => Surcharge::None,
        Some(SurchargeInput::Percent(percent)) => Surcharge::Percent(percent),
        Some(SurchargeInput::Amount(more)) => Surcharge::Amount(amount(more, &path)?),
        Some(SurchargeInput::Instead(price)) => Surcharge::Instead(amount(price, &path)?),
    })
}

fn settings(input: TariffInput) -> Result<TariffSettings, Rejection> {
    let unit = match (input.unit, input.unit_minutes) {
        (TariffUnit::Session, _) => DomainUnit::Session,
        (TariffUnit::Month, _) => DomainUnit::Month,
        (TariffUnit::Minutes, Some(minutes)) => DomainUnit::Minutes(minutes),
        (TariffUnit::Minutes, None) => {
            return Err(Rejection::of_code("FIELD_REQUIRED").at(&["input", "settings", "unitMinutes"]));
        }
    };
    let late = input.late_pick_up.map(|l| {
        let amount = amount(l.amount, &["input", "settings", "latePickUp", "amount"])?;
        Ok(LatePickUp { grace_minutes: l.grace_minutes, unit_minutes: l.unit_minutes, amount })
    });
    let sibling = |s: TariffSiblingReduction| SiblingReduction { from_rank: s.from_rank, percent: s.percent };
    Ok(TariffSettings {
        regie: parse(&input.regie_id, "settings")?,
        unit,
        scale: scale(input.scale),
        outside: match input.outside {
            None => Outside::Same,
            Some(OutsideInput::Percent(percent)) => Outside::Percent(percent),
            Some(OutsideInput::Scale(own)) => Outside::Scale(scale(own)),
        },
        residents: input.resident_postcodes.into_iter().collect::<BTreeSet<_>>(),
        communes: input.resident_communes.into_iter().collect(),
        siblings: input.siblings.into_iter().map(sibling).collect(),
        late_request: surcharge(input.late_request, "lateRequest")?,
        unbooked: surcharge(input.unbooked, "unbooked")?,
        late_pick_up: late.transpose()?,
        deductible_percent: input.deductible_percent,
        product_account: input.product_account,
    })
}

/// A commune of France.
#[derive(Debug, Clone, SimpleObject)]
pub struct Commune {
    /// Its INSEE code.
    code: ID,
    /// Its name.
    name: String,
}

impl From<commune::Commune> for Commune {
    fn from(commune: commune::Commune) -> Self {
        Self { code: ID(commune.code.to_owned()), name: commune.name.to_owned() }
    }
}

/// A version of a tariff.
#[derive(Debug, Clone, SimpleObject)]
pub struct TariffVersion {
    /// The activity's code.
    activity_id: ID,
    /// Its number.
    version: u32,
    /// The first session day it holds for.
    from: Date,
    /// The régie that bills.
    regie_id: ID,
    /// What is counted.
    unit: TariffUnit,
    /// How many minutes a unit has.
    unit_minutes: Option<u16>,
    /// The one price of a unit.
    flat: Option<Decimal>,
    /// The bands of the quotient.
    bands: Vec<TariffBand>,
    /// The effort rate.
    effort_rate: Option<EffortRate>,
    /// What families who live elsewhere pay, in percent of the price.
    outside_percent: Option<u16>,
    /// The communes whose inhabitants are of the town.
    resident_communes: Vec<Commune>,
    /// The postcodes of the town.
    resident_postcodes: Vec<String>,
    /// Reductions for siblings.
    siblings: Vec<TariffSiblingReduction>,
    /// What fetching a child late costs.
    late_pick_up: Option<TariffLatePickUp>,
    /// How much of the price is deductible child care, in percent.
    deductible_percent: u8,
    /// The account of the books it is earned on.
    product_account: String,
}

fn version(activity: &str, from: chrono::NaiveDate, number: u32, settings: &TariffSettings) -> TariffVersion {
    let (unit, unit_minutes) = match settings.unit {
        DomainUnit::Session => (TariffUnit::Session, None),
        DomainUnit::Minutes(minutes) => (TariffUnit::Minutes, Some(minutes)),
        DomainUnit::Month => (TariffUnit::Month, None),
    };
    let (mut flat, mut bands, mut effort_rate) = (None, vec![], None);
    match &settings.scale {
        Scale::Flat(price) => flat = Some(*price),
        Scale::Bands(known) => {
            bands = known.iter().map(|b| TariffBand { from: b.from, price: b.price }).collect();
        }
        Scale::EffortRate { percent, floor, ceiling } => {
            effort_rate = Some(EffortRate { percent: *percent, floor: *floor, ceiling: *ceiling });
        }
    }
    TariffVersion {
        activity_id: ID(activity.to_owned()),
        version: number,
        from: Date(from),
        regie_id: ID(settings.regie.to_string()),
        unit,
        unit_minutes,
        flat,
        bands,
        effort_rate,
        outside_percent: match settings.outside {
            Outside::Percent(percent) => Some(percent),
            Outside::Same | Outside::Scale(_) => None,
        },
        resident_communes: settings
            .communes
            .iter()
            .filter_map(|c| commune::by_code(c))
            .map(Into::into)
            .collect(),
        resident_postcodes: settings.residents.iter().cloned().collect(),
        siblings: settings
            .siblings
            .iter()
            .map(|s| TariffSiblingReduction { from_rank: s.from_rank, percent: s.percent })
            .collect(),
        late_pick_up: settings.late_pick_up.map(|l| TariffLatePickUp {
            grace_minutes: l.grace_minutes,
            unit_minutes: l.unit_minutes,
            amount: l.amount.decimal(),
        }),
        deductible_percent: settings.deductible_percent,
        product_account: settings.product_account.clone(),
    }
}

/// Queries of tariffs.
#[derive(Debug, Default)]
pub struct TariffQuery;

#[Object]
impl TariffQuery {
    /// The communes that have a postcode, to choose a family's from (Insee, La Poste; Licence Ouverte 2.0).
    #[graphql(guard = "EVERYBODY")]
    async fn communes(&self, #[graphql(desc = "The postcode.")] postcode: String) -> Vec<Commune> {
        commune::of_postcode(&postcode).iter().copied().map(Into::into).collect()
    }

    /// The tariffs of all activities, or of one, with their versions.
    #[graphql(guard = "OFFICERS")]
    async fn tariffs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this activity.")] activity_id: Option<ID>,
    ) -> Result<Vec<TariffVersion>> {
        let catalogue = ctx.application()?.catalogue().get().await.map_err(unavailable)?;
        let wanted = catalogue
            .tariffs
            .iter()
            .filter(|(activity, _)| activity_id.as_ref().is_none_or(|id| id.as_str() == activity.as_str()));
        let versions = wanted.flat_map(|(activity, tariff)| {
            tariff.versions().map(move |(from, number, s)| version(activity.as_str(), from, number, s))
        });
        Ok(versions.collect())
    }
}

/// Mutations of tariffs.
#[derive(Debug, Default)]
pub struct TariffMutation;

#[Object]
impl TariffMutation {
    /// Says what an activity costs from a day on. What was invoiced keeps its price.
    #[graphql(guard = "STAFF")]
    async fn set_tariff(&self, ctx: &Context<'_>, input: SetTariffInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let activity = parse(&input.activity_id, "activityId")?;
            let settings = Box::new(settings(input.settings)?);
            Ok(MoneyCommand::SetTariff { activity, settings, from: input.from.0 })
        })
        .await
    }

    /// Says how the families of a child bear its costs from a day on.
    #[graphql(guard = "STAFF")]
    async fn share_child_costs(
        &self,
        ctx: &Context<'_>,
        input: ShareChildCostsInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let child = parse(&input.child_id, "childId")?;
            let sharing = sharing(input.sharing)?;
            Ok(MoneyCommand::ShareCosts { child, sharing, from: input.from.0 })
        })
        .await
    }
}
