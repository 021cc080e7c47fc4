//! `/console`: one page for analysts and operators, served as it stands here. It holds nothing of any ledger: what it shows it asks
//! for with the key that its reader types in. It loads nothing from elsewhere, and a policy holds it to that.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("page.html");

/// What a browser may do for the page: run its own script, use its own style, ask this daemon, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |open: &str, close: &str| -> String {
        let inside =
            PAGE.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map_or("", |(inside, _)| inside);
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inside.as_bytes())))
    };
    let (script, style) = (hash("<script>", "</script>"), hash("<style>", "</style>"));
    format!(
        "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
});

/// `GET /console`.
pub fn page() -> Response {
    let mut response = Response::new(Body::from(PAGE));
    let headers: &mut HeaderMap = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stands_alone_and_names_what_it_shows() {
        for elsewhere in ["http://", "https://", "src=", "@import", "url(", "innerHTML", "eval(", "onclick"] {
            assert!(!PAGE.contains(elsewhere), "{elsewhere}");
        }
        assert_eq!((PAGE.matches("<script>").count(), PAGE.matches("<style>").count()), (1, 1));
        assert!(PAGE.contains("<html lang=\"en\">") && PAGE.contains("name=\"viewport\""));
        // Every field has a label, and every section a heading that names it.
        let ids = |start: &str| -> Vec<String> {
            let found = PAGE.split(start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
            found.collect()
        };
        for field in ids("<input id=\"").into_iter().chain(ids("<select id=\"")) {
            assert!(PAGE.contains(&format!("<label for=\"{field}\">")), "{field}");
        }
        for section in ids("aria-labelledby=\"") {
            assert!(PAGE.contains(&format!("<h2 id=\"{section}\">")), "{section}");
        }
        let policy = POLICY.as_str();
        assert!(policy.contains("default-src 'none'") && policy.matches("'sha256-").count() == 2, "{policy}");
        assert_eq!(page().headers()[CONTENT_SECURITY_POLICY], policy);
    }
}
