//! What the compiler of scripts does not see: handlers nobody calls, functions that do not exist, names that are not
//! declared, fields an event does not have. Found in the text, so only what is written out is checked.

use super::api::{event, member, occasion};
use super::diagnostic::{Diagnostic, suggestion};
use super::scan::{Piece, Token, tokens};
use super::script::{Function, HANDLERS, Handled, Role, closing, functions, role};
use crate::ledger::types::Text;

/// The names a program declares, for scripts to use.
pub(super) struct Declared<'a> {
    pub pools: Vec<&'a str>,
    pub cards: Vec<&'a str>,
    pub rewards: Vec<&'a str>,
    /// Those scripts may add to.
    pub own_counters: Vec<&'a str>,
    /// Those scripts may read.
    pub counters: Vec<&'a str>,
    pub segments: Vec<&'a str>,
}

/// What the first argument of a call names.
#[derive(Clone, Copy)]
pub(super) enum Names {
    Pool,
    Card,
    Reward,
    OwnCounter,
    Counter,
    Segment,
    Nothing,
}

/// Calls that ask for something: name, least and most arguments, what the first one names.
pub(super) const CALLS: [(&str, usize, usize, Names); 11] = [
    ("earn", 3, 4, Names::Pool),
    ("stamp", 3, 3, Names::Card),
    ("grant", 2, 2, Names::Reward),
    ("count", 2, 2, Names::OwnCounter),
    ("flag", 3, 3, Names::Nothing),
    ("hold", 1, 1, Names::Nothing),
    ("price", 1, 1, Names::Nothing),
    ("deny", 1, 1, Names::Nothing),
    ("mul_div", 3, 3, Names::Nothing),
    ("bps", 2, 2, Names::Nothing),
    ("clamp", 3, 3, Names::Nothing),
];

/// Questions to `member` whose first argument names something.
const QUESTIONS: [(&str, Names); 5] = [
    ("balance", Names::Pool),
    ("lifetime", Names::Pool),
    ("stamps", Names::Card),
    ("count", Names::Counter),
    ("segment", Names::Segment),
];

/// Functions of the language that are called without a value before them.
pub(super) const STANDARD: [&str; 31] = [
    "abs",
    "append",
    "bits",
    "chars",
    "clear",
    "contains",
    "ends_with",
    "index_of",
    "is_empty",
    "is_even",
    "is_odd",
    "is_zero",
    "keys",
    "len",
    "max",
    "min",
    "parse_int",
    "pop",
    "push",
    "range",
    "remove",
    "replace",
    "sign",
    "split",
    "starts_with",
    "sub_string",
    "to_int",
    "to_lower",
    "to_string",
    "to_upper",
    "trim",
];

/// Words of the language that an opening parenthesis may follow.
const LANGUAGE: [&str; 19] = [
    "if",
    "else",
    "while",
    "for",
    "in",
    "switch",
    "return",
    "loop",
    "do",
    "until",
    "throw",
    "catch",
    "try",
    "let",
    "const",
    "fn",
    "type_of",
    "is_def_var",
    "is_def_fn",
];

/// What is wrong with a source's text, and the handlers it has.
pub(super) fn lint(file: &str, source: &str, declared: &Declared<'_>) -> (Vec<(Handled, Text)>, Vec<Diagnostic>) {
    let tokens = tokens(source);
    let functions = functions(&tokens);
    let mut lint = Lint { file, source, tokens: &tokens, functions: &functions, declared, wrong: Vec::new() };
    let handlers = lint.handlers();
    lint.top_level();
    for at in 0..tokens.len() {
        lint.call(at);
        lint.field(at);
    }
    (handlers, lint.wrong)
}

struct Lint<'a> {
    file: &'a str,
    source: &'a str,
    tokens: &'a [Token<'a>],
    functions: &'a [Function<'a>],
    declared: &'a Declared<'a>,
    wrong: Vec<Diagnostic>,
}

