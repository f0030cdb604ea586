//! The tables of a read model as a whole: known to the query planner, and compared with others.

use std::time::{Duration, Instant};

use sqlx::{Executor, FromRow, PgConnection};

/// What a comparison found, and what it cost.
pub(super) struct Comparison {
    /// Rows that were in one and not in the other.
    pub(super) differences: i64,
    /// How long it took.
    pub(super) took: Duration,
}

/// A table of a read model.
#[derive(FromRow, PartialEq)]
struct Table {
    table_name: String,
    /// Names and types of its columns.
    columns: String,
    /// Its columns as they are hashed: what has no hash of its own, or one that hides how it is
    /// written (1.0 and 1.00), as text.
    hashed: String,
}

async fn tables_of(schema: &str, connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    sqlx::query_as(
        "SELECT table_name::text, string_agg(column_name || ' ' || data_type, ',' ORDER BY ordinal_position) AS columns, \
            string_agg(column_name || CASE WHEN data_type IN ('json', 'numeric', 'ARRAY') THEN '::text' ELSE '' END, ',' \
               ORDER BY ordinal_position) AS hashed \
         FROM information_schema.columns WHERE table_schema = $1 GROUP BY 1 ORDER BY 1",
    )
    .bind(schema)
    .fetch_all(connection)
    .await
}

/// Tells the query planner what the tables of a schema hold.
pub(super) async fn analyze(schema: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for Table { table_name, .. } in tables_of(schema, connection).await? {
        connection.execute(format!("ANALYZE {schema}.{table_name}").as_str()).await?;
    }
    Ok(())
}

/// Whether two schemas have the same tables.
pub(super) async fn has_same_tables(
    a: &str,
    b: &str,
    connection: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    Ok(tables_of(a, connection).await? == tables_of(b, connection).await?)
}

/// How many rows two schemas of the same tables do not share. A digest of all rows tells whether there
/// are any; only then are they looked for, which costs several times as much.
pub(super) async fn compare(
    a: &str,
    b: &str,
    connection: &mut PgConnection,
) -> Result<Comparison, sqlx::Error> {
    let started = Instant::now();
    connection.execute("SET LOCAL enable_seqscan TO on").await?;
    let mut differences = 0;
    for table in tables_of(a, connection).await? {
        if digest(a, &table, connection).await? == digest(b, &table, connection).await? {
            continue;
        }
        let name = table.table_name;
        let query = format!(
            "SELECT count(*) FROM ( \
               (SELECT x::text FROM {a}.{name} x EXCEPT ALL SELECT y::text FROM {b}.{name} y) \
               UNION ALL \
               (SELECT y::text FROM {b}.{name} y EXCEPT ALL SELECT x::text FROM {a}.{name} x)) d"
        );
        let count: i64 = sqlx::query_scalar(&query).fetch_one(&mut *connection).await?;
        differences += count;
    }
    Ok(Comparison { differences, took: started.elapsed() })
}

/// How many rows a table has, with the sums of two hashes of each, whatever their order: 128 bits.
async fn digest(
    schema: &str,
    table: &Table,
    connection: &mut PgConnection,
) -> Result<(i64, String, String), sqlx::Error> {
    let Table { table_name, hashed, .. } = table;
    let query = format!(
        "SELECT count(*), coalesce(sum(hash_record_extended(ROW({hashed}), 1)), 0)::text, \
            coalesce(sum(hash_record_extended(ROW({hashed}), 2)), 0)::text FROM {schema}.{table_name}"
    );
    sqlx::query_as(&query).fetch_one(connection).await
}
