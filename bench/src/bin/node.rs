//! Trestle's devices, as programs hold them, against the kernel's.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::node::main()
}
