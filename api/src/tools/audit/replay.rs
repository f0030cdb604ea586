//! Asks the past, and what an event changed.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use portail_application::{
    access::{AccountRole, Principal},
    audit::{past as replay, past::Moment},
};
use portail_event_store::Database;

use crate::{
    graphql::{
        Schemas,
        audit::past_town::{self, PastTown},
        document_guard::DocumentGuard,
    },
    say,
    settings::Settings,
    tools::progress::Progress,
};

/// What to ask of the past.
#[derive(Debug, Clone, Args)]
pub struct ReplayOptions {
    /// When: position=123, date=2015-04-10, before=ID or after=ID of an event.
    #[arg(long)]
    pub at: Moment,
    /// Another moment: only what differs is printed.
    #[arg(long)]
    pub against: Option<Moment>,
    /// The variables of the query, as a JSON object.
    #[arg(long, default_value = "{}")]
    pub variables: String,
    /// The GraphQL query, or the name of a file with one after an at sign.
    pub query: String,
}

/// Asks the town as it was, and prints the answer, or what differs between two moments.
///
/// # Errors
/// There is no such moment, it cannot be made, or the query is refused.
pub async fn replay(database: &Database, settings: &Settings, options: &ReplayOptions) -> Result<()> {
    let pool = database.pool();
    let query = match options.query.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?,
        None => options.query.clone(),
    };
    let variables = serde_json::from_str(&options.variables).context("the variables are not JSON")?;
    let auditor = Principal { role: AccountRole::Auditor, login: "command line".into() };
    let mut answers = vec![];
    for moment in [Some(options.at), options.against].into_iter().flatten() {
        let past = past(database, settings, moment.find(pool).await?).await?;
        let answer =
            past_town::answer(&past, &DocumentGuard::new(settings.documents), &query, &variables, &auditor)
                .await?;
        if let Some(error) = answer["errors"][0]["message"].as_str() {
            bail!("the query was refused: {error}");
        }
        answers.push(answer["data"].clone());
    }
    match answers.as_slice() {
        [before, after] => {
            for difference in replay::differences(before, after) {
                say!("{}: {} -> {}", difference.path, difference.before, difference.after)?;
            }
        }
        _ => say!("{:#}", answers.pop().unwrap_or_default())?,
    }
    Ok(())
}

/// The town at a position, its clock showing what it showed then.
async fn past(database: &Database, settings: &Settings, found: (u64, DateTime<Utc>)) -> Result<PastTown> {
    let keys = settings.keys(database).await?;
    let progress = Progress::new("replay", "events");
    let schemas = Schemas::new(settings.site.clone(), DocumentGuard::new(settings.documents));
    let at = |done, all| progress.at(done, all);
    let screens = |application| schemas.over(application);
    let past = PastTown::open(database.pool().clone(), keys, found, &settings.data, screens, at).await?;
    progress.finish();
    Ok(past)
}

/// Prints what an event changed.
///
/// # Errors
/// There is no such event, or the log cannot be folded.
pub async fn effects(database: &Database, settings: &Settings, position: u64) -> Result<()> {
    let pool = database.pool();
    let (_, at) = Moment::Position(position).find(pool).await?;
    let past = past(database, settings, (position.saturating_sub(1), at)).await?;
    for change in past.effects_of_next(pool.clone()).await? {
        let row = |row: Option<serde_json::Value>| row.map_or_else(|| "-".to_owned(), |row| row.to_string());
        say!("{}.{}: {} -> {}", change.read_model, change.table, row(change.before), row(change.after))?;
    }
    Ok(())
}
