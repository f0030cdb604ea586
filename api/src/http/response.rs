//! GraphQL answers over HTTP.

use async_graphql::{Response, ServerError, Value};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
};

use crate::graphql::eager_list::response_json;

/// Whether the caller takes the newer media type of a GraphQL answer, which lets the status tell.
pub fn wants_graphql_response(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    accept.contains("application/graphql-response+json")
}

/// An error with its code.
pub fn error(code: &'static str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// An answer that is an error only.
pub fn failure(code: &'static str, message: impl Into<String>) -> Response {
    Response::from_errors(vec![error(code, message)])
}

/// A GraphQL answer as HTTP carries it.
pub fn answer(status: StatusCode, response: &Response, headers: &HeaderMap) -> HttpResponse {
    let newer = wants_graphql_response(headers);
    let media = if newer {
        "application/graphql-response+json; charset=utf-8"
    } else {
        "application/json; charset=utf-8"
    };
    let mut answer = (status, [(header::CONTENT_TYPE, media)], response_json(response)).into_response();
    answer.headers_mut().extend(response.http_headers.clone());
    answer.extensions_mut().insert(ErrorCodes::of(response));
    answer
}

/// The codes of an answer's errors, for who counts them.
#[derive(Debug, Clone)]
pub struct ErrorCodes(pub Vec<String>);

impl ErrorCodes {
    fn of(response: &Response) -> Self {
        let code = |error: &ServerError| {
            let code = error.extensions.as_ref()?.get("code")?;
            if let Value::String(code) = code { Some(code.clone()) } else { None }
        };
        Self(response.errors.iter().filter_map(code).collect())
    }
}

/// Completes the errors of an answer: each has a code, and there are no more than may be listed.
pub fn complete_errors(response: &mut Response, most: usize) {
    let left_out = response.errors.len().saturating_sub(most);
    if left_out > 0 {
        response.errors.truncate(most);
        response.errors.push(error("TOO_MANY_ERRORS", format!("{left_out} more errors are not listed")));
    }
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        // Every error of ours has its code; what is left is a document or a value that is wrong.
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_REQUEST");
        }
    }
}

/// Whether a request never ran (syntax, validation, limits): the client's mistake.
pub fn never_ran(response: &Response) -> bool {
    response.is_err() && response.data == Value::Null && response.errors.iter().all(|e| e.path.is_empty())
}
