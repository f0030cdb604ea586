//! The drafts of billing runs. Not a projection: a draft is computed once, from the read models as
//! they stand, and is what staff review and let be issued. It goes when its run ends, and what it says of a
//! family goes with the family's data.

use portail_domain::{
    money::account::InvoiceLine, money::billing::Warning, shared::amount::Amount, shared::sealed::Purpose,
};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::decode::{json, parsed};

/// How far a draft is.
#[derive(Debug, Clone, FromRow)]
pub struct Progress {
    /// How many families there are.
    pub families: i32,
    /// How many are computed.
    pub done: i32,
    /// The last of them.
    pub last_family: String,
    /// Whether all are.
    pub complete: bool,
}

/// What a family is to be billed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The family.
    pub family: String,
    /// What it comes to.
    pub total: Amount,
    /// What the run before billed it.
    pub previous: Amount,
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// What staff should look at.
    pub warnings: Vec<Warning>,
    /// The position of the log it was computed from.
    pub seen: u64,
}

/// How far the draft of a run is; none before it was begun.
///
/// # Errors
/// The database failed.
pub async fn progress(pool: &PgPool, run: Uuid) -> Result<Option<Progress>, sqlx::Error> {
    sqlx::query_as("SELECT families, done, last_family, complete FROM billing_draft_progress WHERE run = $1")
        .bind(run)
        .fetch_optional(pool)
        .await
}

