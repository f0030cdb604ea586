//! The family file: the current value of every section, and the requests to modify them.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use futures::future::BoxFuture;
use portail_domain::{
    attachment::Attachment,
    child::{Child, ChildEvent},
    erasure::Erasure,
    family::{Family, FamilyEvent as F},
    file::{Document, Section},
    ids::{ChildId, RequestId},
    sealed::{Purpose, Sealed},
    session::Refusal,
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

/// Its name in databases that stand.
pub const NAME: &str = "file";

/// What binds a sealed proposal, or the words of a refusal, to where it stands.
pub const PROPOSAL: &str = "Modification";

/// What a proposal holds once opened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proposal {
    /// What the parent saw of the proposed fields.
    pub base: Document,
    /// What the parent wants.
    pub proposed: Document,
}

/// The projection of the family file.
#[derive(Debug, Clone, Copy)]
pub struct FamilyFileProjection;

impl Projection for FamilyFileProjection {
    fn name(&self) -> &'static str {
        NAME
    }
    fn version(&self) -> i32 {
        2
    }
    fn tables(&self) -> &'static str {
        "CREATE TABLE section (owner text NOT NULL, section text NOT NULL, revision int NOT NULL, value json, \
            changed timestamptz NOT NULL, PRIMARY KEY (owner, section)); \
         CREATE TABLE request (request uuid PRIMARY KEY, line bigint NOT NULL UNIQUE, payer text NOT NULL, \
            child uuid, section text NOT NULL, kind text NOT NULL, proposal json, attachments json NOT NULL, status text NOT NULL, \
            refusal text, note text, submitted timestamptz NOT NULL, decided timestamptz); \
         CREATE INDEX request_payer ON request (payer, line); \
         CREATE INDEX request_pending ON request (line) WHERE status = 'PENDING'"
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
            let mut sections = Sections::default();
            for event in events {
                if let Some(erased) = ErasedData::from_event(event, context)? {
                    std::mem::take(&mut sections).flush(connection).await?;
                    forget(&erased, connection).await?;
                    continue;
                }
                if event.stream.kind == Child::TYPE {
                    match context.decode(event)? {
                        ChildEvent::ChildRegistered { identity, .. } => {
                            let value = open(&identity, Child::TYPE, event, context, connection).await?;
                            sections.put(event, Section::ChildIdentity, 1, value);
                        }
                        ChildEvent::ChildSectionRecorded { section, revision, value, .. } => {
                            let value = open(&value, Child::TYPE, event, context, connection).await?;
                            sections.put(event, section, revision, value);
                        }
                        _ => {}
                    }
                    continue;
                }
                match context.decode(event)? {
                    F::FamilyRegistered { responsible } => {
                        let value = open(&responsible, Family::TYPE, event, context, connection).await?;
                        sections.put(event, Section::Responsible, 1, value);
                    }
                    F::FamilySectionRecorded { section, revision, value, .. } => {
                        let value = open(&value, Family::TYPE, event, context, connection).await?;
                        sections.put(event, section, revision, value);
                    }
                    F::ModificationRequested {
                        request,
                        section,
                        child,
                        proposal,
                        attachments,
                        received,
                        ..
                    } => {
                        let asked = Asked { request, section, child, proposal, attachments, received };
                        asked.insert(event, context, connection).await?;
                    }
                    F::ModificationWithdrawn { request, received } => {
                        settle(request, "WITHDRAWN", received, None, None, connection).await?;
                    }
                    F::ModificationApproved { request, received, .. } => {
                        settle(request, "ACCEPTED", received, None, None, connection).await?;
                    }
                    F::ModificationRefused { request, refusal, received } => {
                        let note = match &refusal.note {
                            Some(sealed) => open(sealed, PROPOSAL, event, context, connection).await?,
                            None => None,
                        };
                        settle(request, "REFUSED", received, Some(&refusal), note, connection).await?;
                    }
                }
            }
            sections.flush(connection).await?;
            Ok(())
        })
    }
}

async fn forget(erased: &ErasedData, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (owner, sections) = (erased.subject.to_string(), erased.sections());
    // What was asked about a child is sealed for the child; for one that was not registered yet, for
    // the family that asked.
    let requests = match erased.family() {
        Some(_) => {
            "UPDATE request SET proposal = NULL WHERE payer = $1 AND child IS NULL AND section = ANY($2)"
        }
        None => "UPDATE request SET proposal = NULL WHERE child = $1::uuid AND section = ANY($2)",
    };
    for query in ["UPDATE section SET value = NULL WHERE owner = $1 AND section = ANY($2)", requests] {
        sqlx::query(query).bind(&owner).bind(&sections).execute(&mut *connection).await?;
    }
    if erased.is_of(Purpose::Note) {
        let query = "UPDATE request SET note = NULL WHERE payer = $1";
        sqlx::query(query).bind(&owner).execute(connection).await?;
    }
    Ok(())
}

