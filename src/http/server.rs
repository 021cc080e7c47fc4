//! The accept loop: HTTP/1.1 connections within their number, with deadlines for what clients send and read, and a drain.
//!
//! It knows no routes; [`Entry`] answers every request.

use std::convert::Infallible;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::edge::{Edge, Entry};
use super::io::Patient;
use super::json::Json;
use super::problem::{Code, Problem};
use super::refusal::Telling;
use crate::limits::{REQUEST_HEAD_BYTES_MAX, REQUEST_HEADERS_MAX, RETRY_AFTER_SECONDS, WRITE_STALL_MS_MAX};

/// How long a client may leave an answer unread.
const WRITE_STALL: Duration = Duration::from_millis(WRITE_STALL_MS_MAX);

/// How long accepting rests after an error that would repeat at once, such as too many open files.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is done; then takes no more connections, lets open requests finish for at most
/// the time that the settings give, and returns.
pub async fn serve(listener: TcpListener, edge: Arc<Edge>, shutdown: impl Future<Output = ()>) {
    let settings = edge.settings;
    let entry = Arc::new(Entry::new(edge));
    let slots = Arc::new(Semaphore::new(settings.connections));
    let (drain, draining) = watch::channel(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => match Arc::clone(&slots).try_acquire_owned() {
                Ok(slot) => {
                    tokio::spawn(connection(stream, Arc::clone(&entry), draining.clone(), slot));
                }
                Err(_) => turn_away(&entry, stream),
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    entry.edge().close();
    drain.send_replace(true);
    let all = u32::try_from(settings.connections).expect("a few thousand");
    if timeout(settings.drain, slots.acquire_many(all)).await.is_err() {
        tracing::warn!(
            open = settings.connections - slots.available_permits(),
            "connections were still open after the drain"
        );
    }
}

/// Tells a connection beyond the limit to come back, and closes it.
fn turn_away(entry: &Entry, stream: TcpStream) {
    entry.edge().handle.metrics().connection_refused();
    let told = whole_answer(entry, &Problem::new(Code::Overloaded, "all connections are taken"));
    // The send buffer of a new connection is empty, so this cannot block; whether it arrives does not matter.
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(&told));
}

/// What is said instead of a refusal by the HTTP parser itself; the connection ends with it.
fn parser_refused(entry: &Entry, status: u16) -> Vec<u8> {
    let problem = match status {
        414 => Problem::new(Code::UriTooLong, "the request's address has more bytes than can be read"),
        431 => Problem::new(
            Code::HeadTooLarge,
            format!(
                "a request's head has at most {REQUEST_HEADERS_MAX} header lines and {REQUEST_HEAD_BYTES_MAX} bytes"
            ),
        ),
        _ => Problem::new(Code::InvalidRequest, "the request's line or a header is not HTTP/1.1"),
    };
    entry.edge().handle.metrics().rejects(problem.code().info().code, 1);
    whole_answer(entry, &problem)
}

/// An answer outside of any request, head and body.
fn whole_answer(entry: &Entry, problem: &Problem) -> Vec<u8> {
    let (id, info) = (entry.request_id(), problem.code().info());
    let mut body = Json::with_capacity(512);
    problem.write(&mut body, &id.0);
    let body = body.into_bytes();
    let retry = if info.status == StatusCode::SERVICE_UNAVAILABLE {
        format!("retry-after: {RETRY_AFTER_SECONDS}\r\n")
    } else {
        String::new()
    };
    let mut told = format!(
        "HTTP/1.1 {}\r\n{retry}content-type: application/problem+json\r\nrequest-id: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        info.status,
        id.0,
        body.len()
    )
    .into_bytes();
    told.extend(body);
    told
}

async fn connection(
    stream: TcpStream,
    entry: Arc<Entry>,
    mut draining: watch::Receiver<bool>,
    slot: OwnedSemaphorePermit,
) {
    let _slot = slot;
    let open = Open::new(&entry);
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before it began");
        return;
    }
    let service = service_fn(|request| {
        let entry = Arc::clone(&entry);
        async move { Ok::<_, Infallible>(entry.answer(request).await) }
    });
    let stream = Telling::new(Patient::new(stream, WRITE_STALL), |status| parser_refused(&entry, status));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(entry.edge().settings.header_read)
        .max_headers(REQUEST_HEADERS_MAX)
        .max_buf_size(REQUEST_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // The channel says one thing once, or is gone; either way it is time to end.
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = draining.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
    drop(open);
}

/// Counts a connection for as long as it lives.
struct Open<'a>(&'a Entry);

impl<'a> Open<'a> {
    fn new(entry: &'a Entry) -> Self {
        entry.edge().handle.metrics().connection(true);
        Self(entry)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.edge().handle.metrics().connection(false);
    }
}
