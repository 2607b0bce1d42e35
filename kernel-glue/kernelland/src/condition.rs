//! Condition variables (`condition_variable.h`): C++ objects of 48 bytes, and entries of 40 on the stacks of those who wait.
//!
//! Who waits adds an entry first and waits with it later: what was notified between is in the entry. C code reads the variable's
//! number of entries and the entry's variable inline; all else is a table here.

use crate::lock::check_may_block;
use crate::thread::{Deadline, Thread, Wait, WaitKind, current, locked};
use haiku_abi::{B_OK, B_RELATIVE_TIMEOUT, B_WOULD_BLOCK, bigtime_t, status_t};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::SeqCst};

/// `ConditionVariable`.
#[repr(C)]
pub(crate) struct Variable {
    next: AtomicPtr<c_void>,
    object: AtomicPtr<c_void>,
    kind: AtomicPtr<c_char>,
    lock: AtomicI32,
    entries: AtomicI32,
    list: [AtomicPtr<c_void>; 2],
}

/// `ConditionVariableEntry`.
#[repr(C)]
pub(crate) struct Entry {
    link: [AtomicPtr<c_void>; 2],
    variable: AtomicPtr<Variable>,
    thread: AtomicPtr<c_void>,
    /// [`ADDED`], or the status that it was notified with.
    status: AtomicI32,
}

const _: () = assert!(size_of::<Variable>() == size_of::<haiku_abi::ConditionVariable>());
const _: () = assert!(size_of::<Entry>() == size_of::<haiku_abi::ConditionVariableEntry>());
const _: () = assert!(core::mem::offset_of!(Variable, entries) == 28);
const _: () = assert!(core::mem::offset_of!(Entry, variable) == 16);

/// Who waits, or is about to.
struct Waiter {
    entry: usize,
    thread: &'static Thread,
}

impl Variable {
    /// Makes a variable of memory with any content.
    pub(crate) fn init(&self, object: *const c_void, kind: *const c_char) {
        self.next.store(std::ptr::null_mut(), SeqCst);
        self.object.store(object.cast_mut(), SeqCst);
        self.kind.store(kind.cast_mut(), SeqCst);
        self.lock.store(0, SeqCst);
        self.entries.store(0, SeqCst);
        for end in &self.list {
            end.store(std::ptr::null_mut(), SeqCst);
        }
        locked(&WAITERS).remove(&self.address());
    }

    /// Adds the running thread with an entry of its.
    pub(crate) fn add(&self, entry: &Entry) {
        let mut waiters = locked(&WAITERS);
        entry.init();
        entry.thread.store(std::ptr::from_ref(current()).cast_mut().cast(), SeqCst);
        entry.status.store(ADDED, SeqCst);
        entry.variable.store(std::ptr::from_ref(self).cast_mut(), SeqCst);
        let waiter = Waiter { entry: entry.address(), thread: current() };
        waiters.entry(self.address()).or_default().push_back(waiter);
        self.entries.fetch_add(1, SeqCst);
    }

    /// Tells one or all of those who wait, or are about to; returns how many.
    pub(crate) fn notify(&self, whom: Whom, result: status_t) -> i32 {
        let mut waiters = locked(&WAITERS);
        let Some(queue) = waiters.get_mut(&self.address()) else { return 0 };
        if result > B_OK {
            drop(waiters);
            crate::fault::fail(&format!("a condition variable is notified with {result}"));
        }
        let mut notified = 0i32;
        while let Some(Waiter { entry, thread }) = queue.pop_front() {
            // SAFETY: an entry leaves the queue before it ends, under the lock that is held here.
            let entry = unsafe { &*std::ptr::with_exposed_provenance::<Entry>(entry) };
            entry.status.store(result, SeqCst);
            entry.variable.store(std::ptr::null_mut(), SeqCst);
            self.entries.fetch_sub(1, SeqCst);
            entry.thread.store(std::ptr::null_mut(), SeqCst);
            // A thread that has not begun to wait finds the status in its entry.
            if entry.link.iter().any(|waits| !waits.load(SeqCst).is_null()) {
                thread.unblock(result);
            }
            notified = notified.saturating_add(1);
            if whom == Whom::One {
                break;
            }
        }
        if queue.is_empty() {
            waiters.remove(&self.address());
        }
        notified
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    fn name(&self) -> String {
        let kind = self.kind.load(SeqCst);
        if kind.is_null() {
            return format!("{:#x}", self.address());
        }
        // SAFETY: who initialised the variable vouches for the text while the variable is in use.
        let kind = unsafe { CStr::from_ptr(kind) };
        format!("\"{}\" {:#x}", kind.to_string_lossy(), self.address())
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whom {
    One,
    All,
}

impl Entry {
    /// Makes an entry of memory with any content.
    pub(crate) fn init(&self) {
        for link in &self.link {
            link.store(std::ptr::null_mut(), SeqCst);
        }
        self.variable.store(std::ptr::null_mut(), SeqCst);
        self.thread.store(std::ptr::null_mut(), SeqCst);
        self.status.store(B_OK, SeqCst);
    }

    /// Takes the entry out, if it is still in.
    pub(crate) fn remove(&self) {
        let mut waiters = locked(&WAITERS);
        let variable = self.variable.swap(std::ptr::null_mut(), SeqCst);
        let Some(queue) = waiters.get_mut(&(variable as usize)) else { return };
        let before = queue.len();
        queue.retain(|waiter| waiter.entry != self.address());
        if queue.len() != before {
            // SAFETY: as long as an entry is in its queue, the variable lives: that is C++'s contract.
            let entries = unsafe { &(*variable).entries };
            entries.fetch_sub(1, SeqCst);
        }
        if queue.is_empty() {
            waiters.remove(&(variable as usize));
        }
    }

    /// Waits for a notification, or returns that which came already.
    pub(crate) fn wait(&self, flags: u32, timeout: bigtime_t) -> status_t {
        if flags & B_RELATIVE_TIMEOUT != 0 && timeout <= 0 {
            self.remove();
            return self.notified().unwrap_or(B_WOULD_BLOCK);
        }
        let this = current();
        {
            let _waiters = locked(&WAITERS);
            let variable = self.variable.load(SeqCst);
            if variable.is_null() {
                check_may_block(WaitKind::ConditionVariable, "that was notified already");
                return self.notified().unwrap_or(B_OK);
            }
            // SAFETY: the entry is in the variable's queue, so the variable lives.
            let name = unsafe { &*variable }.name();
            check_may_block(WaitKind::ConditionVariable, &name);
            this.prepare(flags, Wait { kind: WaitKind::ConditionVariable, object: variable as usize, name });
            for link in &self.link {
                link.store(std::ptr::from_ref(self).cast_mut().cast(), SeqCst);
            }
        }
        let status = this.block(Deadline::of(flags, timeout));
        self.remove();
        self.notified().unwrap_or(status)
    }

    fn notified(&self) -> Option<status_t> {
        Some(self.status.load(SeqCst)).filter(|status| *status != ADDED)
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).expose_provenance()
    }
}

static WAITERS: Mutex<BTreeMap<usize, VecDeque<Waiter>>> = Mutex::new(BTreeMap::new());
/// In a queue, and not notified.
const ADDED: i32 = 1;

#[cfg(test)]
mod tests;
