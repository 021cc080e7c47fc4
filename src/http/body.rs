//! Request bodies: read whole, within a size, a time and the memory that all bodies share.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Body;
use hyper::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};

use super::problem::{Code, Problem};
use crate::limits::{BODY_BYTES_MAX, OPEN_BODY_BYTES_MAX};

/// How a body or an answer lists its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON value.
    Json,
    /// One JSON value a line.
    Ndjson,
}

/// The body's format by its headers. A missing type is taken for JSON.
pub fn format(headers: &HeaderMap, takes_lines: bool) -> Result<Format, Problem> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "encoded bodies are not read; send it without Content-Encoding",
        ));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(Format::Json) };
    match media_type(value.as_bytes()) {
        essence if essence.eq_ignore_ascii_case(b"application/json") => Ok(Format::Json),
        essence if takes_lines && essence.eq_ignore_ascii_case(b"application/x-ndjson") => Ok(Format::Ndjson),
        _ if takes_lines => {
            Err(Problem::new(Code::UnsupportedMediaType, "expected application/json or application/x-ndjson"))
        }
        _ => Err(Problem::new(Code::UnsupportedMediaType, "expected application/json")),
    }
}

/// Whether a header such as `Accept` names a media type, whatever its weight.
pub fn names(headers: &HeaderMap, header: &HeaderName, media: &str) -> bool {
    let listed = headers.get_all(header).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    listed.into_iter().any(|entry| media_type(entry).eq_ignore_ascii_case(media.as_bytes()))
}

/// Whether `Accept` would rather have a page than JSON. Where both are as welcome, it is JSON.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let weight = |media: &[u8]| {
        let listed = headers.get_all(ACCEPT).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
        listed.filter(|entry| media_type(entry).eq_ignore_ascii_case(media)).map(weight).max().unwrap_or(0)
    };
    weight(b"text/html") > weight(b"application/json")
}

/// The weight of an entry of `Accept`, in thousandths: all of them where it says none, nothing where it cannot be read.
fn weight(entry: &[u8]) -> u32 {
    let Some(given) = entry.split(|b| *b == b';').find_map(|part| part.trim_ascii().strip_prefix(b"q=")) else {
        return 1_000;
    };
    if !given.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return 0;
    }
    let digits = given.iter().filter(|b| **b != b'.').chain(std::iter::repeat(&b'0')).take(4);
    digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')).min(1_000)
}

/// A header's value up to its parameters.
fn media_type(value: &[u8]) -> &[u8] {
    value.split(|b| *b == b';').next().unwrap_or_default().trim_ascii()
}

/// Memory that all open request bodies share.
#[derive(Debug, Default)]
pub struct Budget {
    open: AtomicUsize,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
struct Lease<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Lease<'_> {
    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let before = self.budget.open.fetch_add(bytes, Ordering::Relaxed);
        self.bytes = self.bytes.saturating_add(bytes);
        if before.saturating_add(bytes) > OPEN_BODY_BYTES_MAX {
            return Err(Problem::new(Code::Overloaded, "too many request bodies are open at once"));
        }
        Ok(())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.budget.open.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A body with its part of the shared memory.
#[derive(Debug)]
pub struct Whole<'a> {
    /// The bytes.
    pub bytes: Bytes,
    _lease: Lease<'a>,
}

/// Reads a body of at most `limit` bytes, which may take `patience` to arrive.
pub async fn read<'a, B>(
    budget: &'a Budget,
    headers: &HeaderMap,
    body: B,
    limit: usize,
    patience: Duration,
) -> Result<Whole<'a>, Problem>
where
    B: Body<Data = Bytes>,
{
    let declared =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if declared.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > limit)) {
        return Err(too_large(limit));
    }
    let reading = collect(budget, body, limit);
    tokio::time::timeout(patience, reading).await.map_err(|_| {
        Problem::new(Code::RequestTimeout, format!("the body took longer than {} ms", patience.as_millis()))
    })?
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the body has more than {limit} bytes"))
}

async fn collect<B>(budget: &Budget, body: B, limit: usize) -> Result<Whole<'_>, Problem>
where
    B: Body<Data = Bytes>,
{
    let mut lease = Lease { budget, bytes: 0 };
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(Code::MalformedJson, "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if lease.bytes.saturating_add(data.len()) > limit {
            return Err(too_large(limit));
        }
        lease.grow(data.len())?;
        // A small body is one frame and is not copied.
        if first.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                // What is still to come is only a claim, so little room is made for it in advance.
                let claimed = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(BODY_BYTES_MAX);
                rest.reserve(first.len().saturating_add(data.len()).saturating_add(claimed));
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    let bytes = if rest.is_empty() { first } else { rest.freeze() };
    Ok(Whole { bytes, _lease: lease })
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;
    use hyper::header::HeaderValue;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn typed(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))])
    }

    #[test]
    fn knows_its_media_types() {
        assert_eq!(format(&HeaderMap::new(), false).unwrap(), Format::Json);
        assert_eq!(format(&typed("Application/JSON; charset=utf-8"), false).unwrap(), Format::Json);
        assert_eq!(format(&typed("application/x-ndjson"), true).unwrap(), Format::Ndjson);
        for (value, lines) in
            [("application/x-ndjson", false), ("text/plain", true), ("application/x-www-form-urlencoded", true)]
        {
            assert_eq!(format(&typed(value), lines).unwrap_err().code(), Code::UnsupportedMediaType);
        }
        let accept =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html;q=0.9, application/x-ndjson"))]);
        assert!(names(&accept, &ACCEPT, "application/x-ndjson") && names(&accept, &ACCEPT, "text/html"));
        assert!(!names(&accept, &ACCEPT, "application/json"));
    }

    #[test]
    fn a_page_is_for_whoever_asks_for_one() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("text/html;q=0.9, application/json;q=0.89", true),
            ("*/*", false),
            ("application/json, text/html;q=0.5", false),
            ("application/json, text/html", false),
            ("text/html; q=0", false),
            ("text/html;q=nonsense", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(prefers_html(&headers), html, "{accept}");
        }
    }

    #[tokio::test]
    async fn joins_frames_and_gives_memory_back() {
        let budget = Budget::default();
        let stream =
            Frames(["ab", "", "cd", "e"].map(|part| Bytes::from_static(part.as_bytes())).into_iter().collect());
        let whole = read(&budget, &HeaderMap::new(), stream, 5, PATIENCE).await.unwrap();
        assert_eq!(&whole.bytes[..], b"abcde");
        assert_eq!(budget.open.load(Ordering::Relaxed), 5);
        drop(whole);
        assert_eq!(budget.open.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn refuses_more_than_its_limits() {
        let budget = Budget::default();
        let body = || Full::new(Bytes::from_static(b"123456"));
        assert_eq!(read(&budget, &HeaderMap::new(), body(), 5, PATIENCE).await.unwrap_err().code(), Code::BodyTooLarge);
        let told = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("99999999999999999999"))]);
        assert!(
            read(&budget, &told, body(), 6, PATIENCE).await.is_ok(),
            "a length that is no number is hyper's to refuse"
        );
        budget.open.store(OPEN_BODY_BYTES_MAX, Ordering::Relaxed);
        assert_eq!(read(&budget, &HeaderMap::new(), body(), 6, PATIENCE).await.unwrap_err().code(), Code::Overloaded);
        assert_eq!(budget.open.load(Ordering::Relaxed), OPEN_BODY_BYTES_MAX);
    }

    /// A body of several frames that are all there.
    struct Frames(VecDeque<Bytes>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|data| Ok(Frame::data(data))))
        }
    }
}
