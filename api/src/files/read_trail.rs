//! Who fetches which file is recorded before it is sent.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use portail_application::{
    Application,
    access::AccountRole,
    audit::read_trail::{is_subject, record},
};

use crate::http::{
    identity::{language, signed_in},
    refusal::Refusal,
};

/// Records who fetches a file, before it is sent.
pub async fn record_download(
    State(application): State<Arc<Application>>,
    request: Request,
    next: Next,
) -> Response {
    let language = language(request.headers());
    let unavailable = |error: sqlx::Error| {
        tracing::error!(%error, "a look could not be recorded");
        Refusal(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", language).into_response()
    };
    if request.method() == Method::GET {
        let principal = match signed_in(&application, request.headers()).await {
            Ok(principal) => principal,
            Err(error) => return unavailable(error),
        };
        if let Some(principal) = principal.filter(|principal| principal.role != AccountRole::Parent) {
            let path = request.uri().path();
            let subjects =
                path.split(['/', '.']).filter(|part| is_subject(part)).map(str::to_owned).collect();
            let fields = vec![path.to_owned()];
            if let Err(error) = record(&application, &principal, "download".into(), fields, subjects).await {
                return unavailable(error);
            }
        }
    }
    next.run(request).await
}
