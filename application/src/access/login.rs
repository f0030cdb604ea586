//! Logging in: attempts are counted before a password is looked at, so that many at once are no way
//! around the count, and given back when the password was right.
//!
//! A login's attempts are counted apart for addresses it has logged in from before: somebody else's wrong
//! passwords do not keep its owner out.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use rand::RngCore;
use sqlx::PgPool;

use super::{
    AccessError, Hashing, NewSession, Principal,
    accounts::is_login,
    allowance::{self, Allowance},
    digest, hashing, kept_role,
};
use crate::limits::{Limits, Rate};

/// How long a session lasts.
const SESSION: chrono::Duration = chrono::Duration::hours(12);

/// How long an address is remembered that a login has logged in from.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);

/// What is remembered of such an address.
const FAMILIAR: &str = "familiar address";

/// Opens sessions.
#[derive(Debug, Clone)]
pub struct LogIns {
    pool: PgPool,
    hashing: Hashing,
    per_login: Rate,
    per_address: Rate,
}

impl LogIns {
    /// Those of a database.
    pub fn new(pool: PgPool, limits: &Limits) -> Self {
        hashing::warm_up();
        let hashing = Hashing::new(limits.hashing_slots, limits.hashing_queue);
        let (per_login, per_address) = (limits.attempts_per_login, limits.attempts_per_address);
        Self { pool, hashing, per_login, per_address }
    }

    /// The slots passwords are hashed in.
    pub fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// Opens a session.
    ///
    /// # Errors
    /// Wrong login or password, too many attempts, too many wait, or the database failed.
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<NewSession, AccessError> {
        let place = address.map(network);
        let from = format!("{login}\0{}", place.as_deref().unwrap_or_default());
        let is_familiar = place.is_some() && allowance::is_remembered(&self.pool, FAMILIAR, &from).await?;
        let of_login = if is_familiar {
            Allowance::new("attempt from a familiar address", &from, self.per_login)
        } else {
            Allowance::new("attempt", login, self.per_login)
        };
        let of_address = place.map(|place| Allowance::new("attempt of an address", &place, self.per_address));
        for allowance in of_address.iter().chain([&of_login]) {
            if let Some(wait) = allowance.take(&self.pool).await? {
                return Err(AccessError::TooManyAttempts(wait));
            }
        }
        let checked = self.check(login, password).await;
        if matches!(checked, Err(AccessError::BadCredentials)) {
            return Err(AccessError::BadCredentials);
        }
        // Nothing was learnt from the attempt but what its sender knew.
        if let Some(of_address) = &of_address {
            of_address.give_back(&self.pool).await?;
        }
        let principal = match checked {
            Ok(principal) => principal,
            Err(error) => {
                of_login.give_back(&self.pool).await?;
                return Err(error);
            }
        };
        of_login.clear(&self.pool).await?;
        if of_address.is_some() {
            allowance::remember(&self.pool, FAMILIAR, &from, REMEMBERED).await?;
        }
        self.open(principal).await
    }

    async fn check(&self, login: &str, password: &str) -> Result<Principal, AccessError> {
        // No database takes a text with U+0000, and no account has such a login.
        let sought = if is_login(login) { login } else { "" };
        let found: Option<(String, String)> =
            sqlx::query_as("SELECT role, password_hash FROM account WHERE login = $1")
                .bind(sought)
                .fetch_optional(&self.pool)
                .await?;
        let (role, hash) = found.unzip();
        // An unknown login takes as long as a wrong password.
        let fits = self.hashing.fits(password, hash).await?;
        let role = role.filter(|_| fits).ok_or(AccessError::BadCredentials)?;
        Ok(Principal { role: kept_role(&role)?, login: login.to_owned() })
    }

    async fn open(&self, principal: Principal) -> Result<NewSession, AccessError> {
        let mut secret = [0; 32];
        rand::rng().fill_bytes(&mut secret);
        let token = BASE64_URL_SAFE_NO_PAD.encode(secret);
        // Sessions live in the machine's time, whatever day the demo's clock shows.
        let expires_at = Utc::now() + SESSION;
        sqlx::query("INSERT INTO login_session (token_hash, login, expires_at) VALUES ($1, $2, $3)")
            .bind(digest(&token))
            .bind(&principal.login)
            .bind(expires_at)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM login_session WHERE expires_at < $1")
            .bind(Utc::now())
            .execute(&self.pool)
            .await?;
        Ok(NewSession { token, expires_at, principal })
    }
}

/// Where an address belongs: one household has a whole IPv6 network of /64.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_household_is_one_network() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
