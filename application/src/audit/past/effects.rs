//! What one event changed: the town just before it, then the event, with every row it touches noted.

use serde_json::Value;
use sqlx::{Executor, PgPool};

use super::{PastTown, ReplayError, copy_log};

/// A row of a read model that an event made, changed or took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The read model.
    pub read_model: String,
    /// Its table.
    pub table: String,
    /// The row before; none where the event made it.
    pub before: Option<Value>,
    /// The row after; none where the event took it away.
    pub after: Option<Value>,
}

/// Notes every change of a row; the past town's own role owns all it needs.
const NOTEBOOK: &str = "CREATE SCHEMA effects; \
    CREATE TABLE effects.change (number bigserial, place text, old jsonb, new jsonb); \
    CREATE FUNCTION effects.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO effects.change (place, old, new) VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, \
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END); \
        RETURN NULL; END $$";

impl<S> PastTown<S> {
    /// Goes on by the next event of the live log, and tells which rows it changed. The town is one
    /// event further after that.
    ///
    /// # Errors
    /// The event cannot be read or folded.
    pub async fn effects_of_next(&self, live: PgPool) -> Result<Vec<RowChange>, ReplayError> {
        let pool = self.application().pool();
        pool.execute(NOTEBOOK).await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname LIKE 'rm\\_%'",
        )
        .fetch_all(pool)
        .await?;
        for table in tables {
            let watch = format!(
                "CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION effects.note()"
            );
            pool.execute(watch.as_str()).await?;
        }
        copy_log(&live, pool, self.position(), self.position() + 1).await?;
        let folded = self.application().engine().catch_up().await;
        folded.map_err(|e| ReplayError::Failed(e.to_string()))?;
        let rows: Vec<(String, Option<Value>, Option<Value>)> =
            sqlx::query_as("SELECT place, old, new FROM effects.change ORDER BY number")
                .fetch_all(pool)
                .await?;
        let change = |(place, before, after): (String, Option<Value>, Option<Value>)| {
            let (schema, table) = place.split_once('.').unwrap_or(("", &place));
            let (read_model, table) = (schema.trim_start_matches("rm_").to_owned(), table.to_owned());
            RowChange { read_model, table, before, after }
        };
        Ok(rows.into_iter().map(change).filter(|change| change.before != change.after).collect())
    }
}
