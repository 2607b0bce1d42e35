//! IP addresses as Haiku's stack takes and shows them.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ptr::NonNull;
use haiku_abi::{AF_INET, AF_INET6, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage};
use kernel_glue::admin::InetAddress;

/// No address.
pub(super) const NONE: sockaddr_storage = sockaddr_storage { ss_len: 0, ss_family: 0, ss_data: [0; 126] };

/// Returns the family of an address.
pub(super) const fn family_of(address: IpAddr) -> i32 {
    match address {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    }
}

/// Writes an address.
pub(super) fn write(address: IpAddr, to: &mut sockaddr_storage) {
    *to = NONE;
    match address {
        IpAddr::V4(v4) => put(to, size_of::<sockaddr_in>(), AF_INET, V4_AT, &v4.octets()),
        IpAddr::V6(v6) => put(to, size_of::<sockaddr_in6>(), AF_INET6, V6_AT, &v6.octets()),
    }
}

/// Writes the mask of a prefix length in the family of an address.
pub(super) fn write_mask(address: IpAddr, prefix: u8, to: &mut sockaddr_storage) {
    let mask = match address {
        IpAddr::V4(_) => {
            let bits = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(bits))
        }
        IpAddr::V6(_) => {
            let bits = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    };
    write(mask, to);
}

/// Returns an address in the short form, in which an IPv6 one fits as well.
pub(super) fn short(address: IpAddr) -> sockaddr {
    let mut long = NONE;
    write(address, &mut long);
    let mut short = sockaddr { sa_len: long.ss_len, sa_family: long.ss_family, sa_data: [0; 30] };
    for (to, from) in short.sa_data.iter_mut().zip(long.ss_data) {
        *to = from;
    }
    short
}

/// Reads an address; `None` for none, and for one of another family.
pub(super) fn read(from: &sockaddr_storage) -> Option<IpAddr> {
    match i32::from(from.ss_family) {
        AF_INET => from.ss_data.get(V4_AT..)?.first_chunk::<4>().map(|octets| IpAddr::V4((*octets).into())),
        AF_INET6 => from.ss_data.get(V6_AT..)?.first_chunk::<16>().map(|octets| IpAddr::V6((*octets).into())),
        _ => None,
    }
}

/// Reads an address of the stack's; `None` where there is none.
///
/// # Safety
/// It is NULL, or as long as a `sockaddr`, in which either family's fits.
pub(super) unsafe fn read_short(from: *const sockaddr) -> Option<IpAddr> {
    let from = NonNull::new(from.cast_mut())?;
    // SAFETY: the caller's condition.
    let short = unsafe { from.read() };
    let mut long = NONE;
    (long.ss_len, long.ss_family) = (short.sa_len, short.sa_family);
    for (to, from) in long.ss_data.iter_mut().zip(short.sa_data) {
        *to = from;
    }
    read(&long)
}

/// Says an interface's address as an operator would: what is at its other end where `far` says that it has one, and the
/// broadcast address where it is not the highest.
pub(super) fn inet(address: IpAddr, mask: Option<IpAddr>, destination: Option<IpAddr>, far: Far) -> InetAddress {
    let prefix = match mask {
        Some(IpAddr::V4(mask)) => mask.to_bits().leading_ones(),
        Some(IpAddr::V6(mask)) => mask.to_bits().leading_ones(),
        None if address.is_ipv4() => 32,
        None => 128,
    };
    let inet = InetAddress::new(address, u8::try_from(prefix).unwrap_or(u8::MAX));
    let destination = destination.filter(|one| one.is_ipv4() == address.is_ipv4() && !one.is_unspecified());
    match (far, destination) {
        (Far::One, Some(peer)) if Some(peer) != highest(&inet) && peer != address => {
            InetAddress::point_to_point(address, peer)
        }
        (Far::All, Some(broadcast)) if broadcast.is_ipv4() && Some(broadcast) != highest(&inet) => {
            InetAddress { broadcast: Some(broadcast), ..inet }
        }
        (Far::One | Far::All, _) => inet,
    }
}

/// Whom an interface reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Far {
    /// Everybody on a network.
    All,
    /// Whoever is at the other end.
    One,
}

/// Returns the highest address of an IPv4 network, by which Haiku broadcasts if it is told no other.
pub(super) fn highest(inet: &InetAddress) -> Option<IpAddr> {
    let IpAddr::V4(address) = inet.address else { return None };
    let host_bits = u32::MAX.checked_shr(inet.prefix.into()).unwrap_or(0);
    Some(IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() | host_bits)))
}

fn put(to: &mut sockaddr_storage, bytes: usize, family: i32, at: usize, octets: &[u8]) {
    to.ss_len = bytes as u8;
    to.ss_family = family as u8;
    for (to, from) in to.ss_data.iter_mut().skip(at).zip(octets) {
        *to = *from;
    }
}

/// Where the octets are, counted after length and family.
const V4_AT: usize = core::mem::offset_of!(sockaddr_in, sin_addr) - 2;
const V6_AT: usize = core::mem::offset_of!(sockaddr_in6, sin6_addr) - 2;

#[cfg(test)]
mod tests;
