//! What Haiku's stack says, in the operator's words.

use alloc::format;
use alloc::string::String;
use haiku_abi as abi;
use haiku_abi::status_t;
use kernel_glue::admin::{Errno, InetAddress, SystemError};

/// Puts a refusal in words, after what was tried.
pub(super) fn refused(status: status_t, remedy: &str) -> SystemError {
    let mut detail = format!("the network stack refused: {}", text(status));
    if !remedy.is_empty() {
        detail.push_str("; ");
        detail.push_str(remedy);
    }
    SystemError { errno: class(status), detail }
}

/// Says that an interface is not there.
pub(super) fn missing(interface: &str) -> SystemError {
    SystemError {
        errno: Errno::NotFound,
        detail: format!("the system has no {interface}; /bin/ifconfig lists what there is"),
    }
}

/// Says what no step of a change should meet.
pub(super) fn not_found(what: &str, name: &str) -> SystemError {
    SystemError { errno: Errno::NotFound, detail: format!("{name} has no {what}") }
}

/// Puts in words why an address was not taken.
pub(super) fn address(status: status_t, interface: &str, address: &InetAddress) -> SystemError {
    match status {
        abi::EAFNOSUPPORT => SystemError {
            errno: Errno::NotSupported,
            detail: format!("the system has no IPv6, so {interface} can not have {}", address.address),
        },
        status => refused(status, ""),
    }
}

fn class(status: status_t) -> Errno {
    match status {
        abi::B_ENTRY_NOT_FOUND | abi::B_NAME_NOT_FOUND | abi::B_DEVICE_NOT_FOUND => Errno::NotFound,
        abi::B_FILE_EXISTS | abi::B_NAME_IN_USE => Errno::Exists,
        abi::B_BUSY => Errno::Busy,
        abi::B_BAD_VALUE | abi::B_BAD_DATA | abi::B_BAD_TYPE | abi::B_MISMATCHED_VALUES => Errno::Invalid,
        abi::B_NOT_ALLOWED | abi::B_PERMISSION_DENIED => Errno::NotPermitted,
        abi::B_NO_MEMORY | abi::B_DEVICE_FULL | abi::ENOBUFS | abi::B_NO_MORE_SEMS => Errno::NoSpace,
        abi::EADDRNOTAVAIL => Errno::NotAvailable,
        abi::B_NOT_SUPPORTED | abi::B_UNSUPPORTED | abi::B_DEV_INVALID_IOCTL => Errno::NotSupported,
        _ => Errno::Io,
    }
}

fn text(status: status_t) -> String {
    let known = match status {
        abi::B_ENTRY_NOT_FOUND | abi::B_NAME_NOT_FOUND => "no such file or directory",
        abi::B_DEVICE_NOT_FOUND => "no such device",
        abi::B_FILE_EXISTS => "it is there already",
        abi::B_NAME_IN_USE => "the name is in use",
        abi::B_BUSY => "it is busy",
        abi::B_BAD_VALUE => "invalid argument",
        abi::B_BAD_TYPE => "it is of the wrong type",
        abi::B_NOT_ALLOWED | abi::B_PERMISSION_DENIED => "it is not permitted",
        abi::B_NO_MEMORY => "out of memory",
        abi::B_NO_MORE_SEMS => "out of semaphores",
        abi::EADDRNOTAVAIL => "the address can not be assigned",
        abi::B_NOT_SUPPORTED | abi::B_UNSUPPORTED => "it is not supported",
        abi::B_TIMED_OUT => "it took too long",
        _ => return format!("error {status:#010x}"),
    };
    known.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_class_and_remedy() {
        let got = refused(abi::B_NO_MEMORY, "");
        assert_eq!((got.errno, got.detail.as_str()), (Errno::NoSpace, "the network stack refused: out of memory"));
        let got = refused(abi::B_BAD_VALUE, "use another");
        assert_eq!(
            (got.errno, got.detail.as_str()),
            (Errno::Invalid, "the network stack refused: invalid argument; use another")
        );
        // Trestle's own lists no cards.
        assert!(missing("/dev/net/e/9").detail.ends_with("; /bin/ifconfig lists what there is"));
        let got = refused(abi::ENETDOWN, "");
        assert_eq!((got.errno, got.detail.as_str()), (Errno::Io, "the network stack refused: error 0x80007018"));
    }
}
