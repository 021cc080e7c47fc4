//! A connection that says why it was refused. What is no request never reaches [`Entry`](super::edge::Entry): hyper answers it
//! alone, with a status and nothing else. Here that answer is replaced by a problem, and every other byte passes as it is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::edge::Entry;
use super::json::Json;
use super::problem::{Code, Problem};
use crate::limits::{REQUEST_HEAD_BYTES_MAX, REQUEST_HEADERS_MAX, RETRY_AFTER_SECONDS};

/// What follows the status line of hyper's own refusals. Answers of ours begin with other header lines.
const BARE: &[u8] = b"\r\nconnection: close\r\ncontent-length: 0\r\n";

/// A stream on which refusals have a body.
pub struct Spoken<S> {
    stream: S,
    entry: Arc<Entry>,
    /// What is written in place of a refusal, and how much of it was.
    told: Option<(Vec<u8>, usize)>,
}

impl<S> Spoken<S> {
    /// Wraps a stream.
    pub const fn new(stream: S, entry: Arc<Entry>) -> Self {
        Self { stream, entry, told: None }
    }
}

impl<S: AsyncWrite + Unpin> Spoken<S> {
    /// Writes the problem in place of `bytes`, where they are a refusal.
    fn poll_tell(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Option<io::Result<usize>>> {
        if self.told.is_none() {
            let Some(problem) = refusal(bytes) else { return Poll::Ready(None) };
            self.entry.edge().handle.metrics().rejects(problem.code().info().code, 1);
            self.told = Some((written(&problem, &self.entry.request_id().0), 0));
        }
        while let Some((told, done)) = &mut self.told {
            match told.get(*done..).filter(|rest| !rest.is_empty()) {
                None => self.told = None,
                Some(rest) => match ready!(Pin::new(&mut self.stream).poll_write(cx, rest)) {
                    Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                    Ok(count) => *done += count,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
        Poll::Ready(Some(Ok(bytes.len())))
    }
}

/// The problem of hyper's own refusal, where these bytes are one.
fn refusal(bytes: &[u8]) -> Option<Problem> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4")?;
    let line = status.windows(2).position(|pair| pair == b"\r\n")?;
    if !status.get(line..)?.starts_with(BARE) {
        return None;
    }
    Some(match status.get(..2)? {
        b"14" => Problem::new(Code::UriTooLong, "the path and query are longer than a request's head may be"),
        b"31" => Problem::new(
            Code::HeadersTooLarge,
            format!(
                "there are more than {REQUEST_HEADERS_MAX} header lines, or the head has more than {REQUEST_HEAD_BYTES_MAX} bytes"
            ),
        ),
        _ => Problem::new(Code::MalformedRequest, "the request line, a header line or the length cannot be read"),
    })
}

/// A problem as a whole answer, after which the connection is closed.
pub fn written(problem: &Problem, request_id: &str) -> Vec<u8> {
    let mut body = Json::with_capacity(512);
    problem.write(&mut body, request_id);
    let (body, status) = (body.into_bytes(), problem.code().info().status);
    let retry = match status {
        StatusCode::SERVICE_UNAVAILABLE => format!("retry-after: {RETRY_AFTER_SECONDS}\r\n"),
        _ => String::new(),
    };
    let mut told = format!(
        "HTTP/1.1 {status}\r\n{retry}content-type: application/problem+json\r\nrequest-id: {request_id}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    told.extend(body);
    told
}

impl<S: AsyncRead + Unpin> AsyncRead for Spoken<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Spoken<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_tell(cx, buf)) {
            Some(told) => Poll::Ready(told),
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_tell(cx, bufs.first().map_or(&[], |first| first))) {
            Some(told) => Poll::Ready(told),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
