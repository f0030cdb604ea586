//! The application: takes a person's command, loads what the decision needs, lets the domain
//! decide, and appends the whole effect in one step. No rule lives here.

use std::sync::Arc;

use futures::future::BoxFuture;
use portail_domain::{shared::time::local_date, upcasters};
use portail_event_store::{
    Attachments, CheckpointStore, CommandBus, CommandError, CommandMeta, Database, Decide, EventLog,
    Execution, UnitOfWork, Vault,
};
use portail_projections::{Engine, attendance::month_planning::Plannings, catalogue::CatalogueCache};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    access::{LogIns, Principals},
    admission::Pace,
    attendance,
    caller::Caller,
    catalogue,
    clock::Clock,
    command::Command,
    correspondence, entry, families, governance,
    keys::Keys,
    limits::Limits,
    money,
    outcome::{CommandOutcome, Rejection},
    plausible, privacy,
    services::{PATIENCE, Services},
    supervisor::Supervisor,
};

/// The running application.
#[derive(Debug)]
pub struct Application {
    bus: CommandBus,
    services: Services,
    principals: Principals,
    log_ins: LogIns,
    pace: Pace,
    checkpoints: CheckpointStore,
    keys: Keys,
    workers: Supervisor,
}

impl Application {
    /// Opens the log of a database and prepares its read models.
    ///
    /// # Errors
    /// The log or the projections cannot be prepared.
    pub async fn open(database: &Database, keys: Keys, clock: Clock) -> anyhow::Result<Arc<Self>> {
        Self::open_within(database, keys, clock, Limits::of_tools()).await
    }

    /// The same for a server, which takes no more than its limits.
    ///
    /// # Errors
    /// The log or the projections cannot be prepared.
    pub async fn open_within(
        database: &Database,
        keys: Keys,
        clock: Clock,
        limits: Limits,
    ) -> anyhow::Result<Arc<Self>> {
        let vault = Vault::unlock(database.pool().clone(), keys.master.clone()).await?;
        let append_key = vault.append_key().await?;
        let log = EventLog::open(database, upcasters::all(), append_key.clone()).await?;
        let vault = vault.following(&log);
        let engine = Engine::prepare(log.clone(), vault.clone(), portail_projections::all()).await?;
        let checkpoints =
            CheckpointStore::new(database.pool().clone(), keys.signer.clone()).proving(append_key);
        let log_ins = LogIns::new(database.pool().clone(), &limits);
        let principals = Principals::start(database);
        let bus = CommandBus::new(log.clone());
        let services = Services {
            catalogue: CatalogueCache::new(database.pool().clone(), engine.clone()),
            plannings: Plannings::start(database),
            attachments: Attachments::new(database.pool().clone(), vault.clone()),
            log,
            engine,
            vault,
            clock,
            limits,
        };
        let (pace, workers) = (Pace::default(), Supervisor::default());
        Ok(Arc::new(Self { bus, services, principals, log_ins, pace, checkpoints, keys, workers }))
    }

    /// What runs beside the requests.
    pub fn workers(&self) -> &Supervisor {
        &self.workers
    }

    /// What commands are decided with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The log.
    pub fn log(&self) -> &EventLog {
        self.services.log()
    }

    /// The pool the read models are read with.
    pub fn pool(&self) -> &sqlx::PgPool {
        self.services.pool()
    }

    /// The projection engine.
    pub fn engine(&self) -> &Engine {
        self.services.engine()
    }

    /// The catalogue in memory.
    pub fn catalogue(&self) -> &CatalogueCache {
        self.services.catalogue()
    }

    /// Who is signed in.
    pub fn principals(&self) -> &Principals {
        &self.principals
    }

    /// Who may log in.
    pub fn log_ins(&self) -> &LogIns {
        &self.log_ins
    }

    /// How much of everything is taken.
    pub fn limits(&self) -> &Limits {
        self.services.limits()
    }

    /// The plannings of children.
    pub fn plannings(&self) -> &Plannings {
        &self.services.plannings
    }

