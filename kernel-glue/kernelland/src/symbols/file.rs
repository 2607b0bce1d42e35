//! Files, for modules: descriptors of the kernel's own team; failures are -1 and `errno`.

use super::text;
use crate::devfs::{self, Descriptor};
use crate::team;
use crate::thread::{KERNEL_TEAM, current};
use haiku_abi::{B_ENTRY_NOT_FOUND, ssize_t, status_t};
use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::Ordering::Relaxed;

/// Returns C's number of a result, and sets `errno`.
fn number(result: Result<usize, status_t>) -> ssize_t {
    result.map_or_else(
        |status| {
            current().errno.store(status, Relaxed);
            -1
        },
        |value| ssize_t::try_from(value).unwrap_or(ssize_t::MAX),
    )
}

fn open_path(path: &str, mode: c_int) -> Result<usize, status_t> {
    let node = devfs::find(path).ok_or(B_ENTRY_NOT_FOUND)?;
    let fd = team::enter(KERNEL_TEAM, Descriptor::open(&node, mode)?);
    Ok(usize::try_from(fd).unwrap_or(0))
}

fn as_int(value: ssize_t) -> c_int {
    c_int::try_from(value).unwrap_or(-1)
}

exports! {
    fn open(path: *const c_char, mode: c_int) -> c_int {
        crate::depth::check(current());
        as_int(number(open_path(&text(path), mode)))
    }

    fn close(fd: c_int) -> c_int {
        crate::depth::check(current());
        as_int(number(team::leave(KERNEL_TEAM, fd).map(|descriptor| {
            descriptor.close((KERNEL_TEAM, fd));
            0
        })))
    }

    fn read(fd: c_int, to: *mut c_void, bytes: usize) -> ssize_t {
        crate::depth::check(current());
        number(team::find(KERNEL_TEAM, fd).and_then(|descriptor| descriptor.read(to, bytes)))
    }

    fn write(fd: c_int, from: *const c_void, bytes: usize) -> ssize_t {
        crate::depth::check(current());
        number(team::find(KERNEL_TEAM, fd).and_then(|descriptor| descriptor.write(from, bytes)))
    }

    fn access(path: *const c_char, _mode: c_int) -> c_int {
        let found = devfs::find(&text(path)).map(|_| 0).ok_or(B_ENTRY_NOT_FOUND);
        as_int(number(found))
    }

    fn __ioctl(fd: c_int, op: std::ffi::c_ulong, argument: *mut c_void, bytes: usize) -> c_int {
        crate::depth::check(current());
        // Operations are 32 bits wide.
        let op = op as u32;
        as_int(number(team::find(KERNEL_TEAM, fd).and_then(|descriptor| descriptor.control(op, argument, bytes)).map(|()| 0)))
    }
}
