//! Threads, and who runs (`OS.h`, `KernelExport.h`).

use super::status;
use crate::thread::{self, Entry, current};
use haiku_abi::{
    B_BAD_THREAD_ID, B_BAD_VALUE, B_NAME_NOT_FOUND, B_NO_MEMORY, B_OK, status_t, team_id, thread_func, thread_id,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::Ordering::Relaxed;

exports_with_caller! {
    fn spawn_kernel_thread(thread_func, *const c_char, i32, *mut c_void) -> thread_id = "r8" spawn;
}

extern "C" fn spawn(
    function: thread_func,
    name: *const c_char,
    priority: i32,
    argument: *mut c_void,
    caller: usize,
) -> thread_id {
    crate::depth::check(current());
    let Some(function) = function else { return B_BAD_VALUE };
    if crate::inject::fails(caller) {
        return B_NO_MEMORY;
    }
    // SAFETY: the caller of `spawn_kernel_thread` gives a string, if not null.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) });
    let name = name.map_or("unnamed thread".into(), CStr::to_string_lossy);
    crate::delay::spawn(&name);
    thread::spawn(&name, priority, Entry { function, argument }, caller)
}

exports! {
    fn resume_thread(id: thread_id) -> status_t {
        crate::depth::check(current());
        status(thread::resume(id))
    }

    fn wait_for_thread(id: thread_id, ended: *mut status_t) -> status_t {
        crate::depth::check(current());
        match thread::join(id) {
            Ok(value) => {
                if !ended.is_null() {
                    // SAFETY: the caller gives room for the status.
                    unsafe { ended.write(value) };
                }
                B_OK
            }
            Err(status) => status,
        }
    }

    fn kill_thread(id: thread_id) -> status_t {
        status(thread::signal(id))
    }

    fn set_thread_priority(id: thread_id, priority: i32) -> status_t {
        thread::find(id).map_or(B_BAD_THREAD_ID, |thread| thread.priority.swap(priority, Relaxed))
    }

    fn find_thread(name: *const c_char) -> thread_id {
        if name.is_null() {
            return current().id;
        }
        // SAFETY: the caller gives a string.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        thread::find_by_name(&name).map_or(B_NAME_NOT_FOUND, |thread| thread.id)
    }

    fn send_signal(id: thread_id, signal: u32) -> c_int {
        match signal {
            0 => thread::find(id).map_or(B_BAD_THREAD_ID, |_| B_OK),
            _ => status(thread::signal(id)),
        }
    }

    fn geteuid() -> u32 {
        current().user_id.load(Relaxed)
    }

    fn team_get_current_team_id() -> team_id {
        current().team.load(Relaxed)
    }

    fn _errnop() -> *mut c_int {
        current().errno.as_ptr()
    }
}
