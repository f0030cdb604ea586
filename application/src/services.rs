//! What commands are decided with, beside the streams they load.

use std::time::Duration;

use portail_event_store::{Attachments, EventLog, Vault};
use portail_projections::{Engine, attendance::month_planning::Plannings, catalogue::CatalogueCache};

use crate::{clock::Clock, limits::Limits};

/// How long an answer waits for the read models it returns.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The log, the read models, the vault and the clock.
#[derive(Debug)]
pub struct Services {
    pub(crate) log: EventLog,
    pub(crate) engine: Engine,
    pub(crate) catalogue: CatalogueCache,
    pub(crate) plannings: Plannings,
    pub(crate) vault: Vault,
    pub(crate) attachments: Attachments,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
}

impl Services {
    /// The log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The pool the read models are read with.
    pub fn pool(&self) -> &sqlx::PgPool {
        self.log.database().pool()
    }

    /// The projection engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The catalogue in memory.
    pub fn catalogue(&self) -> &CatalogueCache {
        &self.catalogue
    }

    /// The vault.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How much of everything is taken.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}
