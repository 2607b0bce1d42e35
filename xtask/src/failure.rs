//! Why a command of this program ends without its result.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// What stopped a command, with what to do about it where that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// The words of the command line are wrong.
    #[error("{0}")]
    Usage(#[from] lexopt::Error),
    /// No toolchain here can build for a target without an operating system.
    #[error(
        "no Rust toolchain here builds for {target}: {why}\n\
         either   apt-get install rustc-web cargo-web rust-web-src   (Debian's)\n\
         or       rustup component add rust-src\n\
         or       rustup target add {target}   (where rustup has it: x86_64-unknown-none, not x86_64-unknown-haiku)"
    )]
    NoToolchain { target: &'static str, why: String },
    /// Nothing here links as lld does.
    #[error(
        "no lld: neither ld.lld on the PATH nor rust-lld in the toolchain\n\
         either   apt-get install lld\n\
         or       rustup component add llvm-tools"
    )]
    NoLinker,
    /// A program could not be started.
    #[error("{program}: {error}")]
    Spawn { program: String, error: io::Error },
    /// A program failed; it said why itself.
    #[error("{program} ended with {status}")]
    Ended { program: String, status: ExitStatus },
    /// A file could not be read or written.
    #[error("{}: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
    /// The table of the kernel's symbols cannot be read.
    #[error("{0}")]
    Symbols(#[from] crate::symbols::SymbolsError),
    /// The table of the names in Haiku's libraries cannot be read.
    #[error("libraries.csv: {0}")]
    Libraries(#[from] csv::Error),
    /// An object file could not be made.
    #[error("{0}")]
    Object(#[from] object::write::Error),
    /// The checks refuse a file; they were printed.
    #[error("{} is refused: {breaches} breaches of the rules of docs/haiku-build.md", .path.display())]
    Refused { path: PathBuf, breaches: usize },
}

/// Turns an I/O error into one that names the file.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Failure + '_ {
    move |error| Failure::File { path: path.to_owned(), error }
}

/// Runs `command` to its end; it must end with status 0.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Ended { program, status }),
        Err(error) => Err(Failure::Spawn { program, error }),
    }
}

/// Runs `command` and returns what it printed, without the line end.
pub(crate) fn ask(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()),
        Ok(output) => Err(Failure::Ended { program, status: output.status }),
        Err(error) => Err(Failure::Spawn { program, error }),
    }
}
