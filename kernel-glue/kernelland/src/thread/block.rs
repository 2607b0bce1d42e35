//! How a thread waits, and is woken: one word a thread, which says that it waits or with what status it goes on.
//!
//! Whoever changes the word from "waits" to a status has woken the thread; the others, a timeout among them, come too
//! late. So a wake-up between [`Thread::prepare`] and [`Thread::block`] is not lost.

use super::{Thread, locked};
use crate::clock;
use haiku_abi::{
    B_ABSOLUTE_TIMEOUT, B_CAN_INTERRUPT, B_INFINITE_TIMEOUT, B_INTERRUPTED, B_RELATIVE_TIMEOUT, B_TIMED_OUT, bigtime_t,
    status_t,
};
use rustix::thread::{Timespec, futex};
use std::sync::atomic::Ordering::SeqCst;

/// What a thread waits for, for those who look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wait {
    pub(crate) kind: WaitKind,
    /// The semaphore's or thread's number, or the object's address.
    pub(crate) object: usize,
    pub(crate) name: String,
}

/// A kind of thing to wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WaitKind {
    Semaphore,
    Mutex,
    RwLock,
    ConditionVariable,
    Thread,
    Snooze,
    Select,
    Wire,
}

/// When a wait ends without a wake-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deadline {
    Never,
    At(bigtime_t),
}

impl Deadline {
    /// Reads the flags and timeout of a call; a relative timeout of 0 or less is the caller's to refuse.
    pub(crate) fn of(flags: u32, timeout: bigtime_t) -> Self {
        if timeout == B_INFINITE_TIMEOUT {
            return Self::Never;
        }
        if flags & B_RELATIVE_TIMEOUT != 0 {
            return Self::At(clock::now().saturating_add(timeout));
        }
        if flags & B_ABSOLUTE_TIMEOUT != 0 { Self::At(timeout) } else { Self::Never }
    }

    /// Returns the deadline this long from now.
    pub(crate) fn after(micros: bigtime_t) -> Self {
        Self::At(clock::now().saturating_add(micros))
    }
}

impl Thread {
    /// Says that this thread, which runs, is about to wait. From here on it can be woken.
    pub(crate) fn prepare(&self, flags: u32, wait: Wait) {
        let is_select = wait.kind == WaitKind::Select;
        let word = match flags & B_CAN_INTERRUPT {
            _ if is_select => SELECTING,
            0 => WAITING,
            _ => INTERRUPTIBLE,
        };
        *locked(&self.waiting) = Some(wait);
        self.parking.store(word, SeqCst);
    }

    /// Waits until somebody wakes the thread or the time has come; returns the status that it was woken with.
    pub(crate) fn block(&self, deadline: Deadline) -> status_t {
        if matches!(self.parking.load(SeqCst), INTERRUPTIBLE | SELECTING) && self.interrupted.load(SeqCst) {
            self.unblock(B_INTERRUPTED);
        }
        loop {
            let word = self.parking.load(SeqCst);
            if !is_waiting(word) {
                break;
            }
            let until = match deadline {
                Deadline::Never => None,
                Deadline::At(time) if clock::now() >= time => {
                    self.unblock(B_TIMED_OUT);
                    continue;
                }
                Deadline::At(time) => {
                    Some(Timespec { tv_sec: time / 1_000_000, tv_nsec: (time % 1_000_000).saturating_mul(1000) })
                }
            };
            // Every way it returns, the loop looks again.
            let _ = futex::wait_bitset(
                &self.parking,
                futex::Flags::PRIVATE,
                word,
                until.as_ref(),
                core::num::NonZeroU32::MAX,
            );
        }
        *locked(&self.waiting) = None;
        // Statuses are stored as they are: none of them is positive.
        self.parking.load(SeqCst).cast_signed()
    }

    /// Wakes the thread if it waits; says whether it did.
    pub(crate) fn unblock(&self, status: status_t) -> bool {
        [WAITING, INTERRUPTIBLE, SELECTING].into_iter().any(|word| self.wake_from(word, status))
    }

    /// Wakes the thread if it waits in `select` or the like, and not if it waits for a lock on its way in or out; says
    /// whether it did.
    pub(crate) fn unblock_select(&self, status: status_t) -> bool {
        self.wake_from(SELECTING, status)
    }

    /// Whether the thread still waits, woken by nobody.
    pub(crate) fn is_blocked(&self) -> bool {
        is_waiting(self.parking.load(SeqCst))
    }

    /// Ends a wait that any signal may end (`B_KILL_CAN_INTERRUPT` alone is not such a one), and the next such wait if there is none now.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, SeqCst);
        let _ = self.wake_from(INTERRUPTIBLE, B_INTERRUPTED) || self.wake_from(SELECTING, B_INTERRUPTED);
    }

    /// Whether a wait with these flags would be interrupted at once.
    pub(crate) fn is_interrupted(&self, flags: u32) -> bool {
        flags & B_CAN_INTERRUPT != 0 && self.interrupted.load(SeqCst)
    }

    /// Says what the thread waits for while it waits for something of Linux's.
    pub(crate) fn waiting_outside(&self, wait: Wait) -> Outside<'_> {
        crate::lock::check_may_block(wait.kind, &wait.name);
        *locked(&self.waiting) = Some(wait);
        Outside(self)
    }

    fn wake_from(&self, word: u32, status: status_t) -> bool {
        let status = status.min(0).cast_unsigned();
        let woken = self.parking.compare_exchange(word, status, SeqCst, SeqCst).is_ok();
        if woken {
            // There is nobody to tell if the thread had not begun to sleep.
            let _ = futex::wake(&self.parking, futex::Flags::PRIVATE, 1);
        }
        woken
    }
}

/// A wait for something of Linux's, until it is dropped.
pub(crate) struct Outside<'t>(&'t Thread);

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        *locked(&self.0.waiting) = None;
    }
}

const WAITING: u32 = 1;
const INTERRUPTIBLE: u32 = 2;
/// Waits for any of several events, and may be interrupted.
const SELECTING: u32 = 3;

fn is_waiting(word: u32) -> bool {
    matches!(word, WAITING | INTERRUPTIBLE | SELECTING)
}
