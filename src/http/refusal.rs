//! What the HTTP parser refuses by itself (a request line or headers that are none, or too long) gets a problem for a body, as every
//! other refusal has. It changes no other answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest of the parser's own answers: a status line and three headers.
const PARSER_ANSWER_BYTES_MAX: usize = 256;

/// A stream that says more in place of the parser's own empty refusals.
#[derive(Debug)]
pub struct Telling<S, F> {
    stream: S,
    /// The whole answer for a status.
    answer: F,
    /// What is being said instead, and how much of it is written.
    said: Option<(Vec<u8>, usize)>,
}

impl<S, F> Telling<S, F> {
    /// Wraps a stream; `answer` makes a whole answer, head and body, for the status of a refusal.
    pub const fn new(stream: S, answer: F) -> Self {
        Self { stream, answer, said: None }
    }
}

/// The status of an answer that the parser wrote: a refusal, empty, without the id that every answer of ours carries.
fn refused(written: &[u8]) -> Option<u16> {
    if written.len() > PARSER_ANSWER_BYTES_MAX || !written.starts_with(b"HTTP/1.") {
        return None;
    }
    let (line, headers) = std::str::from_utf8(written).ok()?.split_once("\r\n")?;
    let status = line.split(' ').nth(1)?.parse().ok().filter(|status| (400..500).contains(status))?;
    (headers.contains("content-length: 0\r\n") && !headers.contains("request-id:")).then_some(status)
}

impl<S: AsyncWrite + Unpin, F: FnMut(u16) -> Vec<u8> + Unpin> Telling<S, F> {
    /// Writes what is said in place of `written` bytes; `None` where they are to be written themselves.
    fn tell(&mut self, cx: &mut Context<'_>, written: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.said.is_none() {
            self.said = Some(((self.answer)(refused(written)?), 0));
        }
        let (answer, mut at) = self.said.take()?;
        while let Some(rest) = answer.get(at..).filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.stream).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(more)) => at += more,
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => {
                    self.said = Some((answer, at));
                    return Some(Poll::Pending);
                }
            }
        }
        Some(Poll::Ready(Ok(written.len())))
    }
}

impl<S: AsyncRead + Unpin, F: Unpin> AsyncRead for Telling<S, F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, F: FnMut(u16) -> Vec<u8> + Unpin> AsyncWrite for Telling<S, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.tell(cx, buf) {
            Some(told) => told,
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
        if let [only] = bufs
            && let Some(told) = self.tell(cx, only)
        {
            return told;
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn only_the_parsers_own_refusals_are_replaced() {
        let long = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx: {}\r\n\r\n", "x".repeat(256));
        for (written, read) in [
            ("HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n", "told 431"),
            ("HTTP/1.0 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", "told 400"),
            ("HTTP/1.1 404 Not Found\r\nrequest-id: r\r\ncontent-length: 0\r\n\r\n", ""),
            ("HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\nproblem", ""),
            ("HTTP/1.1 100 Continue\r\n\r\n", ""),
            ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", ""),
            ("{\"detail\":\"HTTP/1.1 400\"}", ""),
            (&long, ""),
        ] {
            // The other end takes three bytes at a time, so that what is said goes out in pieces.
            let (near, mut far) = tokio::io::duplex(3);
            let mut near = Telling::new(near, |status| format!("told {status}").into_bytes());
            let said = async {
                near.write_all(written.as_bytes()).await.unwrap();
                drop(near);
            };
            let mut heard = String::new();
            let ((), heard_all) = tokio::join!(said, far.read_to_string(&mut heard));
            heard_all.unwrap();
            assert_eq!(heard, if read.is_empty() { written } else { read });
        }
    }
}
