//! The way of a request: its id, its key, a hot route matched by hand or the router, its problem written, its numbers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::response::Response;
use bytes::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{HeaderMap, Method, Request, StatusCode};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use super::auth::{Access, Auth};
use super::body::Budget;
use super::json::Json;
use super::problem::Problem;
use super::routes::{self, Call};
use super::unread::lend;
use super::vouchers::Vouchers;
use super::webhooks::Registry;
use crate::engine::handle::{Handle, ProgramView};
use crate::keys::Scope;
use crate::ledger::types::Text;
use crate::limits::{
    BATCH_BODY_BYTES_MAX, BODY_BYTES_MAX, BODY_READ_MS_MAX, CONNECTIONS_MAX, DRAIN_MS_MAX, FOLLOWERS_MAX,
    HEADER_READ_MS_DEFAULT, REPORTS_AT_ONCE, REQUEST_ID_BYTES_MAX, RETRY_AFTER_SECONDS,
};

/// The header that names a request, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// How connections and requests are bounded. The bounds of these are in [`crate::limits`]; the configuration checks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Connections at once.
    pub connections: usize,
    /// How long a request's header may take.
    pub header_read: Duration,
    /// How long a request's body may take.
    pub body_read: Duration,
    /// How long a stop waits for open requests.
    pub drain: Duration,
    /// Bytes of a body of one event or command.
    pub body_bytes: usize,
    /// Bytes of a batch's body.
    pub batch_body_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            header_read: Duration::from_millis(HEADER_READ_MS_DEFAULT),
            body_read: Duration::from_millis(BODY_READ_MS_MAX),
            drain: Duration::from_millis(DRAIN_MS_MAX),
            body_bytes: BODY_BYTES_MAX,
            batch_body_bytes: BATCH_BODY_BYTES_MAX,
        }
    }
}

/// All that requests share.
#[derive(Debug)]
pub struct Edge {
    /// The engine.
    pub handle: Handle,
    /// Who may ask.
    pub auth: Auth,
    /// The bounds of connections and requests.
    pub settings: Settings,
    /// Where backups are made, where they may be.
    pub backups: Option<PathBuf>,
    /// Endpoints that records are sent to, where any may be.
    pub webhooks: Option<Arc<Registry>>,
    /// Whether webhooks may go to addresses that are not of the public internet.
    pub webhooks_private: bool,
    /// How long after a failed delivery the next is tried, in milliseconds, where the configuration says so.
    pub webhook_retry_ms: Option<u64>,
    /// Memory of open request bodies.
    pub bodies: Budget,
    /// Turns at backtests: each holds a ledger in memory.
    pub backtests: Arc<Semaphore>,
    /// Voucher codes.
    pub vouchers: Vouchers,
    /// Places of those who follow the journal.
    pub followers: Arc<Semaphore>,
    /// Places of reports that are worked out.
    pub reports: Semaphore,
    /// Says once that the server closes.
    close: watch::Sender<bool>,
    requests: Ids,
}

impl Edge {
    /// An edge over an engine.
    pub fn new(handle: Handle, auth: Auth, settings: Settings, vouchers: Vouchers) -> Self {
        let (followers, close) = (Arc::new(Semaphore::new(FOLLOWERS_MAX)), watch::Sender::new(false));
        let reports = Semaphore::new(REPORTS_AT_ONCE);
        Self {
            handle,
            auth,
            settings,
            vouchers,
            backups: None,
            webhooks: None,
            webhooks_private: false,
            webhook_retry_ms: None,
            bodies: Budget::default(),
            backtests: Arc::new(Semaphore::new(1)),
            followers,
            reports,
            close,
            requests: Ids::new(),
        }
    }

    /// The same with a folder that backups may be made in.
    #[must_use]
    pub fn with_backups(self, folder: PathBuf) -> Self {
        Self { backups: Some(folder), ..self }
    }

    /// The same with webhooks: their endpoints, whether private addresses are open to them, and the first retry in milliseconds.
    #[must_use]
    pub fn with_webhooks(self, endpoints: Registry, private: bool, retry_ms: u64) -> Self {
        Self {
            webhooks: Some(Arc::new(endpoints)),
            webhooks_private: private,
            webhook_retry_ms: Some(retry_ms),
            ..self
        }
    }

    /// Ends what would go on for ever: the server closes.
    pub fn close(&self) {
        self.close.send_replace(true);
    }

    /// Changes once, when the server closes.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.close.subscribe()
    }

    /// A program by its name.
    pub fn program(&self, name: &str) -> Result<Arc<ProgramView>, Problem> {
        self.handle.program(name).ok_or_else(|| Problem::unknown_program(name))
    }
}

