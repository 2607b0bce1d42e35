//! The rest of the kernel: spinlocks, generic system calls, settings of drivers, timers and daemons.

use super::text;
use crate::settings::Settings;
use crate::thread::current;
use crate::{syscalls, timers};
use haiku_abi::{B_OK, bigtime_t, status_t};
use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

fn spinlock<'l>(lock: *mut i32) -> &'l AtomicI32 {
    // SAFETY: the callers' callers give a lock that lives during the call.
    unsafe { AtomicI32::from_ptr(lock) }
}

fn settings<'s>(handle: *mut c_void) -> Option<&'s Settings> {
    // SAFETY: the callers' callers give a handle of `load_driver_settings`.
    unsafe { handle.cast::<Settings>().as_ref() }
}

exports! {
    fn disable_interrupts() -> c_int {
        current().interrupts_off.swap(true, SeqCst).into()
    }

    fn restore_interrupts(before: c_int) {
        current().interrupts_off.store(before != 0, SeqCst);
    }

    fn acquire_spinlock(lock: *mut i32) {
        if !current().interrupts_off.load(SeqCst) {
            crate::fault::report("a spinlock is taken with interrupts on");
        }
        while spinlock(lock).compare_exchange(0, 1, SeqCst, SeqCst).is_err() {
            std::thread::yield_now();
        }
    }

    fn try_acquire_spinlock(lock: *mut i32) -> bool {
        spinlock(lock).compare_exchange(0, 1, SeqCst, SeqCst).is_ok()
    }

    fn release_spinlock(lock: *mut i32) {
        if spinlock(lock).swap(0, SeqCst) == 0 {
            crate::fault::fail("a spinlock is released that nobody holds");
        }
    }

    fn register_generic_syscall(
        subsystem: *const c_char,
        hook: *const c_void,
        version: u32,
        flags: u32,
    ) -> status_t {
        syscalls::register(&text(subsystem), hook as usize, version, flags)
    }

    fn unregister_generic_syscall(subsystem: *const c_char, version: u32) -> status_t {
        syscalls::unregister(&text(subsystem), version)
    }

    fn load_driver_settings(name: *const c_char) -> *mut c_void {
        match Settings::load(&text(name)) {
            Some(settings) => Box::into_raw(Box::new(settings)).cast(),
            None => std::ptr::null_mut(),
        }
    }

    fn unload_driver_settings(handle: *mut c_void) -> status_t {
        if handle.is_null() {
            return haiku_abi::B_BAD_VALUE;
        }
        // SAFETY: a handle of `load_driver_settings` that nobody uses any more.
        drop(unsafe { Box::from_raw(handle.cast::<Settings>()) });
        B_OK
    }

    fn get_driver_parameter(
        handle: *mut c_void,
        name: *const c_char,
        unknown: *const c_char,
        no_argument: *const c_char,
    ) -> *const c_char {
        match settings(handle).and_then(|settings| settings.parameter(&text(name))) {
            None => unknown,
            Some(None) => no_argument,
            Some(Some(value)) => value.as_ptr(),
        }
    }

    fn get_driver_boolean_parameter(
        handle: *mut c_void,
        name: *const c_char,
        unknown: bool,
        no_argument: bool,
    ) -> bool {
        match settings(handle).and_then(|settings| settings.parameter(&text(name))) {
            None => unknown,
            Some(None) => no_argument,
            Some(Some(value)) => match value.to_bytes() {
                b"1" | b"true" | b"yes" | b"on" | b"enable" | b"enabled" => true,
                b"0" | b"false" | b"no" | b"off" | b"disable" | b"disabled" => false,
                _ => unknown,
            },
        }
    }

    fn add_timer(timer: *mut c_void, hook: timers::Hook, period: bigtime_t, flags: i32) -> status_t {
        timers::add(timer, hook, period, flags)
    }

    fn cancel_timer(timer: *mut c_void) -> bool {
        timers::cancel(timer)
    }

    fn register_kernel_daemon(hook: timers::DaemonHook, argument: *mut c_void, frequency: c_int) -> status_t {
        timers::register_daemon(hook, argument, frequency)
    }

    fn unregister_kernel_daemon(hook: timers::DaemonHook, argument: *mut c_void) -> status_t {
        timers::unregister_daemon(hook, argument)
    }
}
