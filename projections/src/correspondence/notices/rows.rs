//! Rows of notices.

use chrono::{DateTime, NaiveDate, Utc};
use portail_domain::shared::attachment::Attachment;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::decode::kept_as_text;

/// A notice's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its title.
    pub title: String,
    /// Its text; may be empty.
    pub text: String,
}

/// Whom a notice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AudienceKind {
    /// Every family.
    Town,
    /// The families of a structure.
    Structure,
    /// One family.
    Family,
}
kept_as_text!(AudienceKind);

/// A notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Its id.
    pub id: Uuid,
    /// Whom it is for.
    pub audience: AudienceKind,
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
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) audience: AudienceKind,
    pub(super) target: Option<String>,
    pub(super) said: Option<String>,
    pub(super) link: Option<String>,
    pub(super) form: Option<String>,
    pub(super) first_day: NaiveDate,
    pub(super) last_day: Option<NaiveDate>,
    pub(super) published: DateTime<Utc>,
    pub(super) withdrawn: Option<DateTime<Utc>>,
}

pub(super) fn row_of(row: Stored) -> Result<NoticeRow, sqlx::Error> {
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
