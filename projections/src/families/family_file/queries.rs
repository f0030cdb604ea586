//! What is asked of the family file.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::rows::{ModificationRow, SectionRow, decoding};

/// The sections of several files.
///
/// # Errors
/// The database failed.
pub async fn sections(pool: &PgPool, owners: &[String]) -> Result<Vec<SectionRow>, sqlx::Error> {
    type Row = (String, String, i32, Option<String>, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT owner, section, revision, value::text, changed FROM rm_file.section WHERE owner = ANY($1)",
    )
    .bind(owners)
    .fetch_all(pool)
    .await?;
    let of_row = |(owner, section, revision, value, changed): Row| {
        Ok(SectionRow {
            owner,
            section: section.parse().map_err(decoding)?,
            revision: revision.cast_unsigned(),
            value: value.map(|v| serde_json::from_str(&v)).transpose().map_err(decoding)?,
            changed,
        })
    };
    rows.into_iter().map(of_row).collect()
}

/// Several requests for modifications, each with the current value of its section.
///
/// # Errors
/// The database failed.
pub async fn modifications(pool: &PgPool, requests: &[Uuid]) -> Result<Vec<ModificationRow>, sqlx::Error> {
    #[derive(FromRow)]
    struct Row {
        request: Uuid,
        payer: String,
        section: String,
        proposal: Option<String>,
        value: Option<String>,
        note: Option<String>,
        attachments: String,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT r.request, r.payer, r.section, r.proposal::text AS proposal, s.value::text AS value, r.note, r.attachments::text AS attachments \
         FROM rm_file.request r LEFT JOIN rm_file.section s ON s.section = r.section \
            AND s.owner = coalesce(r.child::text, CASE WHEN r.kind <> 'NEW_CHILD' THEN r.payer END) \
         WHERE r.request = ANY($1)",
    )
    .bind(requests)
    .fetch_all(pool)
    .await?;
    let of_row = |row: Row| {
        Ok(ModificationRow {
            request: row.request,
            family: row.payer,
            section: row.section.parse().map_err(decoding)?,
            proposal: row.proposal.map(|p| serde_json::from_str(&p)).transpose().map_err(decoding)?,
            current: row
                .value
                .map(|v| serde_json::from_str(&v))
                .transpose()
                .map_err(decoding)?
                .unwrap_or_default(),
            note: row.note,
            attachments: serde_json::from_str(&row.attachments).map_err(decoding)?,
        })
    };
    rows.into_iter().map(of_row).collect()
}
