//! The home page of a family, in one query.

use async_graphql::{Context, Object, Result, SimpleObject};
use portail_projections::{
    correspondence::{inbox, notices},
    families::family,
    money::{accounts, regies},
};

use crate::{
    graphql::{
        context::{Ask, EVERYBODY, be_fresh, unavailable},
        correspondence::notices::{Notice, current},
        families::{self, Family},
        money::statement::{AccountBalance, UnpaidInvoices, on_home},
        scalars::{Date, Position},
    },
    http::links::BLANK_FORM,
};

/// The home page: who the family is, what is new, what the town says.
#[derive(Debug, Clone, SimpleObject)]
pub struct Home {
    /// The town's date.
    today: Date,
    /// The family: its responsible guardian and its children.
    family: Family,
    /// How many messages it has not read.
    unread_messages: i64,
    /// The notices it sees today.
    notices: Vec<Notice>,
    /// What it owes today; null where the town has switched it off.
    balance: Option<AccountBalance>,
    /// The invoices it has not paid in full; null where the town has switched them off.
    unpaid_invoices: Option<UnpaidInvoices>,
    /// Where the blank registration form is; each child's own is on its file.
    registration_form_url: &'static str,
}

/// The query of the home page.
#[derive(Debug, Default)]
pub struct HomeQuery;

#[Object]
impl HomeQuery {
    /// The home page of the family that asks; null for staff and auditors.
    #[graphql(guard = "EVERYBODY")]
    async fn home(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<Option<Home>> {
        be_fresh(
            ctx,
            &[accounts::NAME, family::NAME, inbox::NAME, notices::NAME, regies::NAME],
            min_position.map(|p| p.0),
        )
        .await?;
        let Some(number) = ctx.caller()?.family() else { return Ok(None) };
        let Some(family) = families::load(ctx, number.as_str()).await? else { return Ok(None) };
        let application = ctx.application()?;
        let unread = inbox::unread(application.pool(), number.as_str()).await.map_err(unavailable)?;
        let (balance, unpaid_invoices) = on_home(ctx, number.as_str()).await?;
        Ok(Some(Home {
            today: Date(application.clock().today()),
            family,
            unread_messages: unread,
            notices: current(ctx, number.as_str()).await?,
            balance,
            unpaid_invoices,
            registration_form_url: BLANK_FORM,
        }))
    }
}
