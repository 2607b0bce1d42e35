//! Ethernet bridging and point-to-point links, administered with the `ifconfig` grammar.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    trestle::cli::main(std::env::args_os())
}
