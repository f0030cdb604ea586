//! The baselines: `pgbench` inserting the same row, and stock `postgres-es` deciding the same
//! command.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use cqrs_es::{CqrsFramework, persist::PersistedEventStore};
use portail_domain::attendance::session::Session;
use portail_testkit::Cluster;
use postgres_es::PostgresEventRepository;
use sqlx::{Executor, postgres::PgPoolOptions};

use crate::load::{reservation, session_of};

/// Rows per second of `pgbench`: one row a commit, into a table with the log's columns and indexes.
pub async fn pgbench(cluster: &Cluster, clients: usize, time: Duration) -> Result<f64> {
    let url = cluster.create_database().await?;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await?;
    pool.execute(
        "CREATE SEQUENCE place; CREATE TABLE events (position bigint PRIMARY KEY, aggregate_type text NOT NULL, \
         aggregate_id text NOT NULL, sequence bigint NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
         payload json NOT NULL, metadata json NOT NULL, event_id uuid NOT NULL, recorded_at timestamptz NOT NULL, \
         actor text NOT NULL, command_id uuid NOT NULL, correlation_id uuid NOT NULL, causation_id uuid, \
         leaf bytea NOT NULL, chain bytea NOT NULL, UNIQUE (aggregate_type, aggregate_id, sequence))",
    )
    .await?;
    // As a column default: in a script pgbench would read the colons of JSON as its variables.
    let payload = crate::load::sample_payload();
    pool.execute(format!("ALTER TABLE events ALTER payload SET DEFAULT '{payload}'").as_str()).await?;
    let script = "INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
        metadata, event_id, recorded_at, actor, command_id, correlation_id, leaf, chain) \
        SELECT n, 'Session', 'activity-' || n, 1, 'ReservationRequested', '1.0', '{}', gen_random_uuid(), now(), \
        'parent', gen_random_uuid(), gen_random_uuid(), sha256('leaf'), sha256('chain') FROM nextval('place') n;\n";
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(script.as_bytes())?;
    std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    let name = url.split('/').nth(3).and_then(|n| n.split('?').next()).context("database name")?;
    let output = cluster
        .program("pgbench")
        .args(["-n", "-M", "prepared", "-U", "postgres", "-h"])
        .arg(cluster.socket())
        .args(["-c", &clients.to_string(), "-j", "2", "-T", &time.as_secs().to_string(), "-f"])
        .arg(file.path())
        .arg(name)
        .output()?;
    ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|l| l.starts_with("tps")).context("pgbench says tps")?;
    Ok(line.split_whitespace().nth(2).context("a number")?.parse()?)
}

/// Commands per second of the stock framework on the stock store.
pub async fn postgres_es(cluster: &Cluster, clients: usize, time: Duration) -> Result<f64> {
    let url = cluster.create_database().await?;
    let connections = u32::try_from(clients)?;
    let pool = PgPoolOptions::new().max_connections(connections).connect(&url).await?;
    pool.execute(
        "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
         sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
         payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .await?;
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let repository = PostgresEventRepository::new(pool.clone());
            let store = PersistedEventStore::<_, Session>::new_event_store(repository);
            let cqrs = CqrsFramework::new(store, vec![], ());
            tokio::spawn(async move {
                let mut done = 0u64;
                while Instant::now() < end {
                    cqrs.execute(&session_of(client, done), reservation(done)).await.unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await?;
    }
    Ok(total as f64 / time.as_secs_f64())
}
