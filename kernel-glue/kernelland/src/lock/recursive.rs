//! `recursive_lock`: a mutex that its holder may take again.

use super::{Flavour, Mutex, acquired, check_may_block, flavour, released, wanted};
use crate::thread::{Deadline, WaitKind, current};
use haiku_abi::{recursive_lock, status_t};
use std::ffi::c_char;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// A recursive lock at an address that C code gave.
#[derive(Clone, Copy)]
pub(crate) struct RecursiveLock<'l> {
    mutex: Mutex<'l>,
    holder: &'l AtomicI32,
    recursion: &'l AtomicI32,
}

impl RecursiveLock<'_> {
    /// Views C's structure.
    ///
    /// # Safety
    ///
    /// `at` points to a recursive lock that lives for the view's lifetime.
    pub(crate) unsafe fn at(at: *mut recursive_lock) -> Self {
        let fields = at.cast::<u8>();
        // SAFETY: the lock begins with its mutex, for which the caller vouches.
        let mutex = unsafe { Mutex::at(at.cast()) };
        let holder = fields.wrapping_add(core::mem::offset_of!(recursive_lock, holder)).cast();
        // SAFETY: the member of this type, of a lock for which the caller vouches.
        let holder = unsafe { AtomicI32::from_ptr(holder) };
        let recursion = fields.wrapping_add(core::mem::offset_of!(recursive_lock, recursion)).cast();
        // SAFETY: as above.
        let recursion = unsafe { AtomicI32::from_ptr(recursion) };
        Self { mutex, holder, recursion }
    }

    pub(crate) fn init(self, name: *const c_char, flags: u32) {
        let name = if name.is_null() { c"recursive lock".as_ptr() } else { name };
        self.mutex.init(name, flags);
        if flavour() == Flavour::Release {
            self.holder.store(-1, SeqCst);
        }
        self.recursion.store(0, SeqCst);
    }

    pub(crate) fn destroy(self) {
        self.mutex.destroy();
    }

    pub(crate) fn lock(self) {
        if self.is_ours() {
            check_may_block(WaitKind::Mutex, self.mutex.label());
        } else {
            wanted(self.mutex.label());
            // Fails only when the lock is destroyed, which is reported; C's code goes on as if it had it.
            let _ = self.mutex.lock(Deadline::Never);
            acquired(self.mutex.label());
            self.take();
        }
        self.recursion.fetch_add(1, SeqCst);
    }

    pub(crate) fn try_lock(self) -> Result<(), status_t> {
        if !self.is_ours() {
            self.mutex.try_lock()?;
            acquired(self.mutex.label());
            self.take();
        }
        self.recursion.fetch_add(1, SeqCst);
        Ok(())
    }

    pub(crate) fn unlock(self) {
        if !self.is_ours() {
            crate::fault::fail(&format!("recursive lock {} is unlocked by another thread", self.mutex.label()));
        }
        if self.recursion.fetch_sub(1, SeqCst) == 1 {
            if flavour() == Flavour::Release {
                self.holder.store(-1, SeqCst);
            }
            released(self.mutex.address());
            self.mutex.unlock();
        }
    }

    /// How often the caller has it, or -1.
    pub(crate) fn recursion(self) -> i32 {
        if self.is_ours() { self.recursion.load(SeqCst) } else { -1 }
    }

    fn is_ours(self) -> bool {
        let holder = self.mutex.holder().unwrap_or_else(|| self.holder.load(SeqCst));
        holder == current().id
    }

    fn take(self) {
        if flavour() == Flavour::Release {
            self.holder.store(current().id, SeqCst);
        }
    }
}
