//! Why a socket ends.

use axum::extract::ws::Message;

/// Why the server closes a socket: the code of its close frame, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closing(pub(super) u16, pub(super) &'static str);

impl Closing {
    pub(super) const SERVER_STOPS: Self = Self(1001, "SERVER_STOPS");
    pub(super) const TOO_MANY_MESSAGES: Self = Self(1008, "TOO_MANY_MESSAGES");
    pub(super) const UNAVAILABLE: Self = Self(1013, "UNAVAILABLE");
    pub(super) const SESSION_ENDED: Self = Self(4401, "SESSION_ENDED");
    pub(super) const NO_INIT: Self = Self(4408, "SOCKET_INIT_TIMEOUT");
    pub(super) const TOO_MANY_SOCKETS: Self = Self(4429, "TOO_MANY_SOCKETS");

    /// The library closes a socket that is refused at its beginning with a code of its own.
    pub(super) fn refused(message: &Message) -> Option<Self> {
        let Message::Close(Some(frame)) = message else { return None };
        [Self::TOO_MANY_SOCKETS, Self::UNAVAILABLE].into_iter().find(|known| *known.1 == *frame.reason)
    }
}
