//! The sections a batch writes.

use chrono::{DateTime, Utc};
use portail_domain::families::family_file::Section;
use portail_event_store::RecordedEvent;
use sqlx::PgConnection;

/// The sections a batch writes: only the last value of each counts.
#[derive(Default)]
pub(super) struct Sections(std::collections::BTreeMap<(String, &'static str), Recorded>);

/// A revision, its value and when it was recorded.
type Recorded = (u32, Option<String>, DateTime<Utc>);

impl Sections {
    pub(super) fn put(
        &mut self,
        event: &RecordedEvent,
        section: Section,
        revision: u32,
        value: Option<String>,
    ) {
        let key = (event.stream.id.clone(), section.into());
        self.0.insert(key, (revision, value, event.recorded_at));
    }

    pub(super) async fn flush(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
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
