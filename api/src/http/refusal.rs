//! What the routes beside GraphQL answer instead of what was asked: a stable code, and what to do.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use portail_domain::i18n::{Language, text};
use portail_event_store::MAX_ATTACHMENT_SIZE;
use serde_json::json;

use crate::http::response::ErrorCodes;

/// A refusal: its status, its code and the caller's language.
#[derive(Debug, Clone, Copy)]
pub struct Refusal(pub StatusCode, pub &'static str, pub Language);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let most = (MAX_ATTACHMENT_SIZE / 1024 / 1024).to_string();
        let message = text(self.1, self.2, &[("most", most)]);
        let mut response = (self.0, Json(json!({ "code": self.1, "message": message }))).into_response();
        response.extensions_mut().insert(ErrorCodes(vec![self.1.to_owned()]));
        response
    }
}
