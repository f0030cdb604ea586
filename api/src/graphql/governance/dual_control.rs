//! What waits for a second person of the staff.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_domain::governance::dual_control::Action;
use portail_projections::governance::dual_control::{self, ProposalRow};
use rust_decimal::Decimal;

use crate::graphql::{
    context::{Ask, OFFICERS, be_fresh, unavailable},
    entered::page,
    money::PaymentMethod,
    scalars::{Date, Position},
};

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ProposedKind {
    /// To approve the bank details a family asked for.
    ApproveBank,
    /// To record bank details; whoever seconds it enters them again.
    RecordBank,
    /// To pay money back.
    Refund,
}

/// Something one of the staff proposed; the same from another one does it.
#[derive(Debug, Clone, SimpleObject)]
pub struct ProposedAction {
    /// The family it concerns.
    family_number: String,
    /// What is proposed.
    kind: ProposedKind,
    /// The request that would be approved.
    request_id: Option<ID>,
    /// The régie that would pay back.
    regie_id: Option<ID>,
    /// When it would be paid back.
    date: Option<Date>,
    /// How it would be paid back.
    method: Option<PaymentMethod>,
    /// How much would be paid back, in euros.
    amount: Option<Decimal>,
    /// Who proposed it: role and login.
    proposed_by: String,
    /// When it was proposed.
    proposed_at: DateTime<Utc>,
}

impl From<ProposalRow> for ProposedAction {
    fn from(row: ProposalRow) -> Self {
        let mut shown = Self {
            family_number: row.family,
            kind: ProposedKind::RecordBank,
            request_id: None,
            regie_id: None,
            date: None,
            method: None,
            amount: None,
            proposed_by: row.by,
            proposed_at: row.proposed,
        };
        match row.action {
            Action::ApproveBank { request } => {
                shown.kind = ProposedKind::ApproveBank;
                shown.request_id = Some(ID(request.to_string()));
            }
            Action::RecordBank { .. } => {}
            Action::Refund { regie, date, method, amount } => {
                shown.kind = ProposedKind::Refund;
                shown.regie_id = Some(ID(regie.to_string()));
                shown.date = Some(Date(date));
                shown.method = Some(method.into());
                shown.amount = Some(amount.decimal());
            }
        }
        shown
    }
}

/// Queries of proposals.
#[derive(Debug, Default)]
pub struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// What waits for a second person of the staff, the oldest first.
    #[graphql(guard = "OFFICERS")]
    async fn proposed_actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200.", default = 50)] first: i32,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Vec<ProposedAction>> {
        be_fresh(ctx, &[dual_control::NAME], min_position.map(|p| p.0)).await?;
        let rows = dual_control::open(ctx.application()?.pool(), page(ctx, first, 200)?.into()).await;
        Ok(rows.map_err(unavailable)?.into_iter().map(Into::into).collect())
    }
}
