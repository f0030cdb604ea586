//! Deliveries of e-mail and text messages that were given up.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::Rejection;
use portail_domain::i18n::text;
use portail_projections::correspondence::outbox;

use crate::graphql::{
    commands::input_objects,
    context::{Ask, OFFICERS, STAFF, unavailable},
    entered::hostile_text,
    errors::UserError,
};

/// A delivery that was given up.
#[derive(Debug, Clone, SimpleObject)]
pub struct FailedDelivery {
    /// Its id: the message and the channel.
    id: ID,
    /// EMAIL or SMS.
    channel: String,
    /// What it was about, in the caller's language.
    subject: String,
    /// How often it was tried.
    attempts: i32,
    /// What was wrong the last time.
    error: Option<String>,
    /// When it was given up.
    failed_at: DateTime<Utc>,
}

input_objects! {
    /// A delivery to try again.
    object RetryDeliveryInput {
        "The delivery." delivery_id: ID,
    }
}

/// A delivery that is tried again.
#[derive(Debug, Clone, SimpleObject)]
pub struct RetryDeliveryPayload {
    /// The delivery; null when there is no such failed one.
    delivery_id: Option<ID>,
    /// What went wrong.
    user_errors: Vec<UserError>,
}

/// Queries of deliveries.
#[derive(Debug, Default)]
pub struct DeliveryQuery;

#[Object]
impl DeliveryQuery {
    /// The deliveries that were given up, the latest first, 100 at the most.
    #[graphql(guard = "OFFICERS")]
    async fn failed_deliveries(&self, ctx: &Context<'_>) -> Result<Vec<FailedDelivery>> {
        let dead = outbox::dead(ctx.application()?.pool(), 100).await.map_err(unavailable)?;
        let of = |d: outbox::AbandonedDelivery| FailedDelivery {
            id: ID(format!("{}:{}", d.notification, d.channel)),
            subject: text(&format!("MAIL_{}_SUBJECT", d.template), ctx.language(), &[]),
            channel: d.channel.to_string(),
            attempts: d.attempts,
            error: d.error,
            failed_at: d.updated_at,
        };
        Ok(dead.into_iter().map(of).collect())
    }
}

/// What staff do about deliveries.
#[derive(Debug, Default)]
pub struct DeliveryMutation;

#[Object]
impl DeliveryMutation {
    /// Tries a delivery again that was given up; once more is the same as once.
    #[graphql(guard = "STAFF")]
    async fn retry_delivery(
        &self,
        ctx: &Context<'_>,
        input: RetryDeliveryInput,
    ) -> Result<RetryDeliveryPayload> {
        let parts = input.delivery_id.split_once(':').filter(|_| hostile_text(ctx).is_none());
        let found = match parts.and_then(|(id, channel)| Some((id.parse().ok()?, channel.parse().ok()?))) {
            Some((id, channel)) => {
                outbox::retry(ctx.application()?.pool(), id, channel).await.map_err(unavailable)?
            }
            None => false,
        };
        let missing = Rejection::of_code("NOT_FOUND").at(&["input", "deliveryId"]);
        let missing = (!found).then(|| UserError::of(&missing, ctx.language()));
        Ok(RetryDeliveryPayload {
            delivery_id: found.then_some(input.delivery_id),
            user_errors: missing.into_iter().collect(),
        })
    }
}
