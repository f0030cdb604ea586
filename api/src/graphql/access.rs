//! Logging in and out.

use std::time::Duration;

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use portail_application::{
    Rejection,
    access::{self, AccessError, AccountRole},
};
use portail_domain::i18n::Language;
use portail_domain::shared::text::Login;

use crate::graphql::{
    commands::input_objects,
    context::{ADMINISTRATORS, Ask, EVERYBODY, Site, coded, unavailable},
    entered::{hostile_text, text},
    errors::UserError,
    mirrored_enum::mirrored_enum,
    named_once::is_named_once,
};

mirrored_enum! {
    /// What a person is.
    Role = AccountRole {
        Parent: "A family.",
        Staff: "The town's staff.",
        Administrator: "Staff who also make accounts.",
        Auditor: "Reads and verifies, changes nothing.",
    }
}

/// The person who asks.
#[derive(Debug, Clone, SimpleObject)]
pub struct Viewer {
    /// The family number, or the staff login.
    login: String,
    /// What they are.
    role: Role,
    /// The portal's clock.
    now: DateTime<Utc>,
    /// The town's date.
    today: super::scalars::Date,
}

input_objects! {
    /// Credentials.
    object LogInInput {
        "The family number, or the staff login." login: String,
        #[graphql(secret)]
        "The password." password: String,
    }
}

/// A session.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogInPayload {
    /// The token to send as `Authorization: Bearer`; it is told once.
    token: Option<String>,
    /// When it ends.
    expires_at: Option<DateTime<Utc>>,
    /// What the person is.
    role: Option<Role>,
    /// After how many seconds to try again, where that is what to do; also the header `Retry-After`.
    retry_after: Option<u32>,
    /// What went wrong.
    user_errors: Vec<UserError>,
}

impl LogInPayload {
    fn refused(rejection: Rejection, retry_after: Option<u32>, language: Language) -> Self {
        let user_errors = vec![UserError::of(&rejection.at(&["input"]), language)];
        Self { token: None, expires_at: None, role: None, retry_after, user_errors }
    }
}

/// A closed session.
#[derive(Debug, Clone, SimpleObject)]
pub struct LogOutPayload {
    /// The town's own site, to go on to.
    redirect_to: String,
}

input_objects! {
    /// A new account, or a new password or role for one.
    object SetAccountInput {
        "The family number for a parent, a name otherwise." login: String,
        "What the person is." role: Role,
        #[graphql(secret)]
        "The password: 8 characters, an upper-case and a lower-case letter, a digit." password: String,
    }
}

/// An account that was made.
#[derive(Debug, Clone, SimpleObject)]
pub struct SetAccountPayload {
    /// Its login.
    login: Option<String>,
    /// What went wrong.
    user_errors: Vec<UserError>,
}

/// Queries about the person who asks.
#[derive(Debug, Default)]
pub struct AccessQuery;

#[Object]
impl AccessQuery {
    /// The person who asks.
    #[graphql(guard = "EVERYBODY")]
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let (principal, clock) = (ctx.principal()?, ctx.application()?.clock());
        Ok(Viewer {
            login: principal.login.clone(),
            role: principal.role.into(),
            now: clock.now(),
            today: super::scalars::Date(clock.today()),
        })
    }
}

/// Logging in and out.
#[derive(Debug, Default)]
pub struct AccessMutation;

#[Object]
impl AccessMutation {
    /// Opens a session. The only field open to everybody; once per request.
    async fn log_in(&self, ctx: &Context<'_>, input: LogInInput) -> Result<LogInPayload> {
        let (request, language) = (ctx.request()?, ctx.language());
        // Otherwise one request would try as many passwords as it has room for.
        if !is_named_once(ctx, "logIn") {
            return Err(coded("ONE_LOG_IN", language));
        }
        // What no text may be is no login either, and the answer is the same as for any wrong one.
        if hostile_text(ctx).is_some() {
            return Ok(LogInPayload::refused(Rejection::of_code("BAD_CREDENTIALS"), None, language));
        }
        let log_ins = ctx.application()?.log_ins();
        match log_ins.log_in(&input.login, &input.password, request.address).await {
            Ok(session) => Ok(LogInPayload {
                token: Some(session.token),
                expires_at: Some(session.expires_at),
                role: Some(session.principal.role.into()),
                retry_after: None,
                user_errors: vec![],
            }),
            Err(AccessError::BadCredentials) => {
                Ok(LogInPayload::refused(Rejection::of_code("BAD_CREDENTIALS"), None, language))
            }
            Err(AccessError::TooManyAttempts(wait)) => {
                let minutes = wait.as_secs().div_ceil(60).to_string();
                let rejection = Rejection::of_code("TOO_MANY_ATTEMPTS").with("minutes", minutes);
                Ok(LogInPayload::refused(rejection, Some(retry_after(ctx, wait)), language))
            }
            Err(AccessError::Busy) => {
                let wait = retry_after(ctx, BUSY);
                Ok(LogInPayload::refused(Rejection::of_code("BUSY"), Some(wait), language))
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Ends the session.
    #[graphql(guard = "EVERYBODY")]
    async fn log_out(&self, ctx: &Context<'_>) -> Result<LogOutPayload> {
        let token = ctx.request()?.token.clone().ok_or_else(|| coded("UNAUTHENTICATED", ctx.language()))?;
        access::log_out(ctx.application()?.pool(), &token).await.map_err(unavailable)?;
        Ok(LogOutPayload { redirect_to: ctx.data::<Site>()?.0.clone() })
    }

    /// Makes an account, or gives one another password or role, which ends all its sessions.
    #[graphql(guard = "ADMINISTRATORS")]
    async fn set_account(&self, ctx: &Context<'_>, input: SetAccountInput) -> Result<SetAccountPayload> {
        let application = ctx.application()?;
        let hostile = hostile_text(ctx).or_else(|| text::<Login>(&input.login, "login").err());
        if let Some(error) = hostile {
            let user_errors = vec![UserError::of(&error, ctx.language())];
            return Ok(SetAccountPayload { login: None, user_errors });
        }
        let (pool, hashing) = (application.pool(), application.log_ins().hashing());
        let set = access::set_account(pool, hashing, &input.login, input.role.into(), &input.password).await;
        let (code, field) = match set {
            Ok(()) => return Ok(SetAccountPayload { login: Some(input.login), user_errors: vec![] }),
            Err(AccessError::WeakPassword) => ("WEAK_PASSWORD", "password"),
            Err(AccessError::InvalidLogin) => ("INVALID_LOGIN", "login"),
            Err(AccessError::LastAdministrator) => ("LAST_ADMINISTRATOR", "role"),
            Err(AccessError::Busy) => {
                retry_after(ctx, BUSY);
                ("BUSY", "password")
            }
            Err(error) => return Err(unavailable(error)),
        };
        let error = Rejection::of_code(code).at(&["input", field]);
        Ok(SetAccountPayload { login: None, user_errors: vec![UserError::of(&error, ctx.language())] })
    }
}

/// How long to leave a server alone that checks as many passwords as it can.
const BUSY: Duration = Duration::from_secs(2);

/// Says in the answer's header when to try again; in seconds.
fn retry_after(ctx: &Context<'_>, wait: Duration) -> u32 {
    let seconds = u32::try_from(wait.as_secs_f64().ceil() as u64).unwrap_or(u32::MAX);
    ctx.insert_http_header("Retry-After", seconds.to_string());
    seconds
}
