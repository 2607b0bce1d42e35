//! VPN programs in TUN mode on Trestle's `tun0`, against the same on a kernel TUN.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::vpn::main()
}