impl<'a> Lint<'a> {
    fn kind(&self, at: usize) -> Option<Piece<'a>> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        match self.kind(at)? {
            Piece::Word(word) => Some(word),
            Piece::Literal(_) | Piece::Value | Piece::Sign(_) => None,
        }
    }

    fn is_sign(&self, at: usize, sign: u8) -> bool {
        self.kind(at) == Some(Piece::Sign(sign))
    }

    fn wrong(&mut self, at: usize, message: impl Into<String>) {
        let offset = self.tokens.get(at).map_or(self.source.len(), |token| token.offset);
        self.wrong.push(Diagnostic::at_offset(self.file, self.source, offset, message));
    }

    fn handlers(&mut self) -> Vec<(Handled, Text)> {
        let mut handlers = Vec::new();
        for function in self.functions {
            let name = function.name;
            let message = match role(name) {
                Role::Helper if CALLS.iter().any(|call| call.0 == name) || STANDARD.contains(&name) => {
                    format!("{name} is a call that every script has; give a function of your own another name")
                }
                Role::Helper => continue,
                Role::Handler(of) if function.params.len() != 2 => {
                    format!("{name} takes two values: fn {name}({}, member)", of.argument())
                }
                Role::Handler(of) => {
                    handlers.push((of, Text::new(name)));
                    continue;
                }
                Role::UnknownHandler => {
                    format!("no event calls {name}{}", suggestion(name, HANDLERS.into_iter()))
                }
            };
            self.wrong.push(Diagnostic::at_offset(self.file, self.source, function.offset, message));
        }
        handlers
    }

    /// Outside functions only constants make sense: nothing else there ever runs.
    fn top_level(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            match self.kind(at) {
                Some(Piece::Word("private") | Piece::Sign(b';')) => at += 1,
                Some(Piece::Word("fn")) => {
                    let body = closing(self.tokens, at) + 1;
                    at = closing(self.tokens, body) + 1;
                }
                Some(Piece::Word("const")) => {
                    while at < self.tokens.len() && !self.is_sign(at, b';') {
                        at += 1;
                    }
                }
                _ => {
                    self.wrong(at, "only functions and constants stand here; anything else would never run");
                    return;
                }
            }
        }
    }

    /// What the handler around a token is called for, and the parameter names `event` and `member` go by.
    fn handler_params(&self, at: usize) -> Option<(Handled, &'a str, &'a str)> {
        let function = self.functions.iter().find(|function| function.body.contains(&at))?;
        match (role(function.name), function.params.as_slice()) {
            (Role::Handler(of), [event, member]) => Some((of, event, member)),
            _ => None,
        }
    }

    /// Whether a token follows a single dot: a field or a method.
    fn after_dot(&self, at: usize) -> bool {
        at >= 2 && self.is_sign(at - 1, b'.') && !self.is_sign(at - 2, b'.')
    }

    fn call(&mut self, at: usize) {
        let Some(name) = self.word(at).filter(|_| self.is_sign(at + 1, b'(')) else { return };
        if self.after_dot(at) {
            return self.question(at, name);
        }
        if LANGUAGE.contains(&name) || at.checked_sub(1).and_then(|before| self.word(before)) == Some("fn") {
            return;
        }
        if let Some((_, least, most, first)) = CALLS.into_iter().find(|call| call.0 == name) {
            let given = self.arguments(at + 1);
            if !(least..=most).contains(&given) {
                self.wrong(at, format!("{name} takes {least} values, {given} are given"));
            }
            self.belongs(at, name);
            return self.literal(at + 2, first);
        }
        let own = self.functions.iter().map(|function| function.name);
        if !STANDARD.contains(&name) && !own.clone().any(|known| known == name) {
            let hint = suggestion(name, CALLS.into_iter().map(|call| call.0).chain(own));
            self.wrong(at, format!("there is no function {name}{hint}"));
        }
    }

    /// `price` and `deny` are about redemptions, `hold` about what waits.
    fn belongs(&mut self, at: usize, name: &str) {
        let Some((of, _, _)) = self.handler_params(at) else { return };
        let redeems = of == Handled::Redeem;
        match name {
            "price" | "deny" if !redeems => {
                self.wrong(at, format!("{name} belongs in on_redeem: nothing is bought here"));
            }
            "hold" if of == Handled::Schedule => {
                self.wrong(at, "on_schedule holds nothing: what the calendar brings does not wait");
            }
            _ => {}
        }
    }

    /// `member.balance("points")`: the pool must be one.
    fn question(&mut self, at: usize, name: &str) {
        let of_member = self.handler_params(at).is_some_and(|(_, _, member)| self.word(at - 2) == Some(member));
        let Some((_, first)) = QUESTIONS.into_iter().find(|question| question.0 == name && of_member) else { return };
        self.literal(at + 2, first);
        if let (Names::Counter, Some(Piece::Literal(window))) = (first, self.kind(at + 4))
            && !member::WINDOWS.contains(&window)
        {
            let hint = suggestion(window, member::WINDOWS.into_iter());
            self.wrong(at + 4, format!("{window:?} is nothing to count over{hint}"));
        }
    }

    /// A name written out as an argument must be declared.
    fn literal(&mut self, at: usize, names: Names) {
        let Some(Piece::Literal(name)) = self.kind(at) else { return };
        let declared = self.declared;
        let (what, known) = match names {
            Names::Pool => ("pool", &declared.pools),
            Names::Card => ("card", &declared.cards),
            Names::Reward => ("reward", &declared.rewards),
            Names::OwnCounter => ("counter", &declared.own_counters),
            Names::Counter => ("counter", &declared.counters),
            Names::Segment => ("segment", &declared.segments),
            Names::Nothing => return,
        };
        // More than a literal stands here where another sign than a comma or the end follows.
        if (self.is_sign(at + 1, b',') || self.is_sign(at + 1, b')')) && !known.contains(&name) {
            let hint = suggestion(name, known.iter().copied());
            self.wrong(at, format!("no {what} {name:?} is declared{hint}"));
        }
    }

    fn arguments(&self, open: usize) -> usize {
        let close = closing(self.tokens, open);
        if close <= open + 1 {
            return 0;
        }
        let mut depth = 0usize;
        let mut commas = 0;
        for token in self.tokens.get(open + 1..close).unwrap_or_default() {
            match token.kind {
                Piece::Sign(b'(' | b'[' | b'{') => depth += 1,
                Piece::Sign(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
                Piece::Sign(b',') if depth == 0 => commas += 1,
                Piece::Word(_) | Piece::Literal(_) | Piece::Value | Piece::Sign(_) => {}
            }
        }
        // A comma before the closing parenthesis ends the last argument instead of beginning another.
        if self.is_sign(close - 1, b',') { commas } else { commas + 1 }
    }

    /// `event.amonut`: the field must be one.
    fn field(&mut self, at: usize) {
        let Some(name) = self.word(at).filter(|_| self.after_dot(at)) else { return };
        let Some((handled, event, member)) = self.handler_params(at) else { return };
        // `x.event.name` is somebody else's field.
        let of = self.word(at - 2).filter(|_| !self.after_dot(at - 2));
        if of == Some(event) {
            let (what, known) = fields_of(&handled);
            if !known.contains(&name) {
                let hint = suggestion(name, known.into_iter());
                self.wrong(at, format!("{what} has no {name:?}{hint}"));
            }
        }
        if of == Some(member) && !member::NAMES.contains(&name) {
            self.wrong(at, format!("a member has no {name:?}{}", suggestion(name, member::NAMES.into_iter())));
        }
    }
}

/// What the first argument of a handler is, and every name that may follow it.
fn fields_of(handled: &Handled) -> (&'static str, Vec<&'static str>) {
    match handled {
        Handled::Event(_) => ("an event", event::names().collect()),
        Handled::Redeem => ("a request", occasion::request_names().collect()),
        Handled::TierChange => ("a change", occasion::change_names().collect()),
        Handled::Schedule => ("a tick", occasion::tick_names().collect()),
    }
}
