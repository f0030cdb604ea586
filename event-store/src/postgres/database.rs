//! The database: PostgreSQL by address, or the embedded one. One dialect, two ways to run it.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    data_folder::FolderError,
    functions::{self, FunctionsError},
};

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The functions cannot be brought up to date.
    #[error("functions: {0}")]
    Functions(#[from] FunctionsError),
    /// The embedded database does not start.
    #[error("embedded database: {0}")]
    Embedded(String),
    /// The folder of the embedded database cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no portal in the database.
    #[error(
        "the database {0:?} holds no portal: is DATABASE_URL mistyped? `portail init` or `portail serve` makes a \
         new one"
    )]
    Missing(String),
}

/// How long a server's statements may take, so that one that hangs does not keep its connection, and
/// what it locks, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementLimits {
    /// The longest a statement runs.
    pub statement: Duration,
    /// The longest it waits for a lock.
    pub lock: Duration,
}

impl StatementLimits {
    /// What a new connection is told. Keepalives let the database find out within a minute that a server's
    /// machine is gone, and let go of what it held.
    fn settings(self) -> String {
        let (statement, lock) = (self.statement.as_millis(), self.lock.as_millis());
        format!(
            "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
             SET idle_in_transaction_session_timeout = {}; \
             SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
            6 * statement.max(lock),
        )
    }
}

/// A commit waits for the disk, whatever is set for the server, the database or the role, now or later. An
/// operator who asks for more (a standby that has applied it) keeps it.
const WAIT_FOR_THE_DISK: &str = "SELECT set_config('synchronous_commit', \
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
    ELSE current_setting('synchronous_commit') END, false)";

/// What servers call themselves to the database.
const SERVER: &str = "portail server";

/// How long a database is waited for that starts up or recovers from a crash.
const RECOVERY: Duration = Duration::from_secs(120);

/// A running database with its pool.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    shared: bool,
    /// Keeps the embedded server running as long as anybody uses it.
    _embedded: Option<Arc<dyn Send + Sync>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl Database {
    pub(super) fn new(pool: PgPool, shared: bool, embedded: Option<Arc<dyn Send + Sync>>) -> Self {
        Self { pool, shared, _embedded: embedded }
    }

    /// Connects to PostgreSQL 15 or later, brings the schema up to date as the given role, and
    /// works as `portail_app`, which owns nothing of the log, where that role could be made.
    ///
    /// # Errors
    /// It cannot be reached or migrated.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        Self::connect_as(url, connections, None).await
    }

    /// The same for a server: its statements end in time. Migrations may take longer.
    ///
    /// # Errors
    /// It cannot be reached or migrated.
    pub async fn connect_within(
        url: &str,
        connections: u32,
        limits: StatementLimits,
    ) -> Result<Self, DatabaseError> {
        Self::connect_as(url, connections, Some(limits)).await
    }

    async fn connect_as(
        url: &str,
        connections: u32,
        limits: Option<StatementLimits>,
    ) -> Result<Self, DatabaseError> {
        let name = if limits.is_some() { SERVER } else { "portail" };
        let options = PgConnectOptions::from_str(url)?.application_name(name);
        let pool = open(options, connections, Duration::from_secs(10), limits, true).await?;
        Ok(Self::new(pool, true, None))
    }

    /// The same, of a database that has a portal in it: none is made.
    ///
    /// # Errors
    /// It cannot be reached or migrated, or is empty.
    pub async fn connect_existing(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        ensure_portal(&PgConnectOptions::from_str(url)?.disable_statement_logging()).await?;
        Self::connect(url, connections).await
    }

    /// The pool.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Whether other processes may share it: then the log listens for their appends.
    pub fn is_shared(&self) -> bool {
        self.shared
    }
}

/// Brings the schema and the functions up to date as the role that connects, and opens a pool that works as
/// `portail_app` where it may. `lasts`: whether commits wait for the disk.
pub(super) async fn open(
    options: PgConnectOptions,
    connections: u32,
    patience: Duration,
    limits: Option<StatementLimits>,
    lasts: bool,
) -> Result<PgPool, DatabaseError> {
    let options = options.disable_statement_logging();
    // One plain connection, closed before the pool opens: the embedded database has no other.
    let mut owner = connect_once_ready(&options).await?;
    sqlx::migrate!("../migrations").run(&mut owner).await?;
    functions::install(&mut owner).await?;
    let can_step_down: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') \
         AND pg_has_role(current_user, 'portail_app', 'MEMBER') \
         AND has_table_privilege('portail_app', 'events', 'INSERT')",
    )
    .fetch_one(&mut owner)
    .await?;
    owner.close().await?;
    if !can_step_down {
        tracing::warn!("role portail_app is missing: the server works as the owner of the log");
    }
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        // A ping before every statement would double the round trips; one that has rested may
        // have died with a restarted server.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(1) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        // Reopening a connection is what the embedded database does worst.
        .max_lifetime((connections > 1).then_some(Duration::from_secs(1800)))
        .idle_timeout((connections > 1).then_some(Duration::from_secs(600)))
        .acquire_timeout(patience)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if can_step_down {
                    connection.execute("SET ROLE portail_app").await?;
                }
                if let Some(limits) = limits {
                    connection.execute(limits.settings().as_str()).await?;
                }
                if lasts {
                    connection.execute(WAIT_FOR_THE_DISK).await?;
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// A connection, as soon as a database that starts up or recovers takes any.
async fn connect_once_ready(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    const CANNOT_CONNECT_NOW: &str = "57P03";
    let begun = std::time::Instant::now();
    loop {
        match PgConnection::connect_with(options).await {
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(CANNOT_CONNECT_NOW) && begun.elapsed() < RECOVERY =>
            {
                tracing::info!(%error, "waiting for the database");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            connected => return connected,
        }
    }
}

/// How many connections of servers a database has: what must not run beside one looks first.
///
/// # Errors
/// The database failed.
pub async fn connected_servers(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
    )
    .bind(SERVER)
    .fetch_one(pool)
    .await
}

/// A database is not empty: a portal was made in it.
pub(super) async fn ensure_portal(options: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = connect_once_ready(options).await?;
    let (name, is_there): (String, bool) =
        sqlx::query_as("SELECT current_database()::text, to_regclass('public.events') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
    connection.close().await?;
    if is_there { Ok(()) } else { Err(DatabaseError::Missing(name)) }
}
