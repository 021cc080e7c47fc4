//! Following the journal: an answer that goes on for as long as its reader stays, of durable records only. Readers are few and
//! bounded; one who does not read, or whose key is revoked, is let go.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, interval};

use super::auth::Grant;
use super::edge::Edge;
use super::problem::{Code, Problem};
use super::routes::off_network;
use crate::ledger::types::Seq;
use crate::limits::{FOLLOW_KEEP_ALIVE_MS, FOLLOW_LOOK_MS, FOLLOWERS_MAX};

/// Chunks on their way to one reader.
const CHUNKS_IN_FLIGHT: usize = 2;

/// Some of the journal, ready to send.
#[derive(Debug)]
pub struct Page {
    /// What to send; may be nothing where no record was of interest.
    pub bytes: Vec<u8>,
    /// The latest record that was looked at.
    pub shown: Seq,
}

/// Reads the page after a record. It reads the disk.
pub type Feed = Arc<dyn Fn(Seq) -> Result<Page, Problem> + Send + Sync>;

/// Answers with everything after a record, and goes on as more becomes durable.
pub fn follow(edge: &Arc<Edge>, grant: Grant, after: Seq, feed: Feed) -> Result<Response, Problem> {
    let place = place(edge)?;
    let (send, chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
    tokio::spawn(run(Arc::clone(edge), grant, after, feed, send, place));
    Ok(streamed(chunks, "text/event-stream"))
}

/// Answers with a first page and all that follows it up to a record, as lines.
pub fn all(edge: &Arc<Edge>, first: Page, until: Seq, feed: Feed) -> Result<Response, Problem> {
    let (place, (send, chunks)) = (place(edge)?, mpsc::channel(CHUNKS_IN_FLIGHT));
    tokio::spawn(async move {
        let (_place, mut page) = (place, first);
        loop {
            if send.send(Ok(Bytes::from(page.bytes))).await.is_err() || page.shown >= until {
                return;
            }
            let (feed, at) = (Arc::clone(&feed), page.shown);
            let Ok(Ok(next)) = off_network(move || feed(at)).await else {
                // Who reads no more need not be told.
                drop(send.send(Err(Broken)).await);
                return;
            };
            page = next;
        }
    });
    Ok(streamed(chunks, "application/x-ndjson"))
}

fn place(edge: &Edge) -> Result<OwnedSemaphorePermit, Problem> {
    let full = |_| Problem::new(Code::Overloaded, format!("{FOLLOWERS_MAX} readers are at the journal already"));
    Arc::clone(&edge.followers).try_acquire_owned().map_err(full)
}

fn streamed(chunks: mpsc::Receiver<Result<Bytes, Broken>>, media: &'static str) -> Response {
    let mut response = Response::new(Body::new(Chunks(chunks)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn run(
    edge: Arc<Edge>,
    grant: Grant,
    after: Seq,
    feed: Feed,
    reader: mpsc::Sender<Result<Bytes, Broken>>,
    _place: OwnedSemaphorePermit,
) {
    let mut closing = edge.closing();
    let mut look = interval(Duration::from_millis(FOLLOW_LOOK_MS));
    let (mut at, mut sent) = (after, Instant::now());
    loop {
        let chunk = if at < edge.handle.status().durable_seq {
            let feed = Arc::clone(&feed);
            let Ok(Ok(page)) = off_network(move || feed(at)).await else { return };
            at = page.shown;
            page.bytes
        } else if sent.elapsed() >= Duration::from_millis(FOLLOW_KEEP_ALIVE_MS) {
            if !edge.auth.still_valid(&grant) {
                return;
            }
            b": nothing new\n\n".to_vec()
        } else {
            tokio::select! {
                _ = look.tick() => continue,
                _ = closing.changed() => return,
                () = reader.closed() => return,
            }
        };
        if chunk.is_empty() {
            continue;
        }
        tokio::select! {
            passed = reader.send(Ok(Bytes::from(chunk))) => if passed.is_err() { return },
            _ = closing.changed() => return,
        }
        sent = Instant::now();
    }
}

/// A body of chunks as they come; it ends when the sender does, and breaks off at an error.
struct Chunks(mpsc::Receiver<Result<Bytes, Broken>>);

/// Why an answer broke off: the reader must not take what came for all there is.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the journal could not be read to the end")]
struct Broken;

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|chunk| chunk.map(|read| read.map(Frame::data)))
    }
}
