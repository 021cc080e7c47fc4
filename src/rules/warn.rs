//! What is not wrong with a program but seldom meant: rules that can never give, points without a bound, gift cards that earn,
//! windows that are over, scripts that no case calls. A program with warnings runs.

mod limits;

use hashbrown::HashSet;

use super::cases;
use super::diagnostic::Diagnostic;
use super::files::{CASES_FOLDER, MANIFEST, ProgramFiles};
use super::manifest::{EarnTable, LinesTable, Manifest};
use super::program::Program;
use super::scan::{Piece, Token, tokens};
use super::script::{Function, Handled, Role, closing, functions, role};
use super::values::{OneOrMany, Words};
use crate::ledger::calendar::{Day, parts_of, year_of};
use crate::ledger::event::EventKind;

/// One thing that is seldom meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What kind: `unreachable_rule`, `no_cap`, `earns_on_gift_cards`, `earns_on_points`, `window_over`, `no_cases`,
    /// `handler_not_tested`, `limit_not_tested`, `always_fires`, `no_absent`, `unused`; `nothing_to_accept` where `[lint]` accepts what is not there.
    pub code: &'static str,
    /// Where, and what.
    pub at: Diagnostic,
}

/// Warnings about a program that compiles. `today` is the day in its zone, where windows that are over are looked for.
#[must_use]
pub fn warnings(files: &ProgramFiles, program: &Program, today: Option<Day>) -> Vec<Warning> {
    let (manifest, text) = program.source();
    let mut look = Look { manifest, text, found: Vec::new() };
    look.earning();
    look.contradictions();
    look.limits();
    look.unused(files);
    look.cases(files, program);
    let mut found = look.found;
    for (path, source) in files.files.iter().filter(|(path, _)| path.ends_with(".rhai")) {
        let tokens = tokens(source);
        let functions = functions(&tokens);
        let mut script = ScriptLook { path, source, tokens: &tokens, functions: &functions, found: &mut found };
        script.unreachable();
        script.uncalled();
        script.uncapped(manifest);
        script.points_tenders();
        if let Some(today) = today {
            script.windows(today);
        }
    }
    accept(manifest, text, &mut found);
    found.sort_by(|a, b| (&a.at.file, a.at.line, a.at.column).cmp(&(&b.at.file, b.at.line, b.at.column)));
    found
}

/// Takes away what the program says is meant, and warns of what it need not say.
fn accept(manifest: &Manifest, text: &str, found: &mut Vec<Warning>) {
    for (code, why) in manifest.lint.accepted() {
        let before = found.len();
        found.retain(|warning| warning.code != code);
        if found.len() == before && code != "window_over" {
            let message = format!("there is no {code} here; take it out of [lint]");
            let at = Diagnostic::at_offset(MANIFEST, text, why.span().start, message);
            found.push(Warning { code: "nothing_to_accept", at });
        }
    }
}

struct Look<'a> {
    manifest: &'a Manifest,
    text: &'a str,
    found: Vec<Warning>,
}