/// The id of a request, told back with its answer and in its problem.
#[derive(Clone, Debug)]
pub struct RequestId(pub Text);

/// Makes request ids: a part drawn when the process starts, and a count.
#[derive(Debug)]
struct Ids {
    process: u32,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let drawn = RandomState::new().hash_one(std::process::id());
        Self { process: u32::try_from(drawn >> 32).unwrap_or_default(), next: AtomicU64::new(1) }
    }

    /// The caller's own id where it is sane, else a new one.
    fn of(&self, headers: &HeaderMap) -> RequestId {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
        let given = headers
            .get(REQUEST_ID)
            .filter(|value| (1..=REQUEST_ID_BYTES_MAX).contains(&value.len()) && value.as_bytes().iter().all(plain));
        if let Some(text) = given.and_then(|value| value.to_str().ok()) {
            return RequestId(Text::new(text));
        }
        self.made()
    }

    /// A new one.
    fn made(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        RequestId(smol_str::format_smolstr!("req_{:08x}{count:08x}", self.process))
    }
}

/// What the server and tests call with a request.
#[derive(Debug)]
pub struct Entry {
    edge: Arc<Edge>,
    router: Router,
}

impl Entry {
    /// The routes over an edge.
    pub fn new(edge: Arc<Edge>) -> Self {
        let (router, _) = routes::router();
        let router = router.with_state(Arc::clone(&edge));
        Self { edge, router }
    }

    /// The edge behind it.
    pub const fn edge(&self) -> &Arc<Edge> {
        &self.edge
    }

    /// The id of what is answered without a request.
    pub fn request_id(&self) -> RequestId {
        self.edge.requests.made()
    }

    /// Answers one request. Never fails: what goes wrong is a problem in the answer.
    pub async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let started = Instant::now();
        let id = self.edge.requests.of(request.headers());
        let hot = hot_route(request.method(), request.uri().path()).map(|hot| hot.route);
        // Who waits to be told that the body is wanted does not send one that is not.
        let on_its_way = !request.headers().contains_key(EXPECT);
        let (parts, body) = request.into_parts();
        let (body, lender) = lend(body);
        let answered = self.dispatch(Request::from_parts(parts, body), &id).await;
        let mut response = match answered {
            Ok(mut response) => match response.extensions_mut().remove::<Problem>() {
                Some(problem) => self.refuse(response, &problem, &id),
                None => response,
            },
            Err(problem) => self.refuse(Response::new(Body::empty()), &problem, &id),
        };
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        if !lender.drain(on_its_way).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.count(hot, &mut response, started);
        response
    }

    fn refuse(&self, response: Response, problem: &Problem, id: &RequestId) -> Response {
        self.edge.handle.metrics().rejects(problem.code().info().code, 1);
        write_problem(response, problem, id)
    }

    fn count(&self, hot: Option<Route>, response: &mut Response, started: Instant) {
        let matched = response.extensions_mut().remove::<MatchedPath>();
        let route = hot.map(Route::pattern).or(matched.as_ref().map(MatchedPath::as_str)).unwrap_or("none");
        self.edge.handle.metrics().http_request(route, response.status().as_u16(), started.elapsed());
    }

    async fn dispatch<B>(&self, request: Request<B>, id: &RequestId) -> Result<Response, Problem>
    where
        B: hyper::body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let path = request.uri().path();
        let grant = if is_public(path) { None } else { Some(self.edge.auth.check(request.headers())?) };
        let Some(Hot { route, program, member }) = hot_route(request.method(), path) else {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(id.clone());
            if let Some(grant) = grant {
                request.extensions_mut().insert(grant);
            }
            let Ok(response) = self.router.clone().oneshot(request).await;
            return Ok(response);
        };
        if let Some(grant) = grant {
            grant.permit(route.access(), program)?;
        }
        let (program, member) = (program.to_owned(), member.to_owned());
        let (parts, body) = request.into_parts();
        let (headers, uri) = (&parts.headers, &parts.uri);
        let call = Call { edge: &self.edge, program: &program, request_id: &id.0, headers, uri };
        match route {
            Route::Events => routes::post_event(&call, body).await,
            Route::EventsBatch => routes::post_events(&call, body).await,
            Route::TransfersBatch => routes::post_transfers(&call, body).await,
            Route::Balance => routes::get_balance(&call, &member).await,
        }
    }
}

/// Routes that go past the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// `POST …/events`.
    Events,
    /// `POST …/events/batch`.
    EventsBatch,
    /// `POST …/transfers/batch`.
    TransfersBatch,
    /// `GET …/members/{m}/balance`.
    Balance,
}

