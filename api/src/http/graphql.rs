//! GraphQL over HTTP: POST for everything, GET for GraphiQL and queries.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{Request, Response, Value, http::GraphiQLSource};
use axum::{
    body::Body,
    extract::{Query, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response as HttpResponse},
};
use futures::StreamExt;
use portail_application::{
    access::{AccountRole, Principal},
    audit::past::{Moment, ReplayError},
};
use portail_domain::i18n::text;
use serde::Deserialize;

use crate::{
    graphql::{
        audit::{
            past_town::{self, PastTown},
            read_trail::record_document,
        },
        document_guard::Admitted,
    },
    http::{
        MOST_BYTES, Server,
        connections::Origin,
        identity::{bearer, language, principal},
        request_context::RequestContext,
        response::{answer, complete_errors, failure, never_ran, wants_graphql_response},
    },
};

/// The past town a request asks for by the header `X-As-Of`; auditors and staff may.
async fn as_of(
    server: &Server,
    headers: &HeaderMap,
    principal: Option<&Principal>,
) -> Result<Option<Arc<PastTown>>, &'static str> {
    let Some(asked) = headers.get("x-as-of") else { return Ok(None) };
    match principal.map(|principal| principal.role) {
        None => return Err("UNAUTHENTICATED"),
        Some(AccountRole::Parent) => return Err("FORBIDDEN"),
        Some(AccountRole::Staff | AccountRole::Administrator | AccountRole::Auditor) => {}
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
        let status = status_of(&mut response, server, headers);
        answer(status, &response, headers)
    })
}

/// The status of an answer, its errors completed. A request that never ran is the client's mistake; the
/// newer media type says so by its status.
fn status_of(response: &mut Response, server: &Server, headers: &HeaderMap) -> StatusCode {
    let never_ran = never_ran(response);
    complete_errors(response, server.limits.errors);
    if never_ran && wants_graphql_response(headers) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
}

/// The client's address, where the request came over a connection.
fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Origin>().map(|origin| origin.address)
}

async fn execute(
    server: &Server,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    admitted: Admitted,
) -> HttpResponse {
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
        address,
        language: language(headers),
        min_position,
        takes_raw_json: true,
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
    let executed = match &past {
        None => {
            let request = server.permit(admitted.into_request(), context.principal.as_ref());
            Ok(server.schema.execute(request.data(context)).await)
        }
        Some(past) => {
            let moment = format!("position {}", past.position());
            match look_back(server, &admitted, context.principal.as_ref(), &moment).await {
                Ok(()) => past_town::ask(past, admitted, context).await,
                Err(error) => Err(error),
            }
        }
    };
    let mut response =
        executed.unwrap_or_else(|error| failure(error.code(), text(error.code(), language(headers), &[])));
    if let Some(past) = &past {
        let value = [("position", past.position().to_string()), ("at", past.at().to_rfc3339())];
        let value = value.map(|(k, v)| (async_graphql::Name::new(k), Value::from(v)));
        response = response.extension("asOf", Value::Object(value.into_iter().collect()));
    }
    let consistency = consistency.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(consistency) = consistency {
        let mut value = vec![
            ("required", Value::from(consistency.required.to_string())),
            ("actual", Value::from(consistency.actual.to_string())),
        ];
        if !consistency.not_shown_by.is_empty() {
            let names = consistency.not_shown_by.into_iter().map(Value::from).collect();
            value.push(("notShownBy", Value::List(names)));
        }
        let value = value.into_iter().map(|(k, v)| (async_graphql::Name::new(k), v));
        response = response.extension("consistency", Value::Object(value.collect()));
    }
    let status = status_of(&mut response, server, headers);
    answer(status, &response, headers)
}

/// Why a body is not taken.
enum BodyError {
    TooLarge,
    /// It stopped coming, or its connection broke.
    Incomplete,
}

/// Reads a document of acceptable size. A larger one is read on to a point and thrown away, so that
/// its sender hears why instead of a broken connection.
async fn read_body(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut stream = body.into_data_stream();
    let (mut document, mut total) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyError::Incomplete)?;
        total += chunk.len();
        if total <= MOST_BYTES {
            document.extend_from_slice(&chunk);
        } else if total > 64 * MOST_BYTES {
            break;
        }
    }
    if total <= MOST_BYTES { Ok(document) } else { Err(BodyError::TooLarge) }
}

/// `POST /graphql`.
pub async fn write(
    State(server): State<Server>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> HttpResponse {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("application/json"));
    if !json {
        let response = failure("UNSUPPORTED_MEDIA_TYPE", "send application/json");
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, &response, &headers);
    }
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let response =
                failure("DOCUMENT_TOO_LARGE", format!("a request holds at most {MOST_BYTES} bytes"));
            return answer(StatusCode::PAYLOAD_TOO_LARGE, &response, &headers);
        }
        Err(BodyError::Incomplete) => {
            let response = failure("BODY_INCOMPLETE", "the body of the request stopped coming");
            return answer(StatusCode::REQUEST_TIMEOUT, &response, &headers);
        }
    };
    match serde_json::from_slice::<Request>(&body) {
        Ok(request) => match admit(&server, &headers, request).await {
            Ok(admitted) => execute(&server, &headers, address(&extensions), admitted).await,
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

/// The parameters of a query by GET.
#[derive(Deserialize)]
pub struct GetParameters {
    query: Option<String>,
    variables: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

/// `GET /graphql`.
pub async fn read(
    State(server): State<Server>,
    extensions: Extensions,
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
    execute(&server, &headers, address(&extensions), admitted).await
}
