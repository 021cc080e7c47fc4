//! The routes: one function each, from a request to an answer or a [`Problem`].

mod backups;
mod batch;
mod cases;
mod daemon;
mod events;
mod fraud;
mod households;
mod journal;
mod links;
mod lists;
mod members;
mod money;
mod own;
mod program;
mod reports;
mod rulesets;
mod spending;
mod table;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Body as HttpBody;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode, Uri};

pub use batch::{post_events, post_transfers};
pub use events::post_event;
pub use members::get_balance;
pub use table::Operation;

use super::auth::{Access, Grant};
use super::body::{self, Whole};
use super::edge::{Edge, RequestId, Settings};
use super::json::Json;
use super::problem::{Code, FieldError, Place, Problem};
use super::query::Query;
use super::wire::{self, Wire};
use crate::engine::handle::ProgramView;
use crate::keys::Scope;
use crate::ledger::types::Text;
use table::Table;

/// What every route is told.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What requests share.
    pub edge: &'a Edge,
    /// The program's name in the path, decoded; empty for paths without one.
    pub program: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The request's path and query.
    pub uri: &'a Uri,
}

impl<'a> Call<'a> {
    fn view(&self) -> Result<Arc<ProgramView>, Problem> {
        self.edge.program(self.program)
    }

    fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        Query::read(self.uri.query(), known)
    }

    /// Whether the caller wants no more than that it was done.
    fn wants_minimal(&self) -> bool {
        body::names(self.headers, &PREFER, "return=minimal")
    }

    /// Reads a body of one JSON value.
    async fn body<B: HttpBody<Data = Bytes>>(&self, body: B) -> Result<Whole<'a>, Problem> {
        body::format(self.headers, false)?;
        let Settings { body_bytes, body_read, .. } = self.edge.settings;
        body::read(&self.edge.bodies, self.headers, body, body_bytes, body_read).await
    }

    /// The `Idempotency-Key`, bare or in quotes, at most `longest` bytes; empty where none was sent.
    fn idempotency_key(&self, longest: usize) -> Result<Text, Problem> {
        let Some(value) = self.headers.get(IDEMPOTENCY_KEY) else { return Ok(Text::default()) };
        let text = value.to_str().unwrap_or_default().trim();
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        if bare.is_empty() || bare.len() > longest || !bare.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            let detail = format!("expected 1 to {longest} printable ASCII characters").into();
            return Err(Problem::invalid(vec![FieldError { place: Place::Header("Idempotency-Key"), detail }]));
        }
        Ok(Text::new(bare))
    }
}

const GET: Method = Method::GET;
const DELETE: Method = Method::DELETE;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const PUT: Method = Method::PUT;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request that came through the router, without its body.
struct Ask {
    edge: Arc<Edge>,
    request_id: RequestId,
    headers: HeaderMap,
    uri: Uri,
    params: Vec<(String, String)>,
    grant: Grant,
}

impl FromRequestParts<Arc<Edge>> for Ask {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Arc<Edge>) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, edge)
            .await
            .map_err(|_| Problem::new(Code::NotFound, "the path is not percent-encoded UTF-8"))?;
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_else(|| RequestId(Text::default()));
        let grant = parts.extensions.get::<Grant>().cloned().unwrap_or(Grant::Everything);
        let headers = std::mem::take(&mut parts.headers);
        Ok(Self { edge: Arc::clone(edge), request_id, headers, uri: parts.uri.clone(), params, grant })
    }
}

impl Ask {
    fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    fn call(&self) -> Call<'_> {
        Call {
            edge: &self.edge,
            program: self.param("program"),
            request_id: &self.request_id.0,
            headers: &self.headers,
            uri: &self.uri,
        }
    }

    /// Reads and checks a body of one JSON value.
    async fn read<W, I>(&self, body: Body) -> Result<I, Problem>
    where
        W: for<'de> Wire<'de, Input = I>,
    {
        let whole = self.call().body(body).await?;
        wire::read::<W>(&whole.bytes)
    }
}

