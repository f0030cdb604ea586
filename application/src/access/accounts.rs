//! Accounts: a login, a role, a password.

use portail_domain::shared::text::{Login, is_seen_whole};
use sqlx::PgPool;

use super::{AccessError, AccountRole, Hashing};

/// Whether a password follows the guide's rule.
pub fn is_strong(password: &str) -> bool {
    password.chars().count() >= 8
        && password.chars().any(char::is_uppercase)
        && password.chars().any(char::is_lowercase)
        && password.chars().any(|c| c.is_ascii_digit())
}

/// Whether somebody could log in by it.
pub fn is_login(login: &str) -> bool {
    is_seen_whole(login) && login.parse::<Login>().is_ok_and(|parsed| *parsed == *login)
}

/// Makes an account, or gives one another role or password; then all its sessions end. Nothing changes
/// where both are what they were.
///
/// # Errors
/// The login or the password cannot be used, the town would be without an administrator, too many wait
/// for a hash, or the database failed.
pub async fn set_account(
    pool: &PgPool,
    hashing: &Hashing,
    login: &str,
    role: AccountRole,
    password: &str,
) -> Result<(), AccessError> {
    if !is_login(login) {
        return Err(AccessError::InvalidLogin);
    }
    if !is_strong(password) {
        return Err(AccessError::WeakPassword);
    }
    let role: &str = role.into();
    let known: Option<(String, String)> =
        sqlx::query_as("SELECT role, password_hash FROM account WHERE login = $1")
            .bind(login)
            .fetch_optional(pool)
            .await?;
    if let Some((_, hash)) = known.filter(|(known, _)| known == role)
        && hashing.fits(password, Some(hash)).await?
    {
        return Ok(());
    }
    let hash = hashing.hash(password).await?;
    let mut tx = pool.begin().await?;
    // Two who take each other's role away do it one after the other.
    sqlx::query("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
    let is_last: bool = sqlx::query_scalar(
        "SELECT $2 <> 'ADMINISTRATOR' \
         AND EXISTS (SELECT FROM account WHERE login = $1 AND role = 'ADMINISTRATOR') \
         AND NOT EXISTS (SELECT FROM account WHERE login <> $1 AND role = 'ADMINISTRATOR')",
    )
    .bind(login)
    .bind(role)
    .fetch_one(&mut *tx)
    .await?;
    if is_last {
        return Err(AccessError::LastAdministrator);
    }
    sqlx::query(
        "INSERT INTO account (login, role, password_hash) VALUES ($1, $2, $3) ON CONFLICT (login) \
         DO UPDATE SET role = EXCLUDED.role, password_hash = EXCLUDED.password_hash",
    )
    .bind(login)
    .bind(role)
    .bind(hash)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM login_session WHERE login = $1").bind(login).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_password_rule() {
        assert!(is_strong("Bonbons2015"));
        for weak in ["Bonbon1", "bonbons2015", "BONBONS2015", "BonbonsRouges", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }

    #[test]
    fn a_login_is_what_somebody_can_enter() {
        assert!(is_login("1001001010331") && is_login("mairie"));
        for wrong in [
            "",
            " mairie",
            "mairie ",
            "mai\0rie",
            "mai\nrie",
            "mai\u{202e}rie",
            "mai\u{200b}rie",
            "\u{3164}",
            &"x".repeat(65),
        ] {
            assert!(!is_login(wrong), "{wrong:?}");
        }
    }
}
