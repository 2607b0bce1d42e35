//! How a program administers the add-on: `SIOCSDRVSPEC` for changes, `SIOCGDRVSPEC` for questions.
//!
//! The argument is BSD's [`ifdrv`]: it names an interface of ours that exists, and points to an [`Exchange`]. Requests and
//! replies are JSON of the types that every platform has.

use core::ffi::{c_char, c_void};

/// What `ifdrv::cmd` says: which [`Exchange`] it is.
pub const EXCHANGE_V1: u64 = 0x5472_7331;
/// Bytes of a request at most.
pub const MAX_REQUEST_BYTES: u32 = 64 * 1024;
/// Bytes that a reply to a change needs at most: with less room the change is refused, and nothing is done.
pub const CHANGE_REPLY_BYTES: u32 = 4096;
/// Bytes of a reply at most.
pub const MAX_REPLY_BYTES: u32 = 4 * 1024 * 1024;

/// FreeBSD's `struct ifdrv`; Haiku defines none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ifdrv {
    /// The interface to which the ioctl goes.
    pub ifd_name: [c_char; 32],
    pub ifd_cmd: u64,
    /// Bytes that `ifd_data` points to.
    pub ifd_len: usize,
    pub ifd_data: *mut c_void,
}

/// A request and room for its reply, in the caller's memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Exchange {
    pub request: *const u8,
    pub request_bytes: u32,
    /// Bytes that fit at `reply`.
    pub reply_room: u32,
    pub reply: *mut u8,
    /// Written: bytes of the reply; more than the room with `B_BUFFER_OVERFLOW`, and then `reply` is untouched.
    pub reply_bytes: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<ifdrv>() == 56 && size_of::<Exchange>() == 32);
const _: () =
    assert!(core::mem::offset_of!(ifdrv, ifd_data) == 48 && core::mem::offset_of!(Exchange, reply_bytes) == 24);
