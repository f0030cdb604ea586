//! Documents to print, beside GraphQL: each is set when it is asked for, for those who may see what
//! is on it.

mod account;
mod kept;
mod money;
mod registration;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use chrono::NaiveDate;
use portail_application::{
    Application,
    access::{AccountRole, Principal},
};
use portail_documents::{
    attendance_sheet,
    registration_form::{self, Subject},
    sheet::{self, Writer},
    typesetter,
};
use portail_domain::{i18n::Language, shared::ids::ChildId};
use portail_projections::families::family;

use crate::{
    files::download::{Day, Download, Failed, NOT_FOUND, PDF, answer, officer, reader},
    http::{identity::language, links::BLANK_FORM},
};

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
        .route("/documents/sessions/{activity}/{date}", get(attendance_sheet))
        .merge(money::routes())
        .with_state(Printer { application, town })
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

async fn attendance_sheet(
    State(printer): State<Printer>,
    Path((activity, Day(date))): Path<(String, Day)>,
    headers: HeaderMap,
) -> Response {
    answer(printer.attendance_sheet(&activity, date, &headers).await, &headers)
}

impl Printer {
    async fn attendance_sheet(
        &self,
        activity: &str,
        date: NaiveDate,
        headers: &HeaderMap,
    ) -> Result<Download, Failed> {
        officer(&self.application, headers).await?;
        let session = activity.parse().map_err(|_| NOT_FOUND)?;
        let roll = portail_application::attendance::roll::roll(&self.application, &session, date)
            .await?
            .ok_or(NOT_FOUND)?;
        let (title, sheet) = attendance_sheet::sheet(&roll, &self.writer(language(headers)));
        let content = typesetter::pdf(sheet::TEMPLATE, title, &sheet).await?;
        Ok(Download { media: PDF, name: format!("presences-{activity}-{date}.pdf"), content })
    }

    fn writer(&self, language: Language) -> Writer<'_> {
        Writer { language, town: &self.town.0 }
    }

    async fn form(&self, child: Option<&str>, headers: &HeaderMap) -> Result<Download, Failed> {
        let principal = reader(&self.application, headers).await?;
        let subject = match child {
            Some(child) => Some(self.subject(child, &principal).await?),
            None => None,
        };
        let made =
            registration::registration(&self.application, &self.town.0, subject.as_ref(), language(headers));
        let (title, form) = made.await?;
        let content = typesetter::pdf(registration_form::TEMPLATE, title, &form).await?;
        Ok(Download { media: PDF, name: registration_form::file_name(subject.as_ref()), content })
    }

    /// A child with the family whose cards are printed: the reader's own, else the child's first.
    async fn subject(&self, child: &str, principal: &Principal) -> Result<Subject, Failed> {
        let child: ChildId = child.parse().map_err(|_| NOT_FOUND)?;
        let families = family::families_of(self.application.pool(), child).await?;
        let family = match principal.role {
            AccountRole::Parent => families.into_iter().find(|f| *f == principal.login),
            AccountRole::Staff | AccountRole::Administrator | AccountRole::Auditor => {
                families.into_iter().next()
            }
        };
        let family = family.and_then(|f| f.parse().ok()).ok_or(NOT_FOUND)?;
        Ok(Subject { child, family })
    }
}
