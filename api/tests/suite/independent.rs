//! A second reader: the stock `postgres-es` repository replays every stream of the demo town through
//! stock `cqrs-es`, and comes to the same aggregates as we do.

use std::fmt::Debug;

use cqrs_es::{Aggregate, AggregateContext, EventStore, persist::PersistedEventStore};
use portail_api::tools::demo;
use portail_application::clock::Clock;
use portail_domain::{
    attendance::session::Session, catalogue::activity::Activity, catalogue::calendar::TownCalendar,
    catalogue::structure::Structure, correspondence::conversation::Conversation,
    correspondence::notice::Notice, families::child::Child, families::family::Family,
    governance::dual_control::DualControl, governance::policy::Policy, money::account::Account,
    money::regie::Regie, money::tariff::Tariff, privacy::erasure::Erasure,
};
use portail_event_store::CqrsStore;
use postgres_es::PostgresEventRepository;

use crate::application::Town;

/// How many streams of a type both readers come to the same aggregate of.
async fn alike<A: Aggregate + Debug + PartialEq>(town: &Town) -> usize {
    let pool = town.application.pool();
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT aggregate_id FROM events WHERE aggregate_type = $1")
            .bind(A::TYPE)
            .fetch_all(pool)
            .await
            .unwrap();
    let stock = PersistedEventStore::<_, A>::new_event_store(PostgresEventRepository::new(pool.clone()));
    let ours = CqrsStore::<A>::new(town.application.log().clone(), "test");
    for id in &ids {
        let (mut theirs, mut own) =
            (stock.load_aggregate(id).await.unwrap(), ours.load_aggregate(id).await.unwrap());
        assert_eq!(theirs.aggregate(), own.aggregate(), "{} {id}", A::TYPE);
    }
    ids.len()
}

#[tokio::test]
async fn stock_cqrs_es_replays_every_stream_to_the_same_aggregate() {
    let town = Town::new(Clock::starting_on(demo::TODAY)).await;
    let counts = [
        alike::<Account>(&town).await,
        alike::<Activity>(&town).await,
        alike::<Child>(&town).await,
        alike::<Conversation>(&town).await,
        alike::<Erasure>(&town).await,
        alike::<Family>(&town).await,
        alike::<Notice>(&town).await,
        alike::<Policy>(&town).await,
        alike::<Regie>(&town).await,
        alike::<DualControl>(&town).await,
        alike::<Session>(&town).await,
        alike::<Structure>(&town).await,
        alike::<Tariff>(&town).await,
        alike::<TownCalendar>(&town).await,
    ];
    let streams: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT DISTINCT aggregate_type, aggregate_id FROM events) s",
    )
    .fetch_one(town.application.pool())
    .await
    .unwrap();
    assert_eq!(counts.iter().sum::<usize>(), usize::try_from(streams).unwrap(), "no stream was left out");
    assert!(streams > 20);
}
