//! Faults: what ends a test, and what a test is told at its end.

mod demangle;
mod handler;
mod trace;

pub(crate) use demangle::readable as demangle;
pub(crate) use handler::{handle, install};
pub(crate) use trace::{Trace, crate_name, place};

use crate::thread::locked;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::sync::Mutex;

/// A fault after which things went on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    text: String,
    files: BTreeSet<String>,
}

impl Fault {
    /// Whether code of an add-on, by its file's name, took part in it.
    pub fn concerns(&self, file: &str) -> bool {
        self.files.contains(file)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Ends the process: the kernel would be in its debugger.
pub(crate) fn fail(what: &str) -> ! {
    let trace = Trace::capture();
    end(&format!("kernel panic: {what}\n{trace}"))
}

/// Writes `text` and ends the process, at once and without destructors: other threads still run in modules.
pub(crate) fn end(text: &str) -> ! {
    // Whether or not it can be written, the process ends.
    let _ = writeln!(std::io::stderr(), "{text}");
    // SAFETY: takes no memory of ours.
    unsafe { libc::_exit(FAILED) }
}

/// Notes a fault of the running thread after which things go on; the test is told at its end.
pub(crate) fn report(what: &str) {
    report_steps(&[(what.to_owned(), &Trace::capture())]);
}

/// Notes a fault that several steps led to, each with where it happened.
pub(crate) fn report_steps(steps: &[(String, &Trace)]) {
    let text = steps.iter().map(|(what, trace)| format!("{what}\n{trace}")).collect::<String>();
    let files = steps.iter().flat_map(|(_, trace)| trace.files()).collect();
    // A report is worth reading when the process does not come to its end.
    let _ = writeln!(std::io::stderr(), "fault: {text}");
    locked(&REPORTS).push(Fault { text, files });
}

/// Returns the faults that were reported so far.
pub(crate) fn reports() -> Vec<Fault> {
    locked(&REPORTS).clone()
}

static REPORTS: Mutex<Vec<Fault>> = Mutex::new(Vec::new());
/// The status with which a failed kernel ends its process.
pub(crate) const FAILED: i32 = 101;
