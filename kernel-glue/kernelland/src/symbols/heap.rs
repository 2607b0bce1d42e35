//! Memory (`malloc.h`, `new`). Which code asked is what the return address says: hence the functions without a frame.
#![expect(non_snake_case, reason = "mangled names of C++")]

use crate::heap::{self, allocate};
use std::ffi::{CStr, c_char, c_void};

exports_with_caller! {
    fn malloc(usize) -> *mut c_void = "rsi" allocate_plain;
    fn calloc(usize, usize) -> *mut c_void = "rdx" allocate_zeroed;
    fn realloc(*mut c_void, usize) -> *mut c_void = "rdx" reallocate;
    fn memalign(usize, usize) -> *mut c_void = "rdx" allocate_aligned;
    fn strdup(*const c_char) -> *mut c_char = "rsi" duplicate;
    fn _Znwm(usize) -> *mut c_void = "rsi" allocate_plain;
    fn _Znam(usize) -> *mut c_void = "rsi" allocate_plain;
    fn _ZnwmRKSt9nothrow_t(usize, *const c_void) -> *mut c_void = "rsi" allocate_plain;
    fn _ZnamRKSt9nothrow_t(usize, *const c_void) -> *mut c_void = "rsi" allocate_plain;
}

exports! {
    fn free(memory: *mut c_void) {
        heap::free(memory.cast());
    }

    fn _ZdlPv(memory: *mut c_void) {
        heap::free(memory.cast());
    }

    fn _ZdaPv(memory: *mut c_void) {
        heap::free(memory.cast());
    }
}

extern "C" fn allocate_plain(size: usize, caller: usize) -> *mut c_void {
    crate::depth::check(crate::thread::current());
    allocate(size, 1, caller).unwrap_or(std::ptr::null_mut()).cast()
}

extern "C" fn allocate_aligned(align: usize, size: usize, caller: usize) -> *mut c_void {
    crate::depth::check(crate::thread::current());
    allocate(size, align, caller).unwrap_or(std::ptr::null_mut()).cast()
}

extern "C" fn allocate_zeroed(count: usize, size: usize, caller: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else { return std::ptr::null_mut() };
    let Some(memory) = allocate(size, 1, caller) else { return std::ptr::null_mut() };
    heap::fill(memory, size, 0);
    memory.cast()
}

extern "C" fn reallocate(old: *mut c_void, size: usize, caller: usize) -> *mut c_void {
    let old = old.cast::<u8>();
    if size == 0 {
        heap::free(old);
        return std::ptr::null_mut();
    }
    if old.is_null() {
        return allocate_plain(size, caller);
    }
    let Some(before) = heap::size_of(old) else {
        crate::fault::fail(&format!("realloc: {old:p} is no block, or freed already"))
    };
    let Some(new) = allocate(size, 1, caller) else { return std::ptr::null_mut() };
    // SAFETY: both are blocks in use, at least this long, and the new one is not the old one.
    unsafe { std::ptr::copy_nonoverlapping(old, new, before.min(size)) };
    heap::free(old);
    new.cast()
}

extern "C" fn duplicate(text: *const c_char, caller: usize) -> *mut c_char {
    if text.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the caller of `strdup` gives a string.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes_with_nul();
    let Some(copy) = allocate(text.len(), 1, caller) else { return std::ptr::null_mut() };
    // SAFETY: the block is new and as long as the string.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), copy, text.len()) };
    copy.cast()
}

/// `std::nothrow`: only its address is used.
pub(super) const NOTHROW: *const () = (&raw const NOTHROW_OBJECT).cast();

static NOTHROW_OBJECT: u8 = 0;
