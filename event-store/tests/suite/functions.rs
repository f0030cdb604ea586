//! The database's functions are those of `sql/`, and nothing else.

use std::{collections::BTreeSet, path::Path};

use portail_event_store::{Database, DatabaseError};
use portail_testkit::{TestDatabase, is_embedded};
use sqlx::{Executor, PgPool, Row};

/// The functions of the schema and the triggers that call them, as the database shows them.
async fn definitions(pool: &PgPool) -> BTreeSet<String> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
         UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
            WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    found.into_iter().collect()
}

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// A pool that works as who owns the functions.
async fn owner(test: &TestDatabase) -> Option<PgPool> {
    Some(PgPool::connect(test.url.as_ref()?).await.unwrap())
}

#[tokio::test]
async fn a_new_database_has_the_functions_of_the_files_and_no_other() {
    let test = TestDatabase::new().await.unwrap();
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(test.database.pool())
    .await
    .unwrap();
    let files = files();
    assert_eq!(
        names,
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        "one file per function"
    );
    // What the migrations and the files made is what the files alone make.
    let Some(owner) = owner(&test).await else { return };
    let migrated = definitions(&owner).await;
    for name in &names {
        owner.execute(format!("DROP FUNCTION {name} CASCADE").as_str()).await.unwrap();
    }
    assert!(definitions(&owner).await.is_empty());
    for (_, text) in &files {
        owner.execute(text.as_str()).await.unwrap();
    }
    assert_eq!(definitions(&owner).await, migrated);
}

#[tokio::test]
async fn every_table_has_a_line_among_the_rights() {
    let test = TestDatabase::new().await.unwrap();
    let without: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
         AND relname <> '_sqlx_migrations' AND NOT has_table_privilege('portail_app', oid, 'SELECT')",
    )
    .fetch_all(test.database.pool())
    .await
    .unwrap();
    assert!(without.is_empty(), "no line in grant_application_rights.sql: {without:?}");
    let append_only: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
         JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'refuse_change' AND ( \
            has_table_privilege('portail_app', c.oid, 'UPDATE') OR has_table_privilege('portail_app', c.oid, 'TRUNCATE'))",
    )
    .fetch_all(test.database.pool())
    .await
    .unwrap();
    assert!(append_only.is_empty(), "{append_only:?}");
}

#[tokio::test]
async fn functions_changed_by_hand_are_replaced_at_the_next_start() {
    let test = TestDatabase::new().await.unwrap();
    let Some(owner) = owner(&test).await else { return };
    let right = definitions(&owner).await;
    owner
        .execute(
            "CREATE OR REPLACE FUNCTION log_has(p_position bigint, p_chain bytea) RETURNS boolean \
             LANGUAGE sql AS 'SELECT true'; DROP TRIGGER events_append_only ON events; \
             REVOKE INSERT ON events FROM portail_app",
        )
        .await
        .unwrap();
    assert_ne!(definitions(&owner).await, right);
    let url = test.url.clone().unwrap();
    // Several at once: one replaces them, the others find them replaced.
    let starts = (0..4).map(|_| Database::connect(&url, 1));
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    assert_eq!(definitions(&owner).await, right);
    let may_append: bool =
        sqlx::query_scalar("SELECT has_table_privilege('portail_app', 'events', 'INSERT')")
            .fetch_one(&owner)
            .await
            .unwrap();
    assert!(may_append, "the rights are given back too");
}

#[tokio::test]
async fn an_older_program_does_not_replace_the_functions_of_a_newer_one() {
    let test = TestDatabase::new().await.unwrap();
    let Some(owner) = owner(&test).await else { return };
    let row = owner.fetch_one("SELECT revision, catalogue FROM database_functions").await.unwrap();
    let known: i32 = row.get(0);
    owner
        .execute("INSERT INTO database_functions (revision, files, catalogue) VALUES (1000, 'new', 'new')")
        .await
        .unwrap();
    let newer = definitions(&owner).await;
    let error = Database::connect(test.url.as_ref().unwrap(), 1).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Functions(_)), "{error}");
    assert!(error.to_string().contains(&format!("revision 1000, this one has {known}")), "{error}");
    assert_eq!(definitions(&owner).await, newer);
    assert!(!is_embedded());
}
