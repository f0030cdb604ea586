//! Accounts and login sessions. Credentials are secrets: they live beside the log, never in it.
//!
//! Passwords are kept as argon2id hashes, session tokens as SHA-256 digests of 256 random bits.

mod accounts;
pub mod allowance;
mod hashing;
mod login;
mod role;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use portail_event_store::{BatchLoader, BatchQuery, Database};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

pub use accounts::{is_strong, set_account};
pub use hashing::Hashing;
pub use login::LogIns;
pub use role::AccountRole;

/// An account cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Wrong login or password: which of them is not told.
    #[error("wrong number or password")]
    BadCredentials,
    /// Too many attempts with this login, or from this address.
    #[error("too many attempts: wait {} s", .0.as_secs())]
    TooManyAttempts(std::time::Duration),
    /// So many passwords are being checked that no more can wait.
    #[error("too many passwords are being checked: try again in a moment")]
    Busy,
    /// The guide's rule: 8 characters, an upper-case and a lower-case letter, a digit.
    #[error("the password needs 8 characters, an upper-case and a lower-case letter, and a digit")]
    WeakPassword,
    /// A login nobody could enter.
    #[error("a login is 1 to 64 characters, without spaces at its ends and without control characters")]
    InvalidLogin,
    /// The town would have no administrator left.
    #[error("this is the last administrator: make another one first")]
    LastAdministrator,
    /// Hashing failed.
    #[error("password hashing: {0}")]
    Hashing(String),
}

/// A person who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What they are.
    pub role: AccountRole,
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

/// The role an account is kept with.
fn kept_role(text: &str) -> Result<AccountRole, sqlx::Error> {
    text.parse().map_err(|_| sqlx::Error::Decode(format!("no account has the role {text:?}").into()))
}

/// Ends a session.
///
/// # Errors
/// The database failed.
pub async fn log_out(pool: &PgPool, token: &str) -> Result<(), AccessError> {
    sqlx::query("DELETE FROM login_session WHERE token_hash = $1").bind(digest(token)).execute(pool).await?;
    Ok(())
}

/// Loads whom tokens belong to: those of requests that come at the same time are one query.
#[derive(Debug)]
pub struct Principals(BatchLoader<Sessions>);

impl Principals {
    /// Starts the loader on this database's pool.
    pub fn start(database: &Database) -> Self {
        Self(BatchLoader::start(database, Sessions, 1))
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_token(&self, token: &str) -> Result<Option<Principal>, sqlx::Error> {
        self.0.load(digest(token)).await
    }
}

/// Open sessions by the digests of their tokens.
struct Sessions;

impl BatchQuery for Sessions {
    type Key = Vec<u8>;
    type Value = Option<Principal>;
    const MAX_BATCH: usize = 16;

    fn load<'a>(
        &'a self,
        digests: &'a [Vec<u8>],
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<Vec<Option<Principal>>, sqlx::Error>> {
        Box::pin(async move {
            let rows: Vec<(Vec<u8>, String, String)> = sqlx::query_as(
                "SELECT s.token_hash, a.login, a.role FROM login_session s JOIN account a USING (login) \
                 WHERE s.token_hash = ANY($1) AND s.expires_at > $2",
            )
            .bind(Self::padded(digests.iter().map(Vec::as_slice)))
            .bind(Utc::now())
            .fetch_all(connection)
            .await?;
            let of = |(digest, login, role): (Vec<u8>, String, String)| {
                Ok((digest, Principal { role: kept_role(&role)?, login }))
            };
            let found: HashMap<Vec<u8>, Principal> =
                rows.into_iter().map(of).collect::<Result<_, sqlx::Error>>()?;
            Ok(digests.iter().map(|digest| found.get(digest).cloned()).collect())
        })
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
