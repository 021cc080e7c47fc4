//! What a script sees and may do: the types, fields and functions of the contract's section on scripts.
//!
//! A script gets two values without content, `event` and `member`; what they show is looked up in the [`Call`] that the
//! sandbox filled in, so a script cannot reach any other event or member. Every function here is total and bounded: no
//! input or output, no clock, no chance.

pub(super) mod calls;
mod collections;
pub(super) mod event;
pub(super) mod member;
pub(super) mod occasion;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use rhai::{Engine, EvalAltResult, ImmutableString};

use super::asked::Occasion;
use super::loaded::Loaded;
use crate::ledger::event::Event;
use crate::ledger::member::Member;
use crate::ledger::proposal::Intent;
use crate::ledger::record::Reason;
use crate::ledger::types::{Points, Text, TimeMs};

/// The one handler call a thread is running: what it may see, and what it asked for so far.
#[derive(Default)]
pub(super) struct Call {
    /// The program; `None` while nothing runs.
    pub loaded: Option<Rc<Loaded>>,
    /// Which of the program's scripts runs.
    pub script: usize,
    pub event: Option<Arc<Event>>,
    /// What it is about beside an event; its time and place are in `event`.
    pub occasion: Option<Occasion>,
    /// `None` for somebody who is not a member yet.
    pub member: Option<Arc<Member>>,
    pub at: TimeMs,
    pub intents: Vec<Intent>,
    pub raised: Vec<Reason>,
    /// What a redemption costs, and why there is none, where a script has said so.
    pub price: Option<Points>,
    pub denied: Option<Text>,
    /// Lines of marked scripts that ran: script and line.
    pub lines: Vec<(usize, u32)>,
    /// Handlers of marked scripts that ran beside events: script and function.
    pub ran: Vec<(usize, Text)>,
}

/// A thread's call, shared with the functions registered in its engine.
pub(super) type Shared = Rc<RefCell<Call>>;

/// What a function of the script API gives back.
pub(super) type Answer<T> = Result<T, Box<EvalAltResult>>;

/// What somebody is who is not a member yet.
pub(super) static NOBODY: LazyLock<Member> = LazyLock::new(Member::default);

impl Call {
    pub fn member(&self) -> &Member {
        self.member.as_deref().unwrap_or(&NOBODY)
    }
}

/// The program and event of the running call. Both are there whenever a script runs.
fn running(call: &Call) -> Answer<(&Rc<Loaded>, &Event)> {
    match (&call.loaded, &call.event) {
        (Some(loaded), Some(event)) => Ok((loaded, event)),
        _ => Err("no event is being handled".into()),
    }
}

/// Registers everything a script may use besides the language itself.
pub(super) fn register(engine: &mut Engine, call: &Shared) {
    event::register(engine, call);
    member::register(engine, call);
    occasion::register(engine, call);
    calls::register(engine, call);
    collections::register(engine);
}

fn text(value: Option<&str>) -> ImmutableString {
    value.map_or_else(ImmutableString::new, ImmutableString::from)
}
