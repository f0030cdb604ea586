//! Rebuilds read models from the log.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use portail_domain::upcasters;
use portail_event_store::{EventLog, Vault};
use portail_projections::{
    FoldContext,
    engine::rebuild::{self, Step},
};

use crate::{
    say,
    settings::Settings,
    tools::progress::{Bars, Progress},
};

/// Rebuilds read models, all when none is named, compares them with the live ones, and swaps them in.
///
/// # Errors
/// One could not be rebuilt, or had drifted from the log.
pub async fn rebuild(names: &[String]) -> Result<()> {
    let settings = Settings::from_environment()?;
    let database = settings.database().await?;
    let vault = Vault::unlock(database.pool().clone(), settings.database_key(&database).await?).await?;
    let log = EventLog::open(&database, upcasters::all(), vault.append_key().await?).await?;
    let context = FoldContext { log, vault };
    let projections = portail_projections::all();
    for name in names {
        ensure!(projections.iter().any(|p| p.name() == name), "no projection is called {name}");
    }
    let (mut wrong, mut failed) = (0, 0);
    let chosen = projections.into_iter().filter(|p| names.is_empty() || names.iter().any(|n| n == p.name()));
    let bars = Bars::default();
    let mut running = HashMap::new();
    let mut unwritten = vec![];
    let hear = |name, step| match step {
        Step::At(at, head) => running.entry(name).or_insert_with(|| bars.add(name, "events")).at(at, head),
        Step::Done(rebuilt) => {
            running.remove(name).inspect(Progress::finish);
            let verdict = match (rebuilt.ahead, rebuilt.differences) {
                (Some(ahead), _) => {
                    wrong += 1;
                    format!("the live one it replaces stood at {ahead}, which is not in the log")
                }
                (None, Some(0)) => "the same rows as the live one".to_owned(),
                (None, Some(rows)) if rebuilt.was_incomplete => {
                    format!("{rows} rows differ from the live one it replaces, which was incomplete")
                }
                (None, Some(rows)) => {
                    wrong += 1;
                    format!("{rows} rows differ from the live one it replaces")
                }
                (None, None) => "no live one to compare with".to_owned(),
            };
            unwritten.extend(
                bars.aside(|| say!("{name}: rebuilt to position {}, {verdict}", rebuilt.position)).err(),
            );
            failed += usize::from(!rebuilt.aside.is_empty());
            for event in rebuilt.aside {
                unwritten.extend(bars.aside(|| say!("{name}: set aside the stream of {event}")).err());
            }
        }
        Step::Failed(error) => {
            running.remove(name).inspect(Progress::finish);
            failed += 1;
            unwritten.extend(bars.aside(|| say!("{name}: not rebuilt: {error}")).err());
        }
    };
    rebuild::rebuild_all(chosen.collect(), &context, hear).await?;
    if let Some(error) = unwritten.pop() {
        return Err(error.into());
    }
    ensure!(failed == 0, "{failed} read models could not be rebuilt as a whole");
    if wrong > 0 { bail!("{wrong} read models had drifted from the log") } else { Ok(()) }
}
