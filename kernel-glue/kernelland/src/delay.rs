//! Calls that take long on purpose, so that what races with them is there every time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Has whoever makes a thread of this name wait so long in the call.
pub(crate) fn spawns_of(name: &str, time: Duration) {
    *slow() = (!time.is_zero()).then(|| (name.to_owned(), time));
}

/// Waits, where threads of this name are made slowly.
pub(crate) fn spawn(name: &str) {
    let time = slow().as_ref().filter(|(slow, _)| slow == name).map(|&(_, time)| time);
    if let Some(time) = time {
        std::thread::sleep(time);
    }
}

fn slow() -> std::sync::MutexGuard<'static, Option<(String, Duration)>> {
    SLOW.lock().unwrap_or_else(PoisonError::into_inner)
}

static SLOW: Mutex<Option<(String, Duration)>> = Mutex::new(None);
