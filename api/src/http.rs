//! GraphQL over HTTP: POST for everything, GET for GraphiQL and queries, WebSocket for
//! subscriptions; and a health check.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Data, Request, Response, ServerError, Value,
    http::{ALL_WEBSOCKET_PROTOCOLS, GraphiQLSource},
};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response as HttpResponse},
    routing::get,
};
use futures::StreamExt;
use portail_domain::messages::{Language, text};
use serde::Deserialize;

use crate::{
    access::Principal,
    application::{Application, Role},
    documents::TownName,
    graphql::{
        PortalSchema,
        context::RequestContext,
        document_guard::{Admitted, DocumentGuard},
        written::response_text,
    },
    reads::{record_document, record_download},
    replay::{Moment, PastTown, ReplayError, Replays},
};

/// The largest accepted document.
const MOST_BYTES: usize = 256 * 1024;

/// The longest a request may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Server {
    schema: PortalSchema,
    guard: DocumentGuard,
    replays: Arc<Replays>,
    application: Arc<Application>,
}

/// The routes of the server.
pub fn router(
    schema: PortalSchema,
    guard: DocumentGuard,
    application: Arc<Application>,
    replays: Arc<Replays>,
    town: TownName,
) -> Router {
    let files = crate::documents::routes(application.clone(), town)
        .merge(crate::exports::routes(application.clone()))
        .merge(crate::uploads::routes(application.clone()))
        .layer(axum::middleware::from_fn_with_state(application.clone(), record_download));
    Router::new()
        .route("/graphql", get(read).post(write))
        .route("/graphql/ws", get(subscribe))
        .route("/health", get(health))
        .with_state(Server { schema, guard, replays, application })
        .merge(files)
}

