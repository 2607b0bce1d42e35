extern crate std;
use super::*;
use crate::shim::{Stripped, strip};
use proptest::prelude::*;
use smoltcp::wire::{EthernetFrame, EthernetProtocol};
use std::vec::Vec;

fn packet(source: IpAddr, destination: IpAddr) -> Vec<u8> {
    let builder = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(to)) => etherparse::PacketBuilder::ipv4(source.octets(), to.octets(), 64),
        (IpAddr::V6(source), IpAddr::V6(to)) => etherparse::PacketBuilder::ipv6(source.octets(), to.octets(), 64),
        _ => panic!("two families"),
    };
    let mut packet = Vec::new();
    builder.udp(1, 2).write(&mut packet, &[7; 9]).unwrap();
    packet
}

#[test]
fn destinations_table() {
    let unicast = |text: &str| Destination::Unicast(text.parse().unwrap());
    let group = |mac: &str| Destination::Multicast(mac.parse().unwrap());
    #[rustfmt::skip]
    let rows: &[(&str, Destination)] = &[
        ("10.8.0.2",         unicast("10.8.0.2")),
        ("10.8.0.255",       unicast("10.8.0.255")),
        ("0.0.0.0",          unicast("0.0.0.0")),
        ("255.255.255.255",  Destination::Broadcast),
        ("224.0.0.1",        group("01:00:5e:00:00:01")),
        ("239.255.255.255",  group("01:00:5e:7f:ff:ff")),
        ("224.128.0.5",      group("01:00:5e:00:00:05")),
        ("fd00::2",          unicast("fd00::2")),
        ("ff02::1",          group("33:33:00:00:00:01")),
        ("ff02::1:ff12:3456", group("33:33:ff:12:34:56")),
        ("ff0e::8765:4321",  group("33:33:87:65:43:21")),
    ];
    for &(destination, want) in rows {
        let destination: IpAddr = destination.parse().unwrap();
        let source: IpAddr = if destination.is_ipv4() { "10.8.0.1" } else { "fd00::1" }.parse().unwrap();
        let kind = classify(&packet(source, destination)).unwrap();
        assert_eq!((kind.source, kind.destination), (source, want), "{destination}");
        assert_eq!(kind.version == Version::V4, destination.is_ipv4(), "{destination}");
    }
}

#[test]
fn what_is_no_packet() {
    let v4 = packet("10.8.0.1".parse().unwrap(), "10.8.0.2".parse().unwrap());
    let v6 = packet("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap());
    let mut jumbo = v6.clone();
    (jumbo[4], jumbo[5], jumbo[6]) = (0, 0, 0);
    #[rustfmt::skip]
    let rows: &[(&str, &[u8])] = &[
        ("nothing",             &[]),
        ("version 0",           &[0; 60]),
        ("one byte less",       &v4[..v4.len() - 1]),
        ("header cut",          &v4[..19]),
        ("v6, one byte less",   &v6[..v6.len() - 1]),
        ("v6, header cut",      &v6[..39]),
        ("jumbogram",           &jumbo),
    ];
    for &(name, packet) in rows {
        assert_eq!(classify(packet), Err(DropReason::Malformed), "{name}");
    }
}

#[test]
fn the_header_reads_as_ethernet() {
    let (to, from) = (Mac([0, 1, 2, 3, 4, 5]), Mac([6, 7, 8, 9, 10, 11]));
    for (version, protocol) in [(Version::V4, EthernetProtocol::Ipv4), (Version::V6, EthernetProtocol::Ipv6)] {
        let bytes = header(to, from, version);
        let frame = EthernetFrame::new_checked(&bytes[..]).unwrap();
        assert_eq!(frame.dst_addr().0, to.0);
        assert_eq!(frame.src_addr().0, from.0);
        assert_eq!(frame.ethertype(), protocol);
    }
}

proptest! {
    #[test]
    fn any_bytes(packet in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = classify(&packet);
    }

    /// What was wrapped is stripped to the same bytes, whatever pads the frame.
    #[test]
    fn there_and_back(six in any::<bool>(), a in any::<u128>(), b in any::<u128>(), padding in 0usize..30) {
        let address = |bits: u128| if six { IpAddr::V6(bits.into()) } else { IpAddr::V4((bits as u32).into()) };
        let packet = packet(address(a), address(b));
        let kind = classify(&packet).unwrap();
        prop_assert_eq!(kind.bytes, packet.len());
        prop_assert_eq!(classify(&[&packet[..], &[0xee; 3]].concat()), Ok(kind), "what follows is no part of it");
        let mut frame = header(Mac::BROADCAST, Mac([2; 6]), kind.version).to_vec();
        frame.extend_from_slice(&packet);
        frame.resize(frame.len() + padding, 0xee);
        let Ok(Stripped::Packet(found)) = strip(&frame, frame.len(), None, &Offload::default()) else {
            panic!("not stripped")
        };
        prop_assert_eq!(&frame[found.start..found.start + found.bytes], &packet[..]);
        prop_assert_eq!((found.source, found.destination), (address(a), address(b)));
        prop_assert_eq!(found.version, kind.version);
    }
}
