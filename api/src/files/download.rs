//! Files that are answered beside GraphQL: documents to print, exports.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use portail_application::{
    Application,
    access::{AccountRole, Principal},
};

use chrono::NaiveDate;
use portail_domain::shared::time::{self, DayError};
use serde::Deserialize;

use crate::http::{
    identity::{language, signed_in},
    refusal::Refusal,
};

/// A PDF.
pub const PDF: &str = "application/pdf";

/// A file ready to be sent.
#[derive(Debug)]
pub struct Download {
    /// Its media type.
    pub media: &'static str,
    /// The name it is saved under.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A day in an address, within what the portal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub NaiveDate);

impl TryFrom<String> for Day {
    type Error = DayError;
    fn try_from(text: String) -> Result<Self, DayError> {
        time::day(&text).map(Self)
    }
}

/// What kept a file from being made.
#[derive(Debug)]
pub enum Failed {
    /// The caller is told why.
    Refused(StatusCode, &'static str),
    /// The log is told why, the caller to come back later.
    Broken(String),
}

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Broken(error.to_string())
    }
}

/// There is no such file, or not for this caller.
pub const NOT_FOUND: Failed = Failed::Refused(StatusCode::NOT_FOUND, "NOT_FOUND");

/// The caller may not have it.
pub const FORBIDDEN: Failed = Failed::Refused(StatusCode::FORBIDDEN, "FORBIDDEN");

/// Who asks.
///
/// # Errors
/// Nobody is signed in.
pub async fn reader(application: &Application, headers: &HeaderMap) -> Result<Principal, Failed> {
    let principal = signed_in(application, headers).await?;
    principal.ok_or(Failed::Refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"))
}

/// The same for what only staff and auditors may see.
///
/// # Errors
/// Nobody is signed in, or a parent is.
pub async fn officer(application: &Application, headers: &HeaderMap) -> Result<Principal, Failed> {
    let principal = reader(application, headers).await?;
    if principal.role == AccountRole::Parent { Err(FORBIDDEN) } else { Ok(principal) }
}

/// The same for what only staff may see.
///
/// # Errors
/// Nobody is signed in, or somebody else is.
pub async fn staff(application: &Application, headers: &HeaderMap) -> Result<Principal, Failed> {
    let principal = officer(application, headers).await?;
    if principal.role.is_staff() { Ok(principal) } else { Err(FORBIDDEN) }
}

/// The answer to who asked for a file. A PDF is shown, anything else saved.
pub fn answer(made: Result<Download, Failed>, headers: &HeaderMap) -> Response {
    match made {
        Ok(file) => {
            let shown = if file.media == PDF { "inline" } else { "attachment" };
            let safe = [
                (header::CONTENT_TYPE, file.media.to_owned()),
                (header::CONTENT_DISPOSITION, format!("{shown}; filename=\"{}\"", file.name)),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (StatusCode::OK, safe, file.content).into_response()
        }
        Err(Failed::Refused(status, code)) => Refusal(status, code, language(headers)).into_response(),
        Err(Failed::Broken(reason)) => {
            tracing::error!(reason, "a file");
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", language(headers)).into_response()
        }
    }
}
