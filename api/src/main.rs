//! `portail`: the server and its tools.
// The future that answers a query nests one level per field of the root; the optimiser looks at all of it.
#![recursion_limit = "1024"]
#![allow(clippy::print_stderr, reason = "a command line says on its standard error why it fails")]

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use futures::{FutureExt, future::BoxFuture};
use portail_api::{
    files::documents::TownName,
    graphql::{self, Schemas, document_guard::DocumentGuard},
    http, runtime, say,
    settings::{Settings, log_filter},
    tools::{
        account, audit, check, demo, import, key_tools,
        keys::{KeyCreation, report_signing_key},
        output, rebuild,
    },
};
use portail_application::{
    Application,
    audit::{checkpoints::Publisher, past::Replays},
    clock::Clock,
    correspondence::notifications::Notifier,
    import::FileKind,
    workers::{
        billing::run_billing, housekeeping::run_housekeeping, retention::run_retention, timers::run_timers,
    },
};
use portail_domain::i18n::Language;
use portail_event_store::CheckpointStore;

/// A planning answer is some thousand small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long a process that ends waits for what computes on threads of its own.
const LAST_MOMENTS: Duration = Duration::from_secs(1);

/// Portail Famille: an event-sourced family portal.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Tool,
}

#[derive(Debug, Subcommand)]
enum Tool {
    /// Serve GraphQL.
    Serve {
        /// With the guide's town, family and logins; the clock starts on 8 April 2015.
        #[arg(long)]
        demo: bool,
        /// Serve the demo, whose passwords are public, on an address that others reach.
        #[arg(long, requires = "demo")]
        public: bool,
    },
    /// Make the database and its keys, and say what belongs to the backups.
    Init,
    /// Check a database after a restore, an upgrade or a move: role, keys, log, read models. Exit codes as of
    /// `audit verify`.
    Check,
    /// Show or rotate the keys.
    Keys {
        #[command(subcommand)]
        command: key_tools::KeyCommand,
    },
    /// Rebuild read models from the log, compare them with the live ones, and swap them in.
    Rebuild {
        /// Which; all when none is named.
        names: Vec<String>,
    },
    /// Verify the log.
    Audit {
        #[command(subcommand)]
        command: Audit,
    },
    /// Make an account; its password is read from standard input.
    Account {
        /// The login: the family number for a parent.
        login: String,
        /// parent, staff, administrator or auditor.
        #[arg(long, default_value = "administrator")]
        role: String,
    },
    /// Import families, children or accounts from CSV; the columns are in the operator's manual.
    Import {
        /// families, children or accounts.
        what: FileKind,
        /// The file.
        file: PathBuf,
        /// Only check it, and report row by row.
        #[arg(long)]
        dry_run: bool,
        /// Report in English.
        #[arg(long)]
        english: bool,
    },
    /// Print the GraphQL schema.
    Schema,
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Recompute every leaf, the chain and the Merkle root, and hold them against the signed
    /// checkpoints. Exit code 1: the log is wrong. 2: it could not be examined.
    Verify(audit::VerifyOptions),
    /// Sign the log's head now, and print it.
    Checkpoint,
    /// Print the public key checkpoints are signed with.
    Key,
    /// Write the log to a file that can be verified without this program (docs/audit).
    Export {
        /// The file: JSON Lines, compressed with gzip.
        file: PathBuf,
    },
    /// Ask the town as it was at a moment, or what differs between two: a GraphQL query, answered as
    /// an auditor sees it. The live database is only read.
    Replay(audit::ReplayOptions),
    /// Print what an event changed: every row of every read model, before and after.
    Effects {
        /// Its position.
        position: u64,
    },
    /// Print the proof that an event is in the log, under a signed checkpoint.
    Prove {
        /// Its position.
        position: u64,
    },
    /// Print the proof that the log goes on from what it was.
    Consistency {
        /// How many events it had.
        size: u64,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What it writes is for its owner: names, password hashes, keys.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let is_audit = matches!(arguments.command, Tool::Audit { .. } | Tool::Check);
    match start(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::from(if is_audit { audit::exit_code(&error) } else { 1 })
        }
    }
}

fn start(tool: Tool) -> Result<()> {
    let filter = log_filter()?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tool {
        Tool::Serve { .. } => runtime::serving()?,
        _ => tokio::runtime::Runtime::new()?,
    };
    let done = runtime.block_on(run(tool));
    // What still computes for somebody who was cut off does not keep the process.
    runtime.shutdown_timeout(LAST_MOMENTS);
    done
}

async fn run(tool: Tool) -> Result<()> {
    match tool {
        Tool::Serve { demo, public } => serve(demo, public).await,
        Tool::Init => key_tools::init(&Settings::from_environment()?).await,
        Tool::Check => {
            let settings = Settings::from_environment()?;
            check::check(&settings, &settings.database().await?).await
        }
        Tool::Keys { command } => key_tools::run(&Settings::from_environment()?, command).await,
        Tool::Rebuild { names } => rebuild::rebuild(&names).await,
        Tool::Audit { command } => audit(command).await,
        Tool::Account { login, role } => account::account(&login, &role).await,
        Tool::Import { what, file, dry_run, english } => {
            let language = if english { Language::En } else { Language::Fr };
            import::import(what, &file, dry_run, language).await
        }
        Tool::Schema => {
            output::print(format_args!("{}", graphql::definition()))?;
            Ok(())
        }
    }
}

