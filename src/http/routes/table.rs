//! The table of routes: every operation is added here once, with who may ask for it and what it is for. The router, the check of
//! keys and the description of the interface are made of it.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use hyper::Method;

use crate::http::auth::{Access, Grant};
use crate::http::edge::Edge;
use crate::http::problem::{Code, Problem};

/// One operation: a method of a path.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// The path's pattern, parameters in braces.
    pub path: String,
    /// Who it is for.
    pub access: Access,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The parameters of its query.
    pub query: &'static [&'static str],
    /// Whether it takes an `Idempotency-Key`.
    pub keyed: bool,
}

/// Operations with their handlers, as they are added.
#[derive(Debug, Default)]
pub struct Table {
    router: Router<Arc<Edge>>,
    operations: Vec<Operation>,
}

impl Table {
    /// Adds a method of a path.
    pub fn add<H, T>(mut self, method: Method, path: &str, access: Access, summary: &'static str, handler: H) -> Self
    where
        H: Handler<T, Arc<Edge>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("routes take the methods of RFC 9110");
        let guarded =
            on(filter, handler).route_layer(from_fn(move |params, request, next| guard(access, params, request, next)));
        self.router = self.router.route(path, guarded);
        let path = path.to_owned();
        self.operations.push(Operation { method, path, access, summary, query: &[], keyed: false });
        self
    }

    /// The operation added last reads these parameters of the query.
    pub fn query(self, names: &'static [&'static str]) -> Self {
        self.last(|operation| operation.query = names)
    }

    /// The operation added last takes an `Idempotency-Key`.
    pub fn keyed(self) -> Self {
        self.last(|operation| operation.keyed = true)
    }

    /// The router, and what is in it.
    pub fn finish(self) -> (Router<Arc<Edge>>, Vec<Operation>) {
        (self.router, self.operations)
    }

    fn last(mut self, note: impl FnOnce(&mut Operation)) -> Self {
        if let Some(operation) = self.operations.last_mut() {
            note(operation);
        }
        self
    }
}

/// Lets a request through whose key opens the operation.
async fn guard(
    access: Access,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let Ok(params) = params else {
        return Problem::new(Code::NotFound, "the path is not percent-encoded UTF-8").into_response();
    };
    let program = params.iter().find(|(name, _)| *name == "program").map_or("", |(_, value)| value);
    let permitted = match request.extensions().get::<Grant>() {
        Some(grant) => grant.permit(access, program),
        None if access == Access::Public => Ok(()),
        None => Err(Problem::unauthenticated()),
    };
    match permitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
