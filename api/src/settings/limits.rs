//! The bounds of a server, as the environment sets them.

use std::time::Duration;

use anyhow::Result;
use portail_application::limits::{Limits, Rate};

use crate::settings::environment::Environment;

/// Those the environment sets.
///
/// # Errors
/// One of them is not what it must be.
pub fn read(environment: &mut Environment) -> Result<Limits> {
    let of = Limits::default();
    let seconds =
        |environment: &mut Environment, name, default: Duration| environment.seconds(name, default.as_secs());
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
    Ok(Limits {
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
