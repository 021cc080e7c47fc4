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
use super::api::{NOBODY, Shared};
use super::bound::Compiled;
use super::loaded::Loaded;
use super::sandbox;
use super::tables::Seen;
use crate::ledger::event::Event;
use crate::ledger::member::Member;
use crate::ledger::proposal::{Intent, Proposal};
use crate::ledger::record::{Reason, ScriptFault, Verdict};
use crate::ledger::types::{Text, TimeMs};
use crate::limits::{SANDBOXES_PER_THREAD_MAX, TEXT_BYTES_MAX};

/// One line of a trace: which rule, whether it fired, and what it gave or why not.
pub type TraceLine = (Text, bool, String);

/// What the program's tables and scripts want for an event. `member` is the member just before it, `None` for somebody
/// who is not one yet; `at` is the instant their balance and tier are read at.
#[must_use]
pub fn evaluate(compiled: &Arc<Compiled>, event: &Arc<Event>, member: Option<&Arc<Member>>, at: TimeMs) -> Proposal {
    run(compiled, event, member, at, None)
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
    let proposal = run(compiled, event, member, at, Some(&mut trace));
    (proposal, trace)
}

fn run(
    compiled: &Arc<Compiled>,
    event: &Arc<Event>,
    member: Option<&Arc<Member>>,
    at: TimeMs,
    mut trace: Option<&mut Vec<TraceLine>>,
) -> Proposal {
    let mut proposal = Proposal::default();
    let seen = Seen::new(event, member.map_or(&*NOBODY, |member| member), &compiled.terms, at);
    for rule in &compiled.rules {
        let before = proposal.intents.len();
        let outcome = rule.run(&seen, &mut proposal.intents);
        if let Some(trace) = trace.as_deref_mut() {
            let detail = match outcome {
                Ok(()) => describe(compiled, proposal.intents.get(before..).unwrap_or_default()),
                Err(nothing) => nothing.detail().to_owned(),
            };
            trace.push((rule.at.clone(), outcome.is_ok(), detail));
        }
    }
    if compiled.handlers(&event.kind).next().is_some() {
        let running = Running { compiled, event, member, at };
        THREAD.with_borrow_mut(|thread| run_scripts(thread, &running, &mut proposal, trace.as_deref_mut()));
    }
    if let Some(trace) = trace {
        let kind = event.kind.wire_name();
        for script in compiled.scripts() {
            for (_, function) in script.handlers.iter().filter(|(handled, _)| *handled != event.kind) {
                let detail = format!("not for {kind} events");
                trace.push((smol_str::format_smolstr!("{}:{function}", script.file), false, detail));
            }
        }
    }
    proposal
}

/// The inputs of one evaluation.
struct Running<'a> {
    compiled: &'a Arc<Compiled>,
    event: &'a Arc<Event>,
    member: Option<&'a Arc<Member>>,
    at: TimeMs,
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

fn run_scripts(
    thread: &mut Thread,
    running: &Running<'_>,
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
        // Handlers add to what the tables gave, in one list.
        call.intents = std::mem::take(&mut proposal.intents);
        call.raised = std::mem::take(&mut proposal.raised);
    }
    let mut operations = 0u64;
    for (script, function) in compiled.handlers(&running.event.kind) {
        let before = thread.call.borrow().intents.len();
        let fault = run_handler(thread, &loaded, script, function);
        operations = operations.saturating_add(thread.operations.get());
        let mut call = thread.call.borrow_mut();
        if let Some(fault) = &fault {
            call.intents.truncate(before);
            if compiled.hold_on_error {
                call.raised.push(held(fault));
            }
        }
        if let Some(trace) = trace.as_deref_mut() {
            let file = compiled.scripts().get(script).map_or("?", |script| script.file.as_str());
            let detail = match &fault {
                Some(fault) => format!("failed at {}: {}", fault.at, fault.message),
                None => describe(compiled, call.intents.get(before..).unwrap_or_default()),
            };
            trace.push((smol_str::format_smolstr!("{file}:{function}"), fault.is_none(), detail));
        }
        proposal.faults.extend(fault);
    }
    let mut call = thread.call.borrow_mut();
    proposal.intents = std::mem::take(&mut call.intents);
    proposal.raised = std::mem::take(&mut call.raised);
    proposal.operations = u32::try_from(operations).unwrap_or(u32::MAX);
    // The ledger changes members in place where nobody else holds them, so nothing may be kept here.
    call.event = None;
    call.member = None;
    call.loaded = None;
}

/// Runs one handler; what it asked for is in the call.
fn run_handler(thread: &mut Thread, loaded: &Loaded, script: usize, function: &str) -> Option<ScriptFault> {
    thread.call.borrow_mut().script = script;
    thread.operations.set(0);
    let ast = loaded.scripts.get(script)?;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        let handles = (ScriptEvent, ScriptMember);
        thread.engine.call_fn_with_options::<Dynamic>(options, &mut thread.scope, ast, function, handles)
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
    Reason {
        rule: fault.at.clone(),
        verdict: Verdict::Hold,
        weight: 0,
        detail: format!("a script failed, and the program holds such events: {}", fault.message),
        evidence: None,
    }
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
