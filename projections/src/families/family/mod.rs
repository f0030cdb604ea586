//! Families, their children and the enrolments.

use chrono::NaiveDate;
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    child::{Child, ChildEvent, Enrolment},
    erasure::{Erasure, Subject},
    family::{Family, FamilyEvent},
    file::Section,
    ids::{ActivityId, ChildId, FamilyNumber},
    sealed::{Purpose, Sealed},
};
use portail_event_store::{RecordedEvent, SealedBytes, VaultError};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    engine::{
        projection::{FoldContext, FoldError, Projection},
        storable,
    },
    privacy::erased_data::ErasedData,
};

/// Its name.
pub const NAME: &str = "family";

/// What a family's sealed identity holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    /// Monsieur, Madame.
    #[serde(default)]
    pub title: String,
    /// Surname.
    pub surname: String,
    /// First name.
    pub first_name: String,
}

/// What a child's sealed identity holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildIdentity {
    /// Surname.
    pub surname: String,
    /// First name.
    pub first_name: String,
    /// Birth date.
    pub birth_date: NaiveDate,
}

/// The projection of families and children.
#[derive(Debug, Clone, Copy)]
pub struct FamilyProjection;

impl Projection for FamilyProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        5
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE family (number text PRIMARY KEY, responsible json); \
         CREATE TABLE child (id uuid PRIMARY KEY, identity json); \
         CREATE TABLE child_family (child uuid NOT NULL, family text NOT NULL, PRIMARY KEY (family, child)); \
         CREATE INDEX child_family_child ON child_family (child); \
         CREATE TABLE enrolment (line bigint PRIMARY KEY, child uuid NOT NULL, activity text NOT NULL, \
            payer text NOT NULL, first_day date NOT NULL, last_day date, document json NOT NULL); \
         CREATE INDEX enrolment_child ON enrolment (child); \
         CREATE INDEX enrolment_activity ON enrolment (activity)"
    }
    fn reads(&self) -> &'static [&'static str] {
        &[Family::TYPE, Child::TYPE, Erasure::TYPE]
    }

    fn fold<'a>(
        &'a self,
        events: &'a [&'a RecordedEvent],
        context: &'a FoldContext,
        connection: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(async move {
            let mut written = Written::default();
            for event in events {
                if let Some(erased) = ErasedData::from_event(event, context)? {
                    std::mem::take(&mut written).flush(connection).await?;
                    if erased.is_of(Purpose::Identity) {
                        forget(&erased.subject, connection).await?;
                    }
                    continue;
                }
                if event.stream.kind == Family::TYPE {
                    match context.decode(event)? {
                        FamilyEvent::FamilyRegistered { responsible } => {
                            let opened = open(&responsible, Family::TYPE, event, context, connection).await?;
                            written.family_number.push(&event.stream.id);
                            written.family_responsible.push(opened);
                        }
                        FamilyEvent::FamilySectionRecorded {
                            section: Section::Responsible, value, ..
                        } => {
                            let opened = open(&value, Family::TYPE, event, context, connection).await?;
                            std::mem::take(&mut written).flush(connection).await?;
                            sqlx::query("UPDATE family SET responsible = $2::json WHERE number = $1")
                                .bind(&event.stream.id)
                                .bind(opened)
                                .execute(&mut *connection)
                                .await?;
                        }
                        _ => {}
                    }
                    continue;
                }
                let child: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
                match context.decode(event)? {
                    ChildEvent::ChildRegistered { family, identity } => {
                        let opened = open(&identity, Child::TYPE, event, context, connection).await?;
                        written.child_id.push(child);
                        written.child_identity.push(opened);
                        written.link(child, &family);
                    }
                    ChildEvent::ChildLinkedToFamily { family } => written.link(child, &family),
                    ChildEvent::ChildUnlinkedFromFamily { family, last_day } => {
                        std::mem::take(&mut written).flush(connection).await?;
                        unlink(child, &family, last_day, connection).await?;
                    }
                    ChildEvent::ChildEnrolled(enrolment) => written.enrol(event, child, &enrolment)?,
                    ChildEvent::EnrolmentEnded { activity, payer, last_day, .. } => {
                        std::mem::take(&mut written).flush(connection).await?;
                        sqlx::query(
                            "UPDATE enrolment SET last_day = $4 WHERE child = $1 AND activity = $2 AND payer = $3 \
                             AND first_day <= $4 AND (last_day IS NULL OR last_day >= $4)",
                        )
                        .bind(child)
                        .bind(activity.as_str())
                        .bind(payer.as_str())
                        .bind(last_day)
                        .execute(&mut *connection)
                        .await?;
                    }
                    ChildEvent::ChildSectionRecorded { section: Section::ChildIdentity, value, .. } => {
                        let opened = open(&value, Child::TYPE, event, context, connection).await?;
                        std::mem::take(&mut written).flush(connection).await?;
                        sqlx::query("UPDATE child SET identity = $2::json WHERE id = $1")
                            .bind(child)
                            .bind(opened)
                            .execute(&mut *connection)
                            .await?;
                    }
                    ChildEvent::ChildSectionRecorded { .. }
                    | ChildEvent::CostSharingAgreed { .. }
                    | ChildEvent::LeaveCounted { .. } => {}
                }
            }
            written.flush(connection).await?;
            Ok(())
        })
    }
}

