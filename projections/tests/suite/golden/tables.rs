//! The tables of a read model and their rows, as text.

use std::collections::BTreeMap;

use sqlx::PgPool;

/// The tables, columns, keys and indexes of a read model.
pub async fn shape(name: &str, pool: &PgPool) -> String {
    let lines: Vec<String> = sqlx::query_scalar(
        "SELECT line FROM ( \
            SELECT c.relname AS name, 1 AS kind, 0 AS place, \
                c.relname || coalesce(' ' || array_to_string(c.reloptions, ' '), '') AS line \
                FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' \
            UNION ALL SELECT c.relname, 2, a.attnum, '    ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) \
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END \
                || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') \
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
                WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' \
            UNION ALL SELECT tablename, 3, 0, '    ' || replace(indexdef, ' ON ' || schemaname || '.', ' ON ') \
                FROM pg_indexes WHERE schemaname = $1) AS shape ORDER BY name, kind, place, line",
    )
    .bind(format!("rm_{name}"))
    .fetch_all(pool)
    .await
    .unwrap();
    lines.join("\n")
}

/// All rows of a read model, each with how often it is there.
pub struct Rows(BTreeMap<String, i64>);

impl Rows {
    pub async fn read(name: &str, pool: &PgPool) -> Self {
        let schema = format!("rm_{name}");
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1 ORDER BY 1")
                .bind(&schema)
                .fetch_all(pool)
                .await
                .unwrap();
        let of_table = |table: &String| {
            format!(
                "SELECT '{table} ' || row_to_json(r)::text AS line, count(*) AS times \
                 FROM {schema}.{table} r GROUP BY 1"
            )
        };
        let query = tables.iter().map(of_table).collect::<Vec<_>>().join(" UNION ALL ");
        let rows: Vec<(String, i64)> = sqlx::query_as(&query).fetch_all(pool).await.unwrap();
        Self(rows.into_iter().map(|(line, times)| (without_chance(&line), times)).collect())
    }

    /// What came and went since the rows were others.
    pub fn since(&self, before: &Self) -> String {
        let gone = before.0.iter().filter(|(line, times)| self.0.get(*line) != Some(times));
        let come = self.0.iter().filter(|(line, times)| before.0.get(*line) != Some(times));
        let gone = gone.map(|(line, times)| format!("    - {line}{}\n", often(*times)));
        gone.chain(come.map(|(line, times)| format!("    + {line}{}\n", often(*times)))).collect()
    }
}

/// A row without what chance decides: the nonce of a value that is still sealed, and so its ciphertext.
fn without_chance(line: &str) -> String {
    let mut line = line.to_owned();
    for field in ["nonce", "ct"] {
        let start = format!("\\\"{field}\\\":\\\"");
        let mut parts = line.split(&start);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.find('\\').map_or("", |end| &part[end..]);
            kept += &format!("{start}…{rest}");
        }
        line = kept;
    }
    line
}

fn often(times: i64) -> String {
    if times > 1 { format!(" ({times} times)") } else { String::new() }
}
