//! Addresses that one station can have, and both families as one number.

use core::net::{IpAddr, Ipv6Addr};

/// Returns whether an address can be that of one station on a link: neither unspecified, loopback, multicast nor
/// limited broadcast (RFC 1122 §3.2.1.3, RFC 4291 §2.5), and no IPv4 address in the form of IPv6.
pub(crate) fn is_station(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, ..] = v4.octets();
            first != 0 && !v4.is_loopback() && !v4.is_multicast() && !v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            !v6.is_unspecified() && !v6.is_loopback() && !v6.is_multicast() && v6.to_ipv4_mapped().is_none()
        }
    }
}

/// An address of either family; IPv4 as `::ffff:a.b.c.d`, which never is on a link (RFC 4291 §2.5.5.2 names it for use inside hosts).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key(u128);

impl Key {
    #[inline]
    pub(crate) fn new(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self(0xffff_0000_0000 | u128::from(v4.to_bits())),
            IpAddr::V6(v6) => Self(v6.to_bits()),
        }
    }

    pub(crate) fn address(self) -> IpAddr {
        Ipv6Addr::from_bits(self.0).to_canonical()
    }

    #[inline]
    pub(crate) fn bits(self) -> u128 {
        self.0
    }
}
