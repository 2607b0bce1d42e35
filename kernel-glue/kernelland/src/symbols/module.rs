//! Modules (`module.h`).

use super::text;
use crate::modules::{self, ModuleList};
use crate::thread::current;
use haiku_abi::{B_BAD_VALUE, B_ENTRY_NOT_FOUND, B_OK, module_info, status_t};
use std::ffi::{c_char, c_void};

/// Writes a name and its length.
fn give(name: &str, buffer: *mut c_char, size: *mut usize) -> status_t {
    // SAFETY: the caller gives a buffer, and its size at `size`.
    let room = unsafe { size.read() };
    if let Some(most) = room.checked_sub(1) {
        let bytes = name.len().min(most);
        // SAFETY: the buffer has `room` bytes.
        unsafe { std::ptr::copy_nonoverlapping(name.as_ptr(), buffer.cast(), bytes) };
        // SAFETY: as above.
        unsafe { buffer.wrapping_add(bytes).write(0) };
    }
    // SAFETY: as above.
    unsafe { size.write(name.len()) };
    B_OK
}

exports! {
    fn get_module(name: *const c_char, info: *mut *mut module_info) -> status_t {
        crate::depth::check(current());
        if name.is_null() || info.is_null() {
            return B_BAD_VALUE;
        }
        match modules::get(&text(name)) {
            Ok(module) => {
                // SAFETY: the caller gives room for the pointer.
                unsafe { info.write(module.cast_mut()) };
                B_OK
            }
            Err(status) => status,
        }
    }

    fn put_module(name: *const c_char) -> status_t {
        crate::depth::check(current());
        modules::put(&text(name)).map_or_else(|status| status, |()| B_OK)
    }

    fn open_module_list(prefix: *const c_char) -> *mut c_void {
        crate::depth::check(current());
        let prefix = if prefix.is_null() { "".into() } else { text(prefix) };
        Box::into_raw(Box::new(modules::open_list(&prefix, None))).cast()
    }

    fn open_module_list_etc(prefix: *const c_char, suffix: *const c_char) -> *mut c_void {
        crate::depth::check(current());
        let prefix = if prefix.is_null() { "".into() } else { text(prefix) };
        let suffix = (!suffix.is_null()).then(|| text(suffix));
        Box::into_raw(Box::new(modules::open_list(&prefix, suffix.as_deref()))).cast()
    }

    fn read_next_module_name(cookie: *mut c_void, buffer: *mut c_char, size: *mut usize) -> status_t {
        crate::depth::check(current());
        if cookie.is_null() || buffer.is_null() || size.is_null() {
            return B_BAD_VALUE;
        }
        // SAFETY: the cookie is of `open_module_list`, and used by one thread at a time.
        let list = unsafe { &mut *cookie.cast::<ModuleList>() };
        match list.next() {
            Ok(name) => give(&name, buffer, size),
            Err(status) => status,
        }
    }

    fn close_module_list(cookie: *mut c_void) -> status_t {
        if cookie.is_null() {
            return B_BAD_VALUE;
        }
        // SAFETY: the cookie is of `open_module_list`, and is not used any more.
        drop(unsafe { Box::from_raw(cookie.cast::<ModuleList>()) });
        B_OK
    }

    fn get_next_loaded_module_name(cookie: *mut u32, buffer: *mut c_char, size: *mut usize) -> status_t {
        if cookie.is_null() || buffer.is_null() || size.is_null() {
            return B_BAD_VALUE;
        }
        // SAFETY: the caller gives the place of its number.
        let at = unsafe { cookie.read() };
        let loaded = modules::references();
        let Some((name, _)) = loaded.get(at as usize) else { return B_ENTRY_NOT_FOUND };
        // SAFETY: as above.
        unsafe { cookie.write(at.wrapping_add(1)) };
        give(name, buffer, size)
    }
}
