//! The `switchy` program.
use std::process::ExitCode;

fn main() -> ExitCode {
    switchy::cli::main()
}
