//! One keep-alive connection to the daemon, over the standard library alone: a request's bytes out, its whole answer back.
//! It never pipelines, and retries nothing but a `GET` on a connection that the daemon closed while it was idle, so what a test
//! sends is what the daemon got.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// After this long without an answer a test has failed. Machines that run tests stand still now and then.
const PATIENCE: Duration = Duration::from_mins(3);
/// Bytes asked of the socket at once.
const READ_BYTES: usize = 256 << 10;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// GET, POST …
    pub method: &'a str,
    /// The path with its query.
    pub path: &'a str,
    /// Headers beyond `host` and `content-length`.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The lines after the status line.
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The answer itself where it has this status; else the test fails with what it says.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// A connection that is opened with its first request, and anew after an error.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Client {
    /// A client of the daemon at an address.
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::new() }
    }

    /// Connects now, so that the next request is on its way at once.
    pub fn connect(&mut self) -> io::Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a request and reads its answer.
    pub fn send(&mut self, request: &Request<'_>) -> io::Result<Answer> {
        let outcome = self.attempt(request);
        if !matches!(&outcome, Ok(answer) if answer.header("connection") != Some("close")) {
            self.stream = None;
        }
        outcome
    }

    /// `GET`, which must be answered.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        let request = Request { method: "GET", path, headers: &[], body: b"" };
        let was_idle = self.stream.is_some();
        match self.send(&request) {
            Err(_) if was_idle => self.send(&request).unwrap(),
            outcome => outcome.unwrap(),
        }
    }

    /// `POST` of JSON, which must be answered.
    #[track_caller]
    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        let headers = &[("content-type", "application/json")];
        self.send(&Request { method: "POST", path, headers, body: body.to_string().as_bytes() }).unwrap()
    }

    /// `POST` of JSON with further headers, which must be answered.
    #[track_caller]
    pub fn post_with(&mut self, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend_from_slice(more);
        self.send(&Request { method: "POST", path, headers: &headers, body: body.to_string().as_bytes() }).unwrap()
    }

    fn attempt(&mut self, request: &Request<'_>) -> io::Result<Answer> {
        self.connect()?;
        let stream = self.stream.as_mut().expect("it was connected just now");
        let Request { method, path, headers, body } = request;
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n", self.address, body.len());
        for (name, value) in *headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;

        self.read.clear();
        let start = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            fill(stream, &mut self.read)?;
        };
        let head = String::from_utf8(self.read[..start].to_vec()).map_err(io::Error::other)?;
        let (status, head) = head.split_once("\r\n").unwrap_or_default();
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("no status line"))?;
        let mut answer = Answer { status, head: head.to_owned(), body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = chunks(stream, &mut self.read, start)?;
            return Ok(answer);
        }
        let length: Option<usize> = answer.header("content-length").and_then(|length| length.parse().ok());
        let end = start + length.ok_or_else(|| io::Error::other("an answer without content-length"))?;
        while self.read.len() < end {
            fill(stream, &mut self.read)?;
        }
        answer.body = self.read[start..end].to_vec();
        Ok(answer)
    }
}

/// A body that comes in chunks, up to the last one. What breaks off is an error.
fn chunks(stream: &mut TcpStream, read: &mut Vec<u8>, mut at: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = loop {
            if let Some(end) = read[at..].windows(2).position(|window| window == b"\r\n") {
                break at + end;
            }
            fill(stream, read)?;
        };
        let size = std::str::from_utf8(&read[at..line]).map_err(io::Error::other)?;
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        let (start, end) = (line + 2, line + 2 + size);
        while read.len() < end + 2 {
            fill(stream, read)?;
        }
        body.extend_from_slice(&read[start..end]);
        if size == 0 {
            return Ok(body);
        }
        at = end + 2;
    }
}

fn fill(stream: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    let before = into.len();
    into.resize(before + READ_BYTES, 0);
    // A process that was stopped for a while is interrupted when it goes on.
    let outcome = loop {
        match stream.read(&mut into[before..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => break outcome,
        }
    };
    into.truncate(before + *outcome.as_ref().unwrap_or(&0));
    match outcome? {
        0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        _ => Ok(()),
    }
}
