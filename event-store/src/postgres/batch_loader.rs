//! Queries that answer many callers at once: the keys that queue while one query runs are one query next
//! (decision 21).

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::database::Database;

/// How many keys may queue before callers wait.
const QUEUE: usize = 4096;

/// How long a connection is kept while no key comes.
const KEEP_CONNECTION: Duration = Duration::from_millis(10);

/// A query that loads the values of many keys.
pub trait BatchQuery: Send + Sync + 'static {
    /// What one caller asks for.
    type Key: Send + Sync + 'static;
    /// What it gets.
    type Value: Send + 'static;

    /// How many keys one query takes at most.
    const MAX_BATCH: usize;

    /// Loads the values of keys, in their order.
    fn load<'a>(
        &'a self,
        keys: &'a [Self::Key],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Self::Value>, sqlx::Error>>;

    /// The values a query binds for its keys, padded with NULL to [`Self::MAX_BATCH`]. PostgreSQL compares the
    /// cost of a plan for the very values with that of the plan it keeps; for fewer values the former would
    /// look cheaper, and each query would be planned anew.
    fn padded<T>(values: impl Iterator<Item = T>) -> Vec<Option<T>> {
        values.map(Some).chain(std::iter::repeat_with(|| None)).take(Self::MAX_BATCH).collect()
    }
}

struct Request<Q: BatchQuery> {
    key: Q::Key,
    reply: oneshot::Sender<Result<Q::Value, sqlx::Error>>,
}

/// Loads the keys of many callers in batches.
pub struct BatchLoader<Q: BatchQuery>(mpsc::Sender<Request<Q>>);

impl<Q: BatchQuery> Clone for BatchLoader<Q> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q: BatchQuery> std::fmt::Debug for BatchLoader<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BatchLoader")
    }
}

impl<Q: BatchQuery> BatchLoader<Q> {
    /// Starts the loader on this database's pool, with so many queries at a time. It stops with its last
    /// handle.
    pub fn start(database: &Database, query: Q, concurrency: usize) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (query, queue) = (Arc::new(query), Arc::new(Mutex::new(queue)));
        for _ in 0..concurrency {
            let worker = Worker {
                pool: database.pool().clone(),
                // The embedded database has no second connection.
                keeps_connection: database.is_shared(),
                connection: None,
                query: query.clone(),
                queue: queue.clone(),
            };
            tokio::spawn(worker.run());
        }
        Self(requests)
    }

    /// Loads the value of a key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn load(&self, key: Q::Key) -> Result<Q::Value, sqlx::Error> {
        let (reply, answer) = oneshot::channel();
        let stopped = || sqlx::Error::WorkerCrashed;
        self.0.send(Request { key, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

struct Worker<Q: BatchQuery> {
    pool: PgPool,
    keeps_connection: bool,
    /// Kept while keys keep coming: the pool would check it between any two queries.
    connection: Option<PoolConnection<Postgres>>,
    query: Arc<Q>,
    queue: Arc<Mutex<mpsc::Receiver<Request<Q>>>>,
}

impl<Q: BatchQuery> Worker<Q> {
    async fn run(mut self) {
        let mut requests = Vec::new();
        while self.wait(&mut requests).await {
            let (keys, mut replies): (Vec<_>, Vec<_>) =
                requests.drain(..).map(|request| (request.key, request.reply)).unzip();
            match self.load(&keys).await {
                Ok(values) => {
                    for (reply, value) in replies.into_iter().zip(values) {
                        // Nobody may be waiting any more.
                        let _ = reply.send(Ok(value));
                    }
                }
                Err(error) if replies.len() == 1 => {
                    if let Some(reply) = replies.pop() {
                        let _ = reply.send(Err(error));
                    }
                }
                // Each key by itself: what failed for one need not fail for all, and each caller gets its own
                // error. All at once, or in an outage they would wait for a connection one after the other.
                Err(_) => {
                    for (key, reply) in keys.into_iter().zip(replies) {
                        let (query, pool) = (self.query.clone(), self.pool.clone());
                        tokio::spawn(async move {
                            let _ = reply.send(load_alone(&*query, key, &pool).await);
                        });
                    }
                }
            }
        }
    }

    /// Waits for keys; whether some came before the last handle was gone.
    async fn wait(&mut self, requests: &mut Vec<Request<Q>>) -> bool {
        if self.connection.is_some() {
            if let Ok(count) = tokio::time::timeout(KEEP_CONNECTION, self.receive(requests)).await {
                return count > 0;
            }
            self.connection = None;
        }
        self.receive(requests).await > 0
    }

    async fn receive(&self, requests: &mut Vec<Request<Q>>) -> usize {
        self.queue.lock().await.recv_many(requests, Q::MAX_BATCH).await
    }

    async fn load(&mut self, keys: &[Q::Key]) -> Result<Vec<Q::Value>, sqlx::Error> {
        // A connection on which a query failed is not used again.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        let values = self.query.load(keys, &mut connection).await?;
        self.connection = self.keeps_connection.then_some(connection);
        Ok(values)
    }
}

async fn load_alone<Q: BatchQuery>(query: &Q, key: Q::Key, pool: &PgPool) -> Result<Q::Value, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut values = query.load(&[key], &mut connection).await?;
    values.pop().ok_or(sqlx::Error::RowNotFound)
}
