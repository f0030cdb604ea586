//! One read model being built: its fold beside the live one, and the swap.

use std::{collections::HashSet, sync::Arc, time::Duration};

use portail_event_store::{RecordedEvent, Span, StreamId};
use sqlx::{Executor, PgConnection};
use tokio::sync::{Semaphore, mpsc};

use super::{RebuildError, Rebuilt, STRICT, concerning, live::Live, read_in, reader::Batch, tables};
use crate::engine::{
    fold::{FoldOutcome, fold},
    projection::{FoldContext, Projection, enter, install_indexes, install_tables, live_schema},
    put_aside, streams_aside,
};

/// How many positions go by without an event for a read model until it notes that it has come that far.
const NOTE: u64 = 100_000;

/// A read model being built.
pub(super) struct Build {
    /// Its row among the projections.
    name: String,
    live: String,
    fresh: String,
    /// The last position it has folded.
    pub(super) position: u64,
    /// The streams it set aside.
    aside: HashSet<StreamId>,
}

impl Build {
    /// Starts a rebuild, or resumes one of the same version.
    pub(super) async fn begin(
        projection: &dyn Projection,
        context: &FoldContext,
    ) -> Result<Self, RebuildError> {
        let live = live_schema(projection);
        let mut build = Self {
            name: format!("{}#rebuild", projection.name()),
            fresh: format!("{live}_rebuild"),
            live,
            position: 0,
            aside: HashSet::new(),
        };
        let Self { name, fresh, .. } = &build;
        let mut tx = context.log.database().pool().begin().await?;
        let found: Option<(i64, bool)> = sqlx::query_as(
            "SELECT position, log_has(position, chain) FROM projection WHERE name = $1 AND version = $2",
        )
        .bind(name)
        .bind(projection.version())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some((position, fits)) = found
            && fits
        {
            build.aside = streams_aside(name, projection.version(), &mut tx).await?;
            tx.commit().await?;
            build.position = position.unsigned_abs();
            return Ok(build);
        }
        tx.execute(format!("DROP SCHEMA IF EXISTS {fresh} CASCADE").as_str()).await?;
        for query in
            ["DELETE FROM projection WHERE name = $1", "DELETE FROM projection_quarantine WHERE name = $1"]
        {
            sqlx::query(query).bind(name).execute(&mut *tx).await?;
        }
        sqlx::query("INSERT INTO projection (name, version, status) VALUES ($1, $2, 'building')")
            .bind(name)
            .bind(projection.version())
            .execute(&mut *tx)
            .await?;
        install_tables(projection, fresh, &mut tx).await?;
        tx.commit().await?;
        Ok(build)
    }

