//! How the server stands, for who watches it: an answer within a second, whatever the database does.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use portail_event_store::MakeError;
use serde_json::json;

use crate::application::Application;

/// How long the database has to answer.
const PATIENCE: Duration = Duration::from_millis(800);

/// `GET /health`.
pub async fn health(State(application): State<Arc<Application>>) -> Response {
    let unavailable =
        |reason: &str| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "reason": reason }))).into_response();
    let standing = async {
        let status = application.engine().status().await?;
        Ok::<_, MakeError>((status, application.checkpoints().refusal().await?))
    };
    match tokio::time::timeout(PATIENCE, standing).await {
        Ok(Ok((status, signing))) => {
            let failed: Vec<&str> =
                status.iter().filter(|s| s.status == "failed").map(|s| s.name.as_str()).collect();
            let is_well = failed.is_empty() && signing.is_none();
            let code = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let lag = status.iter().map(|s| s.lag_events).max().unwrap_or(0);
            let told = json!({ "failed": failed, "lagEvents": lag, "signing": signing });
            (code, Json(told)).into_response()
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "health check");
            unavailable("DATABASE_UNAVAILABLE")
        }
        Err(_) => {
            tracing::error!("health check: the database does not answer");
            unavailable("DATABASE_SILENT")
        }
    }
}
