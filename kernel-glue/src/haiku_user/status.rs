//! What the kernel says of a call.

use core::fmt;
use haiku_abi as abi;

/// An error of Haiku's kernel, which is the C library's `errno` too.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Status(pub abi::status_t);

impl Status {
    /// Nothing can be read, or written, at once.
    pub const WOULD_BLOCK: Self = Self(abi::B_WOULD_BLOCK);
    /// Time is over.
    pub const TIMED_OUT: Self = Self(abi::B_TIMED_OUT);
    /// No driver makes a device of that name.
    pub const NO_DEVICE: Self = Self(abi::B_DEVICE_NOT_FOUND);
    /// There is no memory.
    pub const NO_MEMORY: Self = Self(abi::B_NO_MEMORY);
    /// What the stack says of a name whose last interface somebody holds on to, among other things.
    pub const ERROR: Self = Self(abi::B_ERROR);
    /// Another has the name.
    pub const NAME_IN_USE: Self = Self(abi::B_NAME_IN_USE);
    /// What would be returned does not fit.
    pub const NO_ROOM: Self = Self(abi::B_BUFFER_OVERFLOW);

    /// Returns whether a driver says by it that it does not know a request.
    pub fn is_unknown_request(self) -> bool {
        matches!(self.0, abi::B_BAD_VALUE | abi::B_DEV_INVALID_IOCTL | abi::B_NOT_SUPPORTED | abi::ENOTTY)
    }

    /// Takes what a call returned: a status below zero is an error.
    ///
    /// # Errors
    /// The status.
    pub fn check(returned: i32) -> Result<(), Self> {
        if returned < 0 { Err(Self(returned)) } else { Ok(()) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = WORDS.iter().find(|&&(status, _)| status == self.0).map(|&(_, words)| words);
        match words {
            Some(words) => out.write_str(words),
            None => write!(out, "error {:#x}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl core::error::Error for Status {}

/// In the words of Haiku's `strerror`, as far as these calls meet them.
const WORDS: &[(abi::status_t, &str)] = &[
    (abi::B_ERROR, "General system error"),
    (abi::B_NO_MEMORY, "Out of memory"),
    (abi::B_IO_ERROR, "I/O error"),
    (abi::B_PERMISSION_DENIED, "Permission denied"),
    (abi::B_BAD_VALUE, "Invalid argument"),
    (abi::B_NAME_IN_USE, "Name in use"),
    (abi::B_TIMED_OUT, "Operation timed out"),
    (abi::B_INTERRUPTED, "Interrupted system call"),
    (abi::B_WOULD_BLOCK, "Operation would block"),
    (abi::B_BUSY, "Device/File/Resource busy"),
    (abi::B_NOT_ALLOWED, "Operation not allowed"),
    (abi::B_BAD_ADDRESS, "Bad address"),
    (abi::B_FILE_ERROR, "Bad file descriptor"),
    (abi::B_FILE_EXISTS, "File or Directory already exists"),
    (abi::B_ENTRY_NOT_FOUND, "No such file or directory"),
    (abi::B_NAME_TOO_LONG, "File name too long"),
    (abi::B_DEVICE_FULL, "No space left on device"),
    (abi::B_NO_MORE_FDS, "Too many open files"),
    (abi::B_BUFFER_OVERFLOW, "Buffer overflow"),
    (abi::B_DEVICE_NOT_FOUND, "No such device"),
    (abi::B_NOT_SUPPORTED, "Operation not supported"),
    (abi::B_DEV_INVALID_IOCTL, "Invalid device ioctl"),
    (abi::ENETDOWN, "Network is down"),
    (abi::ENOTTY, "Not a tty"),
    (abi::ENXIO, "Device not accessible"),
    (abi::EMSGSIZE, "Message too long"),
    (abi::ENOBUFS, "No buffer space available"),
];
