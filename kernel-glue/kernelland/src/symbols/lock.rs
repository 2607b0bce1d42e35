//! Locks (`lock.h`). `_mutex_*` are what C code of the release flavour calls when its inline part did not do.

use super::status;
use crate::lock::{Mutex, RecursiveLock, RwLock, acquired, released, wanted};
use crate::thread::{Deadline, current, find};
use haiku_abi::{B_OK, B_WOULD_BLOCK, bigtime_t, mutex, recursive_lock, rw_lock, status_t, thread_id};
use std::ffi::{c_char, c_void};

exports! {
    fn mutex_init(lock: *mut mutex, name: *const c_char) {
        // SAFETY: the caller gives a mutex that lives.
        unsafe { Mutex::at(lock) }.init(name, 0);
    }

    fn mutex_init_etc(lock: *mut mutex, name: *const c_char, flags: u32) {
        // SAFETY: the caller gives a mutex that lives.
        unsafe { Mutex::at(lock) }.init(name, flags);
    }

    fn mutex_destroy(lock: *mut mutex) {
        crate::depth::check(current());
        // SAFETY: the caller gives a mutex that lives.
        unsafe { Mutex::at(lock) }.destroy();
    }

    fn mutex_lock(lock: *mut mutex) -> status_t {
        crate::depth::check(current());
        // SAFETY: the caller gives a mutex that lives.
        let lock = unsafe { Mutex::at(lock) };
        wanted(lock.label());
        let result = lock.lock(Deadline::Never);
        if result.is_ok() {
            acquired(lock.label());
        }
        status(result)
    }

    fn mutex_trylock(lock: *mut mutex) -> status_t {
        // SAFETY: the caller gives a mutex that lives.
        let lock = unsafe { Mutex::at(lock) };
        let result = lock.try_lock();
        if result.is_ok() {
            acquired(lock.label());
        }
        status(result)
    }

    fn mutex_lock_with_timeout(lock: *mut mutex, flags: u32, timeout: bigtime_t) -> status_t {
        // SAFETY: the caller gives a mutex that lives.
        let lock = unsafe { Mutex::at(lock) };
        wanted(lock.label());
        let result = lock.lock(Deadline::of(flags, timeout));
        if result.is_ok() {
            acquired(lock.label());
        }
        status(result)
    }

    fn mutex_unlock(lock: *mut mutex) {
        // SAFETY: the caller gives a mutex that lives.
        let lock = unsafe { Mutex::at(lock) };
        released(lock.address());
        lock.unlock();
    }

    fn mutex_transfer_lock(lock: *mut mutex, thread: thread_id) {
        // SAFETY: the caller gives a mutex that lives.
        let lock = unsafe { Mutex::at(lock) };
        released(lock.address());
        if let Some(thread) = find(thread) {
            lock.transfer(thread);
        }
    }

    fn _mutex_lock(lock: *mut mutex, _locker: *mut c_void) -> status_t {
        crate::depth::check(current());
        // SAFETY: the caller gives a mutex that lives.
        status(unsafe { Mutex::at(lock) }.wait(Deadline::Never))
    }

    fn _mutex_lock_with_timeout(lock: *mut mutex, flags: u32, timeout: bigtime_t) -> status_t {
        // SAFETY: the caller gives a mutex that lives.
        status(unsafe { Mutex::at(lock) }.wait(Deadline::of(flags, timeout)))
    }

    fn _mutex_unlock(lock: *mut mutex) {
        // SAFETY: the caller gives a mutex that lives.
        unsafe { Mutex::at(lock) }.hand_over();
    }

    fn recursive_lock_init(lock: *mut recursive_lock, name: *const c_char) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RecursiveLock::at(lock) }.init(name, 0);
    }

    fn recursive_lock_init_etc(lock: *mut recursive_lock, name: *const c_char, flags: u32) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RecursiveLock::at(lock) }.init(name, flags);
    }

    fn recursive_lock_destroy(lock: *mut recursive_lock) {
        if !lock.is_null() {
            // SAFETY: the caller gives a lock that lives.
            unsafe { RecursiveLock::at(lock) }.destroy();
        }
    }

    fn recursive_lock_lock(lock: *mut recursive_lock) -> status_t {
        crate::depth::check(current());
        // SAFETY: the caller gives a lock that lives.
        unsafe { RecursiveLock::at(lock) }.lock();
        B_OK
    }

    fn recursive_lock_trylock(lock: *mut recursive_lock) -> status_t {
        // SAFETY: the caller gives a lock that lives.
        status(unsafe { RecursiveLock::at(lock) }.try_lock().map_err(|_| B_WOULD_BLOCK))
    }

    fn recursive_lock_unlock(lock: *mut recursive_lock) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RecursiveLock::at(lock) }.unlock();
    }

    fn recursive_lock_get_recursion(lock: *mut recursive_lock) -> i32 {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RecursiveLock::at(lock) }.recursion()
    }

    fn rw_lock_init(lock: *mut rw_lock, name: *const c_char) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RwLock::at(lock) }.init(name);
    }

    fn rw_lock_destroy(lock: *mut rw_lock) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RwLock::at(lock) }.destroy();
    }

    fn rw_lock_write_lock(lock: *mut rw_lock) -> status_t {
        crate::depth::check(current());
        // SAFETY: the caller gives a lock that lives.
        status(unsafe { RwLock::at(lock) }.write_lock())
    }

    fn _rw_lock_write_unlock(lock: *mut rw_lock) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RwLock::at(lock) }.write_unlock();
    }

    fn _rw_lock_read_lock(lock: *mut rw_lock) -> status_t {
        crate::depth::check(current());
        // SAFETY: the caller gives a lock that lives.
        status(unsafe { RwLock::at(lock) }.read_wait())
    }

    fn _rw_lock_read_unlock(lock: *mut rw_lock) {
        // SAFETY: the caller gives a lock that lives.
        unsafe { RwLock::at(lock) }.read_leave();
    }
}
