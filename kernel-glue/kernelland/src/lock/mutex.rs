//! `mutex`: in the release flavour a counter with hand-over, in the other a holder.
//!
//! Release: 0 is free, a locker takes 1 away, an unlocker gives it back; whoever saw a number below zero before comes here
//! to wait, and whoever saw one below -1 comes here to hand over. An unlocker may come before the waiter: that is remembered
//! in the flags.

use super::held::{self, Label};
use super::queue::{Queues, Waiter, Wants};
use super::{Flavour, flavour};
use crate::thread::{Deadline, Thread, Wait, WaitKind, current};
use haiku_abi::{B_ERROR, B_OK, B_WOULD_BLOCK, MUTEX_FLAG_CLONE_NAME, mutex, status_t};
use std::ffi::{CStr, CString, c_char};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, Ordering::SeqCst};

/// A mutex at an address that C code gave.
#[derive(Clone, Copy)]
pub(crate) struct Mutex<'m> {
    name: &'m AtomicPtr<c_char>,
    /// `count` or `holder`.
    pub(super) word: &'m AtomicI32,
    flags: &'m AtomicU8,
}

impl<'m> Mutex<'m> {
    /// Views C's structure.
    ///
    /// # Safety
    ///
    /// `at` points to a mutex that lives for `'m`, and whoever changes it does so atomically.
    pub(crate) unsafe fn at(at: *mut mutex) -> Self {
        let fields = at.cast::<u8>();
        let at_offset = |offset| fields.wrapping_add(offset);
        // SAFETY: the caller vouches for the mutex; this is its member of that type.
        let name = unsafe { AtomicPtr::from_ptr(at_offset(core::mem::offset_of!(mutex, name)).cast()) };
        // SAFETY: as above.
        let word = unsafe { AtomicI32::from_ptr(at_offset(core::mem::offset_of!(mutex, count)).cast()) };
        // SAFETY: as above.
        let flags = unsafe { AtomicU8::from_ptr(at_offset(core::mem::offset_of!(mutex, flags))) };
        Self { name, word, flags }
    }

    /// Its address, by which queues and the order of locks know it.
    pub(crate) fn address(self) -> usize {
        std::ptr::from_ref(self.name) as usize
    }

    /// Makes a free mutex; `name` must live as long, unless it is cloned.
    pub(crate) fn init(self, name: *const c_char, flags: u32) {
        let clone = flags & MUTEX_FLAG_CLONE_NAME != 0 && !name.is_null();
        let name = if clone { clone_name(name).into_raw() } else { name.cast_mut() };
        self.name.store(name, SeqCst);
        self.flags.store(if clone { NAME_CLONED } else { 0 }, SeqCst);
        self.word.store(free_word(), SeqCst);
        held::forget(self.address());
    }

    /// Ends the mutex: waiters go on with `B_ERROR`. Who locks it afterwards is a fault.
    pub(crate) fn destroy(self) {
        let mut queues = Queues::lock(self.address());
        match flavour() {
            Flavour::Kdebug => {
                let holder = self.word.swap(0, SeqCst);
                if holder != FREE && holder != current().id {
                    drop(queues);
                    crate::fault::fail(&format!("mutex_destroy: {} is held by thread {holder}", self.label()));
                }
            }
            Flavour::Release => self.word.store(DESTROYED_COUNT, SeqCst),
        }
        while let Some(waiter) = queues.pop(self.address()) {
            waiter.thread.unblock(B_ERROR);
        }
        let name = self.name.swap(std::ptr::null_mut(), SeqCst);
        if self.flags.swap(0, SeqCst) & NAME_CLONED != 0 {
            // SAFETY: the flag says that `init` made the name by `into_raw`; the swap gave it to us alone.
            drop(unsafe { CString::from_raw(name) });
        }
        drop(queues);
        held::released(self.address());
        held::forget(self.address());
    }

    /// Locks, and waits for it until the deadline.
    pub(crate) fn lock(self, deadline: Deadline) -> Result<(), status_t> {
        match flavour() {
            Flavour::Release if self.word.fetch_sub(1, SeqCst) >= 0 => {
                held::check_may_block(WaitKind::Mutex, self.label());
                Ok(())
            }
            Flavour::Release | Flavour::Kdebug => self.wait(deadline),
        }
    }