impl Look<'_> {
    fn warn(&mut self, code: &'static str, offset: usize, message: impl Into<String>) {
        self.found.push(Warning { code, at: Diagnostic::at_offset(MANIFEST, self.text, offset, message) });
    }

    /// Rates without a bound, and rates that gift cards earn.
    fn earning(&mut self) {
        let m = self.manifest;
        for table in &m.earn {
            let earn: &EarnTable = table.get_ref();
            let Some(rate) = &earn.rate else { continue };
            let pool = &earn.pool.get_ref().0;
            let others = m.earn.iter().filter(|other| {
                let other = other.get_ref();
                other.rate.is_some() && other.pool.get_ref().0 == *pool && other.on == earn.on
            });
            let multiplies = !rate.by_tier.0.is_empty() || others.count() > 1;
            if multiplies && !capped(m, pool) {
                let message =
                    format!("this multiplies {pool:?} without a bound: a mistyped amount pays it all; add [[caps]]");
                self.warn("no_cap", table.span().start, message);
            }
            let purchase = earn.on.0.iter().any(|kind| kind.0 == EventKind::Purchase);
            if purchase && earn.lines.is_none() && !leaves_out_gift_cards(earn.except.as_ref()) {
                let message = "gift cards earn here, and again when they are spent; \
                               leave them out: except = { category = \"gift_card\" }";
                self.warn("earns_on_gift_cards", table.span().start, message);
            }
        }
    }

    /// Tables that can never give anything.
    fn contradictions(&mut self) {
        let m = self.manifest;
        let lines = |lines: &Option<LinesTable>, except: &Option<LinesTable>| match (lines, except) {
            (Some(lines), Some(except)) => {
                let covered = |wanted: &OneOrMany<Words>, left: &OneOrMany<Words>| {
                    !wanted.0.is_empty() && wanted.0.iter().all(|word| left.0.contains(word))
                };
                covered(&lines.category, &except.category)
                    || covered(&lines.brand, &except.brand)
                    || covered(&lines.tag, &except.tag)
                    || covered(&lines.sku, &except.sku)
            }
            _ => false,
        };
        let mut never: Vec<(usize, &str)> = Vec::new();
        for table in &m.earn {
            let earn = table.get_ref();
            let nothing = earn
                .rate
                .as_ref()
                .is_some_and(|rate| rate.give.0 == 0 && rate.by_tier.0.iter().all(|(_, give)| give.0 == 0));
            if nothing {
                never.push((table.span().start, "this gives nothing, to nobody"));
            }
            if lines(&earn.lines, &earn.except) {
                never.push((table.span().start, "`except` leaves out every line that `lines` asks for"));
            }
        }
        for table in m.stamp.iter().filter(|table| lines(&table.get_ref().lines, &table.get_ref().except)) {
            never.push((table.span().start, "`except` leaves out every line that `lines` asks for"));
        }
        for table in m.grant.iter().filter(|table| lines(&table.get_ref().lines, &table.get_ref().except)) {
            never.push((table.span().start, "`except` leaves out every line that `lines` asks for"));
        }
        for cap in m.caps.iter().filter(|cap| cap.limit.0 == 0) {
            never.push((cap.name.span().start, "a cap of nothing cuts everything its pool would be given"));
        }
        for (offset, message) in never {
            self.warn("unreachable_rule", offset, message);
        }
    }

    /// Cards, rewards and counters that nothing uses.
    fn unused(&mut self, files: &ProgramFiles) {
        let m = self.manifest;
        let scripts: Vec<&str> =
            files.files.iter().filter(|(path, _)| path.ends_with(".rhai")).map(|(_, text)| text.as_str()).collect();
        let in_scripts = |name: &str| {
            let quoted = format!("\"{name}\"");
            scripts.iter().any(|text| text.contains(&quoted))
        };
        // A name that stands in the manifest again, in quotes, is used there.
        let used = |name: &str| in_scripts(name) || self.text.contains(&format!("\"{name}\""));
        let mut unused = Vec::new();
        let names = (m.cards.0.iter().map(|(name, _)| ("card", name)))
            .chain(m.counters.0.iter().map(|(name, _)| ("counter", name)))
            .chain(m.pools.0.iter().map(|(name, _)| ("pool", name)));
        for (what, name) in names {
            if !used(&name.get_ref().0) {
                unused.push((name.span().start, format!("nothing uses the {what} {:?}", name.get_ref().0)));
            }
        }
        for (offset, message) in unused {
            self.warn("unused", offset, message);
        }
    }

    /// Programs without cases, and handlers that no case calls.
    fn cases(&mut self, files: &ProgramFiles, program: &Program) {
        let posted = cases::posted_kinds(files, &program.vocabulary());
        if !files.files.iter().any(|(path, _)| path.starts_with(CASES_FOLDER)) || posted.cases == 0 {
            self.found.push(Warning {
                code: "no_cases",
                at: Diagnostic::of_file(MANIFEST, "the program has no cases; write some in tests/*.toml"),
            });
            return;
        }
        for (script, of, function) in program.handlers() {
            if posted.tries(of) {
                continue;
            }
            let text = files.get(script).unwrap_or_default();
            let offset = text.find(&format!("fn {function}")).map_or(0, |at| at + 3);
            let message = match of {
                Handled::Event(kind) => {
                    format!("no case posts a {:?} event, so {function} is never tried", kind.wire_name())
                }
                Handled::Redeem => format!("no case redeems anything, so {function} is never tried"),
                Handled::TierChange => format!("no case expects a tier, so {function} is never looked at"),
                Handled::Schedule => format!("no case lets time pass, so {function} is never tried"),
            };
            self.found
                .push(Warning { code: "handler_not_tested", at: Diagnostic::at_offset(script, text, offset, message) });
        }
        let manifest = self.manifest;
        for limit in manifest.limits.iter().filter(|limit| !limit.standard) {
            let id = &limit.id.get_ref().0;
            if let Some(lacks) = posted.lacks(id) {
                let message =
                    format!("{id} has no case {lacks}: expect = {{ fires = \"{id}\" }}, {{ silent = \"{id}\" }}");
                self.warn("limit_not_tested", limit.id.span().start, message);
            }
        }
    }
}

