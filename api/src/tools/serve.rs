//! Starts the server: its database, its keys, its workers and its routes.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures::{FutureExt, future::BoxFuture};
use portail_application::{
    Application,
    audit::{checkpoints::Publisher, past::Replays},
    clock::Clock,
    correspondence::notifications::Notifier,
    workers::{
        billing::run_billing, housekeeping::run_housekeeping, retention::run_retention, timers::run_timers,
    },
};

use crate::{
    files::documents::TownName,
    graphql::{Schemas, document_guard::DocumentGuard},
    http, say,
    settings::Settings,
    tools::{
        demo,
        keys::{KeyCreation, report_signing_key},
    },
};

/// Serves until it is told to stop: with the guide's town if asked, whose passwords are public.
///
/// # Errors
/// A setting is wrong, or something it needs cannot be opened.
pub async fn serve(with_demo: bool, in_public: bool) -> Result<()> {
    let settings = Settings::from_environment()?;
    if !with_demo {
        settings.names_its_town()?;
    }
    ensure!(
        !with_demo || in_public || settings.listen.ip().is_loopback(),
        "the demo's passwords are public and {} is reached by others: --public serves it there all the same",
        settings.listen
    );
    let limits = settings.limits.clone();
    let database = settings.serving_database().await?;
    if with_demo {
        demo::ensure_own(database.pool()).await?;
    }
    let clock = clock(&settings, with_demo, &database).await?;
    let keys = settings.keys_or_new(&database, KeyCreation::InDataFolder).await?;
    let application = Application::open_within(&database, keys, clock, limits.clone()).await?;
    report_signing_key(application.checkpoints()).await?;
    let engine = application.engine().start();
    if with_demo {
        demo::prepare(&application).await?;
    }
    let workers = application.workers().clone();
    let of = |worker: fn(Arc<Application>) -> BoxFuture<'static, ()>| {
        let application = application.clone();
        move || worker(application.clone())
    };
    workers.start("timers", of(|application| run_timers(application).boxed()));
    workers.start("retention", of(|application| run_retention(application).boxed()));
    workers.start("housekeeping", of(|application| run_housekeeping(application).boxed()));
    workers.start("billing", of(|application| run_billing(application).boxed()));
    let publisher = Publisher::new(application.clone(), settings.copies())?;
    workers.start("checkpoints", move || publisher.clone().run());
    if let Some(notifier) = Notifier::new(application.clone(), settings.email()?, settings.sms()) {
        workers.start("notifications", move || notifier.clone().run());
    }
    let schemas = Schemas::new(settings.site.clone(), DocumentGuard::new(settings.documents));
    let screens = schemas.clone();
    let replays = Replays::new(application.clone(), settings.data.clone(), move |past| screens.over(past));
    let past = replays.clone();
    workers.start("past", move || past.clone().tidy());
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", settings.listen))?;
    announce(&listener.local_addr()?.to_string(), with_demo, &application)?;
    let town = TownName(settings.town.as_str().into());
    let drain = http::Drain::default();
    let router = http::router(&schemas, application, replays, town, drain.clone());
    http::serve(listener, router, limits, drain, stopped()).await?;
    workers.stop();
    engine.abort();
    Ok(())
}

/// The demo's clock never runs backwards over what it has recorded.
async fn clock(
    settings: &Settings,
    with_demo: bool,
    database: &portail_event_store::Database,
) -> Result<Clock> {
    let clock = settings.clock(with_demo.then_some(demo::TODAY));
    let last: Option<chrono::DateTime<chrono::Utc>> =
        sqlx::query_scalar("SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1")
            .fetch_optional(database.pool())
            .await?;
    Ok(match last {
        Some(last) if with_demo && last > clock.now() => Clock::starting_at(last),
        _ => clock,
    })
}

fn announce(address: &str, with_demo: bool, application: &Arc<Application>) -> std::io::Result<()> {
    say!("Portail Famille serves http://{address}/graphql (GraphiQL in a browser)")?;
    say!("The portal's date is {}.", application.clock().today())?;
    if !with_demo {
        return Ok(());
    }
    say!("\nDemo logins (login / password):")?;
    for (login, password, role) in demo::ACCOUNTS {
        say!("  {role:<9} {login} / {password}", role = format!("{role:?}").to_lowercase())?;
    }
    say!(
        "\nTry:\n  curl -s http://{address}/graphql -H 'Content-Type: application/json' -d '{{\"query\":\
         \"mutation {{ logIn(input: {{login: \\\"1001001010331\\\", password: \\\"Bonbons2015\\\"}}) {{ token }} }}\"}}'\n\
         then, with that token as `Authorization: Bearer ...`:\n  \
         query {{ myFamily {{ children {{ id firstName }} }} }}\n  \
         query {{ planning(childId: \"...\", month: \"2015-04\") {{ rows {{ structure activity responsible \
         cells {{ date markerLetter statusLabel actions {{ action allowed until }} }} }} }} }}"
    )
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
