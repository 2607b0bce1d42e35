//! The kernel's debugger, which is not there: commands are taken and never run.

use haiku_abi::{B_OK, status_t};
use std::ffi::{c_char, c_int, c_void};

exports! {
    fn add_debugger_command(_name: *const c_char, _hook: *const c_void, _usage: *const c_char) -> c_int {
        B_OK
    }

    fn add_debugger_command_etc(
        _name: *const c_char,
        _hook: *const c_void,
        _description: *const c_char,
        _usage: *const c_char,
        _flags: u32,
    ) -> status_t {
        B_OK
    }

    fn remove_debugger_command(_name: *const c_char, _hook: *const c_void) -> c_int {
        B_OK
    }

    fn parse_expression(_text: *const c_char) -> u64 {
        0
    }

    fn atexit(_function: *const c_void) -> c_int {
        // Only constructors call it, and they do not run.
        0
    }

    fn low_resource_state(_resources: u32) -> i32 {
        0
    }

    fn secure_random_value() -> u32 {
        random()
    }

    fn random_value() -> u32 {
        random()
    }
}

fn random() -> u32 {
    let mut bytes = [0u8; 4];
    loop {
        // SAFETY: room for the bytes.
        let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        if got == 4 {
            return u32::from_ne_bytes(bytes);
        }
    }
}