/// The sections a batch writes: only the last value of each counts.
#[derive(Default)]
struct Sections(std::collections::BTreeMap<(String, &'static str), Recorded>);

/// A revision, its value and when it was recorded.
type Recorded = (u32, Option<String>, DateTime<Utc>);

impl Sections {
    fn put(&mut self, event: &RecordedEvent, section: Section, revision: u32, value: Option<String>) {
        let key = (event.stream.id.clone(), section.as_str());
        self.0.insert(key, (revision, value, event.recorded_at));
    }

    async fn flush(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let (mut owners, mut names, mut revisions, mut values, mut times) =
            (vec![], vec![], vec![], vec![], vec![]);
        for ((owner, section), (revision, value, at)) in self.0 {
            owners.push(owner);
            names.push(section);
            revisions.push(revision.cast_signed());
            values.push(value);
            times.push(at);
        }
        sqlx::query(
            "INSERT INTO section SELECT o, s, r, v::json, t FROM unnest($1::text[], $2::text[], $3::int[], \
             $4::text[], $5::timestamptz[]) AS x (o, s, r, v, t) \
             ON CONFLICT (owner, section) DO UPDATE SET revision = EXCLUDED.revision, \
                value = EXCLUDED.value, changed = EXCLUDED.changed",
        )
        .bind(owners)
        .bind(names)
        .bind(revisions)
        .bind(values)
        .bind(times)
        .execute(connection)
        .await?;
        Ok(())
    }
}

struct Asked {
    request: RequestId,
    section: Section,
    child: Option<ChildId>,
    proposal: Sealed,
    attachments: Vec<Attachment>,
    received: DateTime<Utc>,
}

impl Asked {
    async fn insert(
        self,
        event: &RecordedEvent,
        context: &FoldContext,
        connection: &mut PgConnection,
    ) -> Result<(), FoldError> {
        let opened = open(&self.proposal, PROPOSAL, event, context, connection).await?;
        let is_new_child = self.section == Section::ChildIdentity && self.child.is_none();
        sqlx::query(
            "INSERT INTO request (request, line, payer, child, section, kind, proposal, attachments, status, submitted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8::json, 'PENDING', $9)",
        )
        .bind(self.request.0)
        .bind(event.position.cast_signed())
        .bind(&event.stream.id)
        .bind(self.child.map(|c| c.0))
        .bind(self.section.as_str())
        .bind(if is_new_child { "NEW_CHILD" } else { self.section.as_str() })
        .bind(opened)
        .bind(serde_json::to_string(&self.attachments).map_err(|e| FoldError::poison(event, e))?)
        .bind(self.received)
        .execute(connection)
        .await?;
        Ok(())
    }
}

async fn settle(
    request: RequestId,
    status: &str,
    at: DateTime<Utc>,
    refusal: Option<&Refusal>,
    note: Option<String>,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let refusal =
        refusal.map(serde_json::to_string).transpose().map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query("UPDATE request SET status = $2, decided = $3, refusal = $4, note = $5 WHERE request = $1")
        .bind(request.0)
        .bind(status)
        .bind(at)
        .bind(refusal)
        .bind(note)
        .execute(connection)
        .await?;
    Ok(())
}

/// A section as it is now.
#[derive(Debug, Clone)]
pub struct SectionRow {
    /// Whose: a family's number or a child's id.
    pub owner: String,
    /// Which.
    pub section: Section,
    /// How many values it has had.
    pub revision: u32,
    /// Its fields; none once erased.
    pub value: Option<Document>,
    /// When it last changed.
    pub changed: DateTime<Utc>,
}

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

fn decoding(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// What a request for a modification asks, with what the file holds now.
#[derive(Debug, Clone)]
pub struct ModificationRow {
    /// The request.
    pub request: Uuid,
    /// The family that asked.
    pub family: String,
    /// Which section.
    pub section: Section,
    /// What was seen and what is proposed; none once erased.
    pub proposal: Option<Proposal>,
    /// What the section holds now.
    pub current: Document,
    /// The words of a refusal.
    pub note: Option<String>,
    /// The proofs sent with it.
    pub attachments: Vec<Attachment>,
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
