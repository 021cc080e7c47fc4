//! What a program wants for an event: its tables first, then its scripts. The hot path of the rules.
//!
//! Changes nothing and stops no event: a script that fails, loops or panics leaves a fault in the proposal and none of
//! its effects. The same inputs give the same proposal on any thread.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use rhai::{CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};

use super::api::event::ScriptEvent;
use super::api::member::ScriptMember;
use super::api::occasion::ScriptOccasion;
use super::api::{Call, NOBODY, Shared};
use super::asked::{Asked, Occasion};
use super::bound::{Compiled, Handler};
use super::loaded::Loaded;
use super::sandbox;
use super::script::{Handled, Script};
use super::tables::Seen;
use crate::ledger::event::{Event, EventKind};
use crate::ledger::member::Member;
use crate::ledger::proposal::{Intent, Proposal};
use crate::ledger::record::{Reason, ScriptFault, Verdict};
use crate::ledger::types::{Points, Text, TimeMs};
use crate::limits::{SANDBOXES_PER_THREAD_MAX, TEXT_BYTES_MAX};

/// One line of a trace: a table or a handler, whether it fired, and what it gave or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// `program.toml:12`, or `earn.rhai:on_purchase`.
    pub rule: Text,
    /// Where it stands: file, and line from 1.
    pub file: Text,
    /// The line.
    pub line: u32,
    /// Whether it fired.
    pub fired: bool,
    /// What it gave, or why it gave nothing, with the numbers.
    pub detail: String,
    /// Operations used, of a handler that ran.
    pub operations: Option<u64>,
}

/// What the program's tables and scripts want for an event. `member` is the member just before it, `None` for somebody
/// who is not one yet; `at` is the instant their balance and tier are read at.
#[must_use]
pub fn evaluate(compiled: &Arc<Compiled>, event: &Arc<Event>, member: Option<&Arc<Member>>, at: TimeMs) -> Proposal {
    run(&Running { compiled, event, member, at, occasion: None }, None)
}

/// The same, with a line for every table and handler of the program.
#[must_use]
pub fn evaluate_traced(
    compiled: &Arc<Compiled>,
    event: &Arc<Event>,
    member: Option<&Arc<Member>>,
    at: TimeMs,
) -> (Proposal, Vec<TraceLine>) {
    let mut trace = Vec::new();
    let proposal = run(&Running { compiled, event, member, at, occasion: None }, Some(&mut trace));
    (proposal, trace)
}

/// What the scripts say when they are asked about something beside an event. `member` is as they stand then.
#[must_use]
pub fn ask(
    compiled: &Arc<Compiled>,
    asked: &Asked,
    member: Option<&Arc<Member>>,
    trace: Option<&mut Vec<TraceLine>>,
) -> Proposal {
    let mut proposal = Proposal::default();
    let handled = asked.handled();
    if compiled.handlers_of(&handled).next().is_some() {
        let (event, at) = (&asked.event, asked.event.occurred_at);
        let running = Running { compiled, event, member, at, occasion: Some(&asked.occasion) };
        let handlers = compiled.handlers_of(&handled).collect::<Vec<_>>().into_iter();
        THREAD.with_borrow_mut(|thread| run_scripts(thread, &running, handlers, &mut proposal, trace));
    }
    proposal
}

/// A line of a marked script that ran: its file, and the line.
pub type ReachedLine = (Text, u32);

/// [`evaluate_traced`] for marked scripts; what ran is told by [`reached`].
#[must_use]
pub fn evaluate_marked(
    compiled: &Arc<Compiled>,
    event: &Arc<Event>,
    member: Option<&Arc<Member>>,
    at: TimeMs,
) -> (Proposal, Vec<TraceLine>) {
    evaluate_traced(compiled, event, member, at)
}

