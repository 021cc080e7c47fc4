//! Who may ask: the bearer key of a request, and whether it opens what the request is about. It never logs a token.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use super::problem::{Code, Problem};
use crate::keys::{Key, Ring, Scope};

/// How requests prove who they are.
#[derive(Clone, Debug)]
pub enum Auth {
    /// They do not: anyone who reaches the port may do anything.
    Off,
    /// By a token whose hash is one of these.
    Keys(Arc<Ring>),
}

/// Who a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, without a key.
    Public,
    /// Keys of the path's program.
    Program(Scope),
    /// Keys of any program.
    Any(Scope),
    /// Keys of all programs: it tells or changes what concerns them all.
    Operator(Scope),
}

/// What a request's key permits.
#[derive(Clone, Debug)]
pub enum Grant {
    /// Everything: keys are off.
    Everything,
    /// What the key says.
    Key(Arc<Key>),
}

impl Auth {
    /// Refuses a request that does not carry a known token.
    pub fn check(&self, headers: &HeaderMap) -> Result<Grant, Problem> {
        let Self::Keys(keys) = self else { return Ok(Grant::Everything) };
        let Some(token) = bearer(headers) else {
            return Err(Problem::unauthenticated());
        };
        let key = keys.find(token).ok_or_else(|| Problem::new(Code::Unauthenticated, "the key is not known"))?;
        Ok(Grant::Key(key))
    }
}

impl Auth {
    /// Whether a grant of some time ago would be given again.
    pub fn still_valid(&self, grant: &Grant) -> bool {
        match (self, grant) {
            (Self::Keys(keys), Grant::Key(key)) => keys.holds(key),
            (Self::Keys(_), Grant::Everything) => false,
            (Self::Off, _) => true,
        }
    }
}

impl Grant {
    /// Refuses what the key does not open. Another program's paths are answered as those of a program that does not exist.
    pub fn permit(&self, access: Access, program: &str) -> Result<(), Problem> {
        let Self::Key(key) = self else { return Ok(()) };
        let needed = match access {
            Access::Public => return Ok(()),
            Access::Program(_) if !key.opens(program) => return Err(Problem::unknown_program(program)),
            Access::Operator(_) if !key.every_program() => {
                let detail = "this is for keys of all programs, and the key belongs to some";
                return Err(Problem::new(Code::Forbidden, detail));
            }
            Access::Program(scope) | Access::Any(scope) | Access::Operator(scope) => scope,
        };
        if key.scope >= needed {
            return Ok(());
        }
        let (has, needs) = (key.scope.name(), needed.name());
        Err(Problem::new(Code::Forbidden, format!("this needs a key with scope {needs}, and the key has {has}")))
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
    use crate::keys::{Wanted, create};

    fn headers(values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    /// A key of `corner_coffee`, or of all programs, in a folder of its own.
    fn auth(programs: &[&str], scope: Scope) -> (tempfile::TempDir, Auth, String) {
        let folder = tempfile::TempDir::new().unwrap();
        let programs = programs.iter().map(|&name| name.to_owned()).collect();
        let wanted = Wanted { name: String::new(), programs, scope, now: "2026-01-05T12:00:00Z".to_owned() };
        let (_, token) = create(folder.path(), wanted).unwrap();
        let ring = Ring::open(folder.path()).unwrap();
        (folder, Auth::Keys(Arc::new(ring)), token)
    }

    #[test]
    fn only_known_keys_pass() {
        let (_folder, auth, token) = auth(&[], Scope::Read);
        for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("Bearer  {token} ")] {
            assert!(auth.check(&headers(&[&good])).is_ok(), "{good}");
        }
        let good = format!("Bearer {token}");
        for bad in [
            &[][..],
            &[token.as_str()],
            &["Bearer"],
            &["Bearer "],
            &["Bearer tsk_on"],
            &[&good.replace("Bearer", "Basic")],
            &[&good, &good],
        ] {
            let problem = auth.check(&headers(bad)).unwrap_err();
            assert_eq!(problem.code(), Code::Unauthenticated, "{bad:?}");
        }
        assert!(Auth::Off.check(&headers(&[])).is_ok());
    }

    #[test]
    fn a_key_opens_its_programs_as_far_as_its_scope_goes() {
        use Access::{Any, Operator, Program, Public};
        use Scope::{Admin, Read, Write};
        let asked = [
            (Public, "other"),
            (Program(Read), "mine"),
            (Program(Write), "mine"),
            (Program(Admin), "mine"),
            (Program(Read), "other"),
            (Program(Admin), "other"),
            (Any(Read), ""),
            (Operator(Read), ""),
            (Operator(Admin), ""),
        ];
        let rows = [
            (&["mine"][..], Read, "ok ok 403 403 404 404 ok 403 403"),
            (&["mine"], Write, "ok ok ok 403 404 404 ok 403 403"),
            (&["mine"], Admin, "ok ok ok ok 404 404 ok 403 403"),
            (&["mine", "other"], Write, "ok ok ok 403 ok 403 ok 403 403"),
            (&[], Read, "ok ok 403 403 ok 403 ok ok 403"),
            (&[], Admin, "ok ok ok ok ok ok ok ok ok"),
        ];
        for (programs, scope, expected) in rows {
            let (_folder, auth, token) = auth(programs, scope);
            let grant = auth.check(&headers(&[&format!("Bearer {token}")])).unwrap();
            let found: Vec<String> = asked
                .iter()
                .map(|&(access, program)| match grant.permit(access, program) {
                    Ok(()) => "ok".to_owned(),
                    Err(problem) => problem.code().info().status.as_u16().to_string(),
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{programs:?} {scope:?}");
        }
    }
}
