//! The server's HTTP side: its routes, its connections, and what holds for every request.

mod connections;
mod deadline;
mod drain;
mod graphql;
mod health;
pub mod identity;
pub mod links;
mod metrics;
mod places;
pub mod refusal;
pub mod request_context;
mod response;
mod socket;

use std::sync::Arc;

use async_graphql::Request;
use axum::{Router, middleware::from_fn_with_state, routing::get};
use portail_application::{
    Application,
    access::Principal,
    limits::{Introspection, Limits},
};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::{
    files::{
        documents::{self, TownName},
        exports,
        read_trail::record_download,
        uploads,
    },
    graphql::{PortalSchema, Schemas, audit::past_town::Replays, document_guard::DocumentGuard},
};
pub use connections::serve;
pub use drain::Drain;

/// The largest accepted document, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// What the routes of GraphQL work with.
#[derive(Clone)]
struct Server {
    schema: PortalSchema,
    guard: DocumentGuard,
    replays: Arc<Replays>,
    application: Arc<Application>,
    limits: Arc<Limits>,
    people: socket::People,
    drain: Drain,
}

impl Server {
    /// A request that may ask what the schema is only if its sender may.
    fn permit(&self, request: Request, principal: Option<&Principal>) -> Request {
        match self.limits.introspection {
            Introspection::Everybody => request,
            Introspection::SignedIn if principal.is_some() => request,
            Introspection::SignedIn | Introspection::Nobody => request.disable_introspection(),
        }
    }
}

/// The routes of the server.
pub fn router(
    schemas: &Schemas,
    application: Arc<Application>,
    replays: Arc<Replays>,
    town: TownName,
    drain: Drain,
) -> Router {
    let limits = Arc::new(application.limits().clone());
    let schema = schemas.of_today(application.clone(), replays.clone());
    let guard = schemas.guard().clone();
    let files = documents::routes(application.clone(), town)
        .merge(exports::routes(application.clone(), schemas.over(application.clone())))
        .merge(uploads::routes(application.clone()))
        .layer(from_fn_with_state(application.clone(), record_download))
        .layer(from_fn_with_state(limits.transfer, deadline::of_transfer));
    let answers = metrics::Answers::default();
    let watched = Router::new()
        .route("/metrics", get(metrics::metrics))
        .with_state((application.clone(), answers.clone()))
        .merge(Router::new().route("/health", get(health::health)).with_state(application.clone()));
    let (request, stall) = (limits.request, limits.stall);
    let people = socket::People::default();
    Router::new()
        .route("/graphql", get(graphql::read).post(graphql::write))
        .route("/graphql/ws", get(socket::open))
        .with_state(Server { schema, guard, replays, application, limits, people, drain })
        .layer(from_fn_with_state(request, deadline::of_graphql))
        .merge(files)
        .merge(watched)
        .layer(RequestBodyTimeoutLayer::new(stall))
        .layer(from_fn_with_state(answers, metrics::count))
}
