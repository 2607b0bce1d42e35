//! Calls that are held on purpose, so that what races with them is there every time.

use crate::thread::locked;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// Threads of one name are not made while this lives.
#[derive(Debug)]
#[must_use]
pub struct Held(());

impl Drop for Held {
    fn drop(&mut self) {
        *locked(&NAME) = None;
        OPENED.notify_all();
    }
}

/// Has whoever makes a thread of this name wait in the call.
pub(crate) fn hold_spawns_of(name: &str) -> Held {
    *locked(&NAME) = Some(name.to_owned());
    Held(())
}

/// Waits, where threads of this name are held.
pub(crate) fn spawn(name: &str) {
    // Whether it was opened or took too long, the call goes on.
    let _ = OPENED.wait_timeout_while(locked(&NAME), LONGEST, |held| held.as_deref() == Some(name));
}

static NAME: Mutex<Option<String>> = Mutex::new(None);
static OPENED: Condvar = Condvar::new();
/// After which a test that forgot to open fails by what it looks for. A guess.
const LONGEST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
