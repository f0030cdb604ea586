//! Databases that stand: read models kept by a program from before their identity was the version.

use portail_domain::catalogue::structure::StructureEvent;
use portail_event_store::{Database, StreamId};
use portail_projections::{Projection, catalogue::CatalogueProjection};
use portail_testkit::{TestDatabase, is_embedded};
use sqlx::{Connection, Executor, PgConnection};

use crate::read_models::ReadModels;

fn catalogue() -> Vec<Box<dyn Projection>> {
    vec![Box::new(CatalogueProjection)]
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_of_equal_versions_are_kept_whatever_source_text_they_were_made_by() {
    // The embedded database takes one connection; the migrations are the same.
    if is_embedded() {
        return;
    }
    let test = TestDatabase::new().await.unwrap();
    let url = test.url.clone().unwrap();
    let older = ReadModels::on(test.database.clone(), catalogue()).await;
    let garderie = StreamId::new("Structure", "garderie");
    older.given(garderie.clone(), [StructureEvent::StructureDefined { name: "Garderie".into() }]).await;
    // As the older program left it: with a hash of its source, before the migration; and a row that tells
    // whether the tables are the same ones.
    let mut owner = PgConnection::connect(&url).await.unwrap();
    owner
        .execute(
            "ALTER TABLE projection ADD COLUMN code_hash text NOT NULL DEFAULT 'another text'; \
             DELETE FROM _sqlx_migrations WHERE version = 30; \
             INSERT INTO rm_catalogue.entry VALUES ('Mark', 'kept', '{}')",
        )
        .await
        .unwrap();
    let newer = ReadModels::on(Database::connect(&url, 6).await.unwrap(), catalogue()).await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM rm_catalogue.entry WHERE kind = 'Mark'")
        .fetch_one(newer.pool())
        .await
        .unwrap();
    assert_eq!(kept, 1, "nothing was built anew");
    let columns: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'projection' AND column_name = 'code_hash'",
    )
    .fetch_one(newer.pool())
    .await
    .unwrap();
    assert_eq!(columns, 0);
    // And it goes on.
    let from = "2015-09-01".parse().unwrap();
    newer.given(garderie, [StructureEvent::StructureRetired { from }]).await;
}
