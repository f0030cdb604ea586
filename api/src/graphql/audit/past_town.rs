//! Asks past towns with the schema and the limits of today's.

use async_graphql::{Request, Response, Variables};
use portail_application::{
    access::Principal,
    audit::{past as replay, past::ReplayError},
};
use serde_json::Value;

use crate::{
    graphql::{
        PortalSchema,
        document_guard::{Admitted, DocumentGuard},
    },
    http::request_context::RequestContext,
};

/// A past town that GraphQL answers for.
pub type PastTown = replay::PastTown<PortalSchema>;

/// The past towns of a server.
pub type Replays = replay::Replays<PortalSchema>;

/// Asks a past town.
///
/// # Errors
/// It is not a query.
pub async fn ask(
    past: &PastTown,
    admitted: Admitted,
    context: RequestContext,
) -> Result<Response, ReplayError> {
    if !admitted.only_asks() {
        return Err(ReplayError::NotAQuery);
    }
    Ok(past.screens().execute(admitted.into_request().data(context)).await)
}

/// Asks a past town and gives the answer as a document, for comparing.
///
/// # Errors
/// It is not a query.
pub async fn answer(
    past: &PastTown,
    guard: &DocumentGuard,
    query: &str,
    variables: &Value,
    principal: &Principal,
) -> Result<Value, ReplayError> {
    let request = Request::new(query).variables(Variables::from_json(variables.clone()));
    let context = RequestContext { principal: Some(principal.clone()), ..RequestContext::default() };
    let response = match guard.admit(request, context.language).await {
        Ok(admitted) => ask(past, admitted, context).await?,
        Err(refused) => Response::from_errors(vec![refused]),
    };
    serde_json::to_value(response).map_err(|e| ReplayError::Failed(e.to_string()))
}
