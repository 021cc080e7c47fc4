//! One connection: HTTP/1.1 with keep-alive, as lean as a client can be, because it shares the machine with the daemon it
//! measures. It never pipelines and never retries; what it cannot read is an error.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// After this long without its whole answer a request counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes asked of the socket at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes of an answer's head at most.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A connection and its buffers.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// What was read and not yet consumed; after an exchange, the whole answer.
    read: Vec<u8>,
    /// A body that came in chunks, put together.
    body: Vec<u8>,
}

/// An answer; its body is in the connection until the next exchange.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// True for 200 to 299.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// Where a body lies and what ends it.
enum Framing {
    Length(usize),
    Chunked,
}

/// An answer's head.
struct Head {
    status: u16,
    /// Bytes of the head, its empty line included.
    length: usize,
    framing: Framing,
    close: bool,
}

impl Connection {
    /// A connection that is opened with its first exchange.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::new(), body: Vec::new() }
    }

    /// Sends a whole request and waits for its whole answer. After an error the next exchange opens a new connection.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, self.attempt(request)).await;
        let outcome = answered.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
        match outcome {
            Ok((status, in_chunks, start, end)) => {
                let body = if in_chunks { self.body.as_slice() } else { self.read.get(start..end).unwrap_or_default() };
                Ok(Answer { status, body })
            }
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    /// Status, whether the body is in `body` instead of `read`, and where it lies in `read`.
    async fn attempt(&mut self, request: &[u8]) -> io::Result<(u16, bool, usize, usize)> {
        let stream = if let Some(stream) = &mut self.stream {
            stream
        } else {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream.insert(stream)
        };
        self.read.clear();
        stream.write_all(request).await?;
        let head = loop {
            if let Some(head) = parse_head(&self.read)? {
                break head;
            }
            if self.read.len() > HEAD_BYTES_MAX {
                return Err(malformed("the answer's head does not end"));
            }
            fill(stream, &mut self.read).await?;
        };
        let mut end = head.length;
        let mut in_chunks = false;
        match head.framing {
            Framing::Length(length) => {
                end += length;
                while self.read.len() < end {
                    fill(stream, &mut self.read).await?;
                }
            }
            Framing::Chunked => {
                in_chunks = true;
                self.body.clear();
                while !take_chunk(&self.read, &mut end, &mut self.body)? {
                    fill(stream, &mut self.read).await?;
                }
            }
        }
        if head.close {
            self.stream = None;
        }
        Ok((head.status, in_chunks, head.length, end))
    }
}

async fn fill(stream: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    into.reserve(READ_BYTES);
    if stream.read_buf(into).await? == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(())
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The head, once all of it is there.
fn parse_head(read: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = read.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(|| malformed("head"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let mut head = Head {
        status: status.ok_or_else(|| malformed("status line"))?,
        length: end + 4,
        framing: Framing::Length(0),
        close: false,
    };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            head.framing = Framing::Length(value.parse().map_err(|_| malformed("content-length"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            head.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
            head.close = true;
        }
    }
    Ok(Some(head))
}

/// Moves whole chunks from `read` into `body`, `at` being the first byte not moved. True once the last one was there.
fn take_chunk(read: &[u8], at: &mut usize, body: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let rest = read.get(*at..).unwrap_or_default();
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else { return Ok(false) };
        let size = rest.get(..line).and_then(|line| std::str::from_utf8(line).ok());
        let size = size.and_then(|size| usize::from_str_radix(size.split(';').next().unwrap_or(size).trim(), 16).ok());
        let size = size.ok_or_else(|| malformed("chunk size"))?;
        let data = line + 2;
        let end = data.saturating_add(size);
        // The chunk's data and the line end after it must both be there.
        let Some(chunk) = rest.get(data..end).filter(|_| rest.len() - end >= 2) else { return Ok(false) };
        *at += end + 2;
        if size == 0 {
            return Ok(true);
        }
        body.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::{Connection, parse_head, take_chunk};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[test]
    fn chunks_are_put_together_as_they_come() {
        let whole = b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\n";
        for cut in 0..whole.len() {
            let (mut at, mut body) = (0, Vec::new());
            let early = take_chunk(&whole[..cut], &mut at, &mut body).unwrap();
            assert!(!early, "cut at {cut}");
            assert!(take_chunk(whole, &mut at, &mut body).unwrap());
            assert_eq!(body, b"Wikipedia ");
        }
    }

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        assert!(parse_head(b"HTTP/1.1 201 Created\r\ncontent-length: 3\r\n").unwrap().is_none());
        let head =
            parse_head(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((head.status, head.length, head.close), (503, 59, true));
        assert!(parse_head(b"nonsense\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn a_lost_connection_is_an_error_and_the_next_exchange_opens_another() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connection = Connection::new(listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let mut request = [0u8; 4];
            let (mut first, _) = listener.accept().await.unwrap();
            first.read_exact(&mut request).await.unwrap();
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            for _ in 0..2 {
                second.read_exact(&mut request).await.unwrap();
                second.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        });
        assert!(connection.exchange(b"ping").await.is_err());
        for _ in 0..2 {
            let answer = connection.exchange(b"ping").await.unwrap();
            assert!(answer.is_success());
            assert_eq!(answer.body, b"ok");
        }
        server.await.unwrap();
    }
}
