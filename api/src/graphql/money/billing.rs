//! Billing runs: prepare, review family by family, issue.

use async_graphql::{Context, ID, Object, Result};
use portail_application::MoneyCommand;
use portail_projections::money::{accounts, regies};

use crate::graphql::{
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, OFFICERS, STAFF, be_fresh, coded, unavailable},
    entered::{page, parse},
    money::billing_run::BillingRun,
    scalars::{Date, Position},
};

input_objects! {
    /// A billing run to prepare.
    command PrepareBillingRunInput "The idempotency key, which becomes the run's id: the same again gives the first outcome." {
        "The régie." regie_id: ID,
        "The first day to bill." from: Date,
        "The last day to bill." to: Date,
        "The date of its invoices." date: Date,
        "Until when they are to be paid." due: Date,
    }

    /// A billing run to issue or give up.
    command BillingRunInput {
        "The régie." regie_id: ID,
        "The run." run_id: ID,
    }
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
        submit(ctx, input, |input| {
            let regie = parse(&input.regie_id, "regieId")?;
            let (from, to, date, due) = (input.from.0, input.to.0, input.date.0, input.due.0);
            Ok(MoneyCommand::PrepareBillingRun { regie, from, to, date, due })
        })
        .await
    }

    /// Issues the invoices of a reviewed draft, exactly as it was reviewed.
    #[graphql(guard = "STAFF")]
    async fn start_billing_run(&self, ctx: &Context<'_>, input: BillingRunInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let (regie, run) = (parse(&input.regie_id, "regieId")?, parse(&input.run_id, "runId")?);
            Ok(MoneyCommand::StartBillingRun { regie, run })
        })
        .await
    }

    /// Gives a prepared run up: nothing is billed. One that nobody starts within 60 days is given up by itself.
    #[graphql(guard = "STAFF")]
    async fn abandon_billing_run(&self, ctx: &Context<'_>, input: BillingRunInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            let (regie, run) = (parse(&input.regie_id, "regieId")?, parse(&input.run_id, "runId")?);
            Ok(MoneyCommand::AbandonBillingRun { regie, run })
        })
        .await
    }
}
