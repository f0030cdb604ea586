//! Uploads in pieces: where one stands, and its next piece.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use portail_application::Application;
use portail_event_store::{AttachmentError, Upload};
use uuid::Uuid;

use super::{LENGTH, OFFSET, caller, content::recognise, finished, may_touch, offset_header, refusal};
use crate::http::identity::language;

/// The upload a caller may go on with; foreign and unknown answer alike.
async fn own_upload(application: &Application, id: Uuid, headers: &HeaderMap) -> Result<Upload, Response> {
    let principal = caller(application, headers).await?;
    let upload = application.attachments().upload(id).await.map_err(|e| refusal(e, language(headers)))?;
    if may_touch(&principal, &upload.subject) {
        Ok(upload)
    } else {
        Err(refusal(AttachmentError::Unknown, language(headers)))
    }
}

/// `HEAD /uploads/{id}`.
pub(super) async fn standing(
    State(application): State<Arc<Application>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    match own_upload(&application, id, &headers).await {
        Ok(upload) => {
            let length = [(LENGTH, HeaderValue::from(upload.size))];
            (StatusCode::OK, offset_header(upload.received), length).into_response()
        }
        Err(refused) => refused,
    }
}

/// `PATCH /uploads/{id}`.
pub(super) async fn append(
    State(application): State<Arc<Application>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    piece: Bytes,
) -> Response {
    let language = language(&headers);
    let upload = match own_upload(&application, id, &headers).await {
        Ok(upload) => upload,
        Err(refused) => return refused,
    };
    let offset = headers.get(&OFFSET).and_then(|v| v.to_str().ok()?.parse().ok());
    let Some(offset) = offset else { return refusal(AttachmentError::Offset(upload.received), language) };
    let files = application.attachments();
    match files.append(&upload, offset, &piece).await {
        Ok(upload) if upload.received == upload.size => {
            finished(files.finish(&upload, recognise).await, language)
        }
        Ok(upload) => (StatusCode::NO_CONTENT, offset_header(upload.received)).into_response(),
        Err(error) => refusal(error, language),
    }
}
