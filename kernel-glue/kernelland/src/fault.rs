//! Faults: what ends a test, and what a test is told at its end.

mod handler;
mod trace;

pub(crate) use handler::{handle, install};
pub(crate) use trace::{Trace, place};

use crate::thread::locked;
use std::io::Write;
use std::sync::Mutex;

/// Ends the process: the kernel would be in its debugger.
pub(crate) fn fail(what: &str) {
    let trace = Trace::capture();
    end(&format!("kernel panic: {what}\n{trace}"));
}

/// Writes `text` and ends the process, at once and without destructors: other threads still run in modules.
pub(crate) fn end(text: &str) -> ! {
    // Whether or not it can be written, the process ends.
    let _ = writeln!(std::io::stderr(), "{text}");
    // SAFETY: takes no memory of ours.
    unsafe { libc::_exit(FAILED) }
}

/// Notes a fault after which things go on; the test is told at its end.
pub(crate) fn report(what: &str) {
    let text = format!("{what}\n{}", Trace::capture());
    // A report is worth reading when the process does not come to its end.
    let _ = writeln!(std::io::stderr(), "fault: {text}");
    locked(&REPORTS).push(text);
}

/// Returns the faults that were reported so far.
pub(crate) fn reports() -> Vec<String> {
    locked(&REPORTS).clone()
}

static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The status with which a failed kernel ends its process.
pub(crate) const FAILED: i32 = 101;
