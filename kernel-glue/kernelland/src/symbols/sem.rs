//! Semaphores (`OS.h`).

use super::status;
use crate::sem;
use crate::thread::current;
use haiku_abi::{B_OK, bigtime_t, sem_id, status_t};
use std::ffi::{CStr, c_char};

exports_with_caller! {
    fn create_sem(i32, *const c_char) -> sem_id = "rdx" create;
}

extern "C" fn create(count: i32, name: *const c_char, caller: usize) -> sem_id {
    crate::depth::check(current());
    // SAFETY: the caller of `create_sem` gives a string, if not null.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
    let name = name.map_or("unnamed semaphore".into(), CStr::to_string_lossy);
    sem::create(count, &name, caller).unwrap_or_else(|status| status)
}

exports! {
    fn delete_sem(id: sem_id) -> status_t {
        status(sem::delete(id))
    }

    fn acquire_sem(id: sem_id) -> status_t {
        crate::depth::check(current());
        status(sem::acquire(id, 1, 0, sem::NO_TIMEOUT))
    }

    fn acquire_sem_etc(id: sem_id, count: i32, flags: u32, timeout: bigtime_t) -> status_t {
        crate::depth::check(current());
        status(sem::acquire(id, count, flags, timeout))
    }

    fn release_sem(id: sem_id) -> status_t {
        crate::depth::check(current());
        status(sem::release(id, 1, 0))
    }

    fn release_sem_etc(id: sem_id, count: i32, flags: u32) -> status_t {
        crate::depth::check(current());
        status(sem::release(id, count, flags))
    }

    fn get_sem_count(id: sem_id, count: *mut i32) -> status_t {
        match sem::count(id) {
            Ok(value) => {
                // SAFETY: the caller gives room for the number.
                unsafe { count.write(value) };
                B_OK
            }
            Err(status) => status,
        }
    }
}