/// What ran of marked scripts on this thread since this was asked last: lines, and handlers beside those of events.
#[must_use]
pub fn reached(compiled: &Compiled) -> (Vec<ReachedLine>, Vec<Text>) {
    let (lines, ran) = THREAD.with_borrow(|thread| {
        let mut call = thread.call.borrow_mut();
        (std::mem::take(&mut call.lines), std::mem::take(&mut call.ran))
    });
    let file = |script: usize| compiled.scripts().get(script).map_or_else(Text::default, |script| script.file.clone());
    let ran = ran.into_iter().map(|(script, function)| smol_str::format_smolstr!("{}:{function}", file(script)));
    (lines.into_iter().map(|(script, line)| (file(script), line)).collect(), ran.collect())
}

fn run(running: &Running<'_>, mut trace: Option<&mut Vec<TraceLine>>) -> Proposal {
    let Running { compiled, event, member, at, .. } = *running;
    let mut proposal = Proposal::default();
    let seen = Seen::new(event, member.map_or(&*NOBODY, |member| member), compiled, at);
    for rule in &compiled.rules {
        let before = proposal.intents.len();
        let outcome = rule.run(&seen, &mut proposal.intents);
        if let Some(trace) = trace.as_deref_mut() {
            let detail = match outcome {
                Ok(()) => describe(compiled, proposal.intents.get(before..).unwrap_or_default()),
                Err(nothing) => nothing.detail(),
            };
            let (file, line) = rule.at.split_once(':').unwrap_or((&rule.at, ""));
            let (file, line) = (Text::new(file), line.parse().unwrap_or(0));
            let (rule, fired, operations) = (rule.at.clone(), outcome.is_ok(), None);
            trace.push(TraceLine { rule, file, line, fired, detail, operations });
        }
    }
    if compiled.handlers(&event.kind).next().is_some() {
        let handlers = compiled.handlers(&event.kind);
        THREAD.with_borrow_mut(|thread| run_scripts(thread, running, handlers, &mut proposal, trace.as_deref_mut()));
    }
    if let Some(trace) = trace {
        trace.extend(not_run(compiled, &event.kind));
    }
    proposal
}

/// Lines for the handlers that an event does not call.
fn not_run(compiled: &Compiled, kind: &EventKind) -> Vec<TraceLine> {
    let mut lines = Vec::new();
    for script in compiled.scripts() {
        for (of, function) in &script.handlers {
            let detail = match of {
                Handled::Event(handled) if handled == kind => continue,
                Handled::Event(_) => format!("not for {} events", kind.wire_name()),
                Handled::Redeem => "asked when something is redeemed".to_owned(),
                Handled::TierChange => "asked when a tier changes".to_owned(),
                Handled::Schedule => "asked when a schedule comes round".to_owned(),
            };
            lines.push(handler_line(script, function, false, detail, None));
        }
    }
    lines
}

fn handler_line(script: &Script, function: &Text, fired: bool, detail: String, operations: Option<u64>) -> TraceLine {
    let rule = smol_str::format_smolstr!("{}:{function}", script.file);
    TraceLine { rule, file: script.file.clone(), line: script.line_of(function), fired, detail, operations }
}

/// The inputs of one evaluation.
struct Running<'a> {
    compiled: &'a Arc<Compiled>,
    event: &'a Arc<Event>,
    member: Option<&'a Arc<Member>>,
    at: TimeMs,
    /// Where it is about something beside an event.
    occasion: Option<&'a Occasion>,
}

/// What a thread keeps to run scripts with: engines and parsed scripts cannot cross threads.
struct Thread {
    engine: Engine,
    call: Shared,
    operations: Rc<Cell<u64>>,
    /// Empty between calls; kept for the room it has.
    scope: Scope<'static>,
    /// The most recently used last.
    programs: Vec<(u64, Rc<Loaded>)>,
}

thread_local! {
    static THREAD: RefCell<Thread> = RefCell::new(Thread::new());
}

impl Thread {
    fn new() -> Self {
        let (call, operations) = (Shared::default(), Rc::new(Cell::new(0)));
        Self {
            engine: sandbox::engine(&call, &operations),
            call,
            operations,
            scope: Scope::new(),
            programs: Vec::new(),
        }
    }

