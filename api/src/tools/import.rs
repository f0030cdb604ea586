//! Imports a file of a town, and reports row by row.

use std::path::Path;

use anyhow::{Result, ensure};
use portail_application::{
    Application,
    import::{self, FileKind},
};
use portail_domain::i18n::Language;

use crate::{say, settings::Settings, tools::progress::Progress};

/// Imports a file, or only checks it.
///
/// # Errors
/// The file or the database cannot be read, or rows were refused.
pub async fn import(what: FileKind, file: &Path, dry_run: bool, language: Language) -> Result<()> {
    let settings = Settings::from_environment()?;
    let database = settings.database().await?;
    let keys = settings.keys(&database).await?;
    let application = Application::open(&database, keys, settings.clock(None)).await?;
    let progress = Progress::new("import", "rows");
    let reports =
        import::import(&application, what, file, dry_run, language, |at, all| progress.at(at, all)).await?;
    progress.finish();
    let wrong = reports.iter().filter(|r| !r.problems.is_empty()).count();
    for report in reports.iter().filter(|r| !r.problems.is_empty()) {
        for problem in &report.problems {
            say!("{}: {}: {}: {}", file.display(), report.line, problem.column, problem.message)?;
        }
    }
    let done = if dry_run { "ready to be imported" } else { "imported" };
    say!("{} rows {done}, {wrong} refused", reports.len() - wrong)?;
    ensure!(wrong == 0, "{wrong} rows were refused; mend them and import the file again");
    Ok(())
}
