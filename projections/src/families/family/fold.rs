//! Folding the events of families and children.

use chrono::NaiveDate;
use cqrs_es::Aggregate;
use portail_domain::{
    families::child::ChildEvent,
    families::family::{Family, FamilyEvent},
    families::family_file::Section,
    privacy::erasure::Subject,
    shared::ids::FamilyNumber,
    shared::sealed::{Place, Purpose},
};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{opened::open, written::Written};
use crate::{
    engine::projection::{FoldContext, FoldError},
    privacy::erased_data::ErasedData,
};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
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
                    let opened = open(&responsible, Place::Family, event, context, connection).await?;
                    written.family_number.push(&event.stream.id);
                    written.family_responsible.push(opened);
                }
                FamilyEvent::FamilySectionRecorded { section: Section::Responsible, value, .. } => {
                    let opened = open(&value, Place::Family, event, context, connection).await?;
                    std::mem::take(&mut written).flush(connection).await?;
                    sqlx::query("UPDATE family SET responsible = $2::json WHERE number = $1")
                        .bind(&event.stream.id)
                        .bind(opened)
                        .execute(&mut *connection)
                        .await?;
                }
                FamilyEvent::FamilySectionRecorded { .. }
                | FamilyEvent::ModificationRequested { .. }
                | FamilyEvent::ModificationWithdrawn { .. }
                | FamilyEvent::ModificationApproved { .. }
                | FamilyEvent::ModificationRefused { .. } => {}
            }
            continue;
        }
        let child: Uuid = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
        match context.decode(event)? {
            ChildEvent::ChildRegistered { family, identity } => {
                let opened = open(&identity, Place::Child, event, context, connection).await?;
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
                let opened = open(&value, Place::Child, event, context, connection).await?;
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
