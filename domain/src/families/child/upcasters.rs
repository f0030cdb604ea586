//! Older versions of a child's events, brought to today's.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use serde_json::Value;

/// The upcasters of a child's events, in the order of their versions.
pub(crate) fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    vec![Box::new(SemanticVersionEventUpcaster::new("EnrolmentEnded", "2.0", Box::new(enrolment_ended_2)))]
}

/// 2.0: `released_until` is always there. Before bookings fell with their enrolment it was not: nothing after
/// the last day was released.
fn enrolment_ended_2(mut payload: Value) -> Value {
    if let Some(Value::Object(fields)) = payload.get_mut("EnrolmentEnded")
        && let Some(last_day) = fields.get("last_day").cloned()
    {
        fields.entry("released_until").or_insert(last_day);
    }
    payload
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::families::child::ChildEvent;

    fn read(payload: Value) -> String {
        let event: ChildEvent = serde_json::from_value(enrolment_ended_2(payload)).unwrap();
        let ChildEvent::EnrolmentEnded { released_until, .. } = event else { panic!("{event:?}") };
        released_until.to_string()
    }

    #[test]
    fn an_enrolment_that_ended_before_bookings_fell_with_it_released_nothing() {
        let first =
            json!({ "activity": "garderie-matin", "last_day": "2015-06-30", "payer": "1001001010331" });
        assert_eq!(read(json!({ "EnrolmentEnded": first })), "2015-06-30");
        // Written as 1.0 too, when the field was there but optional.
        let mut later = first;
        later["released_until"] = json!("2015-08-31");
        assert_eq!(read(json!({ "EnrolmentEnded": later })), "2015-08-31");
    }
}
