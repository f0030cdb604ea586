//! The beginning of an upload: a whole file at once, or the first word of one in pieces.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Multipart, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use portail_application::{
    Application,
    access::{AccountRole, Principal},
    families::attachments::TOWN,
};
use portail_domain::{i18n::Language, shared::ids::FamilyNumber, shared::sealed::Purpose};
use portail_event_store::Upload;
use portail_projections::correspondence::attachments;
use serde::Deserialize;
use serde_json::json;

use super::{
    caller,
    content::{file_name, recognise},
    finished, offset_header, refusal,
};
use crate::http::{identity::language, refusal::Refusal};

/// `POST /uploads`.
pub(super) async fn begin(State(application): State<Arc<Application>>, request: Request) -> Response {
    let headers = request.headers().clone();
    let principal = match caller(&application, &headers).await {
        Ok(principal) => principal,
        Err(refused) => return refused,
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let is_json = kind.starts_with("application/json");
    let taken = if is_json {
        begin_in_pieces(&application, &principal, request, &headers).await
    } else {
        take_whole(&application, &principal, request, &headers).await
    };
    taken.unwrap_or_else(|refused| refused)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announced {
    file_name: String,
    size: u64,
    family_number: Option<String>,
}

async fn begin_in_pieces(
    application: &Application,
    principal: &Principal,
    request: Request,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    let Json(announced) =
        Json::<Announced>::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
    let language = language(headers);
    let owner = subject(principal, announced.family_number.as_deref())
        .ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "NOT_FOUND", language).into_response())?;
    let name = file_name(&announced.file_name);
    let upload = begin_within(application, principal, &owner, (&name, announced.size), language).await?;
    let place = [(header::LOCATION, format!("/uploads/{}", upload.id))];
    let answer = Json(json!({ "uploadId": upload.id, "offset": 0 }));
    Ok((StatusCode::CREATED, place, offset_header(0), answer).into_response())
}

async fn take_whole(
    application: &Application,
    principal: &Principal,
    request: Request,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    let mut form = Multipart::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
    let language = language(headers);
    let (mut named, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(IntoResponse::into_response)? {
        if field.name() == Some("familyNumber") {
            named = Some(field.text().await.map_err(IntoResponse::into_response)?);
        } else if field.file_name().is_some() {
            let name = file_name(field.file_name().unwrap_or_default());
            file = Some((name, field.bytes().await.map_err(IntoResponse::into_response)?));
        }
    }
    let (name, content) =
        file.ok_or_else(|| Refusal(StatusCode::BAD_REQUEST, "FILE_EMPTY", language).into_response())?;
    let owner = subject(principal, named.as_deref())
        .ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "NOT_FOUND", language).into_response())?;
    let files = application.attachments();
    let size = content.len() as u64;
    let upload = begin_within(application, principal, &owner, (&name, size), language).await?;
    let take = async {
        let upload = files.append(&upload, 0, &content).await?;
        files.finish(&upload, recognise).await
    };
    Ok(finished(take.await, language))
}

/// Begins an upload, if the caller does not have too many files that nothing refers to already. It is
/// begun before they are counted: of several at once, each sees the others.
async fn begin_within(
    application: &Application,
    principal: &Principal,
    owner: &str,
    (name, size): (&str, u64),
    language: Language,
) -> Result<Upload, Response> {
    let files = application.attachments();
    let begun = files.begin((owner, Purpose::Attachment.into()), name, size, &principal.login).await;
    let upload = begun.map_err(|e| refusal(e, language))?;
    let failed = |error: sqlx::Error| refusal(error.into(), language);
    let loose = attachments::loose(application.pool(), &principal.login).await.map_err(failed)?;
    let limits = application.limits();
    let code = if loose.unfinished > i64::from(limits.unfinished_uploads) {
        "TOO_MANY_UPLOADS"
    } else if loose.bytes.unsigned_abs() > limits.upload_quota {
        "UPLOAD_QUOTA"
    } else {
        return Ok(upload);
    };
    attachments::delete_loose(application.pool(), &principal.login, upload.id).await.map_err(failed)?;
    Err(Refusal(StatusCode::TOO_MANY_REQUESTS, code, language).into_response())
}

/// Whose a caller's upload is: a parent's own; for staff the named family's, or the town's.
fn subject(principal: &Principal, named: Option<&str>) -> Option<String> {
    match (principal.role, named) {
        (AccountRole::Parent, _) => Some(principal.login.clone()),
        (AccountRole::Staff | AccountRole::Administrator | AccountRole::Auditor, Some(number)) => {
            number.parse::<FamilyNumber>().ok().map(|n| n.to_string())
        }
        (AccountRole::Staff | AccountRole::Administrator | AccountRole::Auditor, None) => {
            Some(TOWN.to_owned())
        }
    }
}
