//! Devices that programs open, measured against the kernel's own: `trestle exec`, nodes, and the queues alone.
//!
//! This program is also the program that opens them: it starts itself, as `holder::run` says.

mod holder;
mod measure;
mod packet;
mod place;
mod queue;
mod side;
mod target;

use crate::arguments::Arguments;
use crate::figures::Figures;
use crate::report::Report;
use crate::{Fault, load, rounds};
use measure::Measure;
use side::Side;
use std::process::ExitCode;

/// Runs as the command line says and prints the tables. This is the `main` of the benchmark.
///
/// A missed target is a finding, not a failure: the status is 1 only if nothing could be measured.
pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.as_slice() {
        [command, role, path, name] if command == holder::COMMAND => holder::run(role, path, name),
        [word] if word == "--help" => {
            println!("usage: node {}\n{HELP}", crate::arguments::USAGE);
            Ok(())
        }
        _ => match Arguments::parse(words) {
            Ok(asked) => run(&asked),
            Err(word) => {
                eprintln!("node: {word}?\nusage: node {}", crate::arguments::USAGE);
                return ExitCode::FAILURE;
            }
        },
    };
    rounds::exit(result)
}

/// What was measured, and of whom.
type Key = (Measure, Side);

fn run(asked: &Arguments) -> Result<(), Fault> {
    let mut figures = Figures::default();
    rounds::visit_all("node", asked, &Side::ALL, |side| visit(side, asked, &mut figures))?;
    let (subjects, targets) = (&Side::ALL, &target::TARGETS);
    rounds::publish(asked, &Report { suite: "node", subjects, peer: &Side::peer, targets, figures: &figures })
}

/// Takes every figure of one side once, and returns what could not be taken.
fn visit(side: Side, asked: &Arguments, figures: &mut Figures<Key>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for work in side.works() {
        match load::undisturbed(asked.patience, || work.take(side, asked.length)) {
            Ok(taken) => taken.into_iter().for_each(|(measure, figure)| figures.add((measure, side), figure)),
            Err(fault) => faults.push(fault),
        }
    }
    faults
}

/// What `--help` adds.
const HELP: &str = "\
Sides (--only): queue, tap-kernel, tap-exec, tap-node, tun-kernel, tun-exec, tun-node.
A program (this one, started again) holds the device: the kernel's, ours by `trestle exec`, or ours by its node. Packets
have 1,400 bytes; the other end is a packet socket on the kernel interface of the device's name. Ratios are to the kernel.
  read, poll+read, echo  packets a second that the program reads (and writes back), at most 256 on their way at once
  write                  packets a second that the program writes and the interface receives
  to a reader, a poller  time from write at the interface until the program's read, or poll, returns
  from the program       time from the program's write until the packet socket's poll returns
  idle                   processor time of daemon and program while the program waits in poll, % of one core
  queue                  the core's queues between two threads that sleep when there is nothing to do, one core each
$TRESTLE_PROGRAM names the program to measure; else it is built as this one was.";
