//! Notices: what the town tells its families, and the forms it offers.

use chrono::{DateTime, NaiveDate, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attachment::Attachment,
    erasure::Erasure,
    notice::{Audience, Notice, NoticeEvent, NoticeText},
    sealed::Purpose,
};
use portail_event_store::RecordedEvent;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    engine::projection::{FoldContext, FoldError, Projection},
    families::family::open,
    privacy::erased_data::ErasedData,
};

/// Its name.
pub const NAME: &str = "notices";

/// What binds a sealed notice to where it stands.
pub const TEXT: &str = "Notice";

/// A notice's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its title.
    pub title: String,
    /// Its text; may be empty.
    pub text: String,
}

/// The projection of notices.
#[derive(Debug, Clone, Copy)]
pub struct NoticesProjection;

impl Projection for NoticesProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE notice (id uuid PRIMARY KEY, line bigint NOT NULL, audience text NOT NULL, target text, \
            said json, link text, form json, first_day date NOT NULL, last_day date, \
            published timestamptz NOT NULL, withdrawn timestamptz); \
         CREATE INDEX notice_shown ON notice (audience, target) WHERE withdrawn IS NULL"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Notice::TYPE, Erasure::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            for event in events {
                if let Some(erased) = ErasedData::from_event(event, context)? {
                    if let Some(family) = erased.family().filter(|_| erased.is_of(Purpose::Message)) {
                        let query = "UPDATE notice SET said = NULL WHERE audience = 'FAMILY' AND target = $1";
                        sqlx::query(query).bind(family).execute(&mut *connection).await?;
                    }
                    continue;
                }
                let id: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
                match context.decode(event)? {
                    NoticeEvent::NoticePublished { audience, content, from, to, received } => {
                        let said = match &content.text {
                            NoticeText::Plain(text) => Some(text.clone()),
                            NoticeText::Sealed(sealed) => {
                                open(sealed, TEXT, event, context, connection).await?
                            }
                        };
                        let form = content.form.as_ref().map(serde_json::to_string).transpose();
                        let (kind, target) = match &audience {
                            Audience::Town => ("TOWN", None),
                            Audience::Structure(id) => ("STRUCTURE", Some(id.to_string())),
                            Audience::Family(number) => ("FAMILY", Some(number.to_string())),
                        };
                        sqlx::query(
                            "INSERT INTO notice VALUES ($1, $2, $3, $4, $5::json, $6, $7::json, $8, $9, $10)",
                        )
                        .bind(id)
                        .bind(event.position.cast_signed())
                        .bind(kind)
                        .bind(target)
                        .bind(said)
                        .bind(content.link)
                        .bind(form.map_err(|e| FoldError::poison(event, e))?)
                        .bind(from)
                        .bind(to)
                        .bind(received)
                        .execute(&mut *connection)
                        .await?;
                    }
                    NoticeEvent::NoticeWithdrawn { received } => {
                        sqlx::query("UPDATE notice SET withdrawn = $2 WHERE id = $1")
                            .bind(id)
                            .bind(received)
                            .execute(&mut *connection)
                            .await?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// A notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Its id.
    pub id: Uuid,
    /// `TOWN`, `STRUCTURE` or `FAMILY`.
    pub audience: String,
    /// Which structure or family.
    pub target: Option<String>,
    /// What it says; none once erased.
    pub said: Option<Announcement>,
    /// A page to read.
    pub link: Option<String>,
    /// A form to download.
    pub form: Option<Attachment>,
    /// The first day it is shown.
    pub from: NaiveDate,
    /// The last.
    pub to: Option<NaiveDate>,
    /// When it was published.
    pub published: DateTime<Utc>,
    /// When it was withdrawn.
    pub withdrawn: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Stored {
    id: Uuid,
    audience: String,
    target: Option<String>,
    said: Option<String>,
    link: Option<String>,
    form: Option<String>,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
    published: DateTime<Utc>,
    withdrawn: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "n.id, n.audience, n.target, n.said::text AS said, n.link, n.form::text AS form, \
    n.first_day, n.last_day, n.published, n.withdrawn";

fn row_of(row: Stored) -> Result<NoticeRow, sqlx::Error> {
    let wrong = |e: serde_json::Error| sqlx::Error::Decode(e.into());
    Ok(NoticeRow {
        id: row.id,
        audience: row.audience,
        target: row.target,
        said: row.said.map(|s| serde_json::from_str(&s)).transpose().map_err(wrong)?,
        link: row.link,
        form: row.form.map(|f| serde_json::from_str(&f)).transpose().map_err(wrong)?,
        from: row.first_day,
        to: row.last_day,
        published: row.published,
        withdrawn: row.withdrawn,
    })
}

/// What a family sees on a day: the town's notices, its own, and those of the structures a child of
/// its is enrolled with that day (`activities` maps each activity to its structure).
///
/// # Errors
/// The database failed.
pub async fn shown_to(
    pool: &PgPool,
    family: &str,
    today: NaiveDate,
    activities: &[(String, String)],
) -> Result<Vec<NoticeRow>, sqlx::Error> {
    let (ids, structures): (Vec<&str>, Vec<&str>) =
        activities.iter().map(|(a, s)| (a.as_str(), s.as_str())).unzip();
    let query = format!(
        "SELECT {COLUMNS} FROM rm_notices.notice n WHERE n.withdrawn IS NULL AND n.first_day <= $2 \
            AND (n.last_day IS NULL OR n.last_day >= $2) \
            AND (n.audience = 'TOWN' OR (n.audience = 'FAMILY' AND n.target = $1) \
                OR (n.audience = 'STRUCTURE' AND n.target IN ( \
                    SELECT a.structure FROM rm_family.child_family f \
                    JOIN rm_family.enrolment e ON e.child = f.child \
                    JOIN unnest($3::text[], $4::text[]) AS a (activity, structure) ON a.activity = e.activity \
                    WHERE f.family = $1 AND e.first_day <= $2 AND (e.last_day IS NULL OR e.last_day >= $2)))) \
         ORDER BY n.first_day DESC, n.line DESC LIMIT 100"
    );
    let rows: Vec<Stored> =
        sqlx::query_as(&query).bind(family).bind(today).bind(ids).bind(structures).fetch_all(pool).await?;
    rows.into_iter().map(row_of).collect()
}

/// Every notice, the newest first: those scheduled and withdrawn too.
///
/// # Errors
/// The database failed.
pub async fn all(pool: &PgPool, limit: i64) -> Result<Vec<NoticeRow>, sqlx::Error> {
    let query = format!("SELECT {COLUMNS} FROM rm_notices.notice n ORDER BY n.line DESC LIMIT $1");
    let rows: Vec<Stored> = sqlx::query_as(&query).bind(limit).fetch_all(pool).await?;
    rows.into_iter().map(row_of).collect()
}
