//! Keys that are loaded at the same time share a query, not each other's errors.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::{BoxFuture, join_all};
use portail_event_store::{BatchLoader, BatchQuery};
use portail_testkit::TestDatabase;
use sqlx::PgConnection;

/// Shares of a hundred; counts its queries.
struct Shares(Arc<AtomicUsize>);

impl BatchQuery for Shares {
    type Key = i32;
    type Value = i32;
    const MAX_BATCH: usize = 16;

    fn load<'a>(
        &'a self,
        keys: &'a [i32],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<i32>, sqlx::Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(
            sqlx::query_scalar("SELECT 100 / n FROM unnest($1) WITH ORDINALITY AS a (n, o) ORDER BY o")
                .bind(keys)
                .fetch_all(connection),
        )
    }
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_a_query() {
    let town = TestDatabase::new().await.unwrap();
    let queries = Arc::<AtomicUsize>::default();
    let shares = BatchLoader::start(&town.database, Shares(queries.clone()), 1);
    let answers = join_all((1..=40).map(|n| shares.load(n))).await;
    for (n, answer) in (1..).zip(answers) {
        assert_eq!(answer.unwrap(), 100 / n);
    }
    assert_eq!(queries.load(Ordering::Relaxed), 3, "two of sixteen, one of eight");
    assert_eq!(shares.load(7).await.unwrap(), 14);
}

#[tokio::test]
async fn what_fails_for_one_does_not_fail_for_the_others() {
    let town = TestDatabase::new().await.unwrap();
    let shares = BatchLoader::start(&town.database, Shares(Arc::default()), 2);
    for _ in 0..3 {
        let answers = join_all((-4..=4).map(|n| shares.load(n))).await;
        for (n, answer) in (-4..).zip(answers) {
            match answer {
                Ok(share) => assert_eq!(share, 100 / n),
                Err(error) => {
                    assert_eq!(n, 0, "{error}");
                    assert_eq!(
                        error.as_database_error().unwrap().code().unwrap(),
                        "22012",
                        "divided by zero"
                    );
                }
            }
        }
    }
    assert_eq!(shares.load(25).await.unwrap(), 4, "after a failure too");
}
