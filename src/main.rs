//! The `podlift` program: takes the command line to the library and its answer to the shell.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use podlift::cli::{self, Ctx};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match Ctx::of_process() {
        Ok(mut ctx) => ExitCode::from(cli::main(std::env::args_os(), &mut ctx)),
        // The current directory is gone: there is nothing to be relative to and nothing to do.
        Err(_) => ExitCode::from(2),
    }
}