/// A child leaves a family: its enrolments end, later ones never begin.
async fn unlink(
    child: Uuid,
    family: &FamilyNumber,
    last_day: NaiveDate,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    for query in [
        "DELETE FROM child_family WHERE child = $1 AND family = $2 AND $3::date IS NOT NULL",
        "DELETE FROM enrolment WHERE child = $1 AND payer = $2 AND first_day > $3",
        "UPDATE enrolment SET last_day = $3 WHERE child = $1 AND payer = $2 \
            AND (last_day IS NULL OR last_day > $3)",
    ] {
        sqlx::query(query).bind(child).bind(family.as_str()).bind(last_day).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn forget(subject: &Subject, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let query = match subject {
        Subject::Family(_) => "UPDATE family SET responsible = NULL WHERE number = $1",
        Subject::Child(_) => "UPDATE child SET identity = NULL WHERE id = $1::uuid",
    };
    sqlx::query(query).bind(subject.to_string()).execute(connection).await?;
    Ok(())
}

/// Opens a sealed value, with what tables cannot keep replaced; none once its key is destroyed.
pub(crate) async fn open(
    sealed: &Sealed,
    context_name: &str,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<Option<String>, FoldError> {
    let bytes = sealed_bytes(sealed).map_err(|e| FoldError::poison(event, e))?;
    let place = format!("{context_name}/{}", sealed.subject);
    match context.vault.open(connection, &sealed.subject, sealed.purpose.as_str(), &place, &bytes).await {
        Ok(opened) => {
            let text = String::from_utf8(opened).map_err(|e| FoldError::poison(event, e))?;
            // What people write is text, all else is a document.
            let is_text = matches!(sealed.purpose, Purpose::Message | Purpose::Note);
            Ok(Some(if is_text { storable::text(text) } else { storable::json(&text).into_owned() }))
        }
        Err(VaultError::Destroyed) => Ok(None),
        Err(VaultError::Database(error)) => Err(error.into()),
        // The database was bound to another key under a running server: no fault of the event, and it passes
        // when the server is started with that one.
        Err(error @ VaultError::WrongMasterKey { .. }) => {
            Err(sqlx::Error::Io(std::io::Error::other(error)).into())
        }
        Err(error) => Err(FoldError::poison(event, error)),
    }
}

/// The bytes of a sealed value.
///
/// # Errors
/// It is not base64.
pub fn sealed_bytes(sealed: &Sealed) -> Result<SealedBytes, base64::DecodeError> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    Ok(SealedBytes {
        nonce: BASE64_STANDARD.decode(&sealed.nonce)?,
        ciphertext: BASE64_STANDARD.decode(&sealed.ct)?,
    })
}

#[derive(Default)]
struct Written<'a> {
    family_number: Vec<&'a str>,
    family_responsible: Vec<Option<String>>,
    child_id: Vec<Uuid>,
    child_identity: Vec<Option<String>>,
    link_child: Vec<Uuid>,
    link_family: Vec<String>,
    e_line: Vec<i64>,
    e_child: Vec<Uuid>,
    e_activity: Vec<String>,
    e_payer: Vec<String>,
    e_first: Vec<NaiveDate>,
    e_last: Vec<Option<NaiveDate>>,
    e_document: Vec<String>,
}

impl Written<'_> {
    fn link(&mut self, child: Uuid, family: &FamilyNumber) {
        self.link_child.push(child);
        self.link_family.push(family.to_string());
    }

    fn enrol(&mut self, event: &RecordedEvent, child: Uuid, enrolment: &Enrolment) -> Result<(), FoldError> {
        self.e_line.push(event.position.cast_signed());
        self.e_child.push(child);
        self.e_activity.push(enrolment.activity.to_string());
        self.e_payer.push(enrolment.payer.to_string());
        self.e_first.push(enrolment.from);
        self.e_last.push(enrolment.to);
        self.e_document.push(serde_json::to_string(enrolment).map_err(|e| FoldError::poison(event, e))?);
        Ok(())
    }

    async fn flush(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if !self.family_number.is_empty() {
            sqlx::query(
                "INSERT INTO family SELECT n, r::json FROM unnest($1::text[], $2::text[]) AS f (n, r)",
            )
            .bind(self.family_number)
            .bind(self.family_responsible)
            .execute(&mut *connection)
            .await?;
        }
        if !self.child_id.is_empty() {
            sqlx::query(
                "INSERT INTO child SELECT c, i::json FROM unnest($1::uuid[], $2::text[]) AS f (c, i)",
            )
            .bind(self.child_id)
            .bind(self.child_identity)
            .execute(&mut *connection)
            .await?;
        }
        if !self.link_child.is_empty() {
            sqlx::query(
                "INSERT INTO child_family (child, family) SELECT * FROM unnest($1::uuid[], $2::text[]) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(self.link_child)
            .bind(self.link_family)
            .execute(&mut *connection)
            .await?;
        }
        if !self.e_line.is_empty() {
            sqlx::query(
                "INSERT INTO enrolment SELECT l, c, a, p, f, t, d::json FROM unnest($1::bigint[], $2::uuid[], \
                 $3::text[], $4::text[], $5::date[], $6::date[], $7::text[]) AS e (l, c, a, p, f, t, d)",
            )
            .bind(self.e_line)
            .bind(self.e_child)
            .bind(self.e_activity)
            .bind(self.e_payer)
            .bind(self.e_first)
            .bind(self.e_last)
            .bind(self.e_document)
            .execute(connection)
            .await?;
        }
        Ok(())
    }
}

/// A child as families and staff see it.
#[derive(Debug, Clone)]
pub struct ChildRow {
    /// Its id.
    pub id: ChildId,
    /// Who it is; none once erased.
    pub identity: Option<ChildIdentity>,
}

fn identity_of<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    text.and_then(|t| serde_json::from_str(&t).ok())
}

