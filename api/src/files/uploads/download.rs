//! Downloads of files that were sent.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use portail_application::{Application, families::attachments::TOWN};
use portail_domain::shared::attachment::MediaType;
use portail_event_store::AttachmentError;
use uuid::Uuid;

use super::{caller, may_touch, refusal};
use crate::http::identity::language;

/// `GET /attachments/{id}`.
pub(super) async fn download(
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
            let media = file.media_type.parse::<MediaType>().ok();
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
    #[test]
    fn a_name_is_encoded_for_a_header() {
        assert_eq!(super::percent("é.pdf"), "%C3%A9.pdf");
    }
}
