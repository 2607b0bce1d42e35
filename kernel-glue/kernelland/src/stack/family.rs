//! What the two Internet families differ in: how addresses are compared, masked and completed.

use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address family of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Inet,
    Inet6,
    Link,
}

impl Family {
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Inet => AF_INET,
            Self::Inet6 => AF_INET6,
            Self::Link => AF_LINK,
        }
    }

    /// Whether an address's destination is where broadcasts go, rather than a peer.
    pub(crate) fn has_broadcast(self) -> bool {
        self == Self::Inet
    }

    /// The bytes of an address that count, whatever family it says it is of.
    fn significant(self, address: &Sockaddr) -> IpAddr {
        let bytes = address.bytes();
        match self {
            Self::Inet | Self::Link => {
                let octets = bytes.get(4..).and_then(<[u8]>::first_chunk::<4>).copied();
                IpAddr::V4(Ipv4Addr::from(octets.unwrap_or_default()))
            }
            Self::Inet6 => {
                let octets = bytes.get(8..).and_then(<[u8]>::first_chunk::<16>).copied();
                IpAddr::V6(Ipv6Addr::from(octets.unwrap_or_default()))
            }
        }
    }

    /// Whether there is no address. With [`Port::Counts`] one with a port is one.
    pub(crate) fn is_empty(self, address: Option<&Sockaddr>, port: Port) -> bool {
        let Some(address) = address else { return true };
        if address.len() == 0 || address.family() == AF_UNSPEC {
            return true;
        }
        self.significant(address).is_unspecified() && (port == Port::Ignored || address.port() == 0)
    }

    /// Whether both are the same address. None is the same as the empty one.
    pub(crate) fn equal(self, a: Option<&Sockaddr>, b: Option<&Sockaddr>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.significant(a) == self.significant(b),
            (one, None) | (None, one) => self.is_empty(one, Port::Ignored),
        }
    }

    /// Whether both are the same address and port.
    pub(crate) fn equal_with_port(self, a: &Sockaddr, b: &Sockaddr) -> bool {
        self.significant(a) == self.significant(b) && a.port() == b.port()
    }

    /// The address with the mask applied.
    pub(crate) fn masked(self, address: &Sockaddr, mask: Option<&Sockaddr>) -> Sockaddr {
        let mut masked = *address;
        let Some(mask) = mask else { return masked };
        let range = match self {
            Self::Inet | Self::Link => 4..8,
            Self::Inet6 => 8..24,
        };
        for (byte, mask) in masked.bytes_mut().iter_mut().zip(mask.bytes()).skip(range.start).take(range.len()) {
            *byte &= mask;
        }
        masked
    }

    /// Whether both are the same under the mask.
    pub(crate) fn equal_masked(self, a: Option<&Sockaddr>, b: Option<&Sockaddr>, mask: Option<&Sockaddr>) -> bool {
        let none = Sockaddr::EMPTY;
        let masked = |address: Option<&Sockaddr>| self.significant(&self.masked(address.unwrap_or(&none), mask));
        masked(a) == masked(b)
    }

    /// What routes are sorted by. For IPv4 the number of zeros at the end of the mask, so that the more specific comes
    /// first; for IPv6 the number of ones at its front, so that it comes last.
    pub(crate) fn first_mask_bit(self, mask: Option<&Sockaddr>) -> u32 {
        match mask.map(|mask| self.significant(mask)) {
            None => 0,
            Some(IpAddr::V4(mask)) => mask.to_bits().trailing_zeros(),
            Some(IpAddr::V6(mask)) => mask.to_bits().leading_ones(),
        }
    }

    /// Whether the mask is ones, then zeros.
    pub(crate) fn is_mask(self, mask: Option<&Sockaddr>) -> bool {
        match mask.map(|mask| self.significant(mask)) {
            None => true,
            Some(IpAddr::V4(mask)) => mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() >= 32,
            Some(IpAddr::V6(mask)) => mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() >= 128,
        }
    }

    /// The address as the family has it, if it is one.
    pub(crate) fn adopted(self, from: Option<&Sockaddr>) -> Option<Sockaddr> {
        let from = from.filter(|from| from.len() != 0 && from.family() == self.number())?;
        let mut adopted = *from;
        adopted.set_len(self.bytes());
        Some(adopted)
    }

    /// What of the address is missing, from the other one.
    pub(crate) fn completed(self, mut address: Sockaddr, from: &Sockaddr) -> Result<Sockaddr, status_t> {
        if from.len() == 0 || from.family() != self.number() {
            return Err(B_BAD_VALUE);
        }
        let port = if address.port() == 0 { from.port() } else { address.port() };
        if self.significant(&address).is_unspecified() {
            address = Sockaddr::ip(self.significant(from), port);
        }
        address.set_port(port);
        address.set_family(self.number());
        address.set_len(self.bytes());
        Ok(address)
    }

    /// The mask that goes with an address of which nothing else is known.
    pub(crate) fn default_mask(self, address: &Sockaddr) -> Sockaddr {
        match self.significant(address) {
            IpAddr::V4(address) => {
                let [first, ..] = address.octets();
                let bits: u32 = match first {
                    0..128 => 0xff00_0000,
                    128..192 => 0xffff_0000,
                    192.. => 0xffff_ff00,
                };
                Sockaddr::v4(Ipv4Addr::from_bits(bits), 0)
            }
            IpAddr::V6(_) => Sockaddr::v6(Ipv6Addr::from_bits(u128::MAX), 0),
        }
    }

    /// Where broadcasts to the address's network go.
    pub(crate) fn default_broadcast(self, address: &Sockaddr, mask: &Sockaddr) -> Option<Sockaddr> {
        let (IpAddr::V4(address), IpAddr::V4(mask)) = (self.significant(address), self.significant(mask)) else {
            return None;
        };
        Some(Sockaddr::v4(address | !mask, 0))
    }

    pub(crate) fn unspecified(self, port: u16) -> Sockaddr {
        match self {
            Self::Inet | Self::Link => Sockaddr::v4(Ipv4Addr::UNSPECIFIED, port),
            Self::Inet6 => Sockaddr::v6(Ipv6Addr::UNSPECIFIED, port),
        }
    }

    /// What a socket is bound to that nobody bound.
    pub(crate) fn nowhere(self) -> Sockaddr {
        match self {
            Self::Inet | Self::Inet6 => self.unspecified(0),
            Self::Link => {
                let mut address = Sockaddr::EMPTY;
                address.set_len(size_of::<sockaddr>() as u8);
                address.set_family(AF_LINK);
                address
            }
        }
    }

    pub(crate) fn loopback(self, port: u16) -> Sockaddr {
        match self {
            Self::Inet | Self::Link => Sockaddr::v4(Ipv4Addr::LOCALHOST, port),
            Self::Inet6 => Sockaddr::v6(Ipv6Addr::LOCALHOST, port),
        }
    }

    fn bytes(self) -> u8 {
        match self {
            Self::Inet => size_of::<sockaddr_in>() as u8,
            Self::Inet6 => size_of::<sockaddr_in6>() as u8,
            Self::Link => size_of::<sockaddr_dl>() as u8,
        }
    }
}

/// Whether an address's port is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Counts,
    Ignored,
}

#[cfg(test)]
mod tests;