/// All routes, and the table they are made of. The hot ones are here too, for paths that need decoding and for the methods they
/// do not take.
pub fn router() -> (Router<Arc<Edge>>, Vec<Operation>) {
    let (router, operations) = for_daemon(for_spending(for_fraud(for_rules(for_programs(Table::default()))))).finish();
    let router = router
        .route_layer(axum::middleware::from_fn(tell_route))
        .fallback(|| async { Problem::new(Code::NotFound, "nothing is served at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the path does not take this method; the header Allow says which")
        });
    (router, operations)
}

/// What is about a program: for keys that belong to it.
fn for_programs(table: Table) -> Table {
    let at = |rest: &str| format!("/v1/programs/{{program}}{rest}");
    let [read, write, admin] = [Scope::Read, Scope::Write, Scope::Admin].map(Access::Program);
    table
        .add(POST, &at("/events"), write, "Post one event", events::post)
        .add(GET, &at("/events"), read, "Events: of a member oldest first, else newest first", lists::events)
        .query(&["member", "type", "order", "from", "to", "status", "limit", "cursor"])
        .add(POST, &at("/events/batch"), write, "Post up to 10,000 events, as an array or as lines", batch::events)
        .add(GET, &at("/events/{*key}"), read, "An event by its source and id", events::show)
        .add(POST, &at("/simulate"), read, "What an event would give, and why; nothing is written", events::simulate)
        .add(POST, &at("/members"), write, "Enrol a member", members::enroll)
        .keyed()
        .add(GET, &at("/members"), read, "Members, by id", lists::members)
        .query(&["tier", "from", "to", "limit", "cursor"])
        .add(GET, &at("/members/{member}"), read, "A member", members::show)
        .add(GET, &at("/members/{member}/balance"), read, "What a member has, now or then", members::balance)
        .query(&["at"])
        .add(
            GET,
            &at("/members/{member}/statement"),
            read,
            "A member's entries with running balances",
            members::statement,
        )
        .query(&["from", "to", "limit", "cursor"])
        .add(GET, &at("/members/{member}/lots"), read, "Lots with something left", members::lots)
        .query(&["pool", "limit", "cursor"])
        .add(POST, &at("/adjustments"), admin, "Correct a balance by hand", money::adjust)
        .keyed()
        .add(POST, &at("/transfers"), write, "Move points between members", money::transfer)
        .keyed()
        .add(POST, &at("/transfers/batch"), write, "Up to 10,000 transfers, as an array or as lines", batch::transfers)
        .keyed()
        .add(GET, &at("/reports/{report}"), read, "A report: liability, activity, metrics or fraud", reports::show)
        .query(&["from", "to", "active_window_days"])
        .add(GET, &at("/journal"), read, "Records as lines, or followed as events", journal::feed)
        .query(&["after_seq", "limit"])
        .add(POST, &at("/webhook_endpoints"), admin, "Send records to an endpoint", webhooks::create)
        .keyed()
        .add(GET, &at("/webhook_endpoints"), admin, "The endpoints, and how far each has come", webhooks::list)
        .add(GET, &at("/webhook_endpoints/{endpoint}"), admin, "An endpoint", webhooks::show)
        .add(PATCH, &at("/webhook_endpoints/{endpoint}"), admin, "Change, disable or enable it", webhooks::change)
        .add(DELETE, &at("/webhook_endpoints/{endpoint}"), admin, "Send nothing more to it", webhooks::delete)
        .add(GET, &at(""), read, "What the program is", program::show)
        .add(GET, &at("/"), read, "What the program is", program::show)
}

