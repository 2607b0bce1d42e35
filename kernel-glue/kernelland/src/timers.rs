//! Timers and daemons of the kernel, run by one thread each while they are there.
//!
//! Haiku runs timer hooks in interrupts: a hook that waits for something here would hang a real kernel, which
//! the check for waiting with interrupts off shows.

use crate::clock;
use crate::thread::{Deadline, Wait, WaitKind, current, locked};
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_OK, bigtime_t, status_t, thread_id};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Condvar, Mutex};

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
            let rings = if again == 0 { Rings::Once } else { Rings::Again };
            let Some(_executing) = Executing::begin(Key::Timer(address), number, rings) else { return };
            this.interrupts_off.store(true, SeqCst);
            // SAFETY: the module's hook and timer, which it cancels before they go.
            unsafe { hook(std::ptr::with_exposed_provenance_mut(address)) };
            this.interrupts_off.store(false, SeqCst);
            if rings == Rings::Once {
                return;
            }
            due = due.saturating_add(again);
        }
    };
    start("timer", run)
}

/// Stops a timer; says whether it had run already, or runs. Its hook has returned then, unless it is the caller.
pub(crate) fn cancel(timer: *mut c_void) -> bool {
    end(Key::Timer(timer as usize)) != Ended::Waiting
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
            let Some(_executing) = Executing::begin(key, number, Rings::Again) else { return };
            // SAFETY: the module's hook and argument, which it takes back before they go.
            unsafe { hook(std::ptr::with_exposed_provenance_mut(argument), iteration) };
            iteration = iteration.wrapping_add(1);
        }
    };
    start("kernel daemon", run)
}

pub(crate) fn unregister_daemon(hook: DaemonHook, argument: *mut c_void) -> status_t {
    let Some(hook) = hook else { return B_BAD_VALUE };
    match end(Key::Daemon(hook as usize, argument as usize)) {
        Ended::Waiting | Ended::Called => B_OK,
        Ended::Nothing => B_ENTRY_NOT_FOUND,
    }
}

/// What runs, by what it was registered with.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Timer(usize),
    Daemon(usize, usize),
}

fn begin(key: Key) -> u64 {
    let mut running = locked(&RUNNING);
    running.last = running.last.wrapping_add(1);
    let number = running.last;
    running.numbers.insert(key, number);
    number
}

/// What something did that was ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    /// It was not there.
    Nothing,
    /// It waited for its time.
    Waiting,
    /// Its hook was being called.
    Called,
}

/// Ends what runs, and waits until its hook has returned, if that is not who asks.
fn end(key: Key) -> Ended {
    let this = current().id;
    let mut running = locked(&RUNNING);
    let known = running.numbers.remove(&key).is_some();
    let executing = running.executing.iter().any(|(of, _)| *of == key);
    // Haiku spins here, which is allowed with interrupts off.
    let by_another = |running: &mut Running| running.executing.iter().any(|(of, by)| *of == key && *by != this);
    drop(RETURNED.wait_while(running, by_another));
    match (executing, known) {
        (true, _) => Ended::Called,
        (false, true) => Ended::Waiting,
        (false, false) => Ended::Nothing,
    }
}

/// How often a hook is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rings {
    Once,
    Again,
}

/// A hook that is being called.
struct Executing(Key);

impl Executing {
    /// Says that the running thread calls the hook; `None` if it was ended.
    fn begin(key: Key, number: u64, rings: Rings) -> Option<Self> {
        let mut running = locked(&RUNNING);
        if running.numbers.get(&key) != Some(&number) {
            return None;
        }
        if rings == Rings::Once {
            running.numbers.remove(&key);
        }
        running.executing.push((key, current().id));
        Some(Self(key))
    }
}

impl Drop for Executing {
    fn drop(&mut self) {
        let this = current().id;
        locked(&RUNNING).executing.retain(|(of, by)| *of != self.0 || *by != this);
        RETURNED.notify_all();
    }
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

/// All that runs.
struct Running {
    last: u64,
    /// Which run of a key is the one that goes on.
    numbers: BTreeMap<Key, u64>,
    /// Hooks that are being called, and by which threads.
    executing: Vec<(Key, thread_id)>,
}

static RUNNING: Mutex<Running> = Mutex::new(Running { last: 0, numbers: BTreeMap::new(), executing: Vec::new() });
/// A hook has returned.
static RETURNED: Condvar = Condvar::new();
const ONE_SHOT_ABSOLUTE: i32 = 1;
const ONE_SHOT_RELATIVE: i32 = 2;
const PERIODIC: i32 = 3;
/// Bits beside the mode that say which clock, and that the timer's own fields hold the time.
const FLAGS: i32 = !0xf;

#[cfg(test)]
mod tests;
