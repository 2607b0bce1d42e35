//! What addresses a link stands for.

use crate::Prefix;
use crate::address::is_station;
use alloc::sync::Arc;
use core::net::IpAddr;

/// How many prefixes a scope is to list at most: a packet may be compared with each.
pub const MAX_PREFIXES: usize = 64;

/// The addresses that are answered for, as though their stations were on the link.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Scope {
    /// None.
    #[default]
    None,
    /// Every address that one station can have.
    All,
    /// Those of these networks, but for the directed broadcast address of each. All who hold the scope share the list.
    List(Arc<[Prefix]>),
}

impl Scope {
    /// Returns whether an address is one of these; never where it is unspecified, loopback, multicast or broadcast.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        match self {
            Self::None => false,
            Self::All => is_station(address),
            Self::List(_) => self.names(address),
        }
    }

    /// Returns whether an address is listed. `All` lists none: it leaves to the others on the link what they claim.
    pub(crate) fn names(&self, address: IpAddr) -> bool {
        let Self::List(prefixes) = self else { return false };
        let has = |prefix: &Prefix| prefix.contains(address) && prefix.broadcast() != Some(address);
        is_station(address) && prefixes.iter().any(has)
    }

    /// Iterates over the single addresses of a list: those that can be announced.
    pub(crate) fn singles(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let prefixes = match self {
            Self::None | Self::All => &[][..],
            Self::List(prefixes) => prefixes,
        };
        prefixes.iter().filter_map(Prefix::as_single).filter(|&address| is_station(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_covered() {
        let list = Scope::List(["10.8.0.0/24", "10.9.0.255", "fd00::/64"].map(|text| text.parse().unwrap()).into());
        let all = Scope::All;
        for (name, address, in_list, in_all) in [
            ("a station of a network", "10.8.0.7", true, true),
            ("its broadcast address", "10.8.0.255", false, true),
            ("one listed by itself", "10.9.0.255", true, true),
            ("beside", "10.9.0.254", false, true),
            ("of the other family", "fd00::7", true, true),
            ("link-local", "fe80::1", false, true),
            ("unspecified", "0.0.0.0", false, false),
            ("this network", "0.0.0.1", false, false),
            ("loopback", "127.0.0.1", false, false),
            ("multicast", "224.0.0.1", false, false),
            ("limited broadcast", "255.255.255.255", false, false),
            ("unspecified, IPv6", "::", false, false),
            ("loopback, IPv6", "::1", false, false),
            ("multicast, IPv6", "ff02::1", false, false),
            ("IPv4 in the form of IPv6", "::ffff:10.8.0.7", false, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!((list.covers(address), all.covers(address)), (in_list, in_all), "{name}");
            assert!(!Scope::None.covers(address), "{name}");
        }
    }

    #[test]
    fn every_address_listed_still_has_no_multicast() {
        let everything = Scope::List(["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap()).into());
        for (address, covered) in [("224.0.0.5", false), ("ff02::5", false), ("127.1.2.3", false), ("192.0.2.1", true)]
        {
            assert_eq!(everything.covers(address.parse().unwrap()), covered, "{address}");
        }
    }
}