async fn health(State(server): State<Server>) -> HttpResponse {
    match server.application.engine().status().await {
        Ok(status) => {
            let failed: Vec<&str> =
                status.iter().filter(|s| s.status == "failed").map(|s| s.name.as_str()).collect();
            let code = if failed.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let lag = status.iter().map(|s| s.lag_events).max().unwrap_or(0);
            (code, Json(serde_json::json!({ "failed": failed, "lagEvents": lag }))).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "health check");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The two media types of a GraphQL answer; the newer one lets the status tell.
fn wants_graphql_response(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    accept.contains("application/graphql-response+json")
}

fn failure(code: &'static str, message: impl Into<String>) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = async_graphql::ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

fn answer(status: StatusCode, response: &Response, headers: &HeaderMap) -> HttpResponse {
    let newer = wants_graphql_response(headers);
    let media = if newer {
        "application/graphql-response+json; charset=utf-8"
    } else {
        "application/json; charset=utf-8"
    };
    (status, [(header::CONTENT_TYPE, media)], response_text(response)).into_response()
}

/// The status of an answer. A request that never ran (syntax, validation, limits) is the client's
/// mistake; the newer media type says so by its status.
fn status_of(response: &mut Response, headers: &HeaderMap) -> StatusCode {
    let never_ran = response.is_err()
        && response.data == Value::Null
        && response.errors.iter().all(|e| e.path.is_empty());
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_with(Default::default);
        // Every error of ours has its code; what is left is a document or a value that is wrong.
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_REQUEST");
        }
    }
    if never_ran && wants_graphql_response(headers) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
}

async fn principal(application: &Application, token: Option<&str>) -> Result<Option<Principal>, sqlx::Error> {
    match token {
        Some(token) => application.principals().of_token(token).await,
        None => Ok(None),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}

/// The caller's language.
pub fn language(headers: &HeaderMap) -> Language {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    Language::negotiate(header.unwrap_or(""))
}

/// Who is signed in by the token of a request.
///
/// # Errors
/// The database failed.
pub async fn signed_in(
    application: &Application,
    headers: &HeaderMap,
) -> Result<Option<Principal>, sqlx::Error> {
    principal(application, bearer(headers).as_deref()).await
}

/// The past town a request asks for by the header `X-As-Of`; auditors and staff may.
async fn as_of(
    server: &Server,
    headers: &HeaderMap,
    principal: Option<&Principal>,
) -> Result<Option<Arc<PastTown>>, &'static str> {
    let Some(asked) = headers.get("x-as-of") else { return Ok(None) };
    match principal.map(|principal| principal.role) {
        None => return Err("UNAUTHENTICATED"),
        Some(Role::Parent) => return Err("FORBIDDEN"),
        Some(_) => {}
    }
    let moment = asked.to_str().ok().and_then(|text| text.parse::<Moment>().ok()).ok_or("INVALID_MOMENT")?;
    server.replays.at(&moment).await.map(Some).map_err(|error| {
        tracing::warn!(%error, "replay");
        error.code()
    })
}

/// Records a look at the past.
async fn look_back(
    server: &Server,
    admitted: &Admitted,
    principal: Option<&Principal>,
    moment: &str,
) -> Result<(), ReplayError> {
    let Some(principal) = principal else { return Ok(()) };
    let (document, variables) = (admitted.document(), admitted.variables());
    record_document(&server.application, principal, document, variables, Some(moment)).await?;
    Ok(())
}

/// Measures a document before anybody is asked who sent it; one that is too large hears why.
async fn admit(server: &Server, headers: &HeaderMap, request: Request) -> Result<Admitted, HttpResponse> {
    let admitted = server.guard.admit(request, language(headers)).await;
    admitted.map_err(|error| {
        let mut response = Response::from_errors(vec![error]);
        answer(status_of(&mut response, headers), &response, headers)
    })
}

async fn execute(server: &Server, headers: &HeaderMap, admitted: Admitted) -> HttpResponse {
    let token = bearer(headers);
    let principal = match principal(&server.application, token.as_deref()).await {
        Ok(principal) => principal,
        Err(error) => {
            tracing::error!(%error, "a session cannot be read");
            let response = failure("UNAVAILABLE", "the service is unavailable for a moment");
            return answer(StatusCode::SERVICE_UNAVAILABLE, &response, headers);
        }
    };
    let min_position = headers.get("x-min-position").and_then(|v| v.to_str().ok()?.parse().ok());
    let context = RequestContext {
        principal,
        token,
        language: language(headers),
        min_position,
        takes_text: true,
        ..RequestContext::default()
    };
    let consistency = context.consistency.clone();
    let past = match as_of(server, headers, context.principal.as_ref()).await {
        Ok(past) => past,
        Err(code) => {
            let response = failure(code, text(code, context.language, &[]));
            return answer(StatusCode::OK, &response, headers);
        }
    };
    let executed = async {
        match &past {
            None => Ok(server.schema.execute(admitted.into_request().data(context)).await),
            Some(past) => {
                let moment = format!("position {}", past.position());
                look_back(server, &admitted, context.principal.as_ref(), &moment).await?;
                past.ask(admitted, context).await
            }
        }
    };
    let executed = tokio::time::timeout(TIME_LIMIT, executed).await;
    let executed = executed.map(|asked| {
        asked.unwrap_or_else(|error| failure(error.code(), text(error.code(), language(headers), &[])))
    });
    let Ok(mut response) = executed else {
        let response = failure("TIMEOUT", "the request took longer than 10 seconds");
        return answer(StatusCode::SERVICE_UNAVAILABLE, &response, headers);
    };
    if let Some(past) = &past {
        let value = [("position", past.position().to_string()), ("at", past.at().to_rfc3339())];
        let value = value.map(|(k, v)| (async_graphql::Name::new(k), Value::from(v)));
        response = response.extension("asOf", Value::Object(value.into_iter().collect()));
    }
    let consistency = consistency.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(consistency) = consistency {
        let value = [("required", consistency.required), ("actual", consistency.actual)];
        let value = value.into_iter().map(|(k, v)| (async_graphql::Name::new(k), Value::from(v.to_string())));
        response = response.extension("consistency", Value::Object(value.collect()));
    }
    let status = status_of(&mut response, headers);
    answer(status, &response, headers)
}

/// Reads a document of acceptable size. A larger one is read on to a point and thrown away, so that
/// its sender hears why instead of a broken connection.
async fn read_body(body: Body) -> Option<Vec<u8>> {
    let mut stream = body.into_data_stream();
    let (mut document, mut total) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.ok()?;
        total += chunk.len();
        if total <= MOST_BYTES {
            document.extend_from_slice(&chunk);
        } else if total > 64 * MOST_BYTES {
            return None;
        }
    }
    (total <= MOST_BYTES).then_some(document)
}