impl Route {
    /// The pattern by which requests are counted, the same as the router's.
    const fn pattern(self) -> &'static str {
        match self {
            Self::Events => "/v1/programs/{program}/events",
            Self::EventsBatch => "/v1/programs/{program}/events/batch",
            Self::TransfersBatch => "/v1/programs/{program}/transfers/batch",
            Self::Balance => "/v1/programs/{program}/members/{member}/balance",
        }
    }

    /// Who it is for, the same as in the table of routes.
    const fn access(self) -> Access {
        match self {
            Self::Events | Self::EventsBatch | Self::TransfersBatch => Access::Program(Scope::Write),
            Self::Balance => Access::Program(Scope::Read),
        }
    }
}

/// A request that goes past the router.
struct Hot<'a> {
    route: Route,
    program: &'a str,
    member: &'a str,
}

/// Finds hot routes. Paths with encoded parts go to the router, which decodes them.
fn hot_route<'a>(method: &Method, path: &'a str) -> Option<Hot<'a>> {
    let (program, rest) = path.strip_prefix("/v1/programs/")?.split_once('/')?;
    if program.contains('%') {
        return None;
    }
    let hot = |route| Some(Hot { route, program, member: "" });
    if *method == Method::POST {
        match rest {
            "events" => hot(Route::Events),
            "events/batch" => hot(Route::EventsBatch),
            "transfers/batch" => hot(Route::TransfersBatch),
            _ => None,
        }
    } else if *method == Method::GET {
        let member = rest.strip_prefix("members/")?.strip_suffix("/balance")?;
        let plain = !member.is_empty() && !member.contains(['/', '%']);
        plain.then_some(Hot { route: Route::Balance, program, member })
    } else {
        None
    }
}

/// Paths that say nothing about any program, and take no key.
fn is_public(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/v1/version" | "/openapi.json" | "/console")
        || path.starts_with("/problems/")
}

fn write_problem(mut response: Response, problem: &Problem, id: &RequestId) -> Response {
    let mut out = Json::with_capacity(512);
    problem.write(&mut out, &id.0);
    let status = problem.code().info().status;
    *response.status_mut() = status;
    *response.body_mut() = Body::from(out.into_bytes());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove(hyper::header::CONTENT_LENGTH);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hot_routes_are_found_and_others_are_not() {
        let found = |method: Method, path| hot_route(&method, path).map(|hot| (hot.route, hot.program, hot.member));
        assert_eq!(found(Method::POST, "/v1/programs/g/events"), Some((Route::Events, "g", "")));
        assert_eq!(found(Method::POST, "/v1/programs/g/events/batch"), Some((Route::EventsBatch, "g", "")));
        assert_eq!(found(Method::POST, "/v1/programs/g/transfers/batch"), Some((Route::TransfersBatch, "g", "")));
        assert_eq!(found(Method::GET, "/v1/programs/g/members/m 1/balance"), Some((Route::Balance, "g", "m 1")));
        for path in [
            "/v1/programs/g/events",
            "/v1/programs/g/members//balance",
            "/v1/programs/g/members/a%2Fb/balance",
            "/v1/programs/g/members/a/b/balance",
        ] {
            assert_eq!(found(Method::GET, path), None, "{path}");
        }
        assert_eq!(found(Method::PUT, "/v1/programs/g/events"), None);
    }

    #[test]
    fn the_short_ways_agree_with_the_table_of_routes() {
        let (_, operations) = routes::router();
        for operation in &operations {
            let public = operation.access == Access::Public;
            assert_eq!(is_public(&operation.path), public, "{}", operation.path);
            let path = operation.path.replace("{program}", "p").replace("{member}", "m");
            if let Some(hot) = hot_route(&operation.method, &path) {
                assert_eq!((hot.route.pattern(), hot.route.access()), (operation.path.as_str(), operation.access));
            }
        }
        for route in [Route::Events, Route::EventsBatch, Route::TransfersBatch, Route::Balance] {
            assert!(operations.iter().any(|operation| operation.path == route.pattern()), "{route:?}");
        }
    }

    #[test]
    fn sane_request_ids_are_kept() {
        let ids = Ids::new();
        let given = |text: &str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(text).unwrap())]);
            ids.of(&headers).0
        };
        assert_eq!(given("till-4:0007.a_b"), "till-4:0007.a_b");
        for odd in ["", "a b", "a\"b", "é", &"x".repeat(REQUEST_ID_BYTES_MAX + 1)] {
            assert!(given(odd).starts_with("req_"), "{odd}");
        }
        assert_ne!(ids.of(&HeaderMap::new()).0, ids.of(&HeaderMap::new()).0);
    }
}
