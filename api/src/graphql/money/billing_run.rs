//! A billing run: where it stands, its draft and its warnings.

use async_graphql::{Context, ID, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_domain::{
    i18n::{Language, text},
    money::account::InvoiceLine as DomainLine,
    money::billing::{Warning, WarningKind as DomainWarning},
    shared::amount::Amount,
};
use portail_projections::money::{
    billing_drafts::{self, Draft},
    regies::{KnownRegie, RunRow, Stage},
};
use rust_decimal::Decimal;

use crate::graphql::{
    context::{Ask, payer_names, unavailable},
    entered::page,
    mirrored_enum::mirrored_enum,
    money::{
        all_regies,
        invoices::{InvoiceLine, Names},
    },
    scalars::Date,
};

mirrored_enum!(
    /// Where a billing run stands.
    BillingRunStage = Stage {
        Prepared: "Its draft is being computed, or can be reviewed.",
        Issuing: "Its invoices are being issued.",
        Completed: "All invoices are issued.",
        Abandoned: "It was given up.",
    }
);

mirrored_enum! {
    /// What a bill cannot settle by itself.
    BillingWarningKind = DomainWarning {
        Error: "A session is in error: it is not billed.",
        Undecided: "An absence is undecided: it is not billed yet.",
        NotPointed: "The roll was not called: it is billed as reserved.",
        NoTariff: "The activity has no tariff on the day: it is not billed.",
        TakenOver: "An invoice of the software before may cover it, or it changed since: it is not billed.",
        Credited: "It is on an invoice that was credited by hand, and was cancelled or costs less since: it is not credited again.",
        NeverBilled: "No run billed it, and it lies further back than runs look: it is not billed.",
        QuotientExpired: "The income quotient on file has expired: it is billed without one.",
        QuotientCorrected: "It is billed already, and its income quotient was corrected since: it keeps its price.",
        ResidenceUnknown: "Several communes share the family's postcode, and none is chosen.",
    }
}

/// What staff should look at before they issue.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingWarning {
    /// What it is.
    pub(super) kind: BillingWarningKind,
    /// The same, in the caller's language.
    pub(super) label: String,
    /// The child.
    pub(super) child_id: ID,
    /// The activity.
    pub(super) activity_id: ID,
    /// The day, the first of several.
    pub(super) date: Date,
    /// How many days.
    pub(super) count: u32,
    /// The invoice of the software before that is in question.
    pub(super) invoice: Option<String>,
}

/// What a family is to be billed.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingDraft {
    /// The family.
    pub(super) family_number: String,
    /// Its responsible guardian; null once erased.
    pub(super) responsible: Option<String>,
    /// What it comes to, in euros; negative: a credit note.
    pub(super) total: Decimal,
    /// What the run before billed it, in euros.
    pub(super) previous_total: Decimal,
    /// The difference to the run before, in euros.
    pub(super) difference: Decimal,
    /// Whether it is below the minimum and carried forward.
    pub(super) carried_forward: bool,
    /// The lines.
    pub(super) lines: Vec<InvoiceLine>,
    /// What staff should look at.
    pub(super) warnings: Vec<BillingWarning>,
}

/// A billing run of a régie.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct BillingRun {
    /// Its id.
    pub(super) id: ID,
    /// The régie.
    pub(super) regie_id: ID,
    /// The first billed day.
    pub(super) from: Date,
    /// The last billed day.
    pub(super) to: Date,
    /// The date of its invoices.
    pub(super) date: Date,
    /// Until when they are to be paid.
    pub(super) due: Date,
    /// Where it stands.
    pub(super) stage: BillingRunStage,
    /// How many invoices and credit notes it has issued.
    pub(super) issued: i32,
    /// When it was prepared.
    pub(super) prepared_at: DateTime<Utc>,
    /// When it was completed or abandoned.
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// How far a draft is, and what it comes to.
#[derive(Debug, Clone, SimpleObject)]
pub struct BillingDraftSummary {
    /// How many families there are.
    pub(super) families: i32,
    /// How many are computed.
    pub(super) computed: i32,
    /// Whether all are: it can be issued.
    pub(super) complete: bool,
    /// Families that get an invoice.
    pub(super) invoices: i64,
    /// Families that get a credit note.
    pub(super) credit_notes: i64,
    /// Families below the minimum, carried forward to the next run.
    pub(super) carried_forward: i64,
    /// The sum of invoices and credit notes, in euros.
    pub(super) total: Decimal,
    /// How many warnings there are.
    pub(super) warnings: i64,
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
            stage: row.stage.into(),
            issued: row.invoices,
            prepared_at: row.prepared,
            ended_at: row.ended,
        }
    }
}

pub(super) fn warning(of: &Warning, regie: Option<&KnownRegie>, language: Language) -> BillingWarning {
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
    /// How far its draft is, and what it comes to; null before it was begun and once the run has ended.
    pub(super) async fn draft(&self, ctx: &Context<'_>) -> Result<Option<BillingDraftSummary>> {
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

    /// What each family is to be billed, by its number; none once the run has ended.
    pub(super) async fn families(
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
    pub(super) async fn minimum(&self, ctx: &Context<'_>) -> Result<Amount> {
        let all = all_regies(ctx).await?;
        Ok(all.get(self.regie_id.as_str()).map_or_else(Amount::default, |s| s.minimum_invoice))
    }
}
