//! The binary: parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use tallystick::cli::{Cli, run};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    run(Cli::parse())
}
