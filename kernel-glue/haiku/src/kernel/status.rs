//! How the kernel's functions end, and ours.

use haiku_abi::status_t;

/// Why something was not done: one of the kernel's negative numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Status(status_t);

macro_rules! statuses {
    ($($name:ident)*) => {
        impl Status {
            $(pub(crate) const $name: Self = Self(haiku_abi::$name);)*
        }
    };
}

statuses! {
    B_BAD_ADDRESS B_BAD_DATA B_BAD_VALUE B_BUFFER_OVERFLOW B_BUSY B_DEVICE_NOT_FOUND B_DEV_INVALID_IOCTL
    B_ENTRY_NOT_FOUND B_ERROR B_INTERRUPTED B_NOT_ALLOWED B_NOT_SUPPORTED B_NO_MEMORY B_PERMISSION_DENIED B_WOULD_BLOCK
    E2BIG EAFNOSUPPORT EBADF EEXIST EIO EMSGSIZE ENETDOWN ENFILE ENOBUFS ENOSPC ENXIO
}

impl Status {
    /// Takes what a function of the kernel returned, of which everything that is not negative is success.
    pub(crate) const fn check(code: status_t) -> Result<(), Self> {
        if code < 0 { Err(Self(code)) } else { Ok(()) }
    }

    /// Takes what a function of the kernel returned that gives a number.
    pub(crate) const fn number(code: i32) -> Result<i32, Self> {
        if code < 0 { Err(Self(code)) } else { Ok(code) }
    }

    /// Returns the number.
    pub(crate) const fn code(self) -> status_t {
        self.0
    }
}

/// Returns what a hook returns to the kernel.
pub(crate) const fn code(result: Result<(), Status>) -> status_t {
    match result {
        Ok(()) => haiku_abi::B_OK,
        Err(status) => status.0,
    }
}
