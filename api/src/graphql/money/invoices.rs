//! Invoices and how each of their prices came about.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use portail_application::Role;
use portail_documents::statement_labels::charge_key;
use portail_domain::{
    i18n::{Language, text},
    money::account::{
        InvoiceLine as DomainLine,
        ledger::{OpenInvoice, Standing},
    },
    money::tariff::Quote,
    shared::amount::Amount,
};
use portail_projections::{
    families::family,
    money::accounts::{self, InvoiceRow},
};
use rust_decimal::Decimal;

use crate::{
    graphql::{
        context::{Ask, EVERYBODY, be_fresh, coded, unavailable, visible_child},
        entered::page,
        money::{
            Regies, all_regies,
            charges::{ChargeKind, PriceStep, steps},
            day_asked, family_asked, invoice_number,
        },
        scalars::{Date, Position},
    },
    http::links,
};

/// A line of an invoice.
#[derive(Debug, Clone, SimpleObject)]
pub struct InvoiceLine {
    /// The child.
    child_id: ID,
    /// Its first name; null once erased.
    child: Option<String>,
    /// The activity's code.
    activity_id: ID,
    /// The activity.
    activity: String,
    /// What is charged.
    charge: ChargeKind,
    /// The same, in the caller's language.
    label: String,
    /// Whether it corrects what was invoiced before.
    correction: bool,
    /// The days; those that are known of what was taken over.
    dates: Vec<Date>,
    /// How many they are.
    quantity: i32,
    /// What each costs, in euros.
    unit_price: Decimal,
    /// What the line comes to, in euros.
    amount: Decimal,
    /// The version of the tariff.
    tariff_version: u32,
    /// How the price of a day was computed, step by step.
    explanation: Vec<PriceStep>,
}

/// An invoice or a credit note.
#[derive(Debug, Clone, SimpleObject)]
pub struct Invoice {
    /// Its number, e.g. AL-36.
    number: String,
    /// The régie's code.
    regie_id: String,
    /// The family.
    family_number: String,
    /// Whether it is a credit note.
    credit_note: bool,
    /// Its date.
    date: Date,
    /// Until when it is to be paid.
    due: Date,
    /// The first day it bills.
    period_from: Option<Date>,
    /// The last day it bills.
    period_to: Option<Date>,
    /// What it comes to, in euros.
    total: Decimal,
    /// What is still to be paid on the day asked about, in euros.
    open: Decimal,
    /// What staff wrote on a credit note.
    note: Option<String>,
    /// Its lines; none for what was taken over from the software before without them.
    lines: Vec<InvoiceLine>,
    /// Where it is printed (PDF).
    document_url: String,
}

/// First names by child, and activities' names.
pub(super) struct Names {
    children: HashMap<uuid::Uuid, String>,
    activities: HashMap<String, String>,
}

impl Names {
    pub(super) async fn of(ctx: &Context<'_>, lines: &[&DomainLine]) -> Result<Self> {
        let application = ctx.application()?;
        let ids: Vec<uuid::Uuid> = lines.iter().map(|l| l.child.0).collect();
        let found = family::children_by_id(application.pool(), &ids).await.map_err(unavailable)?;
        let children = found.into_iter().filter_map(|c| Some((c.id.0, c.identity?.first_name))).collect();
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let name = |(id, activity): (
            &portail_domain::shared::ids::ActivityId,
            &portail_domain::catalogue::activity::Activity,
        )| { Some((id.to_string(), activity.latest()?.name.clone())) };
        Ok(Self { children, activities: catalogue.activities.iter().filter_map(name).collect() })
    }

    pub(super) fn line(&self, line: &DomainLine, language: Language) -> InvoiceLine {
        let activity = line.activity.to_string();
        InvoiceLine {
            child_id: ID(line.child.to_string()),
            child: self.children.get(&line.child.0).cloned(),
            activity: self.activities.get(&activity).cloned().unwrap_or_default(),
            activity_id: ID(activity),
            charge: line.charge.into(),
            label: text(charge_key(line), language, &[]),
            correction: line.correction,
            quantity: i32::try_from(line.count()).unwrap_or(i32::MAX),
            dates: line.dates.iter().copied().map(Date).collect(),
            unit_price: line.unit.decimal(),
            amount: line.amount().decimal(),
            tariff_version: line.tariff,
            explanation: steps(&line.steps, language),
        }
    }
}

fn invoice(row: InvoiceRow, standing: &Standing, all: &Regies, names: &Names, language: Language) -> Invoice {
    let same = |i: &&OpenInvoice| {
        i.invoice.regie.as_str() == row.regie && i.invoice.number == row.number.unsigned_abs()
    };
    let open = standing.invoices.iter().find(same).filter(|_| !row.credit_note);
    Invoice {
        open: open.map_or(Amount::ZERO, |i| i.open).decimal(),
        number: invoice_number(all, &row.regie, row.number),
        credit_note: row.credit_note,
        date: Date(row.date),
        due: Date(row.due),
        period_from: row.period.map(|p| Date(p.0)),
        period_to: row.period.map(|p| Date(p.1)),
        total: row.total.decimal(),
        note: row.note,
        lines: row.lines.iter().map(|l| names.line(l, language)).collect(),
        document_url: links::invoice_url(&row.regie, row.number),
        regie_id: row.regie,
        family_number: row.family,
    }
}

