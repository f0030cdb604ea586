//! Folding which files events refer to.

use portail_event_store::RecordedEvent;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::projection::{FoldContext, FoldError};

/// Folds events, in order, into the tables.
pub(super) async fn fold(
    events: &[&RecordedEvent],
    _context: &FoldContext,
    connection: &mut PgConnection,
) -> Result<(), FoldError> {
    // Nearly no event refers to a file.
    let texts = events.iter().map(|event| event.payload.get()).filter(|text| text.contains(DIGEST));
    let ids: Vec<Uuid> = texts.flat_map(referred).collect();
    if !ids.is_empty() {
        sqlx::query("INSERT INTO attached SELECT unnest($1) ON CONFLICT DO NOTHING")
            .bind(ids)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// What an event says of every file it refers to.
const DIGEST: &str = "\"sha256\"";

/// The files an event refers to, wherever in it: whatever has a digest and an id. In this way a kind of
/// event that is added refers to its files without a line here.
fn referred(payload: &str) -> Vec<Uuid> {
    let mut ids = Vec::new();
    let mut values = vec![serde_json::from_str::<Value>(payload).unwrap_or_default()];
    while let Some(value) = values.pop() {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("sha256") {
                    let named = ["id", "attachment"].iter().filter_map(|name| fields.get(*name)?.as_str());
                    ids.extend(named.filter_map(|id| id.parse::<Uuid>().ok()));
                }
                values.extend(fields.into_iter().map(|(_, value)| value));
            }
            Value::Array(items) => values.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_wherever_an_event_refers_to_it() {
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let payload = serde_json::json!({ "MessageSent": {
            "attachments": [
                { "id": ids[0], "sha256": "00", "size": 1 },
                { "id": ids[1], "sha256": "00", "size": 1 },
            ],
            "form": { "deep": { "document": "x", "attachment": ids[2], "sha256": "00" } },
            "child": { "id": Uuid::from_u128(9) },
        }});
        let mut found = referred(&payload.to_string());
        found.sort();
        assert_eq!(found, ids);
        assert!(referred("not JSON").is_empty());
    }
}
