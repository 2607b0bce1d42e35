//! Object caches (`slab/Slab.h`).
//!
//! The third argument of `create_object_cache` is the alignment in r1beta5 and flags in later releases, so it is not looked at:
//! every object is aligned for whatever a module can ask for.

use crate::cache::Cache;
use crate::thread::current;
use std::ffi::{CStr, c_char, c_void};

exports_with_caller! {
    fn create_object_cache(*const c_char, usize, usize) -> *mut c_void = "rcx" create;
}

extern "C" fn create(name: *const c_char, size: usize, _flags: usize, caller: usize) -> *mut c_void {
    if crate::inject::fails(caller) {
        return std::ptr::null_mut();
    }
    // SAFETY: the caller of `create_object_cache` gives a string.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    Cache::create(&name, size, caller).cast()
}

exports! {
    fn delete_object_cache(cache: *mut c_void) {
        if !cache.is_null() {
            // SAFETY: the caller gives a cache of `create_object_cache` that nobody uses any more.
            unsafe { Cache::delete(cache.cast()) };
        }
    }

    fn object_cache_alloc(cache: *mut c_void, _flags: u32) -> *mut c_void {
        crate::depth::check(current());
        // SAFETY: the caller gives a cache that lives.
        let cache = unsafe { &*cache.cast::<Cache>() };
        cache.allocate().unwrap_or(std::ptr::null_mut()).cast()
    }

    fn object_cache_free(cache: *mut c_void, object: *mut c_void, _flags: u32) {
        if !object.is_null() {
            // SAFETY: the caller gives a cache that lives.
            let cache = unsafe { &*cache.cast::<Cache>() };
            cache.free(object.cast());
        }
    }
}
