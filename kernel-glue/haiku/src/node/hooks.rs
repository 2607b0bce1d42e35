//! The hooks of a node: raw pointers in, a status out.
//!
//! The kernel's file system holds no lock that matters, but for `close` and `free`: these may run wherever the last
//! reference to a descriptor goes, with the descriptor tables of programs locked. So they change what is ours and leave
//! the rest to the housekeeper.

use super::cookie::Cookie;
use super::{clone, select};
use crate::kernel::user::UserMemory;
use crate::kernel::{Status, code, heap};
use crate::{stack, system};
use alloc::boxed::Box;
use core::ffi::{CStr, c_char, c_void};
use haiku_abi::{B_OK, O_NONBLOCK, device_hooks, off_t, selectsync, status_t};
use tap::{Link, Mode};

/// What the kernel calls. Vectors of memory it splits into calls of these by itself, each a packet.
pub(super) static HOOKS: device_hooks = device_hooks {
    open: Some(open),
    close: Some(close),
    free: Some(free),
    control: Some(control),
    read: Some(read),
    write: Some(write),
    select: Some(select_event),
    deselect: Some(deselect_event),
    readv: None,
    writev: None,
};

/// # Safety
/// `name` ends with a zero; `cookie` is written if this succeeds.
unsafe extern "C" fn open(name: *const c_char, flags: u32, cookie: *mut *mut c_void) -> status_t {
    // SAFETY: the condition above.
    let name = unsafe { CStr::from_ptr(name) };
    let mode = if flags & O_NONBLOCK.cast_unsigned() != 0 { Mode::NonBlocking } else { Mode::Blocking };
    match name.to_str().map_err(|_| Status::B_ENTRY_NOT_FOUND).and_then(|name| opened(name, mode)) {
        Ok(opened) => {
            // SAFETY: the condition above.
            unsafe { *cookie = Box::into_raw(opened).cast() };
            B_OK
        }
        Err(status) => status.code(),
    }
}

fn opened(name: &str, mode: Mode) -> Result<Box<Cookie>, Status> {
    heap::permit()?;
    let (id, descriptor) = match clone::kind_of(name) {
        Some(kind) => clone::open(kind)?,
        None => super::books::open(name.parse().map_err(|_| Status::B_ENTRY_NOT_FOUND)?)?,
    };
    descriptor.set_mode(mode);
    if descriptor.device().is_some_and(|device| device.link() == Link::Down) {
        // It comes up by being opened, unless somebody took it down; then packets pass as soon as this returns.
        system::settle();
    }
    Ok(Box::new(Cookie::new(id, descriptor)))
}

/// # Safety
/// The cookie is one that `open` made, and `free` has not been called with it.
unsafe fn borrowed<'c>(cookie: *mut c_void) -> &'c Cookie {
    // SAFETY: the condition above; a cookie is only ever shared.
    unsafe { &*cookie.cast_const().cast::<Cookie>() }
}

/// The program has closed its last descriptor of this open: whoever waits in a read or write wakes.
///
/// # Safety
/// As for [`borrowed`].
unsafe extern "C" fn close(cookie: *mut c_void) -> status_t {
    // It takes a little memory, and cannot be refused: it is in reserve, or the kernel has it.
    let _ = heap::permit();
    // SAFETY: the condition above.
    unsafe { borrowed(cookie) }.close();
    B_OK
}

/// No call is under way any more.
///
/// # Safety
/// As for [`borrowed`], and the cookie is not used again.
unsafe extern "C" fn free(cookie: *mut c_void) -> status_t {
    // SAFETY: the condition above.
    drop(unsafe { Box::from_raw(cookie.cast::<Cookie>()) });
    B_OK
}

/// # Safety
/// As for [`borrowed`]; `argument` is whatever the caller gave.
unsafe extern "C" fn control(cookie: *mut c_void, operation: u32, argument: *mut c_void, bytes: usize) -> status_t {
    // SAFETY: the condition above.
    code(unsafe { borrowed(cookie) }.control(operation, argument, bytes))
}

/// # Safety
/// As for [`borrowed`]; `bytes` is the kernel's, `memory` as much of the caller's as it says.
unsafe extern "C" fn read(cookie: *mut c_void, _at: off_t, memory: *mut c_void, bytes: *mut usize) -> status_t {
    // SAFETY: the condition above.
    let room = unsafe { *bytes };
    let memory = UserMemory::new(memory, room, stack::syscall());
    // SAFETY: the condition above.
    let done = memory.and_then(|memory| unsafe { borrowed(cookie) }.read(memory));
    // SAFETY: the condition above.
    unsafe { *bytes = done.unwrap_or(0) };
    code(done.map(|_| ()))
}

/// # Safety
/// As for `read`.
unsafe extern "C" fn write(cookie: *mut c_void, _at: off_t, memory: *const c_void, bytes: *mut usize) -> status_t {
    // SAFETY: the condition above.
    let room = unsafe { *bytes };
    // It is read from alone.
    let memory = UserMemory::new(memory.cast_mut(), room, stack::syscall());
    // SAFETY: the condition above.
    let done = memory.and_then(|memory| unsafe { borrowed(cookie) }.write(memory));
    // SAFETY: the condition above.
    unsafe { *bytes = if done.is_ok() { room } else { 0 } };
    code(done)
}

/// # Safety
/// As for [`borrowed`]; `sync` stays until `deselect_event` has returned for it, if this succeeds.
unsafe extern "C" fn select_event(cookie: *mut c_void, event: u8, _reference: u32, sync: *mut selectsync) -> status_t {
    // SAFETY: the condition above.
    let cookie = unsafe { borrowed(cookie) };
    // SAFETY: the condition above.
    code(unsafe { select::begin(cookie, event, sync) })
}

/// # Safety
/// As for [`borrowed`].
unsafe extern "C" fn deselect_event(cookie: *mut c_void, event: u8, sync: *mut selectsync) -> status_t {
    // SAFETY: the condition above.
    select::end(unsafe { borrowed(cookie) }, event, sync);
    B_OK
}
