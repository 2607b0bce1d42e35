//! Condition variables (`condition_variable.h`): C++ methods by their mangled names.
#![expect(non_snake_case, reason = "mangled names of C++")]

use crate::condition::{Entry, Variable, Whom};
use crate::lock::{Mutex, RecursiveLock, acquired, released, wanted};
use crate::thread::{Deadline, current};
use haiku_abi::{B_OK, bigtime_t, mutex, recursive_lock, status_t};
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

fn variable<'v>(this: *mut c_void) -> &'v Variable {
    // SAFETY: the methods are called on a variable that lives during the call; all of its fields are atomics.
    unsafe { &*this.cast() }
}

fn entry<'e>(this: *mut c_void) -> &'e Entry {
    // SAFETY: as above, for an entry.
    unsafe { &*this.cast() }
}

/// Waits with an entry of its own: `unlock` comes between adding it and waiting.
fn wait(this: *mut c_void, flags: u32, timeout: bigtime_t, unlock: impl FnOnce()) -> status_t {
    crate::depth::check(current());
    let mut own = MaybeUninit::<Entry>::zeroed();
    let own = entry(own.as_mut_ptr().cast());
    variable(this).add(own);
    unlock();
    own.wait(flags, timeout)
}

exports! {
    fn _ZN17ConditionVariable4InitEPKvPKc(this: *mut c_void, object: *const c_void, kind: *const c_char) {
        variable(this).init(object, kind);
    }

    fn _ZN17ConditionVariable3AddEP22ConditionVariableEntry(this: *mut c_void, added: *mut c_void) {
        crate::depth::check(current());
        variable(this).add(entry(added));
    }

    fn _ZN17ConditionVariable7_NotifyEbi(this: *mut c_void, all: bool, result: status_t) -> i32 {
        crate::depth::check(current());
        variable(this).notify(if all { Whom::All } else { Whom::One }, result)
    }

    fn _ZN17ConditionVariable4WaitEjl(this: *mut c_void, flags: u32, timeout: bigtime_t) -> status_t {
        wait(this, flags, timeout, || {})
    }

    fn _ZN17ConditionVariable4WaitEP5mutexjl(
        this: *mut c_void,
        lock: *mut mutex,
        flags: u32,
        timeout: bigtime_t,
    ) -> status_t {
        // SAFETY: the caller gives a mutex that it holds.
        let lock = unsafe { Mutex::at(lock) };
        let status = wait(this, flags, timeout, || {
            released(lock.address());
            lock.unlock();
        });
        wanted(lock.label());
        if lock.lock(Deadline::Never).is_ok() {
            acquired(lock.label());
        }
        status
    }

    fn _ZN17ConditionVariable4WaitEP14recursive_lockjl(
        this: *mut c_void,
        lock: *mut recursive_lock,
        flags: u32,
        timeout: bigtime_t,
    ) -> status_t {
        // SAFETY: the caller gives a lock that it holds.
        let lock = unsafe { RecursiveLock::at(lock) };
        let recursion = lock.recursion();
        let status = wait(this, flags, timeout, || (0..recursion).for_each(|_| lock.unlock()));
        (0..recursion).for_each(|_| lock.lock());
        status
    }

    fn _ZN22ConditionVariableEntryC1Ev(this: *mut c_void) {
        entry(this).init();
    }

    fn _ZN22ConditionVariableEntryD1Ev(this: *mut c_void) {
        entry(this).remove();
    }

    fn _ZN22ConditionVariableEntry4WaitEjl(this: *mut c_void, flags: u32, timeout: bigtime_t) -> status_t {
        crate::depth::check(current());
        entry(this).wait(flags, timeout)
    }

    fn _ZN8BPrivate8KMessageC1Ev(_this: *mut c_void) {}

    fn _ZN8BPrivate8KMessageD1Ev(_this: *mut c_void) {}

    fn _ZN8BPrivate8KMessage5SetToEPvijj(
        _this: *mut c_void,
        _buffer: *mut c_void,
        _size: i32,
        _what: u32,
        _flags: u32,
    ) -> status_t {
        // There is no notification service: nobody gets messages.
        B_OK
    }

    fn _ZN8BPrivate8KMessage7AddDataEPKcjPKvib(
        _this: *mut c_void,
        _name: *const c_char,
        _kind: u32,
        _data: *const c_void,
        _bytes: i32,
        _fixed_size: bool,
    ) -> status_t {
        B_OK
    }
}
