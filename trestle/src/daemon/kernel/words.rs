//! What Linux says, in the operator's words.

use kernel_glue::admin::{Errno, InetAddress, SystemError};
use kernel_glue::linux::{Action, DeviceError};
use rustix::io::Errno as Code;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// Puts a device's refusal in words.
pub(super) fn device(error: &DeviceError) -> SystemError {
    let remedy = match error.errno {
        Code::ACCESS if error.action == Action::OpenTun => {
            "; the device file is not open to this user: chmod a+rw /dev/net/tun as root, which gives no other right"
        }
        Code::PERM | Code::ACCESS => {
            "; it takes CAP_NET_ADMIN: run the daemon as root, or in a user namespace: unshare -Urn trestle run"
        }
        Code::NOENT | Code::NODEV => "; load the driver: modprobe tun",
        Code::BUSY => "; another program holds an interface of that name",
        _ => "",
    };
    SystemError { errno: class(error.errno), detail: format!("{error}{remedy}") }
}

/// Puts a netlink refusal in words.
pub(super) fn netlink(error: &io::Error) -> SystemError {
    let code = Code::from_io_error(error).unwrap_or(Code::IO);
    let remedy = match code {
        Code::PERM | Code::ACCESS => "; it takes CAP_NET_ADMIN: run the daemon as root, or as unshare -Urn trestle run",
        Code::EXIST => "; it is set already, by someone else",
        _ => "",
    };
    SystemError { errno: class(code), detail: format!("the kernel refused: {code}{remedy}") }
}

/// Puts in words why an address was not taken. Linux refuses those of IPv6 with EACCES where IPv6 is off.
pub(super) fn address(error: &io::Error, interface: &str, address: &InetAddress) -> SystemError {
    match Code::from_io_error(error) {
        Some(code @ Code::ACCESS) if address.address.is_ipv6() => SystemError {
            errno: class(code),
            detail: format!("IPv6 is off on {interface}: sysctl net.ipv6.conf.{interface}.disable_ipv6=0 turns it on"),
        },
        _ => netlink(error),
    }
}

fn class(code: Code) -> Errno {
    match code {
        Code::PERM | Code::ACCESS => Errno::NotPermitted,
        Code::EXIST => Errno::Exists,
        Code::BUSY => Errno::Busy,
        Code::INVAL | Code::RANGE => Errno::Invalid,
        Code::NOENT | Code::NODEV | Code::NXIO => Errno::NotFound,
        Code::NOSPC | Code::NOMEM | Code::NOBUFS | Code::MFILE | Code::NFILE => Errno::NoSpace,
        Code::OPNOTSUPP => Errno::NotSupported,
        _ => Errno::Io,
    }
}

/// Returns the highest address of an IPv4 network, its broadcast address; `None` where there is none (RFC 3021).
pub(super) fn highest(address: &InetAddress) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = address.address else { return None };
    let host = u32::MAX.checked_shr(address.prefix.into()).filter(|&host| host > 1)?;
    Some(Ipv4Addr::from_bits(ip.to_bits() | host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_where_ipv6_is_off() {
        let refused =
            |code: Code, ip: &str| address(&code.into(), "tun0", &InetAddress::new(ip.parse().unwrap(), 64)).detail;
        let off = "IPv6 is off on tun0: sysctl net.ipv6.conf.tun0.disable_ipv6=0 turns it on";
        assert_eq!(refused(Code::ACCESS, "fd00::1"), off);
        assert!(refused(Code::PERM, "fd00::1").contains("CAP_NET_ADMIN"));
        assert!(refused(Code::ACCESS, "10.0.0.1").contains("CAP_NET_ADMIN"));
    }

    #[test]
    fn broadcast_addresses() {
        for (address, prefix, want) in [
            ("10.77.0.1", 24, Some("10.77.0.255")),
            ("10.77.0.1", 30, Some("10.77.0.3")),
            ("10.77.0.1", 31, None),
            ("10.77.0.1", 32, None),
            ("10.0.0.1", 0, Some("255.255.255.255")),
            ("fd00::1", 64, None),
        ] {
            let address = InetAddress::new(address.parse().unwrap(), prefix);
            assert_eq!(highest(&address), want.map(|text| text.parse().unwrap()), "{address:?}");
        }
    }
}
