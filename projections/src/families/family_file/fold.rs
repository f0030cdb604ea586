//! Folding the events of the family file.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use portail_domain::{
    attendance::session::Refusal,
    families::child::{Child, ChildEvent},
    families::family::FamilyEvent as V,
    families::family_file::Section,
    shared::attachment::Attachment,
    shared::ids::{ChildId, RequestId},
    shared::sealed::{Place, Purpose, Sealed},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

use super::sections::Sections;
use crate::{
    attendance::request::{RequestKind, RequestStatus},
    engine::projection::{FoldContext, FoldError},
    families::family::open,
    privacy::erased_data::ErasedData,
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
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
                    let value = open(&identity, Place::Child, event, context, connection).await?;
                    sections.put(event, Section::ChildIdentity, 1, value);
                }
                ChildEvent::ChildSectionRecorded { section, revision, value, .. } => {
                    let value = open(&value, Place::Child, event, context, connection).await?;
                    sections.put(event, section, revision, value);
                }
                ChildEvent::ChildLinkedToFamily { .. }
                | ChildEvent::ChildUnlinkedFromFamily { .. }
                | ChildEvent::ChildEnrolled(_)
                | ChildEvent::EnrolmentEnded { .. }
                | ChildEvent::LeaveCounted { .. }
                | ChildEvent::CostSharingAgreed { .. } => {}
            }
            continue;
        }
        match context.decode(event)? {
            V::FamilyRegistered { responsible } => {
                let value = open(&responsible, Place::Family, event, context, connection).await?;
                sections.put(event, Section::Responsible, 1, value);
            }
            V::FamilySectionRecorded { section, revision, value, .. } => {
                let value = open(&value, Place::Family, event, context, connection).await?;
                sections.put(event, section, revision, value);
            }
            V::ModificationRequested { request, section, child, proposal, attachments, received, .. } => {
                let asked = Asked { request, section, child, proposal, attachments, received };
                asked.insert(event, context, connection).await?;
            }
            V::ModificationWithdrawn { request, received } => {
                settle(request, RequestStatus::Withdrawn, received, None, None, connection).await?;
            }
            V::ModificationApproved { request, received, .. } => {
                settle(request, RequestStatus::Accepted, received, None, None, connection).await?;
            }
            V::ModificationRefused { request, refusal, received } => {
                let note = match &refusal.note {
                    Some(sealed) => open(sealed, Place::Modification, event, context, connection).await?,
                    None => None,
                };
                settle(request, RequestStatus::Refused, received, Some(&refusal), note, connection).await?;
            }
        }
    }
    sections.flush(connection).await?;
    Ok(())
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
        let opened = open(&self.proposal, Place::Modification, event, context, connection).await?;
        let is_new_child = self.section == Section::ChildIdentity && self.child.is_none();
        let kind = if is_new_child { RequestKind::NewChild } else { self.section.into() };
        sqlx::query(
            "INSERT INTO request (request, line, payer, child, section, kind, proposal, attachments, status, submitted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8::json, $10, $9)",
        )
        .bind(self.request.0)
        .bind(event.position.cast_signed())
        .bind(&event.stream.id)
        .bind(self.child.map(|c| c.0))
        .bind(<&str>::from(self.section))
        .bind(kind)
        .bind(opened)
        .bind(serde_json::to_string(&self.attachments).map_err(|e| FoldError::poison(event, e))?)
        .bind(self.received)
        .bind(RequestStatus::Pending)
        .execute(connection)
        .await?;
        Ok(())
    }
}

async fn settle(
    request: RequestId,
    status: RequestStatus,
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