    /// Locks if it is free.
    pub(crate) fn try_lock(self) -> Result<(), status_t> {
        let (from, to) = match flavour() {
            Flavour::Release => (0, -1),
            Flavour::Kdebug => (FREE, current().id),
        };
        let _queues = Queues::lock(self.address());
        self.word.compare_exchange(from, to, SeqCst, SeqCst).map(|_| ()).map_err(|_| B_WOULD_BLOCK)
    }

    /// Unlocks, and hands it over to who waits longest.
    pub(crate) fn unlock(self) {
        match flavour() {
            Flavour::Release if self.word.fetch_add(1, SeqCst) >= -1 => {}
            Flavour::Release | Flavour::Kdebug => self.hand_over(),
        }
    }

    /// Waits for a mutex whose count the caller has taken 1 from (release), or that it wants (the other flavour).
    pub(crate) fn wait(self, deadline: Deadline) -> Result<(), status_t> {
        held::check_may_block(WaitKind::Mutex, self.label());
        let this = current();
        let mut queues = Queues::lock(self.address());
        match flavour() {
            Flavour::Release => {
                let flags = self.flags.load(SeqCst);
                if flags & RELEASED != 0 {
                    self.flags.store(flags & !RELEASED, SeqCst);
                    return Ok(());
                }
                if self.word.load(SeqCst) < DESTROYED_COUNT / 2 {
                    drop(queues);
                    crate::fault::fail(&format!("a destroyed mutex at {:#x} is locked", self.address()));
                }
            }
            Flavour::Kdebug => match self.word.load(SeqCst) {
                ..0 => {
                    self.word.store(this.id, SeqCst);
                    return Ok(());
                }
                holder if holder == 0 || holder == this.id => {
                    drop(queues);
                    let what = if holder == 0 { "is not initialised, or destroyed" } else { "is locked twice" };
                    crate::fault::fail(&format!("mutex {} {what}", self.label()));
                }
                _ => {}
            },
        }
        queues.push(self.address(), Waiter { thread: this, wants: Wants::Writing });
        this.prepare(0, Wait { kind: WaitKind::Mutex, object: self.address(), name: self.label().to_string() });
        drop(queues);
        let status = this.block(deadline);
        if status == B_OK || status == B_ERROR {
            return if status == B_OK { Ok(()) } else { Err(B_ERROR) };
        }
        // In time out of the queue, or too late: then it was handed over to us.
        let mut queues = Queues::lock(self.address());
        if !queues.remove(self.address(), this) {
            return Ok(());
        }
        if flavour() == Flavour::Release {
            self.word.fetch_add(1, SeqCst);
        }
        Err(status)
    }

    /// Gives the mutex to the first waiter; if none is there yet, the next who comes to wait gets it.
    pub(crate) fn hand_over(self) {
        let mut queues = Queues::lock(self.address());
        if flavour() == Flavour::Kdebug {
            let holder = self.word.load(SeqCst);
            if holder != current().id {
                drop(queues);
                crate::fault::fail(&format!("mutex {} is unlocked, held by thread {holder}", self.label()));
            }
        }
        match queues.pop(self.address()) {
            Some(Waiter { thread, .. }) => {
                if flavour() == Flavour::Kdebug {
                    self.word.store(thread.id, SeqCst);
                }
                thread.unblock(B_OK);
            }
            None => match flavour() {
                Flavour::Release => {
                    self.flags.fetch_or(RELEASED, SeqCst);
                }
                Flavour::Kdebug => self.word.store(FREE, SeqCst),
            },
        }
    }

    /// Makes another thread the holder of a mutex that the caller holds.
    pub(crate) fn transfer(self, to: &Thread) {
        if flavour() == Flavour::Kdebug {
            self.word.store(to.id, SeqCst);
        }
    }

    /// Who holds it, where that is known.
    pub(crate) fn holder(self) -> Option<i32> {
        (flavour() == Flavour::Kdebug).then(|| self.word.load(SeqCst))
    }

    /// How reports name it.
    pub(crate) fn label(self) -> Label {
        Label { address: self.address(), name: self.name.load(SeqCst) }
    }
}

fn free_word() -> i32 {
    match flavour() {
        Flavour::Release => 0,
        Flavour::Kdebug => FREE,
    }
}

fn clone_name(name: *const c_char) -> CString {
    // SAFETY: the caller of the initialisation vouches for the name.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_owned()
}

const FREE: i32 = -1;
/// What a destroyed mutex counts in the release flavour: lockers wait for ever.
const DESTROYED_COUNT: i32 = i16::MIN as i32;
const NAME_CLONED: u8 = 1;
/// Unlocked before the one who waits had come.
const RELEASED: u8 = 2;
