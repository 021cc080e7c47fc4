//! Who may ask: bearer keys, kept only as hashes. It never logs or stores a token.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use super::problem::{Code, Problem};

/// How requests prove who they are.
#[derive(Clone, Debug)]
pub enum Auth {
    /// They do not: anyone who reaches the port may do anything.
    Off,
    /// By a token whose BLAKE3 hash is one of these.
    Keys(Vec<blake3::Hash>),
}

impl Auth {
    /// The hash a token is kept as.
    pub fn hash(token: &str) -> blake3::Hash {
        blake3::hash(token.as_bytes())
    }

    /// Refuses a request that does not carry a known token. Every key is compared, each in constant time, so that
    /// the time taken tells nothing of how close a guess was.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Self::Keys(keys) = self else { return Ok(()) };
        let Some(token) = bearer(headers) else {
            return Err(Problem::new(Code::Unauthenticated, "the request has no Authorization: Bearer header"));
        };
        let hash = blake3::hash(token);
        let known = keys.iter().filter(|key| **key == hash).count() > 0;
        if known { Ok(()) } else { Err(Problem::new(Code::Unauthenticated, "the key is not known")) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn only_known_keys_pass() {
        let auth = Auth::Keys(vec![Auth::hash("tsk_one"), Auth::hash("tsk_two")]);
        for good in ["Bearer tsk_one", "bearer tsk_two", "Bearer  tsk_two "] {
            assert!(auth.check(&headers(&[good])).is_ok(), "{good}");
        }
        for bad in [
            &[][..],
            &["tsk_one"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer tsk_on"],
            &["Basic tsk_one"],
            &["Bearer tsk_one", "Bearer tsk_one"],
        ] {
            let problem = auth.check(&headers(bad)).unwrap_err();
            assert_eq!(problem.code(), Code::Unauthenticated, "{bad:?}");
        }
        assert!(Auth::Keys(Vec::new()).check(&headers(&["Bearer x"])).is_err());
        assert!(Auth::Off.check(&headers(&[])).is_ok());
    }
}
