//! Group read: what is asked while a query runs is the next query, one for all who asked.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::postgres::database::Database;

/// How many questions may queue before those who ask wait.
const QUEUE: usize = 4096;

/// How long a connection is kept that nobody asked anything on.
const KEPT: Duration = Duration::from_millis(10);

/// A query that answers many questions of one kind.
pub trait Lookup: Send + Sync + 'static {
    /// What is asked.
    type Question: Send + Sync + 'static;
    /// What is answered.
    type Answer: Send + 'static;

    /// How many questions one query answers at the most.
    const MOST: usize;

    /// Answers questions, in their order.
    fn look_up<'a>(
        &'a self,
        questions: &'a [Self::Question],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Self::Answer>, sqlx::Error>>;

    /// What a query binds of its questions, filled up to [`Self::MOST`] with nothing. PostgreSQL weighs a plan
    /// for the very values against the one it keeps; for fewer the former would look cheaper, and each query
    /// would be planned anew.
    fn filled_up<T>(values: impl Iterator<Item = T>) -> Vec<Option<T>> {
        let nothing = std::iter::repeat_with(|| None);
        values.map(Some).chain(nothing).take(Self::MOST).collect()
    }
}

struct Ask<L: Lookup> {
    question: L::Question,
    reply: oneshot::Sender<Result<L::Answer, sqlx::Error>>,
}

/// Answers questions in groups.
pub struct GroupRead<L: Lookup>(mpsc::Sender<Ask<L>>);

impl<L: Lookup> Clone for GroupRead<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L: Lookup> std::fmt::Debug for GroupRead<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupRead")
    }
}

impl<L: Lookup> GroupRead<L> {
    /// Answers by so many queries at a time, until nobody can ask any more.
    pub fn start(database: &Database, lookup: L, at_once: usize) -> Self {
        let (asks, queue) = mpsc::channel(QUEUE);
        let (lookup, queue) = (Arc::new(lookup), Arc::new(Mutex::new(queue)));
        for _ in 0..at_once {
            let reader = Reader {
                pool: database.pool().clone(),
                // The embedded database has no second connection.
                keeps: database.is_shared(),
                connection: None,
                lookup: lookup.clone(),
                queue: queue.clone(),
            };
            tokio::spawn(reader.run());
        }
        Self(asks)
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ask(&self, question: L::Question) -> Result<L::Answer, sqlx::Error> {
        let (reply, answer) = oneshot::channel();
        let gone = || sqlx::Error::WorkerCrashed;
        self.0.send(Ask { question, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

struct Reader<L: Lookup> {
    pool: PgPool,
    keeps: bool,
    /// Kept while questions keep coming: the pool would look after it between any two of them.
    connection: Option<PoolConnection<Postgres>>,
    lookup: Arc<L>,
    queue: Arc<Mutex<mpsc::Receiver<Ask<L>>>>,
}

impl<L: Lookup> Reader<L> {
    async fn run(mut self) {
        let mut asks = Vec::new();
        while self.wait(&mut asks).await {
            let (questions, mut replies): (Vec<_>, Vec<_>) =
                asks.drain(..).map(|ask| (ask.question, ask.reply)).unzip();
            match self.look_up(&questions).await {
                Ok(answers) => {
                    for (reply, answer) in replies.into_iter().zip(answers) {
                        // Nobody may be waiting any more.
                        let _ = reply.send(Ok(answer));
                    }
                }
                Err(error) if replies.len() == 1 => {
                    if let Some(reply) = replies.pop() {
                        let _ = reply.send(Err(error));
                    }
                }
                // Each by itself: what failed for one need not fail for all, and each hears its own error.
                // All at once, or in an outage they would wait for a connection one after the other.
                Err(_) => {
                    for (question, reply) in questions.into_iter().zip(replies) {
                        let (lookup, pool) = (self.lookup.clone(), self.pool.clone());
                        tokio::spawn(async move {
                            let _ = reply.send(look_up_alone(&*lookup, question, &pool).await);
                        });
                    }
                }
            }
        }
    }

    /// Waits for questions; whether some came before nobody could ask any more.
    async fn wait(&mut self, asks: &mut Vec<Ask<L>>) -> bool {
        if self.connection.is_some() {
            if let Ok(count) = tokio::time::timeout(KEPT, self.receive(asks)).await {
                return count > 0;
            }
            self.connection = None;
        }
        self.receive(asks).await > 0
    }

    async fn receive(&self, asks: &mut Vec<Ask<L>>) -> usize {
        self.queue.lock().await.recv_many(asks, L::MOST).await
    }

    async fn look_up(&mut self, questions: &[L::Question]) -> Result<Vec<L::Answer>, sqlx::Error> {
        // What fails takes its connection with it.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        let answers = self.lookup.look_up(questions, &mut connection).await?;
        self.connection = self.keeps.then_some(connection);
        Ok(answers)
    }
}

async fn look_up_alone<L: Lookup>(
    lookup: &L,
    question: L::Question,
    pool: &PgPool,
) -> Result<L::Answer, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut answers = lookup.look_up(&[question], &mut connection).await?;
    answers.pop().ok_or(sqlx::Error::RowNotFound)
}
