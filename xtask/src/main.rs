//! Builds and checks what cargo alone cannot: the Haiku add-on.
#![forbid(unsafe_code)]

use failure::{Failure, run};
use lexopt::{Arg, Parser, ValueExt};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use symbols::Symbols;

mod check;
mod dist;
mod failure;
#[cfg(test)]
mod folder;
mod haiku;
mod image;
mod lld;
mod stub;
mod symbols;
mod toolchain;
mod userland;

const USAGE: &str = "\
usage: cargo xtask haiku [--out DIR]
       cargo xtask haiku-userland [--out DIR]
       cargo xtask haiku-dist [--out DIR]
       cargo xtask check-elf FILE
       cargo xtask kernelland [NIC ...]

  haiku           builds the kernel add-on into DIR (else target/haiku) and checks it: the file `trestle`, to be put
                  into add-ons/kernel/network/devices, and `trestle.debug` for debuggers
  haiku-userland  builds the program `trestle` for Haiku's userland into DIR (else target/haiku-userland)
  haiku-dist      builds both into DIR (else target/haiku-dist), with the scripts and the guide to install them
  check-elf       checks a kernel add-on by the rules of docs/haiku-build.md
  kernelland      starts a Haiku kernel in user space with the add-on in it, and reads commands: type `help`
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure @ Failure::Usage(_)) => {
            eprint!("xtask: {failure}\n{USAGE}");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<(), Failure> {
    let mut words = Parser::from_env();
    let Some(Arg::Value(command)) = words.next()? else {
        return Err(Failure::Usage("a command is missing".into()));
    };
    match command.to_str() {
        Some("haiku") => made(haiku::build(out(&mut words)?)),
        Some("haiku-userland") => made(userland::build(out(&mut words)?)),
        Some("haiku-dist") => made(dist::build(out(&mut words)?)),
        Some("check-elf") => {
            let file: PathBuf = words.value()?.parse()?;
            match words.next()? {
                None => check::print(&file, &Symbols::of_this_tree()?),
                Some(word) => Err(word.unexpected().into()),
            }
        }
        Some("kernelland") => run(Command::new("cargo")
            .args(["run", "--quiet", "--package", "tests", "--bin", "kernelland", "--"])
            .args(words.raw_args()?)
            .current_dir(haiku::root())),
        Some(_) | None => Err(Failure::Usage(format!("no command {}", command.display()).into())),
    }
}

/// Says where the result of a build is.
fn made(result: Result<PathBuf, Failure>) -> Result<(), Failure> {
    result.map(|path| println!("{}", path.display()))
}

/// Reads `[--out DIR]`, which is all that a build takes.
fn out(words: &mut Parser) -> Result<Option<PathBuf>, Failure> {
    let mut out = None;
    while let Some(word) = words.next()? {
        match word {
            Arg::Long("out") => out = Some(PathBuf::from(words.value()?)),
            Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => return Err(word.unexpected().into()),
        }
    }
    Ok(out)
}
