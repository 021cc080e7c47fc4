//! How `import`, `export` and `backup` reach a ledger: over HTTP where a daemon serves it, else by the same requests to an engine
//! started here on the data folder, without a socket. So both do the same, and check the same.

use std::io;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::engine::{self, Engine};
use crate::http::{Auth, Edge, Entry, Settings, Vouchers};
use crate::rules::ProgramFiles;
use crate::store::{self, StoreConfig};
use crate::telemetry::Metrics;

/// The variable of the environment that a key is taken from, so that it stands in no list of processes.
const KEY_VARIABLE: &str = "TALLYSTICK_KEY";

/// Which ledger.
#[derive(Clone, Debug, clap::Args)]
pub struct Target {
    /// The folder of a ledger that no daemon serves.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// A running daemon instead, such as `http://127.0.0.1:7070`; its key is taken from the variable `TALLYSTICK_KEY`.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub url: Option<String>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    headers: hyper::HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The detail of a problem, or what there is instead.
    pub fn problem(&self) -> String {
        let said: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let detail = said.as_ref().and_then(|said| said.get("detail")?.as_str());
        format!("{}: {}", self.status, detail.unwrap_or("without a reason"))
    }
}

/// A way to a ledger.
pub enum Transport {
    /// A daemon.
    Remote(Remote),
    /// An engine of our own.
    Local {
        /// The engine, stopped in the end.
        engine: Box<Engine>,
        /// What answers requests.
        entry: Entry,
    },
}

/// A connection to a daemon, opened with the first request and after an error.
pub struct Remote {
    host: String,
    key: Option<HeaderValue>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Transport {
    /// A daemon at a URL.
    pub fn remote(url: &str) -> Result<Self, String> {
        let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let host = host.filter(|host| !host.is_empty() && !host.contains('/'));
        let host = host.ok_or_else(|| format!("{url}: expected http:// with a host and a port"))?;
        let key = match std::env::var(KEY_VARIABLE) {
            Ok(token) => Some(
                HeaderValue::from_str(&format!("Bearer {token}"))
                    .map_err(|_| format!("{KEY_VARIABLE} holds what no key does"))?,
            ),
            Err(_) => None,
        };
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        Ok(Self::Remote(Remote { host, key, sender: None }))
    }

    /// An engine on a data folder. Its clock is the journal's, moved by the requests, where `moved`; else the system's.
    pub fn local(data: &Path, programs: &[ProgramFiles], moved: bool) -> Result<Self, String> {
        let metrics = Arc::new(Metrics::new().map_err(|error| error.to_string())?);
        let config = engine::Config {
            data: data.to_owned(),
            store: StoreConfig::default(),
            cache_members: crate::limits::CACHE_MEMBERS_DEFAULT,
            cache_rings: crate::limits::CACHE_RINGS_DEFAULT,
            block_events: crate::limits::BLOCK_EVENTS_MAX,
            queue_events: crate::limits::QUEUE_EVENTS_MAX,
            evaluate_threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            manual_clock: moved,
        };
        let engine = Engine::start(&config, programs, metrics, &mut |_, _| {}).map_err(|error| match error {
            engine::Error::Store(store::Error::InUse(_)) => {
                format!("{} is served by a daemon; reach it with --url", data.display())
            }
            other => other.to_string(),
        })?;
        let vouchers = Vouchers::open(data).map_err(|error| format!("the key of voucher codes: {error}"))?;
        let edge = Arc::new(Edge::new(engine.handle(), Auth::Off, Settings::default(), vouchers));
        Ok(Self::Local { engine: Box::new(engine), entry: Entry::new(edge) })
    }

    /// Sends a request and reads its answer.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: Bytes,
    ) -> io::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        match self {
            Self::Remote(remote) => remote.send(request).await,
            Self::Local { entry, .. } => {
                let (head, body) = entry.answer(request).await.into_parts();
                let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                Ok(Answer { status: head.status, headers: head.headers, body })
            }
        }
    }

    /// Ends an engine of our own; why it had failed, where it had.
    pub fn close(self) -> Result<(), String> {
        match self {
            Self::Remote(_) => Ok(()),
            Self::Local { engine, .. } => tokio::task::block_in_place(|| engine.stop()),
        }
    }
}

impl Remote {
    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> io::Result<Answer> {
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&self.host).map_err(io::Error::other)?);
        if let Some(key) = &self.key {
            headers.insert(AUTHORIZATION, key.clone());
        }
        let mut sender = match self.sender.take().filter(SendRequest::is_ready) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let (head, body) = sender.send_request(request).await.map(Response::into_parts).map_err(io::Error::other)?;
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        self.sender = Some(sender);
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let unreachable = |error| io::Error::other(format!("no daemon can be reached at {}: {error}", self.host));
        let address = self.host.to_socket_addrs().map_err(unreachable)?.next();
        let address = address.ok_or_else(|| io::Error::other(format!("{} has no address", self.host)))?;
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
