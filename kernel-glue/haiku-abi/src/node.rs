//! Nodes in `/dev`: the hooks of a driver (`Drivers.h`, `Select.h`).

use crate::layout::{hooks, layout};
use crate::{off_t, status_t};
use core::ffi::{c_char, c_void};

/// Somebody who waits in `select`; the kernel's own.
#[repr(C)]
pub struct selectsync {
    _opaque: [u8; 0],
}

/// Those who wait at one device; the kernel's own.
#[repr(C)]
pub struct select_sync_pool {
    _opaque: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct iovec {
    pub iov_base: *mut c_void,
    pub iov_len: usize,
}

hooks! {
    /// What a driver does for a node. `open` gets the name without `/dev/`, the other hooks the cookie that it made.
    ///
    /// `close` ends one descriptor, `free` comes after the last call that was under way. Lengths go in and out.
    device_hooks {
        fn open(*const c_char, u32, *mut *mut c_void) -> status_t;
        fn close(*mut c_void) -> status_t;
        fn free(*mut c_void) -> status_t;
        fn control(*mut c_void, u32, *mut c_void, usize) -> status_t;
        fn read(*mut c_void, off_t, *mut c_void, *mut usize) -> status_t;
        fn write(*mut c_void, off_t, *const c_void, *mut usize) -> status_t;
        fn select(*mut c_void, u8, u32, *mut selectsync) -> status_t;
        fn deselect(*mut c_void, u8, *mut selectsync) -> status_t;
        fn readv(*mut c_void, off_t, *const iovec, usize, *mut usize) -> status_t;
        fn writev(*mut c_void, off_t, *const iovec, usize, *mut usize) -> status_t;
    }
}

layout! { LAYOUT:
    iovec 16 / 8 { iov_base 0, iov_len 8, }
    device_hooks 80 / 8 {
        open 0, close 8, free 16, control 24, read 32, write 40, select 48, deselect 56, readv 64, writev 72,
    }
}
