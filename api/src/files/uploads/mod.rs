//! Uploads and downloads of files, beside GraphQL: a multipart mutation would be a hole for forged
//! requests.
//!
//! `POST /uploads` takes a whole file as multipart, or begins an upload in pieces (a JSON body with
//! `fileName` and `size`); `PATCH /uploads/{id}` takes the piece at `Upload-Offset`, `HEAD` tells
//! where the upload stands, so that a telephone can go on after its connection broke. `GET /uploads`
//! lists what the caller has sent that nothing refers to, `DELETE /uploads/{id}` gives it up. What a file
//! is, its content says: its name and its announced type count for nothing.

mod begin;
mod content;
mod download;
mod pieces;
mod unreferenced;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use portail_application::{
    Application,
    access::{AccountRole, Principal},
};
use portail_domain::i18n::Language;
use portail_event_store::{AttachmentError, MAX_ATTACHMENT_SIZE, StoredAttachment, VaultError};
use serde_json::json;

use crate::http::{
    identity::{language, signed_in},
    refusal::Refusal,
};

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// The routes of uploads and downloads.
pub fn routes(application: Arc<Application>) -> Router {
    let most = usize::try_from(MAX_ATTACHMENT_SIZE).unwrap_or(usize::MAX).saturating_add(64 * 1024);
    Router::new()
        .route("/uploads", post(begin::begin).get(unreferenced::list))
        .route("/uploads/{id}", patch(pieces::append).head(pieces::standing).delete(unreferenced::give_up))
        .route("/attachments/{id}", get(download::download))
        .layer(DefaultBodyLimit::max(most))
        .with_state(application)
}

fn refusal(error: AttachmentError, language: Language) -> Response {
    let refuse = |status, code| Refusal(status, code, language).into_response();
    match error {
        AttachmentError::Unknown | AttachmentError::Vault(VaultError::Destroyed) => {
            refuse(StatusCode::NOT_FOUND, "NOT_FOUND")
        }
        AttachmentError::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "FILE_TOO_LARGE"),
        AttachmentError::Empty => refuse(StatusCode::BAD_REQUEST, "FILE_EMPTY"),
        AttachmentError::Offset(at) => {
            let answer = refuse(StatusCode::CONFLICT, "UPLOAD_OFFSET");
            (offset_header(at), answer).into_response()
        }
        AttachmentError::Database(_) | AttachmentError::Vault(_) => {
            tracing::error!(%error, "a file");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
        }
    }
}

fn offset_header(at: u64) -> [(HeaderName, HeaderValue); 1] {
    [(OFFSET, HeaderValue::from(at))]
}

async fn caller(application: &Application, headers: &HeaderMap) -> Result<Principal, Response> {
    let language = language(headers);
    match signed_in(application, headers).await {
        Ok(Some(principal)) if principal.role != AccountRole::Auditor => Ok(principal),
        Ok(Some(_)) => Err(Refusal(StatusCode::FORBIDDEN, "FORBIDDEN", language).into_response()),
        Ok(None) => Err(Refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", language).into_response()),
        Err(error) => Err(refusal(error.into(), language)),
    }
}

fn may_touch(principal: &Principal, owner: &str) -> bool {
    principal.role.is_staff() || principal.login == owner
}

fn finished(taken: Result<Option<StoredAttachment>, AttachmentError>, language: Language) -> Response {
    match taken {
        Ok(Some(file)) => {
            let answer = json!({ "uploadId": file.id, "mediaType": file.media_type, "size": file.size,
                "sha256": file.sha256, "complete": true });
            (StatusCode::CREATED, Json(answer)).into_response()
        }
        Ok(None) => Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "FILE_TYPE", language).into_response(),
        Err(error) => refusal(error, language),
    }
}
