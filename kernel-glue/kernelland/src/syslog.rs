//! What modules print: kept for tests, and written to standard error when `TRESTLE_KERNELLAND_SYSLOG` is set.

use crate::thread::locked;
use std::io::Write;
use std::sync::{LazyLock, Mutex};

/// Adds text, which may be part of a line.
pub(crate) fn print(text: &str) {
    locked(&TEXT).push_str(text);
    if *ECHOED {
        // Nobody is told when standard error is closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// Adds a line.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}

/// Returns everything that was printed.
pub(crate) fn text() -> String {
    locked(&TEXT).clone()
}

/// Returns the end of what was printed.
pub(crate) fn tail() -> String {
    let text = text();
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

const TAIL_LINES: usize = 40;
static TEXT: Mutex<String> = Mutex::new(String::new());
static ECHOED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("TRESTLE_KERNELLAND_SYSLOG").is_some());