/// Rules: checked, versions of them, and what becomes of each.
fn for_rules(table: Table) -> Table {
    let at = |rest: &str| format!("/v1/programs/{{program}}{rest}");
    let [read, admin] = [Scope::Read, Scope::Admin].map(Access::Program);
    table
        .add(POST, &at("/rules/check"), read, "Check rules without installing them", program::check_rules)
        .add(GET, &at("/rules/schema"), read, "What rules may say: tables, keys, handlers, calls", program::schema)
        .add(POST, &at("/rulesets"), admin, "Write down a version of the rules, checked and tested", rulesets::draft)
        .keyed()
        .add(GET, &at("/rulesets"), read, "Versions of the rules, newest first", rulesets::list)
        .query(&["limit", "cursor"])
        .add(POST, &at("/rulesets/rollback"), admin, "Go back to the version before", rulesets::rollback)
        .keyed()
        .add(GET, &at("/rulesets/{version}"), read, "A version, its files and how it does", rulesets::show)
        .add(
            POST,
            &at("/rulesets/{version}/activate"),
            admin,
            "Let a version decide, for all or some",
            rulesets::activate,
        )
        .keyed()
        .add(
            DELETE,
            &at("/rulesets/{version}/activate"),
            admin,
            "Cancel what is planned for a version",
            rulesets::unplan,
        )
        .keyed()
        .add(POST, &at("/rulesets/{version}/rollback"), admin, "Leave a version, or go back to it", rulesets::rollback)
        .keyed()
        .add(POST, &at("/rulesets/{version}/shadow"), admin, "Run a version without effect", rulesets::shadow)
        .keyed()
        .add(POST, &at("/rulesets/{version}/backtest"), admin, "A version against history", rulesets::backtest)
        .add(DELETE, &at("/rulesets/{version}/shadow"), admin, "Stop running it without effect", rulesets::end_shadow)
        .keyed()
}

/// What is about fraud.
fn for_fraud(table: Table) -> Table {
    let at = |rest: &str| format!("/v1/programs/{{program}}{rest}");
    let [read, admin] = [Scope::Read, Scope::Admin].map(Access::Program);
    table
        .add(GET, &at("/cases"), read, "List cases, the most points at risk first", cases::list)
        .query(&["status", "entity", "member", "limit", "cursor"])
        .add(GET, &at("/cases/{case}"), read, "A case with its events", cases::show)
        .add(POST, &at("/cases/{case}/resolve"), admin, "Clear or confirm a case", cases::resolve)
        .keyed()
        .add(GET, &at("/members/{member}/links"), read, "Whom a member is tied to, and by what", links::show)
        .add(GET, &at("/fraud/hubs"), read, "Identifiers that tie nobody, since too many share them", links::hubs)
        .add(POST, &at("/normalise-email"), read, "An address's one name, and its hash", links::normalise_email)
        .add(GET, &at("/fraud/rules"), read, "The limits, and how each has done", fraud::rules)
        .add(GET, &at("/fraud/counters"), read, "What the limits have counted for a key", fraud::counters)
        .query(&["key"])
        .add(GET, &at("/fraud/lists"), read, "Who is allowed and who is not", fraud::lists)
        .query(&["list", "kind", "limit", "cursor"])
        .add(GET, &at("/fraud/lists/{list}"), read, "A list: allow or deny", fraud::list)
        .query(&["kind", "limit", "cursor"])
        .add(GET, &at("/fraud/lists/{list}/{kind}/{value}"), read, "An entry of a list", fraud::entry)
        .add(PUT, &at("/fraud/lists/{list}/{kind}/{value}"), admin, "Put an entry in a list", fraud::put)
        .keyed()
        .add(DELETE, &at("/fraud/lists/{list}/{kind}/{value}"), admin, "Take an entry away", fraud::delete)
        .keyed()
}