fn capped(manifest: &Manifest, pool: &str) -> bool {
    manifest.caps.iter().any(|cap| cap.pool.get_ref().0 == pool)
}

fn leaves_out_gift_cards(except: Option<&LinesTable>) -> bool {
    let gift = |words: &OneOrMany<Words>| words.0.iter().any(|word| word.0.to_lowercase().contains("gift"));
    except.is_some_and(|except| gift(&except.category) || gift(&except.tag) || gift(&except.sku))
}

struct ScriptLook<'a> {
    path: &'a str,
    source: &'a str,
    tokens: &'a [Token<'a>],
    functions: &'a [Function<'a>],
    found: &'a mut Vec<Warning>,
}

impl<'a> ScriptLook<'a> {
    fn kind(&self, at: usize) -> Option<Piece<'a>> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn warn(&mut self, code: &'static str, at: usize, message: impl Into<String>) {
        let offset = self.tokens.get(at).map_or(self.source.len(), |token| token.offset);
        self.found.push(Warning { code, at: Diagnostic::at_offset(self.path, self.source, offset, message) });
    }

    /// What stands behind a `return` in its block, or under `if false`.
    fn unreachable(&mut self) {
        for at in 0..self.tokens.len() {
            match self.kind(at) {
                Some(Piece::Word("return")) => {
                    let ends =
                        (at..self.tokens.len()).find(|at| matches!(self.kind(*at), Some(Piece::Sign(b';' | b'}'))));
                    if let Some(end) = ends
                        && self.kind(end) == Some(Piece::Sign(b';'))
                        && self.kind(end + 1).is_some_and(|next| next != Piece::Sign(b'}'))
                    {
                        self.warn("unreachable_rule", end + 1, "nothing after `return` is ever run");
                    }
                }
                Some(Piece::Word("if")) if self.kind(at + 1) == Some(Piece::Word("false")) => {
                    self.warn("unreachable_rule", at, "this condition never holds");
                }
                _ => {}
            }
        }
    }

    /// Functions that are neither handlers nor called.
    fn uncalled(&mut self) {
        let called: HashSet<&str> = (0..self.tokens.len())
            .filter(|at| self.kind(at + 1) == Some(Piece::Sign(b'(')))
            .filter(|at| at.checked_sub(1).and_then(|before| self.kind(before)) != Some(Piece::Word("fn")))
            .filter_map(|at| match self.kind(at) {
                Some(Piece::Word(word)) => Some(word),
                _ => None,
            })
            .collect();
        let unused: Vec<_> = self
            .functions
            .iter()
            .filter(|function| matches!(role(function.name), Role::Helper) && !called.contains(function.name))
            .map(|function| (function.offset, function.name.to_owned()))
            .collect();
        for (offset, name) in unused {
            let at = self.tokens.iter().position(|token| token.offset == offset).unwrap_or(0);
            self.warn("unreachable_rule", at, format!("nothing calls {name}"));
        }
    }

    /// Computed points of a pool without a cap.
    fn uncapped(&mut self, manifest: &Manifest) {
        for at in 0..self.tokens.len() {
            let (Some(Piece::Word("earn")), Some(Piece::Sign(b'(')), Some(Piece::Literal(pool))) =
                (self.kind(at), self.kind(at + 1), self.kind(at + 2))
            else {
                continue;
            };
            let end = closing(self.tokens, at + 1);
            let commas: Vec<usize> = self.commas(at + 1, end);
            let amount = commas.first().zip(commas.get(1).or(Some(&end)));
            let multiplied =
                amount.is_some_and(|(from, to)| (*from..*to).any(|at| self.kind(at) == Some(Piece::Sign(b'*'))));
            if multiplied && !capped(manifest, pool) {
                let message =
                    format!("this multiplies {pool:?} without a bound: a mistyped amount pays it all; add [[caps]]");
                self.warn("no_cap", at, message);
            }
        }
    }

    /// The commas of a call itself, between its parentheses.
    fn commas(&self, open: usize, close: usize) -> Vec<usize> {
        let mut depth = 0usize;
        let mut commas = Vec::new();
        for at in open + 1..close {
            match self.kind(at) {
                Some(Piece::Sign(b'(' | b'[' | b'{')) => depth += 1,
                Some(Piece::Sign(b')' | b']' | b'}')) => depth = depth.saturating_sub(1),
                Some(Piece::Sign(b',')) if depth == 0 => commas.push(at),
                _ => {}
            }
        }
        commas
    }

    /// Lines' amounts include what points or gift cards paid, where the script does not look at the tenders.
    fn points_tenders(&mut self) {
        let uses = |word: &str| self.tokens.iter().any(|token| token.kind == Piece::Word(word));
        if !uses("earn") || uses("tenders") {
            return;
        }
        let reads = ["items", "spend_in", "spend_on", "spend_tagged"];
        let line = (0..self.tokens.len()).find(|at| {
            at.checked_sub(1).and_then(|before| self.kind(before)) == Some(Piece::Sign(b'.'))
                && matches!(self.kind(*at), Some(Piece::Word(word)) if reads.contains(&word))
        });
        if let Some(at) = line {
            let message = "lines count in full here, also what points or gift cards paid of them; \
                           event.amount does not, and event.tenders says how it was paid";
            self.warn("earns_on_points", at, message);
        }
    }

    /// `event.day < "2025-01-01"`, once that day is over.
    fn windows(&mut self, today: Day) {
        let (month, date, _) = parts_of(today);
        let today = format!("{:04}-{month:02}-{date:02}", year_of(today));
        for at in 0..self.tokens.len() {
            let (Some(Piece::Word("day")), Some(Piece::Sign(b'<'))) = (self.kind(at), self.kind(at + 1)) else {
                continue;
            };
            let inclusive = self.kind(at + 2) == Some(Piece::Sign(b'='));
            let Some(Piece::Literal(end)) = self.kind(at + 2 + usize::from(inclusive)) else { continue };
            let is_day = end.len() == 10 && end.bytes().filter(|byte| *byte == b'-').count() == 2;
            let over = if inclusive { end < today.as_str() } else { end <= today.as_str() };
            if is_day && over {
                self.warn("window_over", at, format!("this window ended on {end}; today is {today}"));
            }
        }
    }
}
