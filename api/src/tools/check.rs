//! Whether a database is whole, and this installation's: after a restore, an upgrade, a move.

use anyhow::{Result, bail};
use portail_event_store::{CheckpointStore, Database, Vault, signing_key_in_force};
use portail_projections::status;

use crate::{
    say,
    settings::Settings,
    tools::audit::{self, VerifyOptions},
};

/// Checks the role, the keys, the log and where the read models stand, and prints what it found. Nothing is
/// changed but the rights a restored database lacks.
///
/// # Errors
/// The log is wrong (as `audit verify` says it), something does not fit, or cannot be examined.
pub async fn check(settings: &Settings, database: &Database) -> Result<()> {
    let pool = database.pool();
    let mut wrong = vec![];
    let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(pool).await?;
    if role == "portail_app" {
        say!("role: the server works as portail_app and owns nothing of the log")?;
    } else {
        wrong.push(format!(
            "the server would work as {role}, who owns the log: make the role (CREATE ROLE portail_app NOLOGIN; \
             GRANT portail_app TO {role}) before the database is restored or made"
        ));
    }
    let master = settings.database_key(database).await?;
    let opened = Vault::unlock(pool.clone(), master.clone()).await?.count_openable_keys().await?;
    say!("master key: {} opens {} keys of personal data", master.fingerprint(), opened.ours)?;
    if opened.others > 0 {
        let others = opened.others;
        wrong.push(format!(
            "{others} keys open with another master key: `portail keys rotate-master --also FILE`"
        ));
    }
    let signer = settings.signer()?;
    say!("signing key: {}", signer.public_key())?;
    let refusal = CheckpointStore::new(pool.clone(), signer).refusal().await?;
    let mut options = VerifyOptions::default();
    if refusal.is_some() {
        // The log is another question than the settings: it is verified with its own key.
        options.keys.extend(signing_key_in_force(pool).await?);
    }
    wrong.extend(refusal);
    audit::verify::verify(database, settings, &options).await?;
    let models = status(pool).await?;
    for model in models.iter().filter(|model| model.is_stopped()) {
        let error = model.error.as_deref().unwrap_or_default();
        wrong.push(format!("the read model {} is {}: {error}: rebuild it", model.name, model.status));
    }
    say!("{} read models stand within the log; `portail rebuild` compares their rows with it", models.len())?;
    if wrong.is_empty() {
        say!("everything fits")?;
        return Ok(());
    }
    for problem in &wrong {
        say!("WRONG: {problem}")?;
    }
    bail!("{} things do not fit", wrong.len())
}
