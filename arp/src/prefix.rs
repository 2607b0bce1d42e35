//! Networks and single addresses.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// The addresses that share their first bits; a single address has all of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// Returns the network of an address, bits behind the prefix cleared; `None` if the address has fewer bits.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) => {
                let behind = 32_u32.checked_sub(length.into())?;
                IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(behind).unwrap_or(0)).into())
            }
            IpAddr::V6(v6) => {
                let behind = 128_u32.checked_sub(length.into())?;
                IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(behind).unwrap_or(0)).into())
            }
        };
        Some(Self { address, length })
    }

    /// Returns the prefix that only one address has.
    #[must_use]
    pub fn single(address: IpAddr) -> Self {
        Self { address, length: bits(address) }
    }

    /// Returns the lowest address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Returns how many bits the addresses share.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Returns the address, if there is only one.
    #[must_use]
    pub fn as_single(&self) -> Option<IpAddr> {
        (self.length == bits(self.address)).then_some(self.address)
    }

    /// Returns whether an address begins so.
    #[must_use]
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        // Each packet is looked up so, in up to as many prefixes as a scope lists. A shift by all bits leaves none.
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(32_u32.saturating_sub(self.length.into())).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(128_u32.saturating_sub(self.length.into())).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Returns the directed broadcast address (RFC 919 §7), `None` where there is none: IPv6, /31 and /32.
    #[must_use]
    pub fn broadcast(&self) -> Option<IpAddr> {
        match self.address {
            IpAddr::V4(v4) if self.length < 31 => {
                let host_bits = u32::MAX.checked_shr(self.length.into()).unwrap_or(0);
                Some(IpAddr::V4((v4.to_bits() | host_bits).into()))
            }
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_single() {
            Some(address) => write!(out, "{address}"),
            None => write!(out, "{}/{}", self.address, self.length),
        }
    }
}

impl FromStr for Prefix {
    type Err = ParsePrefixError;

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`. Bits behind the prefix must be zero: what has them is mistyped.
    fn from_str(text: &str) -> Result<Self, ParsePrefixError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ParsePrefixError::Address)?;
        let Some(length) = length else { return Ok(Self::single(address)) };
        let digits = length.bytes().all(|digit| digit.is_ascii_digit());
        let length = length.parse().ok().filter(|_| digits).ok_or(ParsePrefixError::Length)?;
        let network = Self::new(address, length).ok_or(ParsePrefixError::Length)?;
        if network.address == address { Ok(network) } else { Err(ParsePrefixError::HostBits(network)) }
    }
}

/// Why text is no prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ParsePrefixError {
    /// No IPv4 or IPv6 address stands before the length.
    Address,
    /// The length is no number, or more than the address has bits.
    Length,
    /// There are bits behind the prefix; this is the network without them.
    HostBits(Prefix),
}

impl fmt::Display for ParsePrefixError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => out.write_str("there is no IPv4 or IPv6 address"),
            Self::Length => out.write_str("the length is no number of bits that the address has"),
            Self::HostBits(network) => write!(out, "it has bits behind its prefix; the network is {network}"),
        }
    }
}

impl core::error::Error for ParsePrefixError {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::net::Ipv6Addr;
    use std::string::ToString;

    #[test]
    fn text_round_trips_and_mistakes_are_named() {
        for text in ["10.8.0.0/24", "10.8.0.1", "0.0.0.0/0", "::/0", "fd00::/64", "fd00::1"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("10.8.0.1/32".parse::<Prefix>().unwrap().to_string(), "10.8.0.1");
        let network = Prefix::new([10, 8, 0, 0].into(), 24).unwrap();
        assert_eq!("10.8.0.1/24".parse::<Prefix>(), Err(ParsePrefixError::HostBits(network)));
        for (text, error) in [
            ("", ParsePrefixError::Address),
            ("10.8.0", ParsePrefixError::Address),
            ("10.8.0.0/", ParsePrefixError::Length),
            ("10.8.0.0/33", ParsePrefixError::Length),
            ("10.8.0.0/+8", ParsePrefixError::Length),
            ("fd00::/129", ParsePrefixError::Length),
        ] {
            assert_eq!(text.parse::<Prefix>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_contains_its_addresses_and_no_others() {
        let network: Prefix = "10.8.0.0/30".parse().unwrap();
        for (last, inside) in [(0, true), (3, true), (4, false)] {
            assert_eq!(network.contains([10, 8, 0, last].into()), inside, "{last}");
        }
        assert!(!network.contains("::ffff:10.8.0.1".parse().unwrap()), "another family");
        assert!("0.0.0.0/0".parse::<Prefix>().unwrap().contains([1, 2, 3, 4].into()));
        assert!("::/0".parse::<Prefix>().unwrap().contains("ffff::1".parse().unwrap()));
        for length in 0..=128 {
            let (zero, one) = (Ipv6Addr::UNSPECIFIED, |bit: u32| Ipv6Addr::from_bits(1 << (127 - bit)));
            let network = Prefix::new(zero.into(), length).unwrap();
            for bit in 0..128 {
                assert_eq!(network.contains(one(bit).into()), bit >= length.into(), "bit {bit} of ::/{length}");
                let v4 = Prefix::new([0; 4].into(), length).map(|v4| (v4, (1_u32 << 31).checked_shr(bit)));
                if let Some((v4, Some(address))) = v4 {
                    let contained = v4.contains(IpAddr::V4(address.into()));
                    assert_eq!(contained, bit >= length.into(), "bit {bit} of 0.0.0.0/{length}");
                }
            }
        }
    }

    #[test]
    fn only_networks_of_ipv4_have_a_broadcast_address() {
        for (network, broadcast) in [
            ("10.8.0.0/24", Some("10.8.0.255")),
            ("0.0.0.0/0", Some("255.255.255.255")),
            ("10.8.0.0/31", None),
            ("10.8.0.1", None),
            ("fd00::/64", None),
        ] {
            let broadcast = broadcast.map(|text| text.parse::<IpAddr>().unwrap());
            assert_eq!(network.parse::<Prefix>().unwrap().broadcast(), broadcast, "{network}");
        }
    }
}
