//! Makes an account.

use std::io::BufRead;

use anyhow::{Context, Result};
use portail_application::access::{self, AccountRole};

use crate::{say, settings::Settings};

/// Makes an account, or gives one another role and password; the password is read from standard input.
///
/// # Errors
/// There is no such role, or the account cannot be made.
pub async fn account(login: &str, role: &str) -> Result<()> {
    let known = role.parse();
    let role = known.with_context(|| format!("{role}: one of {} is expected", AccountRole::choices()))?;
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let settings = Settings::from_environment()?;
    let database = settings.database().await?;
    settings.database_key(&database).await?;
    let password = password.trim_end_matches(['\r', '\n']);
    access::set_account(database.pool(), &access::Hashing::new(1, 0), login, role, password).await?;
    say!("account {login} is ready")?;
    Ok(())
}