    fn load(&mut self, compiled: &Arc<Compiled>) -> Rc<Loaded> {
        if let Some((identity, loaded)) = self.programs.last()
            && *identity == compiled.identity
        {
            return Rc::clone(loaded);
        }
        let found = self.programs.iter().position(|(identity, _)| *identity == compiled.identity);
        let entry = match found {
            Some(at) => self.programs.remove(at),
            None => (compiled.identity, Rc::new(Loaded::new(&mut self.engine, compiled))),
        };
        if self.programs.len() >= SANDBOXES_PER_THREAD_MAX {
            self.programs.remove(0);
        }
        let loaded = Rc::clone(&entry.1);
        self.programs.push(entry);
        loaded
    }
}

fn run_scripts<'a>(
    thread: &mut Thread,
    running: &Running<'a>,
    handlers: impl Iterator<Item = &'a Handler>,
    proposal: &mut Proposal,
    mut trace: Option<&mut Vec<TraceLine>>,
) {
    let compiled = running.compiled;
    let loaded = thread.load(compiled);
    {
        let mut call = thread.call.borrow_mut();
        call.loaded = Some(Rc::clone(&loaded));
        call.event = Some(Arc::clone(running.event));
        call.member = running.member.map(Arc::clone);
        call.at = running.at;
        call.occasion = running.occasion.cloned();
        // Handlers add to what the tables gave, in one list.
        call.intents = std::mem::take(&mut proposal.intents);
        call.raised = std::mem::take(&mut proposal.raised);
        (call.price, call.denied) = (None, None);
    }
    let mut operations = 0u64;
    for Handler { script, function, meter, .. } in handlers {
        let (script, begun) = (*script, meter.begin());
        let before = thread.call.borrow().mark();
        let fault = run_handler(thread, &loaded, (script, function), running.occasion);
        meter.end(begun, thread.operations.get(), fault.is_some());
        operations = operations.saturating_add(thread.operations.get());
        let mut call = thread.call.borrow_mut();
        if let Some(fault) = &fault {
            call.back_to(&before);
            if compiled.hold_on_error && !matches!(running.occasion, Some(Occasion::Schedule { .. })) {
                call.raised.push(held(fault));
            }
        }
        if running.occasion.is_some() && !call.lines.is_empty() {
            call.ran.push((script, function.clone()));
        }
        if let (Some(trace), Some(script)) = (trace.as_deref_mut(), compiled.scripts().get(script)) {
            let detail = match &fault {
                Some(fault) => format!("failed at {}: {}", fault.at, fault.message),
                None => call.told(compiled, &before),
            };
            trace.push(handler_line(script, function, fault.is_none(), detail, Some(thread.operations.get())));
        }
        proposal.faults.extend(fault);
    }
    let mut call = thread.call.borrow_mut();
    proposal.intents = std::mem::take(&mut call.intents);
    proposal.raised = std::mem::take(&mut call.raised);
    (proposal.price, proposal.denied) = (call.price.take(), call.denied.take());
    proposal.operations = u32::try_from(operations).unwrap_or(u32::MAX);
    // The ledger changes members in place where nobody else holds them, so nothing may be kept here.
    call.event = None;
    call.member = None;
    call.loaded = None;
    call.occasion = None;
}

/// What a call had asked for before a handler ran.
struct Before {
    intents: usize,
    raised: usize,
    price: Option<Points>,
    denied: Option<Text>,
}

impl Call {
    fn mark(&self) -> Before {
        let (price, denied) = (self.price, self.denied.clone());
        Before { intents: self.intents.len(), raised: self.raised.len(), price, denied }
    }

    /// A handler that failed has asked for nothing; what it suspected stands.
    fn back_to(&mut self, before: &Before) {
        self.intents.truncate(before.intents);
        (self.price, self.denied) = (before.price, before.denied.clone());
    }

