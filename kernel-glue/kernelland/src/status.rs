//! Names of statuses, for messages.

use haiku_abi::status_t;
use std::ffi::CStr;

/// Returns the name of a status.
pub(crate) fn name(status: status_t) -> &'static CStr {
    match status {
        haiku_abi::B_OK => c"no error",
        haiku_abi::B_ERROR => c"general error",
        haiku_abi::B_NO_MEMORY => c"out of memory",
        haiku_abi::B_IO_ERROR => c"input/output error",
        haiku_abi::B_PERMISSION_DENIED => c"permission denied",
        haiku_abi::B_BAD_TYPE => c"bad type",
        haiku_abi::B_BAD_VALUE => c"invalid argument",
        haiku_abi::B_TIMED_OUT => c"timed out",
        haiku_abi::B_INTERRUPTED => c"interrupted",
        haiku_abi::B_WOULD_BLOCK => c"would block",
        haiku_abi::B_BUSY => c"busy",
        haiku_abi::B_NOT_ALLOWED => c"not allowed",
        haiku_abi::B_BAD_DATA => c"bad data",
        haiku_abi::B_BAD_SEM_ID => c"bad semaphore",
        haiku_abi::B_BAD_THREAD_ID => c"bad thread",
        haiku_abi::B_BAD_ADDRESS => c"bad address",
        haiku_abi::B_NOT_AN_EXECUTABLE => c"not an executable",
        haiku_abi::B_MISSING_SYMBOL => c"missing symbol",
        haiku_abi::B_FILE_ERROR => c"bad file descriptor",
        haiku_abi::B_FILE_EXISTS => c"file exists",
        haiku_abi::B_ENTRY_NOT_FOUND => c"no such entry",
        haiku_abi::B_DEVICE_NOT_FOUND => c"no such device",
        haiku_abi::B_NOT_SUPPORTED => c"not supported",
        haiku_abi::B_DEV_INVALID_IOCTL => c"invalid ioctl",
        haiku_abi::ENETDOWN => c"network is down",
        haiku_abi::ENETUNREACH => c"network is unreachable",
        haiku_abi::EHOSTUNREACH => c"host is unreachable",
        haiku_abi::ENOBUFS => c"no buffer space",
        haiku_abi::EMSGSIZE => c"message too long",
        haiku_abi::ENOTTY => c"not a terminal",
        haiku_abi::ENXIO => c"no such device or address",
        haiku_abi::ECONNREFUSED => c"connection refused",
        haiku_abi::ENOTCONN => c"not connected",
        haiku_abi::EADDRINUSE => c"address in use",
        haiku_abi::EAFNOSUPPORT => c"family not supported",
        haiku_abi::EPROTONOSUPPORT => c"protocol not supported",
        _ => c"unnamed status",
    }
}
