//! Which locks a thread holds, as far as it took them by calls: C code of the release flavour takes mutexes inline.

use super::order;
use crate::thread::{Thread, WaitKind, current, locked};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char};
use std::sync::Mutex;

/// A lock, as reports name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) address: usize,
    /// Lives as long as the lock does; may be null.
    pub(crate) name: *const c_char,
}

impl Label {
    fn text(&self) -> Option<Cow<'_, str>> {
        if self.name.is_null() {
            return None;
        }
        // SAFETY: who initialised the lock vouches for its name while the lock is in use.
        Some(unsafe { CStr::from_ptr(self.name) }.to_string_lossy())
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text() {
            Some(name) => write!(f, "\"{name}\" {:#x}", self.address),
            None => write!(f, "{:#x}", self.address),
        }
    }
}

/// Notes that the running thread is ready to wait for a lock, before it does: of those who deadlock, nobody comes any further.
pub(crate) fn wanted(lock: Label) {
    HELD.with_borrow(|held| {
        if !held.is_empty() {
            order::follow(held, lock);
        }
    });
}

/// Notes that the running thread has a lock.
pub(crate) fn acquired(lock: Label) {
    HELD.with_borrow_mut(|held| held.push(lock));
}

/// Notes that the running thread has given a lock back.
pub(crate) fn released(address: usize) {
    HELD.with_borrow_mut(|held| {
        if let Some(at) = held.iter().rposition(|held| held.address == address) {
            held.remove(at);
        }
    });
}

/// Says that nobody may wait for anything but a lock while holding a lock of this name.
pub fn forbid_blocking(name: &str) {
    locked(&NO_BLOCKING).insert(name.to_owned());
}

/// Forgets a lock that ends.
pub(super) fn forget(address: usize) {
    order::forget(address);
}

/// Reports a call that may wait, with interrupts off or under a lock that forbids it; whether it does wait is a matter of luck.
pub(crate) fn check_may_block(kind: WaitKind, name: impl std::fmt::Display) {
    let thread = current();
    if thread.interrupts_off.load(std::sync::atomic::Ordering::Relaxed) {
        crate::fault::report(&format!("{thread} may wait for {kind:?} {name} with interrupts off"));
    }
    match kind {
        WaitKind::Mutex | WaitKind::RwLock => return,
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
        let forbids = |held: &&Label| held.text().is_some_and(|name| forbidding.contains(name.as_ref()));
        held.iter().find(forbids).copied()
    };
    if let Some(lock) = found {
        crate::fault::report(&format!("{thread} may wait for {kind:?} {name} and holds {lock}, which forbids waiting"));
    }
}

/// Reports locks, and interrupts that are off, which the running thread takes along where it goes: into its end, or to its program.
pub(crate) fn check_none_held(thread: &Thread, goes: &str) {
    let held = HELD.with_borrow(Clone::clone);
    if let Some(lock) = held.first() {
        crate::fault::report(&format!("{thread} {goes} and holds {lock} and {} others", held.len().saturating_sub(1)));
    }
    if thread.interrupts_off.load(std::sync::atomic::Ordering::Relaxed) {
        crate::fault::report(&format!("{thread} {goes} with interrupts off"));
    }
}

thread_local! {
    static HELD: RefCell<Vec<Label>> = const { RefCell::new(Vec::new()) };
}

static NO_BLOCKING: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
