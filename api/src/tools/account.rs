//! Makes an account.

use std::io::BufRead;

use anyhow::{Result, bail};
use portail_application::{Role, access};

use crate::{say, settings::Settings};

/// Makes an account, or gives one another role and password; the password is read from standard input.
///
/// # Errors
/// There is no such role, or the account cannot be made.
pub async fn account(login: &str, role: &str) -> Result<()> {
    let role = match role {
        "parent" => Role::Parent,
        "staff" => Role::Staff,
        "administrator" => Role::Administrator,
        "auditor" => Role::Auditor,
        other => bail!("{other}: parent, staff, administrator or auditor is expected"),
    };
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
