//! Accounts and login sessions. Credentials are secrets: they live beside the log, never in it.
//!
//! Passwords are kept as argon2id hashes, session tokens as SHA-256 digests of 256 random bits.

use std::collections::HashMap;

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString, rand_core::OsRng},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use futures::future::BoxFuture;
use portail_event_store::{Database, GroupRead, Lookup};
use rand::RngCore;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use crate::application::Role;

/// How long a session lasts.
const SESSION: Duration = Duration::hours(12);

/// An account cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Wrong login or password: which of them is not told.
    #[error("wrong number or password")]
    BadCredentials,
    /// The guide's rule: 8 characters, an upper-case and a lower-case letter, a digit.
    #[error("the password needs 8 characters, an upper-case and a lower-case letter, and a digit")]
    WeakPassword,
    /// Hashing failed.
    #[error("password hashing: {0}")]
    Hashing(String),
}

/// A person who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What they are.
    pub role: Role,
    /// Their login.
    pub login: String,
}

/// A new session: the token is told once.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The bearer token.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Who it is for.
    pub principal: Principal,
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Parent => "PARENT",
        Role::Administrator => "ADMINISTRATOR",
        Role::Auditor => "AUDITOR",
        Role::Staff | Role::Timer => "STAFF",
    }
}

fn role_of(text: &str) -> Role {
    match text {
        "STAFF" => Role::Staff,
        "ADMINISTRATOR" => Role::Administrator,
        "AUDITOR" => Role::Auditor,
        _ => Role::Parent,
    }
}

/// Whether a password follows the guide's rule.
pub fn is_strong(password: &str) -> bool {
    password.chars().count() >= 8
        && password.chars().any(char::is_uppercase)
        && password.chars().any(char::is_lowercase)
        && password.chars().any(|c| c.is_ascii_digit())
}

async fn hash(password: String) -> Result<String, AccessError> {
    let failed = |e: &dyn std::fmt::Display| AccessError::Hashing(e.to_string());
    tokio::task::spawn_blocking(move || {
        let salt = SaltString::generate(&mut OsRng);
        Argon2::default().hash_password(password.as_bytes(), &salt).map(|h| h.to_string())
    })
    .await
    .map_err(|e| failed(&e))?
    .map_err(|e| failed(&e))
}

/// Makes an account, or gives one a new password.
///
/// # Errors
/// The password is weak, or the database failed.
pub async fn set_account(pool: &PgPool, login: &str, role: Role, password: &str) -> Result<(), AccessError> {
    if !is_strong(password) {
        return Err(AccessError::WeakPassword);
    }
    let hash = hash(password.to_owned()).await?;
    sqlx::query(
        "INSERT INTO account (login, role, password_hash) VALUES ($1, $2, $3) \
         ON CONFLICT (login) DO UPDATE SET password_hash = EXCLUDED.password_hash",
    )
    .bind(login)
    .bind(role_text(role))
    .bind(hash)
    .execute(pool)
    .await?;
    Ok(())
}

/// Opens a session.
///
/// # Errors
/// Wrong login or password, or the database failed.
pub async fn log_in(pool: &PgPool, login: &str, password: &str) -> Result<NewSession, AccessError> {
    let found: Option<(String, String)> =
        sqlx::query_as("SELECT role, password_hash FROM account WHERE login = $1")
            .bind(login)
            .fetch_optional(pool)
            .await?;
    // An unknown login takes as long as a wrong password.
    let (role, stored) = match found {
        Some((role, stored)) => (Some(role), stored),
        None => (None, hash("a password nobody has".into()).await?),
    };
    let password = password.to_owned();
    let fits = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&stored)
            .is_ok_and(|stored| Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
    })
    .await
    .map_err(|e| AccessError::Hashing(e.to_string()))?;
    let role = role.filter(|_| fits).ok_or(AccessError::BadCredentials)?;
    let mut secret = [0; 32];
    rand::rng().fill_bytes(&mut secret);
    let token = BASE64_URL_SAFE_NO_PAD.encode(secret);
    // Sessions live in the machine's time, whatever day the demo's clock shows.
    let expires_at = Utc::now() + SESSION;
    sqlx::query("INSERT INTO login_session (token_hash, login, expires_at) VALUES ($1, $2, $3)")
        .bind(digest(&token))
        .bind(login)
        .bind(expires_at)
        .execute(pool)
        .await?;
    sqlx::query("DELETE FROM login_session WHERE expires_at < $1").bind(Utc::now()).execute(pool).await?;
    let principal = Principal { role: role_of(&role), login: login.to_owned() };
    Ok(NewSession { token, expires_at, principal })
}

/// Ends a session.
///
/// # Errors
/// The database failed.
pub async fn log_out(pool: &PgPool, token: &str) -> Result<(), AccessError> {
    sqlx::query("DELETE FROM login_session WHERE token_hash = $1").bind(digest(token)).execute(pool).await?;
    Ok(())
}

/// Who tokens belong to: those of requests that come at the same time are looked up at once.
#[derive(Debug)]
pub struct Principals(GroupRead<Sessions>);

impl Principals {
    /// Of a database.
    pub fn of(database: &Database) -> Self {
        Self(GroupRead::start(database, Sessions, 1))
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_token(&self, token: &str) -> Result<Option<Principal>, sqlx::Error> {
        self.0.ask(digest(token)).await
    }
}

/// Open sessions by the digests of their tokens.
struct Sessions;

impl Lookup for Sessions {
    type Question = Vec<u8>;
    type Answer = Option<Principal>;
    const MOST: usize = 16;

    fn look_up<'a>(
        &'a self,
        digests: &'a [Vec<u8>],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Option<Principal>>, sqlx::Error>> {
        Box::pin(async move {
            let rows: Vec<(Vec<u8>, String, String)> = sqlx::query_as(
                "SELECT s.token_hash, a.login, a.role FROM login_session s JOIN account a USING (login) \
                 WHERE s.token_hash = ANY($1) AND s.expires_at > $2",
            )
            .bind(Self::filled_up(digests.iter().map(Vec::as_slice)))
            .bind(Utc::now())
            .fetch_all(connection)
            .await?;
            let of = |(digest, login, role): (Vec<u8>, String, String)| {
                (digest, Principal { role: role_of(&role), login })
            };
            let found: HashMap<Vec<u8>, Principal> = rows.into_iter().map(of).collect();
            Ok(digests.iter().map(|digest| found.get(digest).cloned()).collect())
        })
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::is_strong;

    #[test]
    fn the_guides_password_rule() {
        assert!(is_strong("Bonbons2015"));
        for weak in ["Bonbon1", "bonbons2015", "BONBONS2015", "BonbonsRouges", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }
}
