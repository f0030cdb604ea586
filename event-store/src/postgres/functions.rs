//! The database's functions and triggers in their current shape: one file each in `sql/`, applied after the
//! migrations (decision 47).

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection};

use crate::log::hashing::hex;

/// The shape of the functions in `sql/`: raised by every change of a file.
const REVISION: i32 = 2;

/// The SHA-256 of the files of that revision: a test says when a file was changed without raising it.
#[cfg(test)]
const FILES_HASH: &str = "76ea93033fb17895cb74d334ef84c2fa9f8db999a5a91bc60a06081de3fb3918";

/// Only one process applies them at a time.
const LOCK: i64 = 5_843_923_847_266;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../sql/", $name, ".sql")))),+]
    };
}

/// Every function with the text of its file, in the order they are made.
const FILES: &[(&str, &str)] = files![
    "append_batch",
    "stream_events",
    "flush_log",
    "log_has",
    "read_trail_text",
    "record_read",
    "refuse_change",
    "refuse_young_reads",
    "stands_in_the_log",
    "grant_application_rights",
];

/// The functions cannot be brought to the shape this program needs.
#[derive(Debug, thiserror::Error)]
pub enum FunctionsError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A newer program has replaced them.
    #[error(
        "the database's functions are those of a newer program (revision {found}, this one has {known}): start \
         the newer program, or restore the database from before it"
    )]
    Newer {
        /// The database's revision.
        found: i32,
        /// This program's.
        known: i32,
    },
    /// Another program of the same revision has other functions: one of the two was built from changed files.
    #[error("the database's functions have revision {0} and are not this program's: raise REVISION")]
    Changed(i32),
}

/// Brings the functions and triggers to this program's shape, if they have not got it, and gives the
/// application's role its rights: in one transaction, as the role that migrates.
///
/// # Errors
/// The database failed, or has the functions of another program.
pub(super) async fn install(owner: &mut PgConnection) -> Result<(), FunctionsError> {
    let mut tx = owner.begin().await?;
    tx.execute("SET LOCAL search_path TO public").await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
    let recorded: Option<(i32, String, String)> = sqlx::query_as(
        "SELECT revision, files, catalogue FROM database_functions ORDER BY revision DESC LIMIT 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    let files = files_hash();
    let is_current = match recorded {
        Some((found, ..)) if found > REVISION => {
            return Err(FunctionsError::Newer { found, known: REVISION });
        }
        Some((REVISION, applied, _)) if applied != files => return Err(FunctionsError::Changed(REVISION)),
        Some((REVISION, _, catalogue)) => {
            let is_unchanged = catalogue == catalogue_hash(&mut tx).await?;
            if !is_unchanged {
                tracing::warn!(
                    "functions of the database were changed by hand, or are missing: they are replaced"
                );
            }
            is_unchanged
        }
        Some(_) | None => false,
    };
    if !is_current {
        for (_, text) in FILES {
            tx.execute(*text).await?;
        }
        let catalogue = catalogue_hash(&mut tx).await?;
        sqlx::query(
            "INSERT INTO database_functions (revision, files, catalogue) VALUES ($1, $2, $3) \
             ON CONFLICT (revision) DO UPDATE SET catalogue = EXCLUDED.catalogue, applied_at = now()",
        )
        .bind(REVISION)
        .bind(files)
        .bind(catalogue)
        .execute(&mut *tx)
        .await?;
    }
    tx.execute("SELECT grant_application_rights()").await?;
    tx.commit().await?;
    Ok(())
}

fn files_hash() -> String {
    let mut digest = Sha256::new();
    for (name, text) in FILES {
        digest.update(name);
        digest.update(text);
    }
    hex(&digest.finalize())
}

/// The hash of the functions of `sql/` and their triggers as the database shows them.
async fn catalogue_hash(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    sqlx::query_scalar(
        "WITH ours AS (SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = ANY($1)) \
         SELECT coalesce(md5(string_agg(definition, E'\\n' ORDER BY definition)), '') FROM ( \
            SELECT pg_get_functiondef(oid) AS definition FROM ours \
            UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN ours ON ours.oid = t.tgfoid) AS d",
    )
    .bind(names)
    .fetch_one(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_has_a_new_revision() {
        assert_eq!(
            files_hash(),
            FILES_HASH,
            "a file of sql/ was changed: raise REVISION, and put this hash beside it"
        );
    }

    #[test]
    fn every_file_is_applied() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "sql"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut applied: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        found.sort_unstable();
        applied.sort_unstable();
        assert_eq!(found, applied);
    }
}
