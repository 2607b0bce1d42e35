//! Locks of the stack, which are the kernel's, with what they protect inside.

use crate::symbols;
use haiku_abi as abi;
use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

/// A `mutex`. It is [made](Self::init) where it stays, and [ended](Self::destroy) there.
pub(crate) struct Mutex<T> {
    raw: UnsafeCell<abi::mutex>,
    name: &'static CStr,
    made: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached under the lock alone.
unsafe impl<T: Send> Sync for Mutex<T> {}
// SAFETY: nothing of the lock belongs to a thread while nobody holds it.
unsafe impl<T: Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    pub(crate) const fn new(name: &'static CStr, value: T) -> Self {
        let raw = abi::mutex { name: std::ptr::null(), waiters: std::ptr::null_mut(), lock: 0, count: 0, flags: 0 };
        Self { raw: UnsafeCell::new(raw), name, made: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Makes the lock. It must not move from here on.
    pub(crate) fn init(&self) {
        // SAFETY: the structure is ours, nobody uses it yet, and the name lives for ever.
        unsafe { symbols::mutex_init(self.raw.get(), self.name.as_ptr()) };
        self.made.store(true, Ordering::Release);
    }

    /// Ends the lock: who locks it from here on does wrong.
    pub(crate) fn destroy(&self) {
        if self.made.swap(false, Ordering::AcqRel) {
            // SAFETY: the lock was made.
            unsafe { symbols::mutex_destroy(self.raw.get()) };
        }
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        // SAFETY: the lock was made, or the kernel says that it was not.
        unsafe { symbols::mutex_lock(self.raw.get()) };
        Guard { lock: self, thread: PhantomData }
    }
}

impl<T> Drop for Mutex<T> {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// A held [`Mutex`].
pub(crate) struct Guard<'a, T> {
    lock: &'a Mutex<T>,
    /// Who locked unlocks.
    thread: PhantomData<*mut ()>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and this guard is the only one.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the lock is held by this thread.
        unsafe { symbols::mutex_unlock(self.lock.raw.get()) };
    }
}

/// A `recursive_lock`: its holder may lock it again, so what it protects is shared.
pub(crate) struct Recursive<T> {
    raw: UnsafeCell<abi::recursive_lock>,
    made: AtomicBool,
    value: T,
}

// SAFETY: the value is reached under the lock alone, by one thread at a time.
unsafe impl<T: Send> Sync for Recursive<T> {}
// SAFETY: nothing of the lock belongs to a thread while nobody holds it.
unsafe impl<T: Send> Send for Recursive<T> {}

impl<T> Recursive<T> {
    pub(crate) const fn new(value: T) -> Self {
        let lock = abi::mutex { name: std::ptr::null(), waiters: std::ptr::null_mut(), lock: 0, count: 0, flags: 0 };
        let raw = abi::recursive_lock { lock, holder: 0, recursion: 0 };
        Self { raw: UnsafeCell::new(raw), made: AtomicBool::new(false), value }
    }

    /// Makes the lock. It must not move from here on, and the name must live as long.
    pub(crate) fn init(&self, name: &CStr) {
        // SAFETY: the structure is ours, nobody uses it yet; the caller's for the name.
        unsafe { symbols::recursive_lock_init(self.raw.get(), name.as_ptr()) };
        self.made.store(true, Ordering::Release);
    }

    /// Ends the lock: who locks it from here on does wrong.
    pub(crate) fn destroy(&self) {
        if self.made.swap(false, Ordering::AcqRel) {
            // SAFETY: the lock was made.
            unsafe { symbols::recursive_lock_destroy(self.raw.get()) };
        }
    }

    pub(crate) fn lock(&self) -> Held<'_, T> {
        // SAFETY: the lock was made, or the kernel says that it was not.
        unsafe { symbols::recursive_lock_lock(self.raw.get()) };
        Held { lock: self, thread: PhantomData }
    }
}

impl<T> Drop for Recursive<T> {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// A held [`Recursive`] lock.
pub(crate) struct Held<'a, T> {
    lock: &'a Recursive<T>,
    /// Who locked unlocks.
    thread: PhantomData<*mut ()>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.lock.value
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the lock is held by this thread.
        unsafe { symbols::recursive_lock_unlock(self.lock.raw.get()) };
    }
}
