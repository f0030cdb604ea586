//! The catalogue in memory.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::RwLock;

use super::{NAME, offer::Catalogue};
use crate::Engine;

/// A catalogue with the position it was read at.
type CachedCatalogue = (u64, Arc<Catalogue>);

/// The catalogue in memory, read again only after it changed.
#[derive(Debug, Clone)]
pub struct CatalogueCache {
    pool: PgPool,
    engine: Engine,
    kept: Arc<RwLock<Option<CachedCatalogue>>>,
}

impl CatalogueCache {
    /// A cache that follows an engine.
    pub fn new(pool: PgPool, engine: Engine) -> Self {
        Self { pool, engine, kept: Arc::default() }
    }

    /// The catalogue as its projection has it now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self) -> Result<Arc<Catalogue>, sqlx::Error> {
        let effect = self.engine.effects(NAME);
        if let Some((at, catalogue)) = &*self.kept.read().await
            && *at == effect
        {
            return Ok(catalogue.clone());
        }
        let catalogue = Arc::new(Catalogue::load(&self.pool).await?);
        *self.kept.write().await = Some((effect, catalogue.clone()));
        Ok(catalogue)
    }
}
