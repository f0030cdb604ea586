//! Real databases for the tests: a private PostgreSQL cluster on a socket of its own, or the
//! embedded database. `PORTAIL_TEST_BACKEND=embedded` runs the same suite on the latter.

mod cluster;
mod system;

use std::sync::{Arc, OnceLock};

use anyhow::Result;
use portail_event_store::Database;

pub use cluster::{Cluster, Durability, Process};

/// A database of its own for one test.
pub struct TestDatabase {
    /// Ready to use: migrated and empty.
    pub database: Database,
    /// Its address, where it has one.
    pub url: Option<String>,
    _cluster: Option<Arc<Cluster>>,
}

/// Whether this run of the suite is on the embedded database.
pub fn is_embedded() -> bool {
    std::env::var("PORTAIL_TEST_BACKEND").is_ok_and(|b| b == "embedded")
}

/// The cluster the tests of this process share.
///
/// # Errors
/// PostgreSQL is not installed or does not start.
pub fn shared_cluster() -> Result<Arc<Cluster>> {
    static SHARED: OnceLock<Arc<Cluster>> = OnceLock::new();
    static STARTING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(cluster) = SHARED.get() {
        return Ok(cluster.clone());
    }
    let cluster = Arc::new(Cluster::start(Durability::Fast)?);
    Ok(SHARED.get_or_init(|| cluster).clone())
}

impl TestDatabase {
    /// A new empty database of the backend under test.
    ///
    /// # Errors
    /// It does not start.
    pub async fn new() -> Result<Self> {
        if is_embedded() {
            let database = Database::scratch(tempfile::tempdir()?).await?;
            return Ok(Self { database, url: None, _cluster: None });
        }
        let cluster = tokio::task::spawn_blocking(shared_cluster).await??;
        let url = cluster.create_database().await?;
        let database = Database::connect(&url, 6).await?;
        Ok(Self { database, url: Some(url), _cluster: Some(cluster) })
    }
}
