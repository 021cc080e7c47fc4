//! The problems of a request itself, before its path and its meaning. Only names, titles and help.

use hyper::StatusCode;

use super::{Code, Info, info};

impl Code {
    pub(super) const fn request_info(self) -> Info {
        match self {
            Self::MalformedJson => info(
                "malformed_json",
                StatusCode::BAD_REQUEST,
                "The body is not JSON",
                "The body could not be read as JSON in UTF-8; the detail names the line and column. Nothing was recorded.",
            ),
            Self::Unauthenticated => info(
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "A key is needed",
                "Send a key of this program as Authorization: Bearer tsk_… . Keys are compared exactly; a revoked key is unknown.",
            ),
            Self::Forbidden => info(
                "forbidden",
                StatusCode::FORBIDDEN,
                "The key may not do this",
                "The key is known and its scope, or the programs it belongs to, do not cover this. Scopes: read looks up and \
                 simulates, write posts and spends, admin changes rules and balances; each includes those before it.",
            ),
            Self::RequestTimeout => info(
                "request_timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time",
                "The request's body took too long to arrive. Nothing was recorded; send it again.",
            ),
            Self::BodyTooLarge => info(
                "body_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "One event may take 1 MiB, a batch 64 MiB, less where the configuration says so. Split the batch; nothing of this \
                 request was recorded.",
            ),
            Self::BatchTooLarge => info(
                "batch_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The batch has too many elements",
                "A batch may have 10,000 elements. Split it; nothing of this request was recorded.",
            ),
            Self::UnsupportedMediaType => info(
                "unsupported_media_type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body's type is not supported",
                "Send Content-Type: application/json, or application/x-ndjson where the path takes batches, without Content-Encoding.",
            ),
            Self::MalformedRequest | Self::UriTooLong | Self::HeadersTooLarge => self.head_info(),
            _ => info(
                "invalid_request",
                StatusCode::BAD_REQUEST,
                "The request is not valid",
                "A field is missing, unknown, of the wrong type or out of its bounds: errors[] has a JSON pointer for each. \
                 Amounts are integers without fraction or exponent. Nothing was recorded.",
            ),
        }
    }

    /// Of what never became a request.
    const fn head_info(self) -> Info {
        match self {
            Self::UriTooLong => info(
                "uri_too_long",
                StatusCode::URI_TOO_LONG,
                "The path and query are too long",
                "The request line does not fit where a request's head is read, so the connection is closed. Nothing was recorded.",
            ),
            Self::HeadersTooLarge => info(
                "headers_too_large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The header lines are too many or too long",
                "A request may have 64 header lines and a head of 64 KiB, so the connection is closed. Nothing was recorded.",
            ),
            _ => info(
                "malformed_request",
                StatusCode::BAD_REQUEST,
                "What arrived is not an HTTP/1.1 request",
                "The request line, a header line or the length could not be read, so the connection is closed. The daemon speaks \
                 HTTP/1.1 without TLS: a proxy in front of it does that. Nothing was recorded.",
            ),
        }
    }
}
