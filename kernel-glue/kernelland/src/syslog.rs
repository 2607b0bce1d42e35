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

static TEXT: Mutex<String> = Mutex::new(String::new());
static ECHOED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("TRESTLE_KERNELLAND_SYSLOG").is_some());
