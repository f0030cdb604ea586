//! `portail`: the server and its tools.
// The future that answers a query nests one level per field of the root; the optimiser looks at all of it.
#![recursion_limit = "1024"]
#![allow(clippy::print_stderr, reason = "a command line says on its standard error why it fails")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::{Parser, Subcommand};
use portail_api::{
    graphql, runtime,
    settings::{Settings, log_filter},
    tools::{account, audit, check, import, key_tools, output, rebuild, serve},
};
use portail_application::import::FileKind;
use portail_domain::i18n::Language;

/// A planning answer is some thousand small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long a process that ends waits for what computes on threads of its own.
const LAST_MOMENTS: Duration = Duration::from_secs(1);

/// Portail Famille: an event-sourced family portal.
#[derive(Debug, Parser)]
#[command(name = "portail", version)]
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
        command: audit::AuditCommand,
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
        Tool::Init
        | Tool::Check
        | Tool::Keys { .. }
        | Tool::Rebuild { .. }
        | Tool::Audit { .. }
        | Tool::Account { .. }
        | Tool::Import { .. }
        | Tool::Schema => tokio::runtime::Runtime::new()?,
    };
    let done = runtime.block_on(run(tool));
    // What still computes for somebody who was cut off does not keep the process.
    runtime.shutdown_timeout(LAST_MOMENTS);
    done
}

async fn run(tool: Tool) -> Result<()> {
    match tool {
        Tool::Serve { demo, public } => serve::serve(demo, public).await,
        Tool::Init => key_tools::init(&Settings::from_environment()?).await,
        Tool::Check => {
            let settings = Settings::from_environment()?;
            check::check(&settings, &settings.database().await?).await
        }
        Tool::Keys { command } => key_tools::run(&Settings::from_environment()?, command).await,
        Tool::Rebuild { names } => rebuild::rebuild(&names).await,
        Tool::Audit { command } => audit::run(command).await,
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
