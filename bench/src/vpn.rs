//! VPN programs, unmodified, over Trestle's tuns and over the kernel's.
//!
//! A tunnel has two ends in namespaces of their own, over a veth pair. The far end always is on a kernel TUN; the near
//! one is what is compared.

mod measure;
mod openvpn;
mod side;
mod target;
mod tunnel;
mod wireguard;

use crate::arguments::{Arguments, USAGE};
use crate::figures::Figures;
use crate::report::Report;
use crate::{Fault, load, rounds};
use measure::{Measure, Work};
use side::Side;
use std::process::ExitCode;
use tunnel::Tunnel;

/// What was measured, and of whom.
type Key = (Measure, Side);

/// Runs as the command line says and prints the tables. This is the `main` of the benchmark.
///
/// A missed target is a finding, not a failure: the status is 1 only if nothing could be measured.
pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["--help"] {
        println!("usage: vpn {USAGE}\n{HELP}");
        return ExitCode::SUCCESS;
    }
    match Arguments::parse(words) {
        Ok(asked) => rounds::exit(run(&asked)),
        Err(word) => {
            eprintln!("vpn: {word}?\nusage: vpn {USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn run(asked: &Arguments) -> Result<(), Fault> {
    let mut figures = Figures::default();
    rounds::visit_all("vpn", asked, &Side::ALL, |side| visit(side, asked, &mut figures))?;
    let (subjects, targets) = (&Side::ALL, &target::TARGETS);
    rounds::publish(
        asked,
        &Report { suite: "vpn", subjects, peer: &|side| Some(side.peer()), targets, figures: &figures },
    )
}

/// Builds one tunnel, takes every figure once, and returns what could not be taken.
fn visit(side: Side, asked: &Arguments, figures: &mut Figures<Key>) -> Vec<Fault> {
    let tunnel = match Tunnel::new(side) {
        Ok(tunnel) => tunnel,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    for work in Work::ALL {
        match load::undisturbed(asked.patience, || work.take(&tunnel, asked.length)) {
            Ok(taken) => taken.into_iter().for_each(|(measure, figure)| figures.add((measure, side), figure)),
            Err(fault) => faults.push(fault),
        }
    }
    faults
}

/// What `--help` adds.
const HELP: &str = "\
Sides (--only): openvpn-kernel, openvpn-exec, openvpn-plug, openvpn-node, wireguard-go-kernel, wireguard-go-exec,
boringtun-kernel, boringtun-exec. A program's near end has the kernel's TUN, or ours by `trestle exec`, by `trestle plug
unix` or by its node; its far end has the kernel's. Ratios are to the kernel's TUN. OpenVPN runs without cipher, the
others with theirs. `plug` needs a C compiler: OpenVPN before 2.7 knows no `unix:`, and is handed a socket as 2.7 makes one.
  out, in  one stream of iperf3 with CUBIC from the near end to the far one, and back
  ping     round trips of 1,000 pings from the near end, a millisecond apart
boringtun-cli is looked for along $PATH and in peers/bin of the target directory:
  cargo install boringtun-cli --version 0.7.1 --locked --root target/peers
$TRESTLE_PROGRAM names the program to measure; else it is built as this one was.";
