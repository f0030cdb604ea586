//! WebSockets: subscriptions over `graphql-transport-ws`, as many as a person may hold, for as long as
//! their session lasts.

mod closing;
mod line;
mod operations;

use std::sync::{Arc, OnceLock};

use async_graphql::{Data, http::ALL_WEBSOCKET_PROTOCOLS};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{State, WebSocketUpgrade, ws::WebSocket},
    http::{Extensions, HeaderMap},
    response::Response as HttpResponse,
};
use futures::{StreamExt, channel::mpsc};
use portail_application::{Application, access::Principal};
use portail_domain::i18n::Language;

use self::{closing::Closing, line::Line, operations::Operations};
use crate::http::{
    MOST_BYTES, Server,
    connections::Origin,
    drain::ShutdownSignal,
    identity::{language, principal},
    places::{Place, Places},
    request_context::RequestContext,
};

/// How many messages may wait in either direction.
const WAITING: usize = 64;

/// What people hold: sockets, and operations that run on them.
#[derive(Debug, Clone, Default)]
pub struct People {
    sockets: Places<String>,
    operations: Places<String>,
}

/// Who holds a socket.
#[derive(Debug)]
struct Holder {
    principal: Option<Principal>,
    token: Option<String>,
    language: Language,
    /// Their login, or the address of somebody who is not signed in.
    name: String,
    _place: Place<String>,
}

impl Holder {
    /// Whether the session still is what it was when the socket was opened.
    async fn is_signed_in(&self, application: &Application) -> Result<bool, sqlx::Error> {
        Ok(principal(application, self.token.as_deref()).await? == self.principal)
    }
}

/// `GET /graphql/ws`.
pub async fn open(
    State(server): State<Server>,
    extensions: Extensions,
    headers: HeaderMap,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
) -> HttpResponse {
    let language = language(&headers);
    let origin = extensions.get::<Origin>().cloned();
    // It takes part from now on: the connection it comes from ends where the socket begins.
    let stopping = server.drain.join();
    upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS).max_message_size(MOST_BYTES).on_upgrade(
        move |socket| async move {
            let address = origin.as_ref().map_or_else(String::new, |origin| origin.address.to_string());
            serve(socket, server, protocol, language, address, stopping).await;
            drop(origin);
        },
    )
}

async fn serve(
    socket: WebSocket,
    server: Server,
    protocol: GraphQLProtocol,
    language: Language,
    address: String,
    stopping: ShutdownSignal,
) {
    let holder = Arc::new(OnceLock::new());
    let (to_library, from_client) = mpsc::channel(WAITING);
    let (to_client, from_library) = mpsc::channel(WAITING);
    let executor = Operations { server: server.clone(), holder: holder.clone() };
    let begin = {
        let (server, holder) = (server.clone(), holder.clone());
        move |payload: serde_json::Value| async move {
            let token = payload.get("Authorization").or_else(|| payload.get("authorization"));
            let token = token.and_then(|t| t.as_str()).map(|t| t.trim_start_matches("Bearer ").to_owned());
            let principal = principal(&server.application, token.as_deref()).await.map_err(|error| {
                tracing::error!(%error, "a session cannot be read");
                async_graphql::Error::new(Closing::UNAVAILABLE.1)
            })?;
            let name = principal.as_ref().map_or(address, |principal| principal.login.clone());
            let place = server.people.sockets.take(name.clone(), server.limits.sockets_per_person);
            let place = place.ok_or_else(|| async_graphql::Error::new(Closing::TOO_MANY_SOCKETS.1))?;
            let request = RequestContext {
                principal: principal.clone(),
                token: token.clone(),
                language,
                ..RequestContext::default()
            };
            let _ = holder.set(Holder { principal, token, language, name, _place: place });
            let mut data = Data::default();
            data.insert(request);
            Ok(data)
        }
    };
    let library =
        GraphQLWebSocket::new_with_pair(to_client, from_client, executor, protocol).on_connection_init(begin);
    let (sink, stream) = socket.split();
    let line = Line::new(sink, server, holder, stopping);
    line.run(library.serve(), stream, to_library, from_library).await;
}
