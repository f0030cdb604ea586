//! Billing runs: prepare, review family by family, issue.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{Command, MoneyCommand};
use portail_domain::{
    account::InvoiceLine as DomainLine,
    amount::Amount,
    billing::{Warning, WarningKind as DomainWarning},
    messages::{Language, text},
};
use portail_projections::money::{
    accounts,
    billing_drafts::{self, Draft},
    regies::{self, KnownRegie, RunRow},
};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::graphql::money::{
    all_regies,
    invoices::{InvoiceLine, Names},
};
use crate::graphql::{
    attendance::planning::mirrored_enum,
    context::{Ask, OFFICERS, STAFF, be_fresh, coded, payer_names, unavailable},
    entered::{page, parse},
    families::{RecordPayload, record},
    scalars::{Date, Position},
};

/// Where a billing run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum BillingRunStage {
    /// Its draft is being computed, or can be reviewed.
    Prepared,
    /// Its invoices are being issued.
    Issuing,
    /// All invoices are issued.
    Completed,
    /// It was given up.
    Abandoned,
}

mirrored_enum!(
    /// What a bill cannot settle by itself.
    BillingWarningKind = DomainWarning {
        Error: "A session is in error: it is not billed.",
        Undecided: "An absence is undecided: it is not billed yet.",
        NotPointed: "The roll was not called: it is billed as reserved.",
        NoTariff: "The activity has no tariff on the day: it is not billed.",
        TakenOver: "An invoice of the software before may cover it, or it changed since: it is not billed.",
        NeverBilled: "No run billed it, and it lies further back than runs look: it is not billed.",
        QuotientExpired: "The income quotient on file has expired: it is billed without one.",
        QuotientCorrected: "It is billed already, and its income quotient was corrected since: it keeps its price.",
        ResidenceUnknown: "Several communes share the family's postcode, and none is chosen.",
    }
);

/// What staff should look at before they issue.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingWarning {
    /// What it is.
    kind: BillingWarningKind,
    /// The same, in the caller's language.
    label: String,
    /// The child.
    child_id: ID,
    /// The activity.
    activity_id: ID,
    /// The day, the first of several.
    date: Date,
    /// How many days.
    count: u32,
    /// The invoice of the software before that is in question.
    invoice: Option<String>,
}

/// What a family is to be billed.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingDraft {
    /// The family.
    family_number: String,
    /// Its responsible guardian; null once erased.
    responsible: Option<String>,
    /// What it comes to, in euros; negative: a credit note.
    total: Decimal,
    /// What the run before billed it, in euros.
    previous_total: Decimal,
    /// The difference to the run before, in euros.
    difference: Decimal,
    /// Whether it is below the minimum and carried forward.
    carried_forward: bool,
    /// The lines.
    lines: Vec<InvoiceLine>,
    /// What staff should look at.
    warnings: Vec<BillingWarning>,
}

/// A billing run of a régie.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct BillingRun {
    /// Its id.
    id: ID,
    /// The régie.
    regie_id: ID,
    /// The first billed day.
    from: Date,
    /// The last billed day.
    to: Date,
    /// The date of its invoices.
    date: Date,
    /// Until when they are to be paid.
    due: Date,
    /// Where it stands.
    stage: BillingRunStage,
    /// How many invoices and credit notes it has issued.
    issued: i32,
    /// When it was prepared.
    prepared_at: DateTime<Utc>,
    /// When it was completed or abandoned.
    ended_at: Option<DateTime<Utc>>,
}

/// How far a draft is, and what it comes to.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingDraftSummary {
    /// How many families there are.
    families: i32,
    /// How many are computed.
    computed: i32,
    /// Whether all are: it can be issued.
    complete: bool,
    /// Families that get an invoice.
    invoices: i64,
    /// Families that get a credit note.
    credit_notes: i64,
    /// Families below the minimum, carried forward to the next run.
    carried_forward: i64,
    /// The sum of invoices and credit notes, in euros.
    total: Decimal,
    /// How many warnings there are.
    warnings: i64,
}

impl From<RunRow> for BillingRun {
    fn from(row: RunRow) -> Self {
        Self {
            id: ID(row.id.to_string()),
            regie_id: ID(row.regie),
            from: Date(row.first_day),
            to: Date(row.last_day),
            date: Date(row.date),
            due: Date(row.due),
            stage: match row.stage.as_str() {
                "PREPARED" => BillingRunStage::Prepared,
                "ISSUING" => BillingRunStage::Issuing,
                "COMPLETED" => BillingRunStage::Completed,
                _ => BillingRunStage::Abandoned,
            },
            issued: row.invoices,
            prepared_at: row.prepared,
            ended_at: row.ended,
        }
    }
}

fn warning(of: &Warning, regie: Option<&KnownRegie>, language: Language) -> BillingWarning {
    BillingWarning {
        kind: of.kind.into(),
        label: text(of.kind.label_key(), language, &[]),
        child_id: ID(of.child.to_string()),
        activity_id: ID(of.activity.to_string()),
        date: Date(of.date),
        count: of.count,
        invoice: of.invoice.and_then(|number| Some(regie?.series.invoice(number))),
    }
}

#[async_graphql::ComplexObject]
impl BillingRun {
    /// How far its draft is, and what it comes to; null before it was begun.
    async fn draft(&self, ctx: &Context<'_>) -> Result<Option<BillingDraftSummary>> {
        let (pool, run) = (ctx.application()?.pool(), self.id.parse().map_err(unavailable)?);
        let Some(progress) = billing_drafts::progress(pool, run).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let sums = billing_drafts::summary(pool, run, self.minimum(ctx).await?).await.map_err(unavailable)?;
        Ok(Some(BillingDraftSummary {
            families: progress.families,
            computed: progress.done,
            complete: progress.complete,
            invoices: sums.invoices,
            credit_notes: sums.credit_notes,
            carried_forward: sums.carried_forward,
            total: sums.total.decimal(),
            warnings: sums.warnings,
        }))
    }

