//! How much of everything a server takes: each bound is a setting.

use std::{num::NonZero, time::Duration};

use ipnet::IpNet;
use strum::EnumString;

/// So many in a span of time; what is used comes back evenly over the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub most: u32,
    /// The time after which all of them are free again.
    pub span: Duration,
}

/// Who may ask what the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum Introspection {
    /// Everybody.
    Everybody,
    /// Whoever is signed in.
    SignedIn,
    /// Nobody.
    Nobody,
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
}
