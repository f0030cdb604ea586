//! How the server stands, for who watches it: an answer within a second, whatever the database does.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use portail_application::{Application, supervisor::WorkerStatus};
use portail_event_store::SigningError;
use serde_json::json;

/// How long the database has to answer.
pub const PATIENCE: Duration = Duration::from_millis(800);

/// `GET /health`.
pub async fn health(State(application): State<Arc<Application>>) -> Response {
    let unavailable =
        |reason: &str| (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "reason": reason }))).into_response();
    let standing = async {
        let status = application.engine().status().await?;
        Ok::<_, SigningError>((status, application.checkpoints().refusal().await?))
    };
    match tokio::time::timeout(PATIENCE, standing).await {
        Ok(Ok((status, signing))) => {
            let stopped: Vec<_> = status.iter().filter(|s| s.is_stopped()).collect();
            let failed: Vec<&str> = stopped.iter().map(|s| s.name.as_str()).collect();
            let ahead: Vec<&str> =
                stopped.iter().filter(|s| s.status == "ahead").map(|s| s.name.as_str()).collect();
            // What waits for a newer program waits on this node only.
            let waiting: Vec<&str> =
                application.engine().waiting().into_iter().map(|(name, _)| name).collect();
            let aside: serde_json::Map<String, serde_json::Value> = status
                .iter()
                .filter(|s| !s.aside.is_empty())
                .map(|s| (s.name.clone(), s.aside.len().into()))
                .collect();
            let workers = application.workers().status();
            let ended = |status: &WorkerStatus| {
                status.error.as_ref().map(|error| {
                    json!({ "running": !status.is_waiting, "restarts": status.restarts, "error": error })
                })
            };
            let restarted: serde_json::Map<String, serde_json::Value> = workers
                .iter()
                .filter_map(|(name, status)| Some(((*name).to_owned(), ended(status)?)))
                .collect();
            let is_working = workers.values().all(|status| !status.is_waiting);
            let is_well = failed.is_empty() && waiting.is_empty() && signing.is_none() && is_working;
            let code = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let lag = status.iter().map(|s| s.lag_events).max().unwrap_or(0);
            let body = json!({ "failed": failed, "ahead": ahead, "waiting": waiting, "setAside": aside,
                "lagEvents": lag, "signing": signing, "workers": restarted });
            (code, Json(body)).into_response()
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