    /// Folds what is read, as one of those that may fold at the same time, and swaps the result in.
    /// None when the reader stopped before the log's head.
    pub(super) async fn run(
        mut self,
        projection: &dyn Projection,
        context: &FoldContext,
        mut batches: mpsc::Receiver<Arc<Batch>>,
        folding: &Semaphore,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Option<Rebuilt>, RebuildError> {
        let (mut noted, mut reached) = (self.position, false);
        while let Some(batch) = batches.recv().await {
            if batch.through > self.position {
                let events = concerning(projection, &batch.events, self.position);
                if !events.is_empty() || batch.through - noted >= NOTE {
                    let _turn = folding.acquire().await;
                    let mut tx = context.log.database().pool().begin().await?;
                    // What a crash takes back is built again: rows and position go together.
                    tx.execute("SET LOCAL synchronous_commit TO off").await?;
                    self.fold(projection, context, &events, &mut tx).await?;
                    self.note(projection, batch.through, &mut tx).await?;
                    tx.commit().await?;
                    noted = batch.through;
                }
                self.position = batch.through;
            }
            progress(self.position, batch.head.max(self.position));
            reached = self.position >= batch.head;
        }
        if !reached {
            return Ok(None);
        }
        let _turn = folding.acquire().await;
        Ok(Some(self.swap(projection, context).await?))
    }

    /// Folds events into the new tables; what cannot be folded is set aside, or ends the rebuild.
    async fn fold(
        &mut self,
        projection: &dyn Projection,
        context: &FoldContext,
        events: &[&RecordedEvent],
        connection: &mut PgConnection,
    ) -> Result<(), RebuildError> {
        enter(&self.fresh, connection).await?;
        match fold(projection, events, &mut self.aside, STRICT, context, &mut *connection).await? {
            FoldOutcome::All(found) => {
                put_aside(&self.name, projection.version(), &found, connection).await?
            }
            FoldOutcome::Until(poison, _) => {
                return Err(RebuildError::Poison { projection: projection.name(), event: poison.text() });
            }
        }
        Ok(())
    }

    async fn note(
        &self,
        projection: &dyn Projection,
        position: u64,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE public.projection SET position = $3, updated_at = now() WHERE name = $1 AND version = $2",
        )
        .bind(&self.name)
        .bind(projection.version())
        .bind(position.cast_signed())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Brings the live and the fresh one to the same position, compares them, and puts the fresh one in
    /// the live one's place.
    async fn swap(
        mut self,
        projection: &dyn Projection,
        context: &FoldContext,
    ) -> Result<Rebuilt, RebuildError> {
        let pool = context.log.database().pool();
        let mut tx = pool.begin().await?;
        install_indexes(projection, &self.fresh, &mut tx).await?;
        // Or the first queries are planned for tables nothing is known of.
        tables::analyze(&self.fresh, &mut tx).await?;
        tx.commit().await?;

        let mut tx = pool.begin().await?;
        // Comparing takes as long as it takes, whatever limits the connection has.
        tx.execute("SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO 0").await?;
        let live = Live::hold(projection, &mut tx).await?;
        // Whoever rebuilds may be ahead of the live one; both are brought to the same position.
        let target = live
            .as_ref()
            .filter(|live| live.fits)
            .map_or(self.position, |live| live.position.max(self.position));
        let rest = read_in(&mut tx, Span { after: self.position, through: target }).await?;
        self.fold(projection, context, &concerning(projection, &rest, 0), &mut tx).await?;
        let (mut differences, mut comparing) = (None, Duration::ZERO);
        if let Some(live) = live.as_ref().filter(|live| live.fits)
            && tables::has_same_tables(&self.live, &self.fresh, &mut tx).await?
            && live.catch_up(projection, context, &self.live, target, &mut tx).await?
        {
            let compared = tables::compare(&self.live, &self.fresh, &mut tx).await?;
            (differences, comparing) = (Some(compared.differences), compared.took);
        }
        let Self { name, live: served, fresh, .. } = &self;
        tx.execute(format!("SET LOCAL search_path TO public; DROP SCHEMA IF EXISTS {served} CASCADE; ALTER SCHEMA {fresh} RENAME TO {served}").as_str())
            .await?;
        sqlx::query("DELETE FROM projection WHERE name IN ($1, $2)")
            .bind(projection.name())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO projection (name, version, position, status) VALUES ($1, $2, $3, 'live')")
            .bind(projection.name())
            .bind(projection.version())
            .bind(target.cast_signed())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM projection_quarantine WHERE name = $1")
            .bind(projection.name())
            .execute(&mut *tx)
            .await?;
        let aside = sqlx::query_scalar(
            "UPDATE projection_quarantine SET name = $1 WHERE name = $2 \
             RETURNING 'event ' || position || ' of ' || aggregate_type || '/' || aggregate_id || ': ' || error",
        )
        .bind(projection.name())
        .bind(name)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let ahead = live.as_ref().filter(|live| !live.fits).map(|live| live.position);
        let was_incomplete = live.is_some_and(|live| live.is_incomplete);
        Ok(Rebuilt { position: target, differences, comparing, ahead, aside, was_incomplete })
    }
}
