//! The embedded PostgreSQL (PGlite): one process, one connection, data in a folder.

mod cluster;

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::postgres::PgConnectOptions;

use super::{
    data_folder::{self, FolderError},
    database::{Database, DatabaseError, ensure_portal, open},
};

/// What is opened, and whether it may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A town's database; made where there is none.
    Make,
    /// A town's database that is there.
    Use,
    /// Data that are worth nothing once the process ends.
    Scratch,
}

impl Database {
    /// Starts the embedded PostgreSQL with its data in a folder. It serves one connection: the
    /// pool has size one, and nothing may hold it while waiting for another.
    ///
    /// # Errors
    /// It does not start, or cannot be migrated.
    pub async fn embedded(folder: &Path) -> Result<Self, DatabaseError> {
        Self::start(folder, Purpose::Make, Box::new(())).await
    }

    /// The same, of a folder that has a database in it: none is made.
    ///
    /// # Errors
    /// There is none, it does not start, or cannot be migrated.
    pub async fn embedded_existing(folder: &Path) -> Result<Self, DatabaseError> {
        Self::start(folder, Purpose::Use, Box::new(())).await
    }

    /// The same for data that are worth nothing once the process ends: nothing waits for a disk. The
    /// folder is let go of once the server has stopped.
    ///
    /// # Errors
    /// It does not start, or cannot be migrated.
    pub async fn scratch(folder: impl AsRef<Path> + Send + Sync + 'static) -> Result<Self, DatabaseError> {
        let path = folder.as_ref().to_owned();
        Self::start(&path, Purpose::Scratch, Box::new(folder)).await
    }

    async fn start(
        folder: &Path,
        purpose: Purpose,
        owned: Box<dyn Send + Sync>,
    ) -> Result<Self, DatabaseError> {
        let failed = |e: &dyn std::fmt::Display| DatabaseError::Embedded(e.to_string());
        let scratch = purpose == Purpose::Scratch;
        let is_there = cluster::holds_database(folder)?;
        if !scratch {
            if purpose == Purpose::Use && !is_there {
                return Err(FolderError::Missing(folder.to_owned()).into());
            }
            data_folder::make_private_folder(folder)?;
            data_folder::ensure_private(folder)?;
        }
        data_folder::make_private_folder(&data_folder::server_folder(folder))?;
        cluster::close(&data_folder::server_folder(folder))?;
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
            cluster::close(&data_folder::server_folder(folder))?;
        }
        let options = options(&server)?;
        if purpose == Purpose::Use {
            ensure_portal(&options).await?;
        }
        // Everything takes its turn on the one connection.
        let pool = open(options, 1, Duration::from_secs(60), None, !scratch).await?;
        let server = EmbeddedServer(std::sync::Mutex::new(Some((server, owned))));
        Ok(Self::new(pool, false, Some(Arc::new(server))))
    }
}

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
#[cfg(unix)]
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
type Running = (pglite_oxide::PgliteServer, Box<dyn Send + Sync>);

/// Stopping the embedded server waits for its client to hang up, which may be the very thread
/// that drops it: it stops in a thread of its own. Committed rows are safe at any moment.
struct EmbeddedServer(std::sync::Mutex<Option<Running>>);

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
