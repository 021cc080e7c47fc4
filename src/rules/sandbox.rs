//! The script engine with every limit set and nothing in it but what is listed here, and the compiling of one source.
//!
//! No input or output, clock, randomness, modules, `eval`, closures or floats. A script ends within its budget of
//! operations, depth and sizes, or is stopped.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use rhai::packages::{
    ArithmeticPackage, BasicIteratorPackage, BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage,
    Package,
};
use rhai::{AST, Engine, OptimizationLevel, ParseError, ParseErrorType, Position, Scope};

use super::api::{self, Shared};
use super::diagnostic::Diagnostic;
use crate::ledger::types::Text;
use crate::limits::{
    SCRIPT_ARRAY_MAX, SCRIPT_BYTES_MAX, SCRIPT_CALL_LEVELS_MAX, SCRIPT_EXPR_DEPTH_MAX, SCRIPT_FUNCTIONS_MAX,
    SCRIPT_MAP_MAX, SCRIPT_OPERATIONS_MAX, SCRIPT_STRING_BYTES_MAX, SCRIPT_VARIABLES_MAX,
};

/// Words of the language that programs do without.
const DISABLED: [&str; 7] = ["eval", "print", "debug", "Fn", "call", "curry", "import"];

/// An engine for one thread. `operations` follows the running call.
pub(super) fn engine(call: &Shared, operations: &Rc<Cell<u64>>) -> Engine {
    let mut engine = Engine::new_raw();
    // The language's core package is left out on purpose: it brings `sleep`.
    engine.register_global_module(ArithmeticPackage::new().as_shared_module());
    engine.register_global_module(LogicPackage::new().as_shared_module());
    engine.register_global_module(BasicMathPackage::new().as_shared_module());
    engine.register_global_module(BasicIteratorPackage::new().as_shared_module());
    engine.register_global_module(BasicStringPackage::new().as_shared_module());
    engine.register_global_module(MoreStringPackage::new().as_shared_module());
    for word in DISABLED {
        engine.disable_symbol(word);
    }
    engine.set_allow_anonymous_fn(false);
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine.set_fast_operators(true);
    engine.set_max_operations(SCRIPT_OPERATIONS_MAX);
    engine.set_max_call_levels(SCRIPT_CALL_LEVELS_MAX);
    engine.set_max_expr_depths(SCRIPT_EXPR_DEPTH_MAX, SCRIPT_EXPR_DEPTH_MAX);
    engine.set_max_string_size(SCRIPT_STRING_BYTES_MAX);
    engine.set_max_array_size(SCRIPT_ARRAY_MAX);
    engine.set_max_map_size(SCRIPT_MAP_MAX);
    engine.set_max_variables(SCRIPT_VARIABLES_MAX);
    engine.set_max_functions(SCRIPT_FUNCTIONS_MAX);
    let operations = Rc::clone(operations);
    engine.on_progress(move |count| {
        operations.set(count);
        None
    });
    api::register(&mut engine, call);
    engine
}

/// Parses a source. Its top-level constants are known inside its functions, and every variable must be declared.
pub(super) fn compile(engine: &mut Engine, source: &str) -> Result<AST, ParseError> {
    if source.len() > SCRIPT_BYTES_MAX {
        let message = format!("a script has at most {SCRIPT_BYTES_MAX} bytes, this one {}", source.len());
        return Err(ParseError(Box::new(ParseErrorType::BadInput(rhai::LexError::Runtime(message))), Position::NONE));
    }
    // Functions do not see what is around them, except for constants known when they are parsed. So parse once to
    // learn the constants, and again with them.
    engine.set_strict_variables(false);
    let first = engine.compile(source);
    engine.set_strict_variables(true);
    let mut constants = Scope::new();
    for (name, _, value) in first?.iter_literal_variables(true, false) {
        constants.push_constant_dynamic(name, value);
    }
    engine.compile_with_scope(&constants, source)
}

/// What the compiler says against a source, where it does. A compiler that panics has found something wrong, too.
pub(super) fn diagnose(engine: &mut Engine, file: &str, source: &str) -> Option<Diagnostic> {
    let result = catch_unwind(AssertUnwindSafe(|| compile(engine, source).map(drop)));
    let error = match result {
        Ok(result) => result.err()?,
        Err(_) => return Some(Diagnostic::of_file(file, "the script compiler cannot read this file")),
    };
    let place = |part: Option<usize>| part.and_then(|part| u32::try_from(part).ok()).unwrap_or(0);
    let (line, column) = (place(error.1.line()), place(error.1.position()));
    Some(Diagnostic { file: Text::new(file), line, column, message: error.0.to_string() })
}
