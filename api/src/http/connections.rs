//! Connections: how many there are, how long they may take for a request, and how they end.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use portail_application::limits::Limits;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::http::{
    drain::{Drain, ShutdownSignal},
    identity::{client_address, language},
    places::{Place, Places},
    refusal::Refusal,
};

/// How many connections beyond the last are told so; those beyond them are cut without a word.
const TOLD: usize = 64;

/// How long the server rests when the system has no connection to give.
const REST: Duration = Duration::from_millis(100);

/// A connection's place among all: a WebSocket keeps it when the connection has become one.
#[derive(Debug)]
pub struct Slot {
    _of_all: OwnedSemaphorePermit,
    _of_address: Option<Place<IpAddr>>,
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address: the connection's, or the one a trusted proxy names.
    pub address: IpAddr,
    /// The connection's place.
    _slot: Arc<Slot>,
}

struct Slots {
    all: Arc<Semaphore>,
    told: Arc<Semaphore>,
    of_address: Places<IpAddr>,
    limits: Arc<Limits>,
}

impl Slots {
    fn take(&self, peer: IpAddr) -> Option<Slot> {
        let of_all = self.all.clone().try_acquire_owned().ok()?;
        // All that a proxy brings comes from its address.
        let is_proxy = self.limits.trusted_proxies.iter().any(|network| network.contains(&peer));
        let of_address = if is_proxy {
            None
        } else {
            Some(self.of_address.take(peer, self.limits.connections_per_address)?)
        };
        Some(Slot { _of_all: of_all, _of_address: of_address })
    }
}

/// Serves until `stop`; then takes no new connection, lets what is under way end, and cuts it after the
/// limit.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    drain: Drain,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = Arc::new(limits);
    let slots = Slots {
        all: Arc::new(Semaphore::new(limits.connections)),
        told: Arc::new(Semaphore::new(TOLD)),
        of_address: Places::default(),
        limits: limits.clone(),
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // A connection that ended before it was taken is its own matter; a system without file
                // handles gets some back.
                tracing::debug!(%error, "a connection cannot be taken");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        match slots.take(peer.ip()) {
            Some(slot) => {
                let (router, limits) = (router.clone(), limits.clone());
                tokio::spawn(converse(stream, peer, slot, router, limits, drain.join()));
            }
            None => {
                if let Ok(told) = slots.told.clone().try_acquire_owned() {
                    tokio::spawn(refuse(stream, told, limits.clone(), drain.join()));
                }
            }
        }
    }
    drop(listener);
    let cut = drain.finish(limits.drain).await;
    if cut > 0 {
        tracing::warn!(cut, "connections had not ended when the server stopped");
    }
    Ok(())
}

/// Serves a connection's requests, one after the other.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    router: Router,
    limits: Arc<Limits>,
    stopping: ShutdownSignal,
) {
    let slot = Arc::new(slot);
    let answer = {
        let limits = limits.clone();
        move |mut request: hyper::Request<Incoming>| {
            let address = client_address(peer.ip(), request.headers(), &limits.trusted_proxies);
            request.extensions_mut().insert(Origin { address, _slot: slot.clone() });
            router.clone().oneshot(request.map(Body::new))
        }
    };
    run(stream, answer, limits.head, limits.stall, stopping).await;
}

/// Tells a connection that there are too many.
async fn refuse(
    stream: TcpStream,
    told: OwnedSemaphorePermit,
    limits: Arc<Limits>,
    stopping: ShutdownSignal,
) {
    let answer = async |request: hyper::Request<Incoming>| {
        let refusal =
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_CONNECTIONS", language(request.headers()));
        let mut response = refusal.into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(1));
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        Ok(response)
    };
    let patience = Duration::from_secs(1).min(limits.head);
    run(stream, answer, patience, patience, stopping).await;
    drop(told);
}

async fn run<F, A>(
    stream: TcpStream,
    answer: F,
    head: Duration,
    stall: Duration,
    mut stopping: ShutdownSignal,
) where
    F: Fn(hyper::Request<Incoming>) -> A,
    A: Future<Output = Result<Response, Infallible>>,
{
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    // Reading has limits of its own: of a head, of a body, of a WebSocket.
    stream.set_write_timeout(Some(stall));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(Box::pin(stream)), service_fn(answer))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = stopping.begun(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