/// Begins the draft of a run.
///
/// # Errors
/// The database failed.
pub async fn begin(pool: &PgPool, run: Uuid, families: i64) -> Result<(), sqlx::Error> {
    let families = i32::try_from(families).unwrap_or(i32::MAX);
    sqlx::query("INSERT INTO billing_draft_progress (run, families) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(run)
        .bind(families)
        .execute(pool)
        .await?;
    Ok(())
}

/// What a draft is made of: the household, and its income quotient as the prices explain it.
const PURPOSES: [Purpose; 2] = [Purpose::Identity, Purpose::Caf];

/// Keeps the next families' drafts, unless another node did meanwhile. Families without lines and
/// warnings are only counted; what was erased since it was read is not kept.
///
/// # Errors
/// The database failed.
pub async fn keep(
    pool: &PgPool,
    run: Uuid,
    from: &Progress,
    drafts: &[Draft],
    counted: usize,
    last: Option<&str>,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let moved = sqlx::query(
        "UPDATE billing_draft_progress SET done = done + $3, last_family = coalesce($4, last_family), \
            complete = $4 IS NULL WHERE run = $1 AND last_family = $2 AND NOT complete",
    )
    .bind(run)
    .bind(&from.last_family)
    .bind(i32::try_from(counted).unwrap_or(i32::MAX))
    .bind(last)
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() == 1 && !drafts.is_empty() {
        let text = |value: serde_json::Result<String>| value.map_err(|e| sqlx::Error::Encode(e.into()));
        let (mut families, mut totals, mut lines, mut warnings, mut seen) =
            (vec![], vec![], vec![], vec![], vec![]);
        for draft in drafts {
            families.push(draft.family.as_str());
            totals.push(draft.total.to_string());
            lines.push(text(serde_json::to_string(&draft.lines))?);
            warnings.push(text(serde_json::to_string(&draft.warnings))?);
            seen.push(draft.seen.cast_signed());
        }
        sqlx::query(
            "INSERT INTO billing_draft SELECT $1, f, t::numeric, l, w, s FROM unnest($2::text[], $3::text[], \
             $4::text[], $5::text[], $6::bigint[]) AS d (f, t, l, w, s) WHERE NOT EXISTS (SELECT \
             FROM rm_privacy.erasure e WHERE e.subject = d.f AND e.line > d.s AND e.purposes && $7)",
        )
        .bind(run)
        .bind(families)
        .bind(totals)
        .bind(lines)
        .bind(warnings)
        .bind(seen)
        .bind(PURPOSES.map(<&str>::from))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}

/// Deletes the drafts of runs that were issued or given up; how many runs it was.
///
/// # Errors
/// The database failed.
pub async fn discard_ended(pool: &PgPool) -> Result<u64, sqlx::Error> {
    // Only of runs that are known to have ended: without its draft a run would be issued to nobody.
    let discarded = sqlx::query(
        "DELETE FROM billing_draft_progress p USING rm_regies.run r \
         WHERE r.id = p.run AND r.stage IN ('COMPLETED', 'ABANDONED')",
    );
    Ok(discarded.execute(pool).await?.rows_affected())
}

/// Deletes what drafts say of a family whose data are erased at a position of the log. A draft computed later
/// is of a family that came back.
///
/// # Errors
/// The database failed.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    family: &str,
    erased: &[Purpose],
    position: u64,
) -> Result<(), sqlx::Error> {
    if !PURPOSES.iter().any(|purpose| erased.contains(purpose)) {
        return Ok(());
    }
    // Whoever adds to a draft holds its progress: it is either seen here, or sees the erasure.
    sqlx::query("SELECT FROM public.billing_draft_progress WHERE NOT complete ORDER BY run FOR UPDATE")
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM public.billing_draft WHERE family = $1 AND seen < $2")
        .bind(family)
        .bind(position.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

type Stored = (String, String, String, String, String, i64);

fn draft((family, total, previous, lines, warnings, seen): Stored) -> Result<Draft, sqlx::Error> {
    Ok(Draft {
        family,
        total: parsed(&total)?,
        previous: parsed(&previous)?,
        lines: json(&lines)?,
        warnings: json(&warnings)?,
        seen: seen.unsigned_abs(),
    })
}

/// The drafts of a run after a family, by number, each with what the régie's run before billed.
///
/// # Errors
/// The database failed.
pub async fn drafts(pool: &PgPool, run: Uuid, after: &str, most: i64) -> Result<Vec<Draft>, sqlx::Error> {
    let rows: Vec<Stored> = sqlx::query_as(
        "WITH before AS (SELECT p.id FROM rm_regies.run p JOIN rm_regies.run r ON r.regie = p.regie AND p.line < r.line \
            WHERE r.id = $1 AND p.stage = 'COMPLETED' ORDER BY p.line DESC LIMIT 1) \
         SELECT d.family, d.total::text, coalesce((SELECT sum(CASE WHEN i.credit_note THEN -i.total ELSE i.total END) \
            FROM rm_accounts.invoice i WHERE i.run = (SELECT id FROM before) AND i.family = d.family), 0)::numeric(14,2)::text, \
            d.lines, d.warnings, d.seen \
         FROM billing_draft d WHERE d.run = $1 AND d.family > $2 ORDER BY d.family LIMIT $3",
    )
    .bind(run)
    .bind(after)
    .bind(most)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(draft).collect()
}

/// The next drafts to issue after a family: those that owe at least the minimum, or are owed.
///
/// # Errors
/// The database failed.
pub async fn to_issue(
    pool: &PgPool,
    run: Uuid,
    after: &str,
    minimum: Amount,
    most: i64,
) -> Result<Vec<Draft>, sqlx::Error> {
    let rows: Vec<Stored> = sqlx::query_as(
        "SELECT family, total::text, '0', lines, warnings, seen FROM billing_draft \
         WHERE run = $1 AND family > $2 AND (total < 0 OR (total > 0 AND total >= $3::numeric)) \
         ORDER BY family LIMIT $4",
    )
    .bind(run)
    .bind(after)
    .bind(minimum.to_string())
    .bind(most)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(draft).collect()
}

/// What a draft comes to: families to invoice, families owed, families below the minimum, the sum
/// to invoice and how many warnings there are.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Families that get an invoice.
    pub invoices: i64,
    /// Families that get a credit note.
    pub credit_notes: i64,
    /// Families carried forward.
    pub carried_forward: i64,
    /// The sum of invoices and credit notes.
    pub total: Amount,
    /// How many warnings there are.
    pub warnings: i64,
}

/// What a draft comes to.
///
/// # Errors
/// The database failed.
pub async fn summary(pool: &PgPool, run: Uuid, minimum: Amount) -> Result<Summary, sqlx::Error> {
    let row: (i64, i64, i64, String, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE total > 0 AND total >= $2::numeric), count(*) FILTER (WHERE total < 0), \
            count(*) FILTER (WHERE total > 0 AND total < $2::numeric), \
            coalesce(sum(total) FILTER (WHERE total < 0 OR total >= $2::numeric), 0)::numeric(14,2)::text, \
            coalesce(sum(json_array_length(warnings::json)), 0)::bigint FROM billing_draft WHERE run = $1",
    )
    .bind(run)
    .bind(minimum.to_string())
    .fetch_one(pool)
    .await?;
    let total = parsed(&row.3)?;
    Ok(Summary { invoices: row.0, credit_notes: row.1, carried_forward: row.2, total, warnings: row.4 })
}
