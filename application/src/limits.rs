//! How much of everything a server takes: each bound is a setting.

use std::{num::NonZero, str::FromStr, time::Duration};

use anyhow::Result;
use ipnet::IpNet;

use super::environment::Environment;

/// So many in a span of time; what is used comes back evenly over the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub most: u32,
    /// The time after which all of them are free again.
    pub span: Duration,
}

/// Who may ask what the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// Everybody.
    Everybody,
    /// Whoever is signed in.
    SignedIn,
    /// Nobody.
    Nobody,
}

impl FromStr for Introspection {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        match text {
            "everybody" => Ok(Self::Everybody),
            "signed-in" => Ok(Self::SignedIn),
            "nobody" => Ok(Self::Nobody),
            _ => Err(()),
        }
    }
}

/// The bounds of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest a GraphQL request may take, all of it (`PORTAIL_REQUEST_SECONDS`).
    pub request: Duration,
    /// The longest an upload, a document or an export may take (`PORTAIL_TRANSFER_SECONDS`).
    pub transfer: Duration,
    /// The longest a connection may take for the head of its next request (`PORTAIL_HEAD_SECONDS`).
    pub head: Duration,
    /// The longest nothing may move while a body is read or an answer written (`PORTAIL_STALL_SECONDS`).
    pub stall: Duration,
    /// How long a stopping server waits for what is under way (`PORTAIL_DRAIN_SECONDS`).
    pub drain: Duration,
    /// How many connections are open at once (`PORTAIL_MAX_CONNECTIONS`).
    pub connections: usize,
    /// How many of them come from one address (`PORTAIL_MAX_CONNECTIONS_PER_ADDRESS`).
    pub connections_per_address: usize,
    /// The proxies whose `X-Forwarded-For` is believed (`PORTAIL_TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// How long a WebSocket may stay without `connection_init` (`PORTAIL_SOCKET_INIT_SECONDS`).
    pub socket_init: Duration,
    /// How many WebSockets one person holds (`PORTAIL_SOCKETS_PER_PERSON`).
    pub sockets_per_person: usize,
    /// How many operations run on one person's WebSockets (`PORTAIL_SUBSCRIPTIONS_PER_PERSON`).
    pub subscriptions_per_person: usize,
    /// How many errors an answer lists (`PORTAIL_MAX_ERRORS`).
    pub errors: usize,
    /// Who may ask what the schema is (`PORTAIL_INTROSPECTION`).
    pub introspection: Introspection,
    /// How many passwords are hashed at once, 19 MiB each (`PORTAIL_HASHING_SLOTS`).
    pub hashing_slots: usize,
    /// How many more may wait for that (`PORTAIL_HASHING_QUEUE`).
    pub hashing_queue: usize,
    /// Attempts to log in, per login (`PORTAIL_LOGIN_ATTEMPTS` in `PORTAIL_LOGIN_MINUTES`).
    pub attempts_per_login: Rate,
    /// Attempts to log in, per address (`PORTAIL_LOGIN_ATTEMPTS_PER_ADDRESS` in `PORTAIL_LOGIN_MINUTES`).
    pub attempts_per_address: Rate,
    /// Commands of one family (`PORTAIL_COMMANDS_PER_MINUTE`); none: not limited.
    pub commands: Option<Rate>,
    /// Conversations one family opens (`PORTAIL_CONVERSATIONS_PER_HOUR`).
    pub conversations: Rate,
    /// Messages one family sends (`PORTAIL_MESSAGES_PER_HOUR`).
    pub messages: Rate,
    /// How many bytes of files one login holds that nothing refers to (`PORTAIL_UPLOAD_QUOTA_MIB`).
    pub upload_quota: u64,
    /// How many uploads of one login are unfinished at once (`PORTAIL_UNFINISHED_UPLOADS`).
    pub unfinished_uploads: u32,
    /// How long what nothing refers to is kept (`PORTAIL_UPLOAD_HOURS`).
    pub uploads_kept: Duration,
    /// The longest a statement of the server runs (`PORTAIL_STATEMENT_SECONDS`).
    pub statement: Duration,
    /// The longest a statement waits for a lock (`PORTAIL_LOCK_SECONDS`).
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let per_hour = |most| Rate { most, span: Duration::from_secs(3600) };
        let per_quarter = |most| Rate { most, span: Duration::from_secs(15 * 60) };
        // Hashing takes a processor for some 50 ms: it leaves some to those who are logged in.
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            request: Duration::from_secs(10),
            transfer: Duration::from_secs(120),
            head: Duration::from_secs(20),
            stall: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            connections: 1024,
            connections_per_address: 256,
            trusted_proxies: vec![],
            socket_init: Duration::from_secs(10),
            sockets_per_person: 10,
            subscriptions_per_person: 30,
            errors: 50,
            introspection: Introspection::Everybody,
            hashing_slots: (processors / 2).max(1),
            hashing_queue: 64,
            attempts_per_login: per_quarter(10),
            attempts_per_address: per_quarter(100),
            commands: Some(Rate { most: 120, span: Duration::from_secs(60) }),
            conversations: per_hour(20),
            messages: per_hour(60),
            upload_quota: 50 * 1024 * 1024,
            unfinished_uploads: 20,
            uploads_kept: Duration::from_secs(24 * 3600),
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// Those of tools: nobody hurries them.
    pub fn of_tools() -> Self {
        Self { commands: None, ..Self::default() }
    }

    /// Those the environment sets.
    ///
    /// # Errors
    /// One of them is not what it must be.
    pub fn read(environment: &mut Environment) -> Result<Self> {
        let of = Self::default();
        let seconds = |environment: &mut Environment, name, default: Duration| {
            environment.seconds(name, default.as_secs())
        };
        let per_minutes = environment.number("PORTAIL_LOGIN_MINUTES", 15, 1..=1440)?;
        let span = Duration::from_secs(60 * per_minutes);
        let rate = |environment: &mut Environment, name, default: Rate, span| {
            environment.number(name, default.most, 1..=1_000_000).map(|most| Rate { most, span })
        };
        let most = 1..=1_000_000;
        let quota = environment.number("PORTAIL_UPLOAD_QUOTA_MIB", of.upload_quota >> 20, 10..=10_240)?;
        let hours = environment.number("PORTAIL_UPLOAD_HOURS", of.uploads_kept.as_secs() / 3600, 1..=8760)?;
        let minute = Duration::from_secs(60);
        let commands = of.commands.unwrap_or(Rate { most: 120, span: minute });
        Ok(Self {
            request: seconds(environment, "PORTAIL_REQUEST_SECONDS", of.request)?,
            transfer: seconds(environment, "PORTAIL_TRANSFER_SECONDS", of.transfer)?,
            head: seconds(environment, "PORTAIL_HEAD_SECONDS", of.head)?,
            stall: seconds(environment, "PORTAIL_STALL_SECONDS", of.stall)?,
            drain: seconds(environment, "PORTAIL_DRAIN_SECONDS", of.drain)?,
            connections: environment.number("PORTAIL_MAX_CONNECTIONS", of.connections, most.clone())?,
            connections_per_address: environment.number(
                "PORTAIL_MAX_CONNECTIONS_PER_ADDRESS",
                of.connections_per_address,
                most.clone(),
            )?,
            trusted_proxies: environment.networks("PORTAIL_TRUSTED_PROXIES")?,
            socket_init: seconds(environment, "PORTAIL_SOCKET_INIT_SECONDS", of.socket_init)?,
            sockets_per_person: environment.number(
                "PORTAIL_SOCKETS_PER_PERSON",
                of.sockets_per_person,
                most.clone(),
            )?,
            subscriptions_per_person: environment.number(
                "PORTAIL_SUBSCRIPTIONS_PER_PERSON",
                of.subscriptions_per_person,
                most.clone(),
            )?,
            errors: environment.number("PORTAIL_MAX_ERRORS", of.errors, most)?,
            introspection: environment
                .parsed("PORTAIL_INTROSPECTION", "everybody, signed-in or nobody")?
                .unwrap_or(of.introspection),
            hashing_slots: environment.number("PORTAIL_HASHING_SLOTS", of.hashing_slots, 1..=64)?,
            hashing_queue: environment.number("PORTAIL_HASHING_QUEUE", of.hashing_queue, 0..=10_000)?,
            attempts_per_login: rate(environment, "PORTAIL_LOGIN_ATTEMPTS", of.attempts_per_login, span)?,
            attempts_per_address: rate(
                environment,
                "PORTAIL_LOGIN_ATTEMPTS_PER_ADDRESS",
                of.attempts_per_address,
                span,
            )?,
            commands: Some(rate(environment, "PORTAIL_COMMANDS_PER_MINUTE", commands, minute)?),
            conversations: rate(
                environment,
                "PORTAIL_CONVERSATIONS_PER_HOUR",
                of.conversations,
                of.conversations.span,
            )?,
            messages: rate(environment, "PORTAIL_MESSAGES_PER_HOUR", of.messages, of.messages.span)?,
            upload_quota: quota << 20,
            unfinished_uploads: environment.number(
                "PORTAIL_UNFINISHED_UPLOADS",
                of.unfinished_uploads,
                1..=1000,
            )?,
            uploads_kept: Duration::from_secs(3600 * hours),
            statement: seconds(environment, "PORTAIL_STATEMENT_SECONDS", of.statement)?,
            lock: seconds(environment, "PORTAIL_LOCK_SECONDS", of.lock)?,
        })
    }
}
