//! The C library's strings and bytes, as far as the kernel has them.

use haiku_abi::ssize_t;
use std::ffi::{c_char, c_int, c_void};

exports! {
    fn memcpy(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::memcpy(to, from, bytes) }
    }

    fn memmove(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::memmove(to, from, bytes) }
    }

    fn memset(to: *mut c_void, byte: c_int, bytes: usize) -> *mut c_void {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::memset(to, byte, bytes) }
    }

    fn memcmp(a: *const c_void, b: *const c_void, bytes: usize) -> c_int {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::memcmp(a, b, bytes) }
    }

    fn strlen(text: *const c_char) -> usize {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strlen(text) }
    }

    fn strcmp(a: *const c_char, b: *const c_char) -> c_int {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strcmp(a, b) }
    }

    fn strncmp(a: *const c_char, b: *const c_char, bytes: usize) -> c_int {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strncmp(a, b, bytes) }
    }

    fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strcpy(to, from) }
    }

    fn strcat(to: *mut c_char, from: *const c_char) -> *mut c_char {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strcat(to, from) }
    }

    fn strstr(text: *const c_char, part: *const c_char) -> *mut c_char {
        // SAFETY: the caller keeps C's contract.
        unsafe { libc::strstr(text, part) }
    }

    fn strlcpy(to: *mut c_char, from: *const c_char, room: usize) -> usize {
        // SAFETY: the caller keeps C's contract.
        let length = unsafe { libc::strlen(from) };
        if let Some(most) = room.checked_sub(1) {
            let bytes = length.min(most);
            // SAFETY: `from` has `length` bytes, `to` has `room`, and C says that they do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(from, to, bytes) };
            // SAFETY: `bytes` is less than `room`.
            unsafe { to.wrapping_add(bytes).write(0) };
        }
        length
    }

    fn strerror(code: c_int) -> *const c_char {
        crate::status::name(code).as_ptr()
    }

    fn rand() -> c_int {
        // SAFETY: takes no argument.
        unsafe { libc::rand() }
    }

    fn user_memcpy(to: *mut c_void, from: *const c_void, bytes: usize) -> haiku_abi::status_t {
        crate::user_copy::copy(to.cast(), from.cast(), bytes)
    }

    fn user_memset(to: *mut c_void, byte: c_char, bytes: usize) -> haiku_abi::status_t {
        crate::user_copy::set(to.cast(), byte.cast_unsigned(), bytes)
    }

    fn user_strlcpy(to: *mut c_char, from: *const c_char, room: usize) -> ssize_t {
        crate::user_copy::copy_string(to.cast(), from.cast(), room)
    }
}
