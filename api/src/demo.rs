//! The demo: the guide's own town and family, made by replaying commands, never by writing read
//! models. Replaying is idempotent: interrupted, it goes on where it stopped.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    access,
    application::{Application, Caller, Command, Role},
};

/// The day the demo's clock starts on, so that the guide's dates make sense.
pub const TODAY: NaiveDate = match NaiveDate::from_ymd_opt(2015, 4, 8) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The demo's accounts: login, password, role.
pub const ACCOUNTS: [(&str, &str, Role); 4] = [
    ("1001001010331", "Bonbons2015", Role::Parent),
    ("mairie", "Mairie2015", Role::Staff),
    ("auditeur", "Auditeur2015", Role::Auditor),
    ("directrice", "Directrice2015", Role::Administrator),
];

/// The guide's town and family, as commands.
const COMMANDS: &str = include_str!("../../fixtures/guide/commands.json");

/// One recorded command of a fixture.
#[derive(Debug, Deserialize)]
pub struct Step {
    /// When it was received.
    at: DateTime<Utc>,
    /// Who sent it: `staff:mairie`, `parent:1001001010331`.
    #[serde(rename = "as")]
    actor: String,
    /// Its id, where something refers to it; a name-based one otherwise.
    id: Option<Uuid>,
    /// The command.
    command: Command,
}

/// Replays a fixture.
///
/// # Errors
/// A step cannot be read or is rejected: a fixture is a true story.
pub async fn replay(application: &Application, name: &str, steps: &str) -> Result<()> {
    let steps: Vec<Step> = serde_json::from_str(steps).with_context(|| format!("fixture {name}"))?;
    for (index, step) in steps.into_iter().enumerate() {
        let (role, login) = step.actor.split_once(':').context("an actor is role:login")?;
        let role = if role == "parent" { Role::Parent } else { Role::Staff };
        let caller = Caller { role, login: login.to_owned(), at: step.at };
        let id = step
            .id
            .unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/{index}").as_bytes()));
        // Closing days reads the catalogue's read model: each step sees the ones before.
        let executed = application.execute(&caller, id, step.command).await?;
        let outcome = &executed.outcome;
        let problems = outcome.days.iter().filter_map(|d| d.error.as_ref()).chain(&outcome.errors);
        let problems: Vec<String> = problems.map(|p| p.code.clone()).collect();
        ensure!(outcome.recorded, "step {index} of fixture {name} is rejected: {problems:?}");
    }
    Ok(())
}

/// Makes the guide's town with its family and accounts.
///
/// # Errors
/// The fixture or the accounts cannot be made.
pub async fn prepare(application: &Application) -> Result<()> {
    replay(application, "guide", COMMANDS).await?;
    for (login, password, role) in ACCOUNTS {
        let hashing = application.log_ins().hashing();
        access::set_account(application.pool(), hashing, login, role, password).await?;
    }
    Ok(())
}
