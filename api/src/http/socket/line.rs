//! The line to the other side of a socket.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{SinkExt, StreamExt, channel::mpsc, stream::SplitSink};

use super::{Holder, closing::Closing};
use crate::http::{Server, drain::ShutdownSignal};

/// How often the other side is asked whether it is still there, and its session whether it still holds.
const PING: Duration = Duration::from_secs(25);

/// How long the other side has to answer that the socket closes.
const FAREWELL: Duration = Duration::from_secs(1);

/// The line to the other side.
pub(super) struct Line {
    sink: SplitSink<WebSocket, Message>,
    server: Server,
    holder: Arc<OnceLock<Holder>>,
    /// When anything was last heard.
    heard: Instant,
    stopping: ShutdownSignal,
}

impl Line {
    pub(super) fn new(
        sink: SplitSink<WebSocket, Message>,
        server: Server,
        holder: Arc<OnceLock<Holder>>,
        stopping: ShutdownSignal,
    ) -> Self {
        Self { sink, server, holder, heard: Instant::now(), stopping }
    }

    /// Carries messages between the other side and the library, until one of them ends it.
    pub(super) async fn run(
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
