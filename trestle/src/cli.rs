//! The program: which of its parts runs, and how it ends.
//!
//! Exit status is 0 or 1, as scripts around `ifconfig` expect; that of `exec` is its program's.

use crate::output;
use crate::platform::{self, USAGE};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with its arguments, the first of which is its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let name = arguments.next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut arguments: Vec<OsString> = arguments.collect();
    if name == "ifconfig" {
        return ifconfig(&arguments);
    }
    if let Some(status) = platform::run_as(&name, &arguments) {
        return status;
    }
    if arguments.is_empty() {
        eprint!("{USAGE}");
        return ExitCode::FAILURE;
    }
    let command = arguments.remove(0);
    let unknown = || {
        eprintln!("trestle: unknown command {}; see 'trestle help'", command.display());
        ExitCode::FAILURE
    };
    match command.to_str() {
        Some("ifconfig") => ifconfig(&arguments),
        Some("neighbours") => finish(platform::neighbours(arguments)),
        Some("help" | "--help" | "-h") => finish(output::print(USAGE)),
        Some("--version" | "-V") => finish(output::print(concat!("trestle ", env!("CARGO_PKG_VERSION"), "\n"))),
        Some(other) => platform::run_command(other, arguments).unwrap_or_else(unknown),
        None => unknown(),
    }
}

fn ifconfig(arguments: &[OsString]) -> ExitCode {
    match platform::ifconfig(arguments).and_then(|text| output::print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ifconfig: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ends a command of the program.
pub(crate) fn finish(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trestle: {error}");
            ExitCode::FAILURE
        }
    }
}
