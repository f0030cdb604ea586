//! The auditor's command line.

mod evidence;
mod replay;
pub mod verify;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use portail_event_store::{FollowError, IntegrityViolation, SigningError, Unproved, VerifyError};

pub use self::{replay::ReplayOptions, verify::VerifyOptions};
use crate::{
    say,
    settings::Settings,
    tools::{audit::verify::Ahead, output},
};

/// What an auditor asks of the log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Recompute every leaf, the chain and the Merkle root, and hold them against the signed
    /// checkpoints. Exit code 1: the log is wrong. 2: it could not be examined.
    Verify(VerifyOptions),
    /// Sign the log's head now, and print it.
    Checkpoint {
        /// Sign also events of which nothing proves that a server appended them; the checkpoint says which.
        #[arg(long)]
        accept_unproved: bool,
    },
    /// Print the public key checkpoints are signed with.
    Key,
    /// Write the log to a file that can be verified without this program (docs/audit).
    Export {
        /// The file: JSON Lines, compressed with gzip.
        file: PathBuf,
    },
    /// Ask the town as it was at a moment, or what differs between two: a GraphQL query, answered as
    /// an auditor sees it. The live database is only read.
    Replay(ReplayOptions),
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

/// Runs one of them.
///
/// # Errors
/// The log is wrong, or cannot be examined: see [`exit_code`].
pub async fn run(command: AuditCommand) -> Result<()> {
    let settings = Settings::from_environment()?;
    if matches!(command, AuditCommand::Key) {
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
        AuditCommand::Verify(options) => verify::verify(&database, &settings, &options).await,
        AuditCommand::Export { file } => evidence::export(pool, &file).await,
        AuditCommand::Replay(options) => replay::replay(&database, &settings, &options).await,
        AuditCommand::Effects { position } => replay::effects(&database, &settings, position).await,
        AuditCommand::Prove { position } => {
            let checkpoints = settings.checkpoint_store(&database, settings.signer()?).await?;
            evidence::prove(&checkpoints, position).await
        }
        AuditCommand::Consistency { size } => {
            let checkpoints = settings.checkpoint_store(&database, settings.signer()?).await?;
            evidence::prove_consistency(&checkpoints, size).await
        }
        AuditCommand::Checkpoint { accept_unproved } => {
            let checkpoints = settings.checkpoint_store(&database, settings.signer()?).await?;
            let unproved = if accept_unproved { Unproved::IsAccepted } else { Unproved::IsRefused };
            checkpoints.sign_head_beside(chrono::Utc::now(), None, unproved).await?;
            let last = checkpoints.last().await?.context("the log is empty")?;
            output::print(format_args!("{}", last.note))?;
            Ok(())
        }
        AuditCommand::Key => Ok(()),
    }
}

/// The exit code of an error: 1 says that the log is wrong, or a read model not of the log, 2 that it could
/// not be examined.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let found = matches!(error.downcast_ref(), Some(VerifyError::Violation(_)))
        || matches!(error.downcast_ref(), Some(FollowError::Violation(_)))
        || matches!(error.downcast_ref(), Some(SigningError::Violation(_)));
    if found || error.is::<IntegrityViolation>() || error.is::<Ahead>() { 1 } else { 2 }
}
