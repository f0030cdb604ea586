//! Records who looks at what, before it is shown.

use portail_domain::{shared::ids::ChildId, shared::ids::FamilyNumber};
use portail_event_store::{NewRead, record_read};

use crate::{access::Principal, application::Application, caller::Caller};

/// Whether a text is a family's number or an id, as a child has one.
pub fn is_subject(text: &str) -> bool {
    text.parse::<FamilyNumber>().is_ok() || text.parse::<ChildId>().is_ok()
}

/// Records a look of somebody who is not a family.
///
/// # Errors
/// It could not be recorded: what it would show is not to be shown.
pub async fn record(
    application: &Application,
    principal: &Principal,
    operation: String,
    fields: Vec<String>,
    subjects: Vec<String>,
) -> Result<(), sqlx::Error> {
    let at = application.clock().now();
    let actor = Caller { role: principal.role.into(), login: principal.login.clone(), at }.actor();
    record_read(application.pool(), at, &NewRead { actor, operation, fields, subjects }).await
}