async fn write(State(server): State<Server>, headers: HeaderMap, body: Body) -> HttpResponse {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("application/json"));
    if !json {
        let response = failure("UNSUPPORTED_MEDIA_TYPE", "send application/json");
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, &response, &headers);
    }
    let Some(body) = read_body(body).await else {
        let response = failure("DOCUMENT_TOO_LARGE", format!("a request holds at most {MOST_BYTES} bytes"));
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &response, &headers);
    };
    match serde_json::from_slice::<Request>(&body) {
        Ok(request) => match admit(&server, &headers, request).await {
            Ok(admitted) => execute(&server, &headers, admitted).await,
            Err(refused) => refused,
        },
        Err(_) if body.trim_ascii_start().starts_with(b"[") => {
            let code = "BATCH_NOT_ACCEPTED";
            let response = failure(code, text(code, language(&headers), &[]));
            answer(StatusCode::BAD_REQUEST, &response, &headers)
        }
        Err(error) => {
            let response = failure("BAD_REQUEST", format!("not a GraphQL request: {error}"));
            answer(StatusCode::BAD_REQUEST, &response, &headers)
        }
    }
}

#[derive(Deserialize)]
struct GetParameters {
    query: Option<String>,
    variables: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

async fn read(
    State(server): State<Server>,
    headers: HeaderMap,
    Query(parameters): Query<GetParameters>,
) -> HttpResponse {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let Some(query) = parameters.query else {
        if accept.contains("text/html") {
            let page = GraphiQLSource::build()
                .endpoint("/graphql")
                .subscription_endpoint("/graphql/ws")
                .title("Portail Famille")
                .finish();
            return Html(page).into_response();
        }
        let response = failure("BAD_REQUEST", "the parameter `query` is missing");
        return answer(StatusCode::BAD_REQUEST, &response, &headers);
    };
    let mut request = Request::new(query);
    if let Some(name) = parameters.operation_name {
        request = request.operation_name(name);
    }
    if let Some(text) = parameters.variables {
        match serde_json::from_str(&text) {
            Ok(value) => request = request.variables(async_graphql::Variables::from_json(value)),
            Err(error) => {
                let response = failure("BAD_REQUEST", format!("variables are not JSON: {error}"));
                return answer(StatusCode::BAD_REQUEST, &response, &headers);
            }
        }
    }
    let admitted = match admit(&server, &headers, request).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    if !admitted.only_asks() {
        let response = failure("METHOD_NOT_ALLOWED", "GET is for queries only: send a POST");
        return answer(StatusCode::METHOD_NOT_ALLOWED, &response, &headers);
    }
    execute(&server, &headers, admitted).await
}

async fn subscribe(
    State(server): State<Server>,
    headers: HeaderMap,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> HttpResponse {
    let language = language(&headers);
    upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS).max_message_size(MOST_BYTES).on_upgrade(move |socket| {
        let schema = server.schema.clone();
        let authenticate = move |payload: serde_json::Value| async move {
            let token = payload.get("Authorization").or_else(|| payload.get("authorization"));
            let token = token.and_then(|t| t.as_str()).map(|t| t.trim_start_matches("Bearer ").to_owned());
            let mut data = Data::default();
            let principal = principal(&server.application, token.as_deref()).await;
            let principal = principal.map_err(|_| async_graphql::Error::new("unavailable"))?;
            data.insert(RequestContext { principal, token, language, ..RequestContext::default() });
            Ok(data)
        };
        GraphQLWebSocket::new(socket, schema, protocol).on_connection_init(authenticate).serve()
    })
}
