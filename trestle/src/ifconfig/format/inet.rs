//! The lines of IP addresses.

use crate::ifconfig::netmask;
use kernel_glue::admin::{InetAddress, InterfaceKind};
use std::fmt::{Result, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Writes the line of one address.
pub(super) fn write(out: &mut String, address: &InetAddress, interface: &str, kind: InterfaceKind) -> Result {
    match address.address {
        IpAddr::V4(v4) => {
            let mask = netmask::of_prefix(address.prefix);
            write!(out, "\tinet {v4}")?;
            if let Some(destination) = address.destination {
                write!(out, " --> {destination}")?;
            }
            write!(out, " netmask {mask:#010x}")?;
            // On a tun there is one other end, whatever the network.
            if kind != InterfaceKind::Tun {
                let broadcast = address.broadcast.unwrap_or_else(|| broadcast(v4, address.prefix).into());
                write!(out, " broadcast {broadcast}")?;
            }
            writeln!(out)
        }
        IpAddr::V6(v6) => {
            write!(out, "\tinet6 {}", scoped(v6, interface))?;
            if let Some(IpAddr::V6(destination)) = address.destination {
                write!(out, " --> {}", scoped(destination, interface))?;
            }
            writeln!(out, " prefixlen {}", address.prefix)
        }
    }
}

fn scoped(address: Ipv6Addr, interface: &str) -> String {
    if address.is_unicast_link_local() { format!("{address}%{interface}") } else { address.to_string() }
}

/// The highest address of the network; where all addresses are hosts, 255.255.255.255 (RFC 3021 §2.2), as FreeBSD has it.
fn broadcast(address: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    if prefix == 31 {
        return Ipv4Addr::BROADCAST;
    }
    Ipv4Addr::from_bits(address.to_bits() | !netmask::of_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        #[rustfmt::skip]
        let rows = [
            ("192.168.30.1", 24, None, "\tinet 192.168.30.1 netmask 0xffffff00 broadcast 192.168.30.255\n"),
            ("10.1.2.3", 8, Some("10.0.0.255"), "\tinet 10.1.2.3 netmask 0xff000000 broadcast 10.0.0.255\n"),
            ("10.1.2.3", 31, None, "\tinet 10.1.2.3 netmask 0xfffffffe broadcast 255.255.255.255\n"),
            ("10.1.2.3", 32, None, "\tinet 10.1.2.3 netmask 0xffffffff broadcast 10.1.2.3\n"),
            ("10.1.2.3", 0, None, "\tinet 10.1.2.3 netmask 0x00000000 broadcast 255.255.255.255\n"),
            ("2001:db8::1", 64, None, "\tinet6 2001:db8::1 prefixlen 64\n"),
            ("fe80::1", 64, None, "\tinet6 fe80::1%bridge0 prefixlen 64\n"),
        ];
        let tun = ("10.8.0.2", 24, None, "\tinet 10.8.0.2 netmask 0xffffff00\n");
        let rows = rows.map(|row| ("bridge0", InterfaceKind::Bridge, row));
        for (name, kind, row) in rows.into_iter().chain([("tun0", InterfaceKind::Tun, tun)]) {
            let (address, prefix, broadcast, want) = row;
            let broadcast = broadcast.map(|text: &str| text.parse().unwrap());
            let mut out = String::new();
            let address = InetAddress { broadcast, ..InetAddress::new(address.parse().unwrap(), prefix) };
            write(&mut out, &address, name, kind).unwrap();
            assert_eq!(out, want);
        }
    }
    #[test]
    fn the_other_end() {
        for (address, destination, want) in [
            ("10.8.0.2", "10.8.0.1", "\tinet 10.8.0.2 --> 10.8.0.1 netmask 0xffffffff\n"),
            ("fd00::2", "fd00::1", "\tinet6 fd00::2 --> fd00::1 prefixlen 128\n"),
            ("fe80::2", "fe80::1", "\tinet6 fe80::2%tun0 --> fe80::1%tun0 prefixlen 128\n"),
        ] {
            let mut out = String::new();
            let address = InetAddress::point_to_point(address.parse().unwrap(), destination.parse().unwrap());
            write(&mut out, &address, "tun0", InterfaceKind::Tun).unwrap();
            assert_eq!(out, want);
        }
    }
}