/// Spending, and members' own affairs.
fn for_spending(table: Table) -> Table {
    let at = |rest: &str| format!("/v1/programs/{{program}}{rest}");
    let [read, write, admin] = [Scope::Read, Scope::Write, Scope::Admin].map(Access::Program);
    table
        .add(POST, &at("/holds"), write, "Keep points aside", spending::hold)
        .keyed()
        .add(GET, &at("/holds/{hold}"), read, "A hold, and whether it is active", spending::show_hold)
        .add(POST, &at("/holds/{hold}/capture"), write, "Spend what a hold keeps; the rest is free", spending::capture)
        .keyed()
        .add(POST, &at("/holds/{hold}/release"), write, "Give a hold up", spending::release)
        .keyed()
        .add(POST, &at("/redemptions"), write, "Buy a reward, or spend points", spending::redeem)
        .keyed()
        .add(
            POST,
            &at("/redemptions/{redemption}/reverse"),
            write,
            "Give a redemption back, all or in part",
            spending::reverse,
        )
        .keyed()
        .add(
            GET,
            &at("/vouchers/{code}"),
            read,
            "What a voucher is, and whether it can be used",
            spending::show_voucher,
        )
        .add(POST, &at("/vouchers/{code}/use"), write, "Use a reward", spending::use_voucher)
        .keyed()
        .add(POST, &at("/vouchers/{code}/cancel"), write, "Give a reward up", spending::cancel_voucher)
        .keyed()
        .add(POST, &at("/donations"), write, "Give points to a charity", spending::donate)
        .keyed()
        .add(PATCH, &at("/members/{member}"), write, "Tell or choose: birthday, attributes, choices", own::update)
        .keyed()
        .add(POST, &at("/members/{member}/freeze"), admin, "Stop a member from spending", own::freeze)
        .keyed()
        .add(POST, &at("/members/{member}/unfreeze"), admin, "Let a member spend again", own::unfreeze)
        .keyed()
        .add(POST, &at("/members/{member}/merge"), admin, "Make a member part of another one", own::merge)
        .keyed()
        .add(POST, &at("/households"), write, "Found a household, or join one", households::join)
        .keyed()
        .add(GET, &at("/households/{household}"), read, "Who lives in a household, and what it has", households::show)
        .add(POST, &at("/households/{household}/members"), write, "Join a household", households::join_named)
        .keyed()
        .add(POST, &at("/households/{household}/leave"), write, "Leave a household", households::leave)
        .keyed()
        .add(POST, &at("/members/{member}/erase"), admin, "Forget who a member is", own::erase)
        .keyed()
}

/// What is about the daemon.
fn for_daemon(table: Table) -> Table {
    table
        .add(
            GET,
            "/v1/status",
            Access::Any(Scope::Read),
            "Progress: newest record, newest on disk, queue",
            daemon::status,
        )
        .add(POST, "/v1/clock", Access::Operator(Scope::Admin), "Move a manual clock", daemon::set_clock)
        .add(POST, "/v1/backups", Access::Operator(Scope::Admin), "Copy the ledger while it runs", backups::make)
        .add(GET, "/v1/version", Access::Public, "The program's name and version", daemon::version)
        .add(GET, "/livez", Access::Public, "Whether the process answers", daemon::live)
        .add(GET, "/readyz", Access::Public, "Whether the ledger takes work", daemon::ready)
        .add(GET, "/console", Access::Public, "A page for analysts and operators", daemon::console)
        .add(GET, "/openapi.json", Access::Public, "This description", daemon::openapi)
        .add(GET, "/metrics", Access::Operator(Scope::Read), "All numbers, as Prometheus reads them", daemon::metrics)
        .add(GET, "/problems/{code}", Access::Public, "What a problem's code means", daemon::problem)
}

/// Tells the end of the request which route it took, for the metrics.
async fn tell_route(matched: MatchedPath, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(matched);
    response
}

fn answer(status: StatusCode, media: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn json(status: StatusCode, out: Json) -> Response {
    answer(status, "application/json", out.into_bytes())
}

/// Does what reads the disk, or takes long, on a thread that answers no other request.
pub async fn off_network<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Work is only cancelled while the runtime shuts down.
        Err(_) => Problem::new(Code::Stopping, "the ledger is stopping"),
    })
}

/// Ends a list's object: whether more follows, and the cursor to it.
fn end_page(out: &mut Json, next: Option<&str>) {
    out.key("has_more");
    out.bool(next.is_some());
    out.key("next_cursor");
    out.optional(next);
    out.end_object();
}