/// A family's responsible guardian; `None` when there is no such family.
///
/// # Errors
/// The database failed.
pub async fn family(pool: &PgPool, number: &str) -> Result<Option<Option<Responsible>>, sqlx::Error> {
    let row: Option<(Option<String>,)> =
        sqlx::query_as("SELECT responsible::text FROM rm_family.family WHERE number = $1")
            .bind(number)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|(text,)| identity_of(text)))
}

/// The responsible guardians of several families.
///
/// # Errors
/// The database failed.
pub async fn responsibles(
    pool: &PgPool,
    numbers: &[String],
) -> Result<Vec<(String, Option<Responsible>)>, sqlx::Error> {
    let rows: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT number, responsible::text FROM rm_family.family WHERE number = ANY($1)")
            .bind(numbers)
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(number, text)| (number, identity_of(text))).collect())
}

/// The children of a family, by first name.
///
/// # Errors
/// The database failed.
pub async fn children(pool: &PgPool, family: &str) -> Result<Vec<ChildRow>, sqlx::Error> {
    let rows: Vec<(Uuid, Option<String>)> = sqlx::query_as(
        "SELECT c.id, c.identity::text FROM rm_family.child_family f JOIN rm_family.child c ON c.id = f.child \
         WHERE f.family = $1 ORDER BY c.identity->>'first_name', c.id",
    )
    .bind(family)
    .fetch_all(pool)
    .await?;
    let of_row = |(id, text)| ChildRow { id: ChildId(id), identity: identity_of(text) };
    Ok(rows.into_iter().map(of_row).collect())
}

/// Several children by id.
///
/// # Errors
/// The database failed.
pub async fn children_by_id(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<ChildRow>, sqlx::Error> {
    let rows: Vec<(Uuid, Option<String>)> =
        sqlx::query_as("SELECT id, identity::text FROM rm_family.child WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(pool)
            .await?;
    let of_row = |(id, text)| ChildRow { id: ChildId(id), identity: identity_of(text) };
    Ok(rows.into_iter().map(of_row).collect())
}

/// The families of a child; empty when there is no such child.
///
/// # Errors
/// The database failed.
pub async fn families_of(pool: &PgPool, child: ChildId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT family FROM rm_family.child_family WHERE child = $1 ORDER BY family")
        .bind(child.0)
        .fetch_all(pool)
        .await
}

/// The enrolments of a child that share a day with a range.
///
/// # Errors
/// The database failed.
pub async fn enrolments(
    pool: &PgPool,
    child: ChildId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Enrolment>, sqlx::Error> {
    let rows: Vec<(String, Option<NaiveDate>)> = sqlx::query_as(
        "SELECT document::text, last_day FROM rm_family.enrolment WHERE child = $1 \
         AND first_day <= $3 AND (last_day IS NULL OR last_day >= $2) ORDER BY line",
    )
    .bind(child.0)
    .bind(from)
    .bind(to)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(text, last_day)| {
            let mut enrolment: Enrolment =
                serde_json::from_str(&text).map_err(|e| sqlx::Error::Decode(e.into()))?;
            enrolment.to = last_day;
            Ok(enrolment)
        })
        .collect()
}

/// The children enrolled in an activity on a day, with their payer.
///
/// # Errors
/// The database failed.
pub async fn enrolled(
    pool: &PgPool,
    activity: &ActivityId,
    date: NaiveDate,
) -> Result<Vec<(ChildId, String)>, sqlx::Error> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT child, payer FROM rm_family.enrolment WHERE activity = $1 AND first_day <= $2 \
         AND (last_day IS NULL OR last_day >= $2) ORDER BY line",
    )
    .bind(activity.as_str())
    .bind(date)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(child, payer)| (ChildId(child), payer)).collect())
}