async fn serve(with_demo: bool, in_public: bool) -> Result<()> {
    let settings = Settings::from_environment()?;
    if !with_demo {
        settings.names_its_town()?;
    }
    ensure!(
        !with_demo || in_public || settings.listen.ip().is_loopback(),
        "the demo's passwords are public and {} is reached by others: --public serves it there all the same",
        settings.listen
    );
    let limits = settings.limits.clone();
    let database = settings.serving_database().await?;
    if with_demo {
        demo::ensure_own(database.pool()).await?;
    }
    let clock = clock(&settings, with_demo, &database).await?;
    let keys = settings.keys_or_new(&database, KeyCreation::InDataFolder).await?;
    let application = Application::open_within(&database, keys, clock, limits.clone()).await?;
    report_signing_key(application.checkpoints()).await?;
    let engine = application.engine().start();
    if with_demo {
        demo::prepare(&application).await?;
    }
    let workers = application.workers().clone();
    let of = |worker: fn(Arc<Application>) -> BoxFuture<'static, ()>| {
        let application = application.clone();
        move || worker(application.clone())
    };
    workers.start("timers", of(|application| run_timers(application).boxed()));
    workers.start("retention", of(|application| run_retention(application).boxed()));
    workers.start("housekeeping", of(|application| run_housekeeping(application).boxed()));
    workers.start("billing", of(|application| run_billing(application).boxed()));
    let publisher = Publisher::new(application.clone(), settings.copies())?;
    workers.start("checkpoints", move || publisher.clone().run());
    if let Some(notifier) = Notifier::new(application.clone(), settings.email()?, settings.sms()) {
        workers.start("notifications", move || notifier.clone().run());
    }
    let schemas = Schemas::new(settings.site.clone(), DocumentGuard::new(settings.documents));
    let screens = schemas.clone();
    let replays = Replays::new(application.clone(), settings.data.clone(), move |past| screens.over(past));
    let past = replays.clone();
    workers.start("past", move || past.clone().tidy());
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", settings.listen))?;
    announce(&listener.local_addr()?.to_string(), with_demo, &application)?;
    let town = TownName(settings.town.as_str().into());
    let drain = http::Drain::default();
    let router = http::router(&schemas, application, replays, town, drain.clone());
    http::serve(listener, router, limits, drain, stopped()).await?;
    workers.stop();
    engine.abort();
    Ok(())
}

/// The demo's clock never runs backwards over what it has recorded.
async fn clock(
    settings: &Settings,
    with_demo: bool,
    database: &portail_event_store::Database,
) -> Result<Clock> {
    let clock = settings.clock(with_demo.then_some(demo::TODAY));
    let last: Option<chrono::DateTime<chrono::Utc>> =
        sqlx::query_scalar("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1")
            .fetch_optional(database.pool())
            .await?;
    Ok(match last {
        Some(last) if with_demo && last > clock.now() => Clock::starting_at(last),
        _ => clock,
    })
}

fn announce(address: &str, with_demo: bool, application: &Arc<Application>) -> std::io::Result<()> {
    say!("Portail Famille serves http://{address}/graphql (GraphiQL in a browser)")?;
    say!("The portal's date is {}.", application.clock().today())?;
    if !with_demo {
        return Ok(());
    }
    say!("\nDemo logins (login / password):")?;
    for (login, password, role) in demo::ACCOUNTS {
        say!("  {role:<9} {login} / {password}", role = format!("{role:?}").to_lowercase())?;
    }
    say!(
        "\nTry:\n  curl -s http://{address}/graphql -H 'Content-Type: application/json' -d '{{\"query\":\
         \"mutation {{ logIn(input: {{login: \\\"1001001010331\\\", password: \\\"Bonbons2015\\\"}}) {{ token }} }}\"}}'\n\
         then, with that token as `Authorization: Bearer ...`:\n  \
         query {{ myFamily {{ children {{ id firstName }} }} }}\n  \
         query {{ planning(childId: \"...\", month: \"2015-04\") {{ rows {{ structure activity responsible \
         cells {{ date markerLetter statusLabel actions {{ action allowed until }} }} }} }} }}"
    )
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

async fn audit(command: Audit) -> Result<()> {
    let settings = Settings::from_environment()?;
    if matches!(command, Audit::Key) {
        say!("{}", settings.signer()?.public_key())?;
        return Ok(());
    }
    let database = settings.database().await?;
    let pool = database.pool();
    // An auditor has no master key. Where there is one, it is this database's.
    if !settings.master_key_place()?.is_missing() {
        settings.database_key(&database).await?;
    }
    match command {
        Audit::Verify(options) => audit::verify(pool, &settings, &options).await,
        Audit::Export { file } => audit::export(pool, &file).await,
        Audit::Replay(options) => audit::replay(&database, &settings, &options).await,
        Audit::Effects { position } => audit::effects(&database, &settings, position).await,
        Audit::Prove { position } => audit::prove(pool, settings.signer()?, position).await,
        Audit::Consistency { size } => audit::prove_consistency(pool, settings.signer()?, size).await,
        Audit::Checkpoint => {
            let checkpoints = CheckpointStore::new(pool.clone(), settings.signer()?);
            checkpoints.sign_head(chrono::Utc::now()).await?;
            let last = checkpoints.last().await?.context("the log is empty")?;
            output::print(format_args!("{}", last.note))?;
            Ok(())
        }
        Audit::Key => Ok(()),
    }
}
