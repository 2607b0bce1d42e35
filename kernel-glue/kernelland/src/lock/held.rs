//! Which locks a thread holds, as far as it took them by calls: C code of the release flavour takes mutexes inline.

use super::order;
use crate::thread::{Thread, Wait, WaitKind, locked};
use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::{CStr, c_char};
use std::sync::Mutex;

/// A lock, as reports name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) address: usize,
    /// Lives as long as the lock does; may be null.
    pub(crate) name: *const c_char,
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.name.is_null() {
            return write!(f, "{:#x}", self.address);
        }
        // SAFETY: who initialised the lock vouches for its name while the lock is in use.
        let name = unsafe { CStr::from_ptr(self.name) };
        write!(f, "\"{}\" {:#x}", name.to_string_lossy(), self.address)
    }
}

/// How a thread came to a lock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// It was ready to wait for it.
    Waiting,
    /// It asked whether the lock is free, which cannot deadlock.
    Free,
}

/// Notes that the running thread has a lock.
pub(crate) fn acquired(lock: Label, found: Found) {
    HELD.with_borrow_mut(|held| {
        if found == Found::Waiting && !held.is_empty() {
            order::follow(held, lock);
        }
        held.push(lock);
    });
}

/// Notes that the running thread has given a lock back.
pub(crate) fn released(address: usize) {
    HELD.with_borrow_mut(|held| {
        if let Some(at) = held.iter().rposition(|held| held.address == address) {
            held.remove(at);
        }
    });
}

/// Says that nobody may wait for anything but a lock while holding this one.
pub(crate) fn forbid_blocking(address: usize) {
    locked(&NO_BLOCKING).get_or_insert_default().insert(address);
}

/// Forgets what was said of a lock that ends.
pub(super) fn forget(address: usize) {
    if let Some(forbidding) = locked(&NO_BLOCKING).as_mut() {
        forbidding.remove(&address);
    }
    order::forget(address);
}

/// Reports a wait under a lock that forbids it.
pub(crate) fn check_may_block(thread: &Thread, wait: &Wait) {
    if thread.interrupts_off.load(std::sync::atomic::Ordering::Relaxed) {
        crate::fault::report(&format!("{thread} waits for {:?} {} with interrupts off", wait.kind, wait.name));
    }
    match wait.kind {
        WaitKind::Mutex | WaitKind::RwLock | WaitKind::Suspension => return,
        WaitKind::Semaphore
        | WaitKind::ConditionVariable
        | WaitKind::Thread
        | WaitKind::Snooze
        | WaitKind::Select
        | WaitKind::Wire => {}
    }
    let held = HELD.with_borrow(Clone::clone);
    if held.is_empty() {
        return;
    }
    let found = {
        let forbidding = locked(&NO_BLOCKING);
        let forbids = |held: &&Label| forbidding.as_ref().is_some_and(|all| all.contains(&held.address));
        held.iter().find(forbids).copied()
    };
    if let Some(lock) = found {
        let Wait { kind, name, .. } = wait;
        crate::fault::report(&format!("{thread} waits for {kind:?} {name} and holds {lock}, which forbids waiting"));
    }
}

/// Reports locks that a thread takes along into its end.
pub(crate) fn check_none_held(thread: &Thread) {
    let held = HELD.with_borrow(Clone::clone);
    if let Some(lock) = held.first() {
        crate::fault::report(&format!("{thread} ends and holds {lock} and {} others", held.len().saturating_sub(1)));
    }
}

thread_local! {
    static HELD: RefCell<Vec<Label>> = const { RefCell::new(Vec::new()) };
}

static NO_BLOCKING: Mutex<Option<HashSet<usize>>> = Mutex::new(None);