    /// The vault.
    pub fn vault(&self) -> &Vault {
        self.services.vault()
    }

    /// The files sent with requests and messages.
    pub fn attachments(&self) -> &Attachments {
        &self.services.attachments
    }

    /// The secrets it works with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The signed checkpoints of the log.
    pub fn checkpoints(&self) -> &CheckpointStore {
        &self.checkpoints
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        self.services.clock()
    }

    /// Streams to decide on without recording anything.
    pub(crate) fn read_only(&self) -> UnitOfWork<'_> {
        self.bus.read_only()
    }

    /// Decides a command and waits until the read models show it.
    ///
    /// # Errors
    /// The command was not decided.
    pub async fn execute(
        &self,
        caller: &Caller,
        id: Uuid,
        command: impl Into<Command>,
    ) -> Result<Execution<CommandOutcome>, CommandError> {
        let executed = self.decide(caller, id, command).await?;
        self.wait_for(executed.position).await;
        Ok(executed)
    }

    /// Decides a command without waiting for the read models.
    ///
    /// # Errors
    /// The command was not decided.
    pub async fn decide(
        &self,
        caller: &Caller,
        id: Uuid,
        command: impl Into<Command>,
    ) -> Result<Execution<CommandOutcome>, CommandError> {
        let command = command.into();
        let fault = entry::fault(&serde_json::to_string(&command)?)?
            .or_else(|| plausible::fault(&command, local_date(caller.at)));
        let meta = CommandMeta {
            command_id: id,
            request_hash: command.request_hash(&caller.actor())?,
            actor: caller.actor(),
            correlation_id: id,
            causation_id: None,
            received_at: caller.at,
        };
        let admission = OnceCell::new();
        let dispatch = Dispatch { application: self, caller, id, command: &command, fault, admission };
        self.bus.execute(meta, &dispatch).await
    }

    /// Waits until the read models have reached a position; whether they did in time.
    pub async fn wait_for(&self, position: u64) -> bool {
        self.engine().wait_for_all(position, PATIENCE).await
    }
}

/// A command on its way to the module that decides it.
struct Dispatch<'a> {
    application: &'a Application,
    caller: &'a Caller,
    id: Uuid,
    command: &'a Command,
    /// What is wrong with the command itself, whatever the town's state.
    fault: Option<Rejection>,
    /// Why it is not admitted; a command counts once, however often it is decided.
    admission: OnceCell<Option<Rejection>>,
}

impl Decide for Dispatch<'_> {
    type Outcome = CommandOutcome;

    fn decide<'w>(
        &'w self,
        work: &'w mut UnitOfWork<'_>,
    ) -> BoxFuture<'w, Result<CommandOutcome, CommandError>> {
        let Self { application, caller, id, command, .. } = *self;
        Box::pin(async move {
            if !command.is_open_to(caller.role) {
                return Ok(CommandOutcome::rejected(Rejection::of_code("FORBIDDEN")));
            }
            if let Some(fault) = &self.fault {
                return Ok(CommandOutcome::rejected(fault.clone()));
            }
            let services = application.services();
            // Here, where a command that was decided before does not come.
            let admission =
                self.admission.get_or_try_init(|| application.pace.admit(services, caller, command));
            if let Some(refused) = admission.await? {
                return Ok(CommandOutcome::rejected(refused.clone()));
            }
            match command {
                Command::Attendance(command) => attendance::decide(caller, id, command, work, services).await,
                Command::Catalogue(command) => catalogue::decide(caller, id, command, work, services).await,
                Command::Correspondence(command) => {
                    correspondence::decide(caller, id, command, work, services).await
                }
                Command::Families(command) => families::decide(caller, id, command, work, services).await,
                Command::Governance(command) => governance::decide(caller, command, work).await,
                Command::Money(command) => money::decide(caller, id, command, work, services).await,
                Command::Privacy(command) => privacy::decide(caller, command, work, services).await,
            }
        })
    }
}