/// The price of a session and how it comes about.
#[derive(Debug, Clone, SimpleObject)]
pub struct Price {
    /// The price, in euros.
    amount: Decimal,
    /// How it was computed, step by step.
    explanation: Vec<PriceStep>,
}

impl Price {
    fn of(quote: &Quote, language: Language) -> Self {
        Self { amount: quote.amount.decimal(), explanation: steps(&quote.steps, language) }
    }
}

/// Queries of invoices.
#[derive(Debug, Default)]
pub struct InvoiceQuery;

#[Object]
impl InvoiceQuery {
    /// The invoices and credit notes of a family, the newest first.
    #[graphql(guard = "EVERYBODY")]
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The family's number; left out by parents.")] family_number: Option<String>,
        #[graphql(desc = "How many, at most 200.", default = 50)] first: i32,
        #[graphql(desc = "The day they are open on; left out: today.")] at: Option<Date>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<Invoice>> {
        be_fresh(ctx, &[accounts::NAME], min_position.map(|p| p.0)).await?;
        let family = family_asked(ctx, family_number)?;
        let rows =
            accounts::invoices_of(ctx.application()?.pool(), &family, page(ctx, first, 200)?.into()).await;
        let rows = rows.map_err(unavailable)?;
        let (all, language) = (all_regies(ctx).await?, ctx.language());
        let lines: Vec<&DomainLine> = rows.iter().flat_map(|r| &r.lines).collect();
        let names = Names::of(ctx, &lines).await?;
        let ledger = accounts::ledger(ctx.application()?.pool(), &family).await.map_err(unavailable)?;
        let standing = ledger.standing(day_asked(ctx, at)?);
        Ok(rows.into_iter().map(|row| invoice(row, &standing, &all, &names, language)).collect())
    }

    /// An invoice or credit note by its number.
    #[graphql(guard = "EVERYBODY")]
    async fn invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The régie's code.")] regie_id: String,
        #[graphql(desc = "Its number, without the prefix.")] number: i32,
        #[graphql(desc = "The day it is open on; left out: today.")] at: Option<Date>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Invoice> {
        be_fresh(ctx, &[accounts::NAME], min_position.map(|p| p.0)).await?;
        let caller = ctx.caller()?;
        let row =
            accounts::invoice(ctx.application()?.pool(), &regie_id, number).await.map_err(unavailable)?;
        let row = row
            .filter(|r| caller.role != Role::Parent || r.family == caller.login)
            .ok_or_else(|| coded("NOT_FOUND", ctx.language()))?;
        let names = Names::of(ctx, &row.lines.iter().collect::<Vec<_>>()).await?;
        let ledger = accounts::ledger(ctx.application()?.pool(), &row.family).await.map_err(unavailable)?;
        let standing = ledger.standing(day_asked(ctx, at)?);
        Ok(invoice(row, &standing, &all_regies(ctx).await?, &names, ctx.language()))
    }

    /// What a session of a child costs a family, and why: as it is booked; undecided, as it will cost
    /// if it is granted; free, as it would cost if it were asked for now. Null where no tariff holds, or another family pays.
    #[graphql(guard = "EVERYBODY")]
    async fn price(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The child.")] child_id: ID,
        #[graphql(desc = "The activity.")] activity_id: ID,
        #[graphql(desc = "The day.")] date: Date,
        #[graphql(desc = "The family that pays; left out by parents.")] family_number: Option<String>,
    ) -> Result<Option<Price>> {
        let child = visible_child(ctx, &child_id).await?;
        let family = family_asked(ctx, family_number)?;
        let application = ctx.application()?;
        let not_found = || coded("NOT_FOUND", ctx.language());
        let activity = activity_id.parse().map_err(|_| not_found())?;
        let number = family.parse().map_err(|_| not_found())?;
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let (Some(terms), Some(tariff)) =
            (catalogue.terms(&activity, date.0), catalogue.tariffs.get(&activity))
        else {
            return Ok(None);
        };
        let pool = application.pool();
        let households =
            portail_projections::families::household::households(pool, std::slice::from_ref(&family)).await;
        let cells = portail_projections::attendance::planning::cells(pool, child, date.0, date.0).await;
        let (households, cells) = (households.map_err(unavailable)?, cells.map_err(unavailable)?);
        let Some(household) = households.get(&family) else { return Ok(None) };
        let booking = cells.iter().find(|c| c.activity == activity).map(|c| &c.booking);
        let caller = ctx.caller()?;
        let acting = (caller.at, caller.role.is_staff());
        let prices = portail_domain::money::billing::CellPrices::of(
            household,
            (&number, child),
            &terms,
            booking,
            tariff,
            acting,
        );
        Ok(prices.and_then(|prices| prices.cell()).map(|q| Price::of(&q, ctx.language())))
    }
}
