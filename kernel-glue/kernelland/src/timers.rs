//! Timers and daemons of the kernel, run by one thread each while they are there.
//!
//! Haiku runs timer hooks in interrupts: a hook that waits for something here would hang a real kernel, which
//! the check for waiting with interrupts off shows.

use crate::clock;
use crate::thread::{Deadline, Wait, WaitKind, current, locked};
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_OK, bigtime_t, status_t};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::Ordering::SeqCst;

pub(crate) type Hook = Option<unsafe extern "C" fn(*mut c_void) -> i32>;
pub(crate) type DaemonHook = Option<unsafe extern "C" fn(*mut c_void, i32)>;

/// Starts a timer: once at a time, once after a time, or again and again.
pub(crate) fn add(timer: *mut c_void, hook: Hook, period: bigtime_t, flags: i32) -> status_t {
    let Some(hook) = hook else { return B_BAD_VALUE };
    if timer.is_null() || period < 0 {
        return B_BAD_VALUE;
    }
    let mode = flags & !FLAGS;
    let (first, again) = match mode {
        ONE_SHOT_ABSOLUTE => (period, 0),
        ONE_SHOT_RELATIVE => (clock::now().saturating_add(period), 0),
        PERIODIC => (clock::now().saturating_add(period), period.max(1)),
        _ => return B_BAD_VALUE,
    };
    let address = timer.expose_provenance();
    let number = begin(Key::Timer(address));
    let run = move || {
        let this = current();
        let mut due = first;
        loop {
            pause(due);
            if !is_current(Key::Timer(address), number) {
                return;
            }
            this.interrupts_off.store(true, SeqCst);
            // SAFETY: the module's hook and timer, which it cancels before they go.
            unsafe { hook(std::ptr::with_exposed_provenance_mut(address)) };
            this.interrupts_off.store(false, SeqCst);
            if again == 0 {
                end(Key::Timer(address));
                return;
            }
            due = due.saturating_add(again);
        }
    };
    start("timer", run)
}

/// Stops a timer; says whether it had run already.
pub(crate) fn cancel(timer: *mut c_void) -> bool {
    !end(Key::Timer(timer as usize))
}

/// Lets a function be called every so many tenths of a second.
pub(crate) fn register_daemon(hook: DaemonHook, argument: *mut c_void, frequency: i32) -> status_t {
    let Some(hook) = hook else { return B_BAD_VALUE };
    if frequency < 1 {
        return B_BAD_VALUE;
    }
    let argument = argument.expose_provenance();
    let key = Key::Daemon(hook as usize, argument);
    let number = begin(key);
    let run = move || {
        let mut iteration = 0i32;
        loop {
            pause(clock::now().saturating_add(i64::from(frequency).saturating_mul(100_000)));
            if !is_current(key, number) {
                return;
            }
            // SAFETY: the module's hook and argument, which it takes back before they go.
            unsafe { hook(std::ptr::with_exposed_provenance_mut(argument), iteration) };
            iteration = iteration.wrapping_add(1);
        }
    };
    start("kernel daemon", run)
}

pub(crate) fn unregister_daemon(hook: DaemonHook, argument: *mut c_void) -> status_t {
    let Some(hook) = hook else { return B_BAD_VALUE };
    if end(Key::Daemon(hook as usize, argument as usize)) { B_OK } else { B_ENTRY_NOT_FOUND }
}

/// What runs, by what it was registered with.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Timer(usize),
    Daemon(usize, usize),
}

fn begin(key: Key) -> u64 {
    let mut running = locked(&RUNNING);
    running.0 = running.0.wrapping_add(1);
    let number = running.0;
    running.1.insert(key, number);
    number
}

fn end(key: Key) -> bool {
    locked(&RUNNING).1.remove(&key).is_some()
}

fn is_current(key: Key, number: u64) -> bool {
    locked(&RUNNING).1.get(&key) == Some(&number)
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> status_t {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    started.map_or(haiku_abi::B_NO_MEMORY, |_| B_OK)
}

fn pause(until: bigtime_t) {
    let this = current();
    this.prepare(0, Wait { kind: WaitKind::Snooze, object: 0, name: "timer".to_owned() });
    this.block(Deadline::At(until));
}

static RUNNING: Mutex<(u64, BTreeMap<Key, u64>)> = Mutex::new((0, BTreeMap::new()));
const ONE_SHOT_ABSOLUTE: i32 = 1;
const ONE_SHOT_RELATIVE: i32 = 2;
const PERIODIC: i32 = 3;
/// Bits beside the mode that say which clock, and that the timer's own fields hold the time.
const FLAGS: i32 = !0xf;

#[cfg(test)]
mod tests;
