//! Uploads and downloads of files, beside GraphQL: a multipart mutation would be a hole for forged
//! requests.
//!
//! `POST /uploads` takes a whole file as multipart, or begins an upload in pieces (a JSON body with
//! `fileName` and `size`); `PATCH /uploads/{id}` takes the piece at `Upload-Offset`, `HEAD` tells
//! where the upload stands, so that a telephone can go on after its connection broke. `GET /uploads`
//! lists what the caller has sent that nothing refers to, `DELETE /uploads/{id}` gives it up. What a file
//! is, its content says: its name and its announced type count for nothing.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use portail_application::{Application, Role, access::Principal, families::attachments::TOWN};
use portail_domain::{
    i18n::Language, shared::attachment::MediaType, shared::ids::FamilyNumber, shared::sealed::Purpose,
    shared::text::cleaned,
};
use portail_event_store::{AttachmentError, MAX_ATTACHMENT_SIZE, StoredAttachment, Upload, VaultError};
use portail_projections::correspondence::attachments;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

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
        .route("/uploads", post(begin).get(list))
        .route("/uploads/{id}", patch(append).head(standing).delete(give_up))
        .route("/attachments/{id}", get(download))
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
        Ok(Some(principal)) if principal.role != Role::Auditor => Ok(principal),
        Ok(Some(_)) => Err(Refusal(StatusCode::FORBIDDEN, "FORBIDDEN", language).into_response()),
        Ok(None) => Err(Refusal(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", language).into_response()),
        Err(error) => Err(refusal(error.into(), language)),
    }
}

/// Whose a caller's upload is: a parent's own; for staff the named family's, or the town's.
fn subject(principal: &Principal, named: Option<&str>) -> Option<String> {
    match (principal.role, named) {
        (Role::Parent, _) => Some(principal.login.clone()),
        (_, Some(number)) => number.parse::<FamilyNumber>().ok().map(|n| n.to_string()),
        (_, None) => Some(TOWN.to_owned()),
    }
}

fn may_touch(principal: &Principal, owner: &str) -> bool {
    principal.role.is_staff() || principal.login == owner
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
    let begun = files.begin((owner, Purpose::Attachment.as_str()), name, size, &principal.login).await;
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

async fn list(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
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

async fn give_up(
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announced {
    file_name: String,
    size: u64,
    family_number: Option<String>,
}

async fn begin(State(application): State<Arc<Application>>, request: Request) -> Response {
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

async fn standing(
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

async fn append(
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

async fn download(
    State(application): State<Arc<Application>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    let language = language(&headers);
    let principal = match caller(&application, &headers).await {
        Ok(principal) => principal,
        Err(refused) => return refused,
    };
    match application.attachments().read(id).await {
        Ok((file, name, content)) if file.subject == TOWN || may_touch(&principal, &file.subject) => {
            let media = MediaType::named(&file.media_type);
            let ending = media.map_or("bin", MediaType::extension);
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
            let disposition =
                format!("attachment; filename*=UTF-8''{}", percent(&format!("{stem}.{ending}")));
            let safe = [
                (header::CONTENT_TYPE, file.media_type),
                (header::CONTENT_DISPOSITION, disposition),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
            ];
            (StatusCode::OK, safe, content).into_response()
        }
        Ok(_) => refusal(AttachmentError::Unknown, language),
        Err(error) => refusal(error, language),
    }
}

/// What a content is, if it is of a kind that is taken.
fn recognise(content: &[u8]) -> Option<&'static str> {
    let media = match infer::get(content)?.mime_type() {
        "application/pdf" => MediaType::Pdf,
        "image/jpeg" => MediaType::Jpeg,
        "image/png" => MediaType::Png,
        "image/heif" => MediaType::Heic,
        _ => return None,
    };
    Some(media.as_str())
}

/// A name without its path and without characters that mean something to a shell, a header or a
/// file system.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = cleaned(last, 200).chars().filter(|c| !"<>:\"|?*".contains(*c)).take(100).collect();
    let kept = kept.trim_matches(['.', ' ']);
    if kept.is_empty() { "document".to_owned() } else { kept.to_owned() }
}

/// Percent-encoding of RFC 8187.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_nothing_of_a_path() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("C:\\temp\\..\\certificat médical.pdf"), "certificat médical.pdf");
        assert_eq!(file_name("..."), "document");
        assert_eq!(percent("é.pdf"), "%C3%A9.pdf");
    }

    #[test]
    fn only_documents_and_pictures_are_recognised_by_content() {
        assert_eq!(recognise(b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
        assert_eq!(recognise(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(recognise(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), Some("image/heic"));
        assert_eq!(recognise(b"PK\x03\x04"), None);
        assert_eq!(recognise(b"<svg onload='x'>"), None);
        assert_eq!(recognise(b"MZ\x90\x00"), None);
    }
}
