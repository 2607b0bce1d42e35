//! `rw_lock`: readers add 1 inline and only come here when a writer's 0x10000 is there before them.

use super::held::{self, Label};
use super::queue::{Queues, Waiter, Wants};
use crate::thread::{Deadline, Thread, Wait, WaitKind, current};
use haiku_abi::{B_ERROR, B_OK, rw_lock, status_t};
use std::ffi::c_char;
use std::sync::atomic::{AtomicI16, AtomicI32, AtomicPtr, Ordering::SeqCst};

/// A lock of readers and writers at an address that C code gave.
#[derive(Clone, Copy)]
pub(crate) struct RwLock<'l> {
    name: &'l AtomicPtr<c_char>,
    holder: &'l AtomicI32,
    count: &'l AtomicI32,
    /// What the writer has taken: 0x10000 for each time of writing, 1 for each of reading.
    owner_count: &'l AtomicI32,
    /// While a writer waits: the readers before it.
    active_readers: &'l AtomicI16,
    /// Readers who counted themselves while a writer had the lock, and have not come here yet.
    pending_readers: &'l AtomicI16,
}

impl RwLock<'_> {
    /// Views C's structure.
    ///
    /// # Safety
    ///
    /// `at` points to a lock that lives for the view's lifetime, and whoever changes it does so atomically.
    pub(crate) unsafe fn at(at: *mut rw_lock) -> Self {
        let fields = at.cast::<u8>();
        let at_offset = |offset| fields.wrapping_add(offset);
        // SAFETY: the caller vouches for the lock; this is its member of that type.
        let name = unsafe { AtomicPtr::from_ptr(at_offset(core::mem::offset_of!(rw_lock, name)).cast()) };
        // SAFETY: as above.
        let holder = unsafe { AtomicI32::from_ptr(at_offset(core::mem::offset_of!(rw_lock, holder)).cast()) };
        // SAFETY: as above.
        let count = unsafe { AtomicI32::from_ptr(at_offset(core::mem::offset_of!(rw_lock, count)).cast()) };
        // SAFETY: as above.
        let owner_count = unsafe { AtomicI32::from_ptr(at_offset(core::mem::offset_of!(rw_lock, owner_count)).cast()) };
        let offset = core::mem::offset_of!(rw_lock, active_readers);
        // SAFETY: as above.
        let active_readers = unsafe { AtomicI16::from_ptr(at_offset(offset).cast()) };
        let offset = core::mem::offset_of!(rw_lock, pending_readers);
        // SAFETY: as above.
        let pending_readers = unsafe { AtomicI16::from_ptr(at_offset(offset).cast()) };
        Self { name, holder, count, owner_count, active_readers, pending_readers }
    }

    pub(crate) fn init(self, name: *const c_char) {
        self.name.store(name.cast_mut(), SeqCst);
        self.holder.store(-1, SeqCst);
        self.count.store(0, SeqCst);
        self.owner_count.store(0, SeqCst);
        self.active_readers.store(0, SeqCst);
        self.pending_readers.store(0, SeqCst);
        held::forget(self.label().address);
    }

    pub(crate) fn destroy(self) {
        let address = self.label().address;
        let mut queues = Queues::lock(address);
        let used = self.count.load(SeqCst) != 0 && self.holder.load(SeqCst) != current().id;
        while let Some(waiter) = queues.pop(address) {
            waiter.thread.unblock(B_ERROR);
        }
        drop(queues);
        if used {
            crate::fault::report(&format!("rw_lock_destroy: {} is in use", self.label()));
        }
        held::released(address);
        held::forget(address);
    }

    /// Waits as a reader who has counted itself already.
    pub(crate) fn read_wait(self) -> Result<(), status_t> {
        held::check_may_block(WaitKind::RwLock, self.label());
        let queues = Queues::lock(self.label().address);
        if self.holder.load(SeqCst) == current().id {
            self.owner_count.fetch_add(1, SeqCst);
            return Ok(());
        }
        if self.pending_readers.load(SeqCst) > 0 {
            self.pending_readers.fetch_sub(1, SeqCst);
            if self.count.load(SeqCst) >= WRITER {
                self.active_readers.fetch_add(1, SeqCst);
            }
            return Ok(());
        }
        self.wait(queues, Wants::Reading)
    }

    /// Leaves as a reader who has uncounted itself already, while a writer waits or is.
    pub(crate) fn read_leave(self) {
        let mut queues = Queues::lock(self.label().address);
        if self.holder.load(SeqCst) == current().id {
            self.owner_count.fetch_sub(1, SeqCst);
            return;
        }
        let left = self.active_readers.fetch_sub(1, SeqCst).wrapping_sub(1);
        if left == 0 {
            self.let_in(&mut queues);
        } else if left < 0 {
            self.active_readers.store(0, SeqCst);
            drop(queues);
            crate::fault::fail(&format!("rw lock {} is not locked for reading", self.label()));
        }
    }

    pub(crate) fn write_lock(self) -> Result<(), status_t> {
        let this = current();
        held::check_may_block(WaitKind::RwLock, self.label());
        if self.holder.load(SeqCst) != this.id {
            held::wanted(self.label());
        }
        let queues = Queues::lock(self.label().address);
        if self.holder.load(SeqCst) == this.id {
            self.owner_count.fetch_add(WRITER, SeqCst);
            return Ok(());
        }
        let before = self.count.fetch_add(WRITER, SeqCst);
        if before == 0 {
            self.become_writer(this);
            drop(queues);
        } else {
            if before < WRITER {
                let pending = i32::from(self.pending_readers.load(SeqCst));
                self.active_readers.store(narrow(before.saturating_sub(pending)), SeqCst);
            }
            self.wait(queues, Wants::Writing)?;
            self.become_writer(this);
        }
        held::acquired(self.label());
        Ok(())
    }

    pub(crate) fn write_unlock(self) {
        let mut queues = Queues::lock(self.label().address);
        if self.holder.load(SeqCst) != current().id {
            drop(queues);
            crate::fault::fail(&format!("rw lock {} is not locked for writing by its unlocker", self.label()));
        }
        let readers = self.owner_count.fetch_sub(WRITER, SeqCst).wrapping_sub(WRITER);
        if readers >= WRITER {
            return;
        }
        held::released(self.label().address);
        self.holder.store(-1, SeqCst);
        self.owner_count.store(0, SeqCst);
        let before = self.count.fetch_sub(WRITER, SeqCst).wrapping_sub(WRITER);
        if before >= WRITER {
            self.active_readers.store(narrow(readers), SeqCst);
            self.let_in(&mut queues);
        } else if before != 0 {
            let woken = self.let_in(&mut queues);
            self.pending_readers.store(narrow(before.wrapping_sub(readers).wrapping_sub(woken)), SeqCst);
        }
    }

    /// How reports name it.
    fn label(self) -> Label {
        Label { address: std::ptr::from_ref(self.name) as usize, name: self.name.load(SeqCst) }
    }

    fn become_writer(self, thread: &Thread) {
        self.holder.store(thread.id, SeqCst);
        self.owner_count.store(WRITER, SeqCst);
    }

    fn wait(self, mut queues: Queues, wants: Wants) -> Result<(), status_t> {
        let this = current();
        let label = self.label();
        queues.push(label.address, Waiter { thread: this, wants });
        this.prepare(0, Wait { kind: WaitKind::RwLock, object: label.address, name: label.to_string() });
        drop(queues);
        match this.block(Deadline::Never) {
            B_OK => Ok(()),
            _ => Err(B_ERROR),
        }
    }

    /// Wakes the writer that is first in the queue if nobody reads, or the readers that are; returns how many readers.
    fn let_in(self, queues: &mut Queues) -> i32 {
        let address = self.label().address;
        if self.holder.load(SeqCst) >= 0 {
            return 0;
        }
        let mut readers = 0i32;
        while let Some(waiter) = queues.first(address) {
            match waiter.wants {
                Wants::Writing => {
                    let quiet = self.active_readers.load(SeqCst) <= 0 && self.pending_readers.load(SeqCst) <= 0;
                    if readers == 0 && quiet {
                        queues.pop(address);
                        self.holder.store(waiter.thread.id, SeqCst);
                        waiter.thread.unblock(B_OK);
                    }
                    break;
                }
                Wants::Reading => {
                    queues.pop(address);
                    readers = readers.saturating_add(1);
                    waiter.thread.unblock(B_OK);
                }
            }
        }
        if self.count.load(SeqCst) >= WRITER {
            self.active_readers.fetch_add(narrow(readers), SeqCst);
        }
        readers
    }
}

/// The structure counts readers in 16 bits.
fn narrow(readers: i32) -> i16 {
    i16::try_from(readers).unwrap_or(i16::MAX)
}

/// What a writer adds to the count.
const WRITER: i32 = 0x10000;
