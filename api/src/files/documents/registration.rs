//! Reads what a registration form is filled from.

use std::collections::BTreeSet;

use portail_application::Application;
use portail_documents::registration_form::{Form, Registration, Subject, form};
use portail_domain::i18n::Language;
use portail_projections::families::{family, family_file};

/// The title and data of the form, filled for a child or blank.
///
/// # Errors
/// The database failed.
pub async fn registration(
    application: &Application,
    town: &str,
    subject: Option<&Subject>,
    language: Language,
) -> Result<(String, Form), sqlx::Error> {
    let (pool, today) = (application.pool(), application.clock().today());
    let (mut sections, mut enrolled) = (vec![], BTreeSet::new());
    if let Some(Subject { child, family: payer }) = subject {
        sections = family_file::sections(pool, &[child.to_string(), payer.to_string()]).await?;
        let found = family::enrolments(pool, *child, today, today).await?;
        let paid = found.into_iter().filter(|e| e.payer == *payer);
        enrolled = paid.map(|e| e.activity.to_string()).collect();
    }
    let catalogue = application.catalogue().get().await?;
    let (sections, catalogue, enrolled) = (&sections[..], &*catalogue, &enrolled);
    Ok(form(&Registration { town, subject, sections, catalogue, enrolled, today }, language))
}
