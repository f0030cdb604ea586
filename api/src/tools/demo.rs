//! The demo: the guide's own town and family, made by replaying commands, never by writing read
//! models. Replaying is idempotent: interrupted, it goes on where it stopped.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use portail_application::{
    Application, Caller, Command,
    access::{self, AccountRole},
};
use serde::Deserialize;
use sqlx::PgPool;
use uuid::Uuid;

/// The day the demo's clock starts on, so that the guide's dates make sense.
pub const TODAY: NaiveDate = match NaiveDate::from_ymd_opt(2015, 4, 8) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The demo's accounts: login, password, role.
pub const ACCOUNTS: [(&str, &str, AccountRole); 4] = [
    ("1001001010331", "Bonbons2015", AccountRole::Parent),
    ("mairie", "Mairie2015", AccountRole::Staff),
    ("auditeur", "Auditeur2015", AccountRole::Auditor),
    ("directrice", "Directrice2015", AccountRole::Administrator),
];

/// The guide's town and family, as commands.
const COMMANDS: &str = include_str!("../../../fixtures/guide/commands.json");

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

/// The demo's fixture by name.
const GUIDE: &str = "guide";

/// The id of a fixture's command that has none of its own.
fn step_id(name: &str, index: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/{index}").as_bytes())
}

/// Replays a fixture.
///
/// # Errors
/// A step cannot be read or is rejected: a fixture is a true story.
pub async fn replay(application: &Application, name: &str, steps: &str) -> Result<()> {
    let steps: Vec<Step> = serde_json::from_str(steps).with_context(|| format!("fixture {name}"))?;
    for (index, step) in steps.into_iter().enumerate() {
        let (role, login) = step.actor.split_once(':').context("an actor is role:login")?;
        let role: AccountRole = role.parse().with_context(|| format!("the role of {}", step.actor))?;
        let caller = Caller { role: role.into(), login: login.to_owned(), at: step.at };
        let id = step.id.unwrap_or_else(|| step_id(name, index));
        // Closing days reads the catalogue's read model: each step sees the ones before.
        let executed = application.execute(&caller, id, step.command).await?;
        let outcome = &executed.outcome;
        let problems = outcome.days.iter().filter_map(|d| d.error.as_ref()).chain(&outcome.errors);
        let problems: Vec<String> = problems.map(|p| p.code.clone()).collect();
        ensure!(outcome.recorded, "step {index} of fixture {name} is rejected: {problems:?}");
    }
    Ok(())
}

/// A town's database gets no public administrator: the demo goes on in its own, or begins in an empty one.
///
/// # Errors
/// The log begins with something else, or somebody else has an account.
pub async fn ensure_own(pool: &PgPool) -> Result<()> {
    let first: Option<Uuid> = sqlx::query_scalar("SELECT command_id FROM events ORDER BY position LIMIT 1")
        .fetch_optional(pool)
        .await?;
    let logins = ACCOUNTS.map(|(login, ..)| login.to_owned());
    let strangers: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM account WHERE login <> ALL ($1))")
        .bind(logins.to_vec())
        .fetch_one(pool)
        .await?;
    let is_own = match first {
        Some(first) => first == step_id(GUIDE, 0),
        None => !strangers,
    };
    ensure!(
        is_own,
        "this database is a town's, not the demo's: the demo would give it an administrator whose password is \
         public. Serve it without --demo, or name another PORTAIL_DATA_DIR or DATABASE_URL"
    );
    Ok(())
}

/// Makes the guide's town with its family and accounts.
///
/// # Errors
/// The fixture or the accounts cannot be made.
pub async fn prepare(application: &Application) -> Result<()> {
    replay(application, GUIDE, COMMANDS).await?;
    for (login, password, role) in ACCOUNTS {
        let hashing = application.log_ins().hashing();
        access::set_account(application.pool(), hashing, login, role, password).await?;
    }
    Ok(())
}
