//! Documents to print, beside GraphQL: each is set when it is asked for, for those who may see what
//! is on it.

mod registration_form;
mod typesetter;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::NaiveDate;
use portail_domain::ids::ChildId;
use portail_projections::family;

use crate::{
    access::Principal,
    application::{Application, Role},
    http::{language, signed_in},
    refusal::Refusal,
};
use registration_form::Subject;

/// Where the blank registration form is.
pub const BLANK_FORM: &str = "/documents/registration-form.pdf";

/// Where a child's registration form is.
pub fn child_form(child: &str) -> String {
    format!("/documents/children/{child}/registration-form.pdf")
}

/// The town as its documents name it.
#[derive(Debug, Clone)]
pub struct TownName(pub Arc<str>);

#[derive(Clone)]
struct Printer {
    application: Arc<Application>,
    town: TownName,
}

/// The routes of documents.
pub fn routes(application: Arc<Application>, town: TownName) -> Router {
    Router::new()
        .route(BLANK_FORM, get(blank_form))
        .route("/documents/children/{child}/registration-form.pdf", get(prefilled_form))
        .with_state(Printer { application, town })
}

/// A day as French documents write it.
fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// What kept a document from being set.
enum Failed {
    Refused(StatusCode, &'static str),
    Broken(String),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<typesetter::TypesetError> for Failed {
    fn from(error: typesetter::TypesetError) -> Self {
        Self::Broken(error.to_string())
    }
}

const NOT_FOUND: Failed = Failed::Refused(StatusCode::NOT_FOUND, "NOT_FOUND");

fn answer(made: Result<(String, Vec<u8>), Failed>, headers: &HeaderMap) -> Response {
    match made {
        Ok((name, content)) => {
            let safe = [
                (header::CONTENT_TYPE, "application/pdf".to_owned()),
                (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (StatusCode::OK, safe, content).into_response()
        }
        Err(Failed::Refused(status, code)) => Refusal(status, code, language(headers)).into_response(),
        Err(Failed::Broken(reason)) => {
            tracing::error!(reason, "a document");
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", language(headers)).into_response()
        }
    }
}

async fn reader(application: &Application, headers: &HeaderMap) -> Result<Principal, Failed> {
    let principal = signed_in(application, headers).await?;
    principal.ok_or(Failed::Refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"))
}

async fn blank_form(State(printer): State<Printer>, headers: HeaderMap) -> Response {
    answer(printer.form(None, &headers).await, &headers)
}

async fn prefilled_form(
    State(printer): State<Printer>,
    Path(child): Path<String>,
    headers: HeaderMap,
) -> Response {
    answer(printer.form(Some(&child), &headers).await, &headers)
}

impl Printer {
    async fn form(&self, child: Option<&str>, headers: &HeaderMap) -> Result<(String, Vec<u8>), Failed> {
        let principal = reader(&self.application, headers).await?;
        let subject = match child {
            Some(child) => Some(self.subject(child, &principal).await?),
            None => None,
        };
        let made =
            registration_form::form(&self.application, &self.town.0, subject.as_ref(), language(headers));
        let (title, form) = made.await?;
        let content = typesetter::pdf("registration_form.typ", title, &form).await?;
        Ok((registration_form::file_name(subject.as_ref()), content))
    }

    /// A child with the family whose cards are printed: the reader's own, else the child's first.
    async fn subject(&self, child: &str, principal: &Principal) -> Result<Subject, Failed> {
        let child: ChildId = child.parse().map_err(|_| NOT_FOUND)?;
        let families = family::families_of(self.application.pool(), child).await?;
        let family = match principal.role {
            Role::Parent => families.into_iter().find(|f| *f == principal.login),
            _ => families.into_iter().next(),
        };
        let family = family.and_then(|f| f.parse().ok()).ok_or(NOT_FOUND)?;
        Ok(Subject { child, family })
    }
}
