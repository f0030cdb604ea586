//! The database: PostgreSQL by address, or the embedded one. One dialect, two ways to run it.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

#[cfg(feature = "embedded")]
use crate::postgres::data_folder;
use crate::postgres::data_folder::FolderError;

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
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

/// What is opened, and whether it may be made.
#[cfg(feature = "embedded")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A town's database; made where there is none.
    Make,
    /// A town's database that is there.
    Use,
    /// Data that are worth nothing once the process ends.
    Scratch,
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
        let options = PgConnectOptions::from_str(url)?.application_name("portail");
        let pool = Self::open(options, connections, Duration::from_secs(10), limits, true).await?;
        Ok(Self { pool, shared: true, _embedded: None })
    }

    /// The same, of a database that has a portal in it: none is made.
    ///
    /// # Errors
    /// It cannot be reached or migrated, or is empty.
    pub async fn connect_existing(url: &str, connections: u32) -> Result<Self, DatabaseError> {
        ensure_portal(&PgConnectOptions::from_str(url)?.disable_statement_logging()).await?;
        Self::connect(url, connections).await
    }

    async fn open(
        options: PgConnectOptions,
        connections: u32,
        patience: Duration,
        limits: Option<StatementLimits>,
        lasts: bool,
    ) -> Result<PgPool, DatabaseError> {
        let options = options.disable_statement_logging();
        // One plain connection, closed before the pool opens: the embedded database has no other.
        let mut owner = PgConnection::connect_with(&options).await?;
        sqlx::migrate!("../migrations").run(&mut owner).await?;
        owner.execute(include_str!("application_role.sql")).await?;
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

    /// Starts the embedded PostgreSQL with its data in a folder. It serves one connection: the
    /// pool has size one, and nothing may hold it while waiting for another.
    ///
    /// # Errors
    /// It does not start, or cannot be migrated.
    #[cfg(feature = "embedded")]
    pub async fn embedded(folder: &Path) -> Result<Self, DatabaseError> {
        Self::start(folder, Purpose::Make, Box::new(())).await
    }

    /// The same, of a folder that has a database in it: none is made.
    ///
    /// # Errors
    /// There is none, it does not start, or cannot be migrated.
    #[cfg(feature = "embedded")]
    pub async fn embedded_existing(folder: &Path) -> Result<Self, DatabaseError> {
        Self::start(folder, Purpose::Use, Box::new(())).await
    }

    /// The same for data that are worth nothing once the process ends: nothing waits for a disk. The
    /// folder is let go of once the server has stopped.
    ///
    /// # Errors
    /// It does not start, or cannot be migrated.
    #[cfg(feature = "embedded")]
    pub async fn scratch(folder: impl AsRef<Path> + Send + Sync + 'static) -> Result<Self, DatabaseError> {
        let path = folder.as_ref().to_owned();
        Self::start(&path, Purpose::Scratch, Box::new(folder)).await
    }

    #[cfg(feature = "embedded")]
    async fn start(
        folder: &Path,
        purpose: Purpose,
        owned: Box<dyn Send + Sync>,
    ) -> Result<Self, DatabaseError> {
        let failed = |e: &dyn std::fmt::Display| DatabaseError::Embedded(e.to_string());
        let scratch = purpose == Purpose::Scratch;
        let is_there = data_folder::holds_database(folder)?;
        if !scratch {
            if purpose == Purpose::Use && !is_there {
                return Err(FolderError::Missing(folder.to_owned()).into());
            }
            data_folder::make_private_folder(folder)?;
            data_folder::ensure_private(folder)?;
        }
        data_folder::make_private_folder(&data_folder::server_folder(folder))?;
        data_folder::close(&data_folder::server_folder(folder))?;
        let mut builder = pglite_oxide::PgliteServer::builder()
            .path(data_folder::server_folder(folder))
            .relaxed_durability(scratch);
        // A socket in the data folder is for who may read that; a port is for everybody on the machine.
        #[cfg(unix)]
        if let Some(socket) = socket(folder).map_err(|e| failed(&e))? {
            builder = builder.unix(socket);
        }
        let start = move || builder.start();
        let server = tokio::task::spawn_blocking(start)
            .await
            .map_err(|e| failed(&e))?
            .map_err(|e| failed(&format!("{e:#}")))?;
        if !scratch && !is_there {
            data_folder::close(&data_folder::server_folder(folder))?;
        }
        let options = options(&server)?;
        if purpose == Purpose::Use {
            ensure_portal(&options).await?;
        }
        // Everything takes its turn on the one connection.
        let pool = Self::open(options, 1, Duration::from_secs(60), None, !scratch).await?;
        let server = EmbeddedServer(std::sync::Mutex::new(Some((server, owned))));
        Ok(Self { pool, shared: false, _embedded: Some(Arc::new(server)) })
    }

    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "embedded"))]
    pub async fn scratch(folder: impl AsRef<Path> + Send + Sync + 'static) -> Result<Self, DatabaseError> {
        Self::embedded(folder.as_ref()).await
    }

    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "embedded"))]
    pub async fn embedded(_folder: &Path) -> Result<Self, DatabaseError> {
        Err(DatabaseError::Embedded("built without it: set DATABASE_URL".into()))
    }

    /// The embedded database was left out of this build.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "embedded"))]
    pub async fn embedded_existing(folder: &Path) -> Result<Self, DatabaseError> {
        Self::embedded(folder).await
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

/// A database is not empty: a portal was made in it.
async fn ensure_portal(options: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let (name, is_there): (String, bool) =
        sqlx::query_as("SELECT current_database()::text, to_regclass('public.events') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
    connection.close().await?;
    if is_there { Ok(()) } else { Err(DatabaseError::Missing(name)) }
}

#[cfg(feature = "embedded")]
fn options(server: &pglite_oxide::PgliteServer) -> Result<PgConnectOptions, sqlx::Error> {
    #[cfg(unix)]
    if let Some(folder) = server.socket_path().and_then(Path::parent) {
        // The names the embedded database is born with.
        return Ok(PgConnectOptions::new()
            .socket(folder)
            .port(5432)
            .username("postgres")
            .database("template1"));
    }
    PgConnectOptions::from_str(&server.database_url())
}

/// The embedded server's socket, what a killed process left of it cleared away; none where its path
/// is longer than the system takes.
#[cfg(all(unix, feature = "embedded"))]
fn socket(folder: &Path) -> std::io::Result<Option<std::path::PathBuf>> {
    const LONGEST: usize = 100;
    let path = std::path::absolute(folder)?.join(".s.PGSQL.5432");
    if path.as_os_str().len() > LONGEST {
        return Ok(None);
    }
    if path.exists() && std::os::unix::net::UnixStream::connect(&path).is_err() {
        std::fs::remove_file(&path)?;
    }
    Ok(Some(path))
}

/// A running server with what is let go of after it.
#[cfg(feature = "embedded")]
type Running = (pglite_oxide::PgliteServer, Box<dyn Send + Sync>);

/// Stopping the embedded server waits for its client to hang up, which may be the very thread
/// that drops it: it stops in a thread of its own. Committed rows are safe at any moment.
#[cfg(feature = "embedded")]
struct EmbeddedServer(std::sync::Mutex<Option<Running>>);

#[cfg(feature = "embedded")]
impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        let running = self.0.get_mut().map(Option::take);
        if let Ok(Some((server, owned))) = running {
            std::thread::spawn(move || {
                drop(server);
                drop(owned);
            });
        }
    }
}
