//! Folding events into the states of aggregates.

use cqrs_es::{Aggregate, DomainEvent};
use portail_domain::{
    catalogue::activity::Activity, catalogue::calendar::TownCalendar, catalogue::structure::Structure,
    money::tariff::Tariff,
};
use portail_event_store::RecordedEvent;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use crate::engine::projection::{FoldContext, FoldError};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    for event in events {
        match &*event.stream.kind {
            Structure::TYPE => evolve::<Structure>(event, context, connection).await?,
            Tariff::TYPE => evolve::<Tariff>(event, context, connection).await?,
            Activity::TYPE => evolve::<Activity>(event, context, connection).await?,
            TownCalendar::TYPE => evolve::<TownCalendar>(event, context, connection).await?,
            other => return Err(FoldError::poison(event, format_args!("the catalogue has no {other}"))),
        }
    }
    Ok(())
}

async fn evolve<A>(
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError>
where
    A: Aggregate + Serialize + DeserializeOwned,
    A::Event: DomainEvent,
{
    let decoded: A::Event = context.decode(event)?;
    let known: Option<String> =
        sqlx::query_scalar("SELECT state::text FROM entry WHERE kind = $1 AND id = $2")
            .bind(A::TYPE)
            .bind(&event.stream.id)
            .fetch_optional(&mut *connection)
            .await?;
    let mut state: A = match known {
        Some(text) => serde_json::from_str(&text).map_err(|e| FoldError::poison(event, e))?,
        None => A::default(),
    };
    state.apply(decoded);
    let state = serde_json::to_string(&state).map_err(|e| FoldError::poison(event, e))?;
    sqlx::query(
        "INSERT INTO entry VALUES ($1, $2, $3::json) ON CONFLICT (kind, id) DO UPDATE SET state = EXCLUDED.state",
    )
    .bind(A::TYPE)
    .bind(&event.stream.id)
    .bind(state)
    .execute(connection)
    .await?;
    Ok(())
}
