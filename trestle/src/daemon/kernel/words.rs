//! What Linux says, in the operator's words.

use super::super::system::SystemError;
use kernel_glue::admin::{Errno, InetAddress};
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

/// Says what precedes each packet of a descriptor.
pub(super) fn header(header: tap::Header) -> String {
    let vnet = header.vnet().map(|vnet| format!("virtio-net {}", vnet.bytes()));
    match (header, vnet) {
        (tap::Header::PacketInfo, _) => "packet information".into(),
        (tap::Header::AddressFamily(_), _) => "address family".into(),
        (tap::Header::PacketInfoVnet(_), Some(vnet)) => format!("packet information, {vnet}"),
        (_, Some(vnet)) => vnet,
        (_, None) => "none".into(),
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
