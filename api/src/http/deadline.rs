//! The longest a request may take, all of it: its body, whose session it is, its turn at the database,
//! its answer.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};

use portail_domain::i18n::text;

use crate::http::{identity::language, refusal::Refusal, response};

/// Cuts a GraphQL request that takes too long.
pub async fn of_graphql(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    within(limit, next.run(request), || {
        let message = text("TIMEOUT", language(&headers), &seconds(limit));
        response::answer(StatusCode::SERVICE_UNAVAILABLE, &response::failure("TIMEOUT", message), &headers)
    })
    .await
}

/// Cuts an upload, a document or an export that takes too long.
pub async fn of_transfer(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let language = language(request.headers());
    within(limit, next.run(request), || {
        Refusal(StatusCode::SERVICE_UNAVAILABLE, "TRANSFER_TIMEOUT", language).into_response()
    })
    .await
}

async fn within(
    limit: Duration,
    running: impl Future<Output = Response>,
    cut: impl Fn() -> Response,
) -> Response {
    match tokio::time::timeout(limit, running).await {
        Ok(response) => response,
        Err(_) => {
            let mut response = cut();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(5));
            response
        }
    }
}

/// A limit as an argument of a message.
pub fn seconds(limit: Duration) -> [(&'static str, String); 1] {
    [("seconds", limit.as_secs().to_string())]
}
