//! Locks that a thread may sleep for.

use super::imports::{recursive_lock_destroy, recursive_lock_init, recursive_lock_lock, recursive_lock_unlock};
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use haiku_abi::recursive_lock;

/// A value that one thread at a time has.
///
/// It is the kernel's recursive lock, the only sleeping lock that r1beta5, r1beta6 and master all export; taking it
/// twice is an error nevertheless, for the value would be borrowed twice.
pub(crate) struct Lock<T> {
    /// In a place of its own: waiters are linked to it by address.
    raw: Box<UnsafeCell<recursive_lock>>,
    /// Whether the holder has the value; read and written under the lock.
    taken: UnsafeCell<bool>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by the holder of the lock alone, who may be any thread.
unsafe impl<T: Send> Sync for Lock<T> {}
// SAFETY: nothing refers to the thread that made it; the kernel's part lies in a box.
unsafe impl<T: Send> Send for Lock<T> {}

impl<T> Lock<T> {
    /// Makes a lock; the name is what debuggers show.
    pub(crate) fn new(name: &'static CStr, value: T) -> Self {
        // SAFETY: every member of the lock may be zero; `recursive_lock_init` writes those that matter.
        let raw: Box<UnsafeCell<recursive_lock>> = Box::new(UnsafeCell::new(unsafe { core::mem::zeroed() }));
        // SAFETY: the memory is ours and stays where it is until `drop`; the name is static.
        unsafe { recursive_lock_init(raw.get(), name.as_ptr()) };
        Self { raw, taken: UnsafeCell::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits for the lock.
    pub(crate) fn lock(&self) -> Held<'_, T> {
        // SAFETY: it was initialised in `new` and lives as long as `self`.
        unsafe { recursive_lock_lock(self.raw.get()) };
        // SAFETY: the lock is held from here on, and `taken` is touched by its holder alone.
        let taken = unsafe { &mut *self.taken.get() };
        assert!(!core::mem::replace(taken, true), "a lock is taken twice");
        Held { lock: self, _thread: PhantomData }
    }
}

impl<T> Drop for Lock<T> {
    fn drop(&mut self) {
        // SAFETY: nobody holds it or waits for it, for `self` is borrowed by nobody.
        unsafe { recursive_lock_destroy(self.raw.get()) };
    }
}

/// A lock that is held, until this is dropped. The thread that took it must give it back.
pub(crate) struct Held<'l, T> {
    lock: &'l Lock<T>,
    /// Keeps it in its thread.
    _thread: PhantomData<*const ()>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this is the one `Held` there is of the lock, which `taken` ensures.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and it is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the lock is held until the next line.
        unsafe { *self.lock.taken.get() = false };
        // SAFETY: the current thread took it in `lock`: a `Held` is not `Send`.
        unsafe { recursive_lock_unlock(self.lock.raw.get()) };
    }
}
