//! The rows a batch adds.

use chrono::NaiveDate;
use portail_domain::{families::child::Enrolment, shared::ids::FamilyNumber};
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::projection::FoldError;

#[derive(Default)]
pub(super) struct Written<'a> {
    pub(super) family_number: Vec<&'a str>,
    pub(super) family_responsible: Vec<Option<String>>,
    pub(super) child_id: Vec<Uuid>,
    pub(super) child_identity: Vec<Option<String>>,
    pub(super) link_child: Vec<Uuid>,
    pub(super) link_family: Vec<String>,
    pub(super) e_line: Vec<i64>,
    pub(super) e_child: Vec<Uuid>,
    pub(super) e_activity: Vec<String>,
    pub(super) e_payer: Vec<String>,
    pub(super) e_first: Vec<NaiveDate>,
    pub(super) e_last: Vec<Option<NaiveDate>>,
    pub(super) e_document: Vec<String>,
}

impl Written<'_> {
    pub(super) fn link(&mut self, child: Uuid, family: &FamilyNumber) {
        self.link_child.push(child);
        self.link_family.push(family.to_string());
    }

    pub(super) fn enrol(
        &mut self,
        event: &RecordedEvent,
        child: Uuid,
        enrolment: &Enrolment,
    ) -> Result<(), FoldError> {
        self.e_line.push(event.position.cast_signed());
        self.e_child.push(child);
        self.e_activity.push(enrolment.activity.to_string());
        self.e_payer.push(enrolment.payer.to_string());
        self.e_first.push(enrolment.from);
        self.e_last.push(enrolment.to);
        self.e_document.push(serde_json::to_string(enrolment).map_err(|e| FoldError::poison(event, e))?);
        Ok(())
    }

    pub(super) async fn flush(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
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