    /// What a handler asked for, in words.
    fn told(&self, compiled: &Compiled, before: &Before) -> String {
        let mut words = Vec::new();
        if let Some(price) = self.price.filter(|price| Some(*price) != before.price) {
            words.push(format!("price {price}"));
        }
        if let Some(why) = self.denied.as_ref().filter(|why| Some(*why) != before.denied.as_ref()) {
            words.push(format!("deny ({why})"));
        }
        let raised = self.raised.get(before.raised..).unwrap_or_default();
        words.extend(raised.iter().map(|reason| {
            let word = if reason.verdict == Verdict::Hold { "hold" } else { "flag" };
            format!("{word} {} ({}, weight {})", reason.rule, reason.detail, reason.weight)
        }));
        let intents = self.intents.get(before.intents..).unwrap_or_default();
        if !intents.is_empty() || words.is_empty() {
            words.push(describe(compiled, intents));
        }
        words.join("; ")
    }
}

/// Runs one handler; what it asked for is in the call.
fn run_handler(
    thread: &mut Thread,
    loaded: &Loaded,
    (script, function): (usize, &str),
    occasion: Option<&Occasion>,
) -> Option<ScriptFault> {
    thread.call.borrow_mut().script = script;
    thread.operations.set(0);
    let ast = loaded.scripts.get(script)?;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        let (engine, scope) = (&thread.engine, &mut thread.scope);
        if occasion.is_some() {
            engine.call_fn_with_options(options, scope, ast, function, (ScriptOccasion, ScriptMember))
        } else {
            engine.call_fn_with_options::<Dynamic>(options, scope, ast, function, (ScriptEvent, ScriptMember))
        }
    }));
    thread.scope.clear();
    let file = || loaded.compiled.scripts().get(script).map_or("?", |script| script.file.as_str());
    match result {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(fault(file(), *error)),
        Err(_) => {
            // The engine may have been left half-way: a new one starts clean.
            let call = Rc::clone(&thread.call);
            thread.engine = sandbox::engine(&call, &thread.operations);
            Some(ScriptFault { at: Text::new(file()), message: "the script engine failed".to_owned() })
        }
    }
}

/// A failed call: the innermost place, and what was said there.
fn fault(file: &str, mut error: EvalAltResult) -> ScriptFault {
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
        error = *inner;
    }
    let position = error.take_position();
    let at = match (position.line(), position.position()) {
        (Some(line), Some(column)) => smol_str::format_smolstr!("{file}:{line}:{column}"),
        (Some(line), None) => smol_str::format_smolstr!("{file}:{line}"),
        (None, _) => Text::new(file),
    };
    let mut message = match error {
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        other => other.to_string(),
    };
    message.truncate(message.floor_char_boundary(TEXT_BYTES_MAX));
    ScriptFault { at, message }
}

/// The verdict of a program that holds what its scripts fail on.
fn held(fault: &ScriptFault) -> Reason {
    let detail = format!("a script failed, and the program holds such events: {}", fault.message);
    Reason::plain(fault.at.clone(), Verdict::Hold, 0, detail)
}

/// Intents in words, for a trace.
fn describe(compiled: &Compiled, intents: &[Intent]) -> String {
    let words = intents.iter().map(|intent| match intent {
        Intent::Earn { pool, amount, reason, rule, .. } => {
            format!("earn {amount} {} ({reason}, {rule})", compiled.name(*pool))
        }
        Intent::Stamp { card, marks, rule, .. } => format!("stamp {} {} ({rule})", compiled.name(*card), marks.len()),
        Intent::Grant { reward, rule, .. } => format!("grant {} ({rule})", compiled.name(*reward)),
        Intent::Seen { name, value } => format!("once for {} {value}", compiled.name(*name)),
        Intent::Count { counter, amount, .. } => format!("count {} {amount}", compiled.name(*counter)),
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() { "asked for nothing".to_owned() } else { words.join("; ") }
}
