//! WebSockets: subscriptions over `graphql-transport-ws`, as many as a person may hold, for as long as
//! their session lasts.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use async_graphql::{Data, Executor, Request, Response, http::ALL_WEBSOCKET_PROTOCOLS};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{Extensions, HeaderMap},
    response::Response as HttpResponse,
};
use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    stream::{BoxStream, SplitSink},
};
use portail_application::{Application, access::Principal};
use portail_domain::i18n::{Language, text};

use crate::http::{
    MOST_BYTES, Server,
    connections::Origin,
    drain::ShutdownSignal,
    identity::{language, principal},
    places::{Place, Places},
    request_context::RequestContext,
    response::{complete_errors, failure},
};

/// How often the other side is asked whether it is still there, and its session whether it still holds.
const PING: Duration = Duration::from_secs(25);

/// How many messages may wait in either direction.
const WAITING: usize = 64;

/// How long the other side has to answer that the socket closes.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the server closes a socket: the code of its close frame, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closing(u16, &'static str);

impl Closing {
    const SERVER_STOPS: Self = Self(1001, "SERVER_STOPS");
    const TOO_MANY_MESSAGES: Self = Self(1008, "TOO_MANY_MESSAGES");
    const UNAVAILABLE: Self = Self(1013, "UNAVAILABLE");
    const SESSION_ENDED: Self = Self(4401, "SESSION_ENDED");
    const NO_INIT: Self = Self(4408, "SOCKET_INIT_TIMEOUT");
    const TOO_MANY_SOCKETS: Self = Self(4429, "TOO_MANY_SOCKETS");

    /// The library closes a socket that is refused at its beginning with a code of its own.
    fn refused(message: &Message) -> Option<Self> {
        let Message::Close(Some(frame)) = message else { return None };
        [Self::TOO_MANY_SOCKETS, Self::UNAVAILABLE].into_iter().find(|known| *known.1 == *frame.reason)
    }
}

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
    let line = Line { sink, server, holder, heard: Instant::now(), stopping };
    line.run(library.serve(), stream, to_library, from_library).await;
}

/// The line to the other side.
struct Line {
    sink: SplitSink<WebSocket, Message>,
    server: Server,
    holder: Arc<OnceLock<Holder>>,
    /// When anything was last heard.
    heard: Instant,
    stopping: ShutdownSignal,
}

impl Line {
    /// Carries messages between the other side and the library, until one of them ends it.
    async fn run(
        mut self,
        library: impl Future<Output = ()>,
        mut stream: futures::stream::SplitStream<WebSocket>,
        mut to_library: mpsc::Sender<Result<Message, axum::Error>>,
        mut from_library: mpsc::Receiver<Message>,
    ) {
        let mut library = std::pin::pin!(library);
        let mut is_served = false;
        let init = tokio::time::sleep(self.server.limits.socket_init);
        let mut init = std::pin::pin!(init);
        let mut pings = tokio::time::interval(PING);
        pings.tick().await;
        let closing = loop {
            tokio::select! {
                () = library.as_mut(), if !is_served => is_served = true,
                message = from_library.next() => match message {
                    None => break None,
                    Some(message) => {
                        if let Some(refused) = Closing::refused(&message) {
                            break Some(refused);
                        }
                        if !self.send(message).await {
                            return;
                        }
                    }
                },
                message = stream.next() => match message {
                    Some(Ok(message)) => {
                        self.heard = Instant::now();
                        let is_said = matches!(message, Message::Text(_) | Message::Binary(_));
                        if is_said && to_library.try_send(Ok(message)).is_err_and(|e| e.is_full()) {
                            break Some(Closing::TOO_MANY_MESSAGES);
                        }
                    }
                    Some(Err(_)) | None => return,
                },
                () = &mut init, if self.holder.get().is_none() => break Some(Closing::NO_INIT),
                () = self.stopping.begun() => break Some(Closing::SERVER_STOPS),
                _ = pings.tick() => {
                    if self.heard.elapsed() > 2 * PING || !self.send(Message::Ping(Default::default())).await {
                        return;
                    }
                    if let Some(holder) = self.holder.get()
                        && holder.is_signed_in(&self.server.application).await.is_ok_and(|is| !is)
                    {
                        break Some(Closing::SESSION_ENDED);
                    }
                }
            }
        };
        let Some(Closing(code, reason)) = closing else { return };
        if self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await {
            // A socket cut at once could lose the frame on its way.
            let farewell = async { while let Some(Ok(_)) = stream.next().await {} };
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }

    /// Sends a message; whether it was taken in time.
    async fn send(&mut self, message: Message) -> bool {
        matches!(tokio::time::timeout(self.server.limits.stall, self.sink.send(message)).await, Ok(Ok(())))
    }
}

/// Runs the operations of one socket.
#[derive(Clone)]
struct Operations {
    server: Server,
    holder: Arc<OnceLock<Holder>>,
}

impl Executor for Operations {
    async fn execute(&self, request: Request) -> Response {
        self.server.schema.execute(request).await
    }

    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let this = self.clone();
        let limits = self.server.limits.clone();
        let answers = async_stream::stream! {
            // The library runs nothing before the socket has begun.
            let Some(holder) = this.holder.get() else { return };
            let language = holder.language;
            let most = limits.subscriptions_per_person;
            let Some(_place) = this.server.people.operations.take(holder.name.clone(), most) else {
                yield failure(
                    "TOO_MANY_SUBSCRIPTIONS",
                    text("TOO_MANY_SUBSCRIPTIONS", language, &[("most", most.to_string())]),
                );
                return;
            };
            let admitted = match this.server.guard.admit(request, language).await {
                Ok(admitted) => admitted,
                Err(error) => {
                    let mut refused = Response::from_errors(vec![error]);
                    complete_errors(&mut refused, limits.errors);
                    yield refused;
                    return;
                }
            };
            let subscribes = admitted.subscribes();
            let request = this.server.permit(admitted.into_request(), holder.principal.as_ref());
            let mut stream = Executor::execute_stream(&this.server.schema, request, data);
            loop {
                // What subscribes waits for what happens, as long as it takes.
                let answer = if subscribes {
                    stream.next().await
                } else {
                    let answer = tokio::time::timeout(limits.request, stream.next()).await;
                    answer.unwrap_or_else(|_| {
                        let seconds = super::deadline::seconds(limits.request);
                        Some(failure("TIMEOUT", text("TIMEOUT", language, &seconds)))
                    })
                };
                let Some(mut answer) = answer else { return };
                // Nothing is shown to who is no longer signed in.
                if subscribes && !holder.is_signed_in(&this.server.application).await.unwrap_or(false) {
                    yield failure("UNAUTHENTICATED", text("UNAUTHENTICATED", language, &[]));
                    return;
                }
                let timed_out = !subscribes && answer.is_err();
                complete_errors(&mut answer, limits.errors);
                yield answer;
                if timed_out {
                    return;
                }
            }
        };
        answers.boxed()
    }
}