    /// What each family is to be billed, by its number.
    async fn families(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 200.", default = 50)] first: i32,
        #[graphql(desc = "Only those after this family.", default)] after: String,
    ) -> Result<Vec<BillingDraft>> {
        let (pool, run) = (ctx.application()?.pool(), self.id.parse().map_err(unavailable)?);
        let found = billing_drafts::drafts(pool, run, &after, page(ctx, first, 200)?.into())
            .await
            .map_err(unavailable)?;
        let all = all_regies(ctx).await?;
        let regie = all.get(self.regie_id.as_str());
        let minimum = regie.map_or_else(Amount::default, |s| s.minimum_invoice);
        let payers = payer_names(ctx, found.iter().map(|d| d.family.clone()).collect()).await?;
        let lines: Vec<&DomainLine> = found.iter().flat_map(|d| &d.lines).collect();
        let (names, language) = (Names::of(ctx, &lines).await?, ctx.language());
        let draft = |draft: &Draft| BillingDraft {
            family_number: draft.family.clone(),
            responsible: payers.get(&draft.family).cloned(),
            total: draft.total.decimal(),
            previous_total: draft.previous.decimal(),
            difference: (draft.total - draft.previous).decimal(),
            carried_forward: draft.total.is_positive() && draft.total < minimum,
            lines: draft.lines.iter().map(|l| names.line(l, language)).collect(),
            warnings: draft.warnings.iter().map(|w| warning(w, regie, language)).collect(),
        };
        Ok(found.iter().map(draft).collect())
    }
}

impl BillingRun {
    async fn minimum(&self, ctx: &Context<'_>) -> Result<Amount> {
        let all = all_regies(ctx).await?;
        Ok(all.get(self.regie_id.as_str()).map_or_else(Amount::default, |s| s.minimum_invoice))
    }
}

/// A billing run to prepare.
#[derive(Debug, Clone, InputObject)]
pub struct PrepareBillingRunInput {
    /// The idempotency key, which becomes the run's id: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The régie.
    regie_id: ID,
    /// The first day to bill.
    from: Date,
    /// The last day to bill.
    to: Date,
    /// The date of its invoices.
    date: Date,
    /// Until when they are to be paid.
    due: Date,
}

/// A billing run to issue or give up.
#[derive(Debug, Clone, InputObject)]
pub struct BillingRunInput {
    /// The idempotency key: the same again gives the first outcome.
    client_mutation_id: Uuid,
    /// The régie.
    regie_id: ID,
    /// The run.
    run_id: ID,
}

/// Queries of billing runs.
#[derive(Debug, Default)]
pub struct BillingQuery;

const NAMES: [&str; 2] = [regies::NAME, accounts::NAME];

#[Object]
impl BillingQuery {
    /// The billing runs, the newest first.
    #[graphql(guard = "OFFICERS")]
    async fn billing_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.", default = 12)] first: i32,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<BillingRun>> {
        be_fresh(ctx, &NAMES, min_position.map(|p| p.0)).await?;
        let rows = regies::runs(ctx.application()?.pool(), page(ctx, first, 100)?.into()).await;
        Ok(rows.map_err(unavailable)?.into_iter().map(Into::into).collect())
    }

    /// A billing run.
    #[graphql(guard = "OFFICERS")]
    async fn billing_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<BillingRun> {
        be_fresh(ctx, &NAMES, min_position.map(|p| p.0)).await?;
        let not_found = || coded("NOT_FOUND", ctx.language());
        let run = id.parse().map_err(|_| not_found())?;
        let row = regies::run(ctx.application()?.pool(), run).await.map_err(unavailable)?;
        row.map(Into::into).ok_or_else(not_found)
    }
}

/// Mutations of billing runs.
#[derive(Debug, Default)]
pub struct BillingMutation;

#[Object]
impl BillingMutation {
    /// Prepares the billing of a period: a draft is computed, to be reviewed.
    #[graphql(guard = "STAFF")]
    async fn prepare_billing_run(
        &self,
        ctx: &Context<'_>,
        input: PrepareBillingRunInput,
    ) -> Result<RecordPayload> {
        let build = || {
            let regie = parse(&input.regie_id, "regieId")?;
            let (from, to, date, due) = (input.from.0, input.to.0, input.date.0, input.due.0);
            Ok(Command::Money(MoneyCommand::PrepareBillingRun { regie, from, to, date, due }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Issues the invoices of a reviewed draft, exactly as it was reviewed.
    #[graphql(guard = "STAFF")]
    async fn start_billing_run(&self, ctx: &Context<'_>, input: BillingRunInput) -> Result<RecordPayload> {
        let build = || {
            let (regie, run) = (parse(&input.regie_id, "regieId")?, parse(&input.run_id, "runId")?);
            Ok(Command::Money(MoneyCommand::StartBillingRun { regie, run }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }

    /// Gives a prepared run up: nothing is billed.
    #[graphql(guard = "STAFF")]
    async fn abandon_billing_run(&self, ctx: &Context<'_>, input: BillingRunInput) -> Result<RecordPayload> {
        let build = || {
            let (regie, run) = (parse(&input.regie_id, "regieId")?, parse(&input.run_id, "runId")?);
            Ok(Command::Money(MoneyCommand::AbandonBillingRun { regie, run }))
        };
        record(ctx, input.client_mutation_id, build()).await
    }
}
