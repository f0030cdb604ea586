//! Folding the events of families and children into households.

use std::collections::HashMap;

use chrono::NaiveDate;
use cqrs_es::Aggregate;
use portail_domain::{
    families::child::{Child, ChildEvent, end_enrolments},
    families::family::{Family, FamilyEvent},
    families::family_file::{Document, HOME, Section},
    money::billing::{Address, HouseholdChild, QuotientSource, ShownQuotient},
    privacy::erasure::Erasure,
    shared::ids::ChildId,
    shared::sealed::{Place, Purpose, Sealed},
    shared::time::local_date,
};
use portail_event_store::RecordedEvent;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use super::rows::OwnDocument;
use crate::{
    decode::decoding,
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
    let ids = |kind: &str| {
        let of_kind = events.iter().filter(|e| e.stream.kind == kind);
        of_kind.map(|e| e.stream.id.clone()).collect::<Vec<_>>()
    };
    // An erasure's stream has the id of its subject, a family or a child.
    let both = |kind: &str| [ids(kind), ids(Erasure::TYPE)].concat();
    let mut families = Documents::<OwnDocument>::load("household", both(Family::TYPE), connection).await?;
    let mut children = Documents::<HouseholdChild>::load("child", both(Child::TYPE), connection).await?;
    let mut links = vec![];
    for event in events {
        if let Some(erased) = ErasedData::from_event(event, context)? {
            if let Some(own) = families.0.get_mut(&event.stream.id) {
                own.forget(&erased);
            }
            if let Some(child) = children.0.get_mut(&event.stream.id)
                && erased.is_of(Purpose::Identity)
            {
                child.born = None;
            }
            continue;
        }
        if event.stream.kind == Family::TYPE {
            let own = families.of(&event.stream.id, OwnDocument::default);
            of_family(own, event, context, connection).await?;
        } else {
            let id: ChildId = event.stream.id.parse().map_err(|e| FoldError::poison(event, e))?;
            let fresh = || HouseholdChild { id, born: None, enrolments: vec![], sharing: vec![] };
            let child = children.of(&event.stream.id, fresh);
            of_child(child, event, context, connection, &mut links).await?;
        }
    }
    families.store("household", connection).await?;
    children.store("child", connection).await?;
    let (families, children): (Vec<String>, Vec<String>) = links.into_iter().unzip();
    sqlx::query("INSERT INTO link SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING")
        .bind(families)
        .bind(children)
        .execute(connection)
        .await?;
    Ok(())
}

/// The documents a batch changes.
struct Documents<T>(HashMap<String, T>);

impl<T: Serialize + DeserializeOwned> Documents<T> {
    async fn load(table: &str, ids: Vec<String>, connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let query = format!("SELECT id, document FROM {table} WHERE id = ANY($1)");
        let rows: Vec<(String, String)> = sqlx::query_as(&query).bind(ids).fetch_all(connection).await?;
        let read = |(id, text): (String, String)| Ok((id, serde_json::from_str(&text)?));
        let read: Result<HashMap<String, T>, serde_json::Error> = rows.into_iter().map(read).collect();
        read.map(Self).map_err(decoding)
    }

    fn of(&mut self, id: &str, fresh: impl FnOnce() -> T) -> &mut T {
        self.0.entry(id.to_owned()).or_insert_with(fresh)
    }

    async fn store(self, table: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let (mut ids, mut documents) = (vec![], vec![]);
        for (id, document) in &self.0 {
            ids.push(id.as_str());
            documents.push(serde_json::to_string(document).map_err(|e| sqlx::Error::Encode(e.into()))?);
        }
        let query = format!(
            "INSERT INTO {table} SELECT * FROM unnest($1::text[], $2::text[]) \
             ON CONFLICT (id) DO UPDATE SET document = EXCLUDED.document"
        );
        sqlx::query(&query).bind(ids).bind(documents).execute(connection).await?;
        Ok(())
    }
}

async fn opened(
    sealed: &Sealed,
    place: Place,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<Option<Document>, FoldError> {
    let text = open(sealed, place, event, context, connection).await?;
    text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| FoldError::poison(event, e))
}

fn day(document: &Document, field: &str) -> Option<NaiveDate> {
    document.get(field)?.as_str()?.parse().ok()
}

async fn of_family(
    own: &mut OwnDocument,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    match context.decode(event)? {
        FamilyEvent::FamilySectionRecorded { section: Section::Caf, value, request, received, .. } => {
            let Some(caf) = opened(&value, Place::Family, event, context, connection).await? else {
                own.quotients.forget();
                return Ok(());
            };
            let quotient = caf.get("income_quotient").and_then(|v| v.as_str()?.parse().ok());
            let (since, to) = (day(&caf, "quotient_from"), day(&caf, "quotient_to"));
            let shown = quotient.map(|value| ShownQuotient { value, since, to });
            let by = if request.is_some() { QuotientSource::Parent } else { QuotientSource::Staff };
            own.quotients.show(shown, by, local_date(received), event.position);
        }
        FamilyEvent::FamilySectionRecorded { section: Section::Responsible, value, .. } => {
            let card = opened(&value, Place::Family, event, context, connection).await?;
            // A postcode abroad may look like one of the town's.
            let home = |c: &Document| c.get("country").is_none_or(|c| c == HOME);
            let card = card.filter(home);
            let line = |name: &str| Some(card.as_ref()?.get(name)?.as_str()?.to_owned());
            own.address =
                Address { postcode: line("postcode"), commune: line("commune"), town: line("town") };
        }
        FamilyEvent::FamilyRegistered { .. }
        | FamilyEvent::FamilySectionRecorded { .. }
        | FamilyEvent::ModificationRequested { .. }
        | FamilyEvent::ModificationWithdrawn { .. }
        | FamilyEvent::ModificationApproved { .. }
        | FamilyEvent::ModificationRefused { .. } => {}
    }
    Ok(())
}

async fn of_child(
    child: &mut HouseholdChild,
    event: &RecordedEvent,
    context: &FoldContext,
    connection: &mut PgConnection,
    links: &mut Vec<(String, String)>,
) -> Result<(), FoldError> {
    match context.decode(event)? {
        ChildEvent::ChildRegistered { family, identity } => {
            let identity = opened(&identity, Place::Child, event, context, connection).await?;
            child.born = identity.and_then(|i| day(&i, "birth_date"));
            links.push((family.to_string(), event.stream.id.clone()));
        }
        ChildEvent::ChildSectionRecorded { section: Section::ChildIdentity, value, .. } => {
            let identity = opened(&value, Place::Child, event, context, connection).await?;
            child.born = identity.and_then(|i| day(&i, "birth_date"));
        }
        ChildEvent::ChildLinkedToFamily { family } => {
            links.push((family.to_string(), event.stream.id.clone()));
        }
        ChildEvent::ChildEnrolled(enrolment) => child.enrolments.push(enrolment),
        ChildEvent::EnrolmentEnded { activity, payer, last_day, .. } => {
            end_enrolments(&mut child.enrolments, Some(&activity), &payer, last_day);
        }
        // The link stays: what it booked until then is still to be billed.
        ChildEvent::ChildUnlinkedFromFamily { family, last_day } => {
            end_enrolments(&mut child.enrolments, None, &family, last_day);
        }
        ChildEvent::CostSharingAgreed { sharing, from, .. } => {
            child.sharing.retain(|(since, _)| *since < from);
            child.sharing.push((from, sharing));
        }
        ChildEvent::ChildSectionRecorded { .. } | ChildEvent::LeaveCounted { .. } => {}
    }
    Ok(())
}
