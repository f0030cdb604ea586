//! Files that a caller has sent and nothing refers to: listed, and given up.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use portail_application::Application;
use portail_event_store::AttachmentError;
use portail_projections::correspondence::attachments;
use serde_json::json;
use uuid::Uuid;

use super::{caller, refusal};
use crate::http::identity::language;

/// `GET /uploads`.
pub(super) async fn list(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    let principal = match caller(&application, &headers).await {
        Ok(principal) => principal,
        Err(refused) => return refused,
    };
    match attachments::loose_files(application.pool(), &principal.login).await {
        Ok(files) => {
            let of = |file: attachments::UnreferencedFile| {
                json!({ "uploadId": file.id, "size": file.size, "offset": file.received,
                    "complete": file.complete, "startedAt": file.started_at })
            };
            let uploads: Vec<_> = files.into_iter().map(of).collect();
            Json(json!({ "uploads": uploads })).into_response()
        }
        Err(error) => refusal(error.into(), language(&headers)),
    }
}

/// `DELETE /uploads/{id}`.
pub(super) async fn give_up(
    State(application): State<Arc<Application>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    let principal = match caller(&application, &headers).await {
        Ok(principal) => principal,
        Err(refused) => return refused,
    };
    match attachments::delete_loose(application.pool(), &principal.login, id).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => refusal(AttachmentError::Unknown, language(&headers)),
        Err(error) => refusal(error.into(), language(&headers)),
    }
}
