extern crate std;
use super::*;
use etherparse::{Icmpv4Type, Icmpv6Type, PacketBuilder, icmpv4, icmpv6};
use proptest::prelude::*;
use smoltcp::wire::{Icmpv4Packet, Icmpv6Packet, Ipv4Packet, Ipv6Packet};
use std::vec::Vec;

const HOST: [u8; 4] = [192, 168, 7, 1];
const HOST6: &str = "fd00::1";

fn v4(source: [u8; 4], destination: [u8; 4], payload: usize) -> Vec<u8> {
    let mut packet = Vec::new();
    let header = etherparse::Ipv4Header {
        dont_fragment: true,
        source,
        destination,
        ..etherparse::Ipv4Header::new(0, 64, etherparse::IpNumber::UDP, source, destination).unwrap()
    };
    PacketBuilder::ip(etherparse::IpHeaders::Ipv4(header, Default::default()))
        .udp(1000, 2000)
        .write(&mut packet, &std::vec![9; payload])
        .unwrap();
    packet
}

fn v6(source: &str, destination: &str, payload: usize) -> Vec<u8> {
    let octets = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
    let mut packet = Vec::new();
    PacketBuilder::ipv6(octets(source), octets(destination), 64)
        .udp(1000, 2000)
        .write(&mut packet, &std::vec![9; payload])
        .unwrap();
    packet
}

/// The packet with some octets changed.
fn with(mut packet: Vec<u8>, changes: &[(usize, u8)]) -> Vec<u8> {
    for &(at, octet) in changes {
        packet[at] = octet;
    }
    packet
}

/// Two parsers accept the error; returns its type as etherparse has it, and the quote.
fn check_v4(error: &[u8], to: [u8; 4]) -> (Icmpv4Type, Vec<u8>) {
    let ip = Ipv4Packet::new_checked(error).unwrap();
    assert!(ip.verify_checksum());
    assert_eq!(usize::from(ip.total_len()), error.len());
    assert_eq!((ip.src_addr().octets(), ip.dst_addr().octets()), (HOST, to));
    assert!(Icmpv4Packet::new_checked(ip.payload()).unwrap().verify_checksum());
    let icmp = etherparse::Icmpv4Slice::from_slice(ip.payload()).unwrap();
    (icmp.icmp_type(), icmp.payload().to_vec())
}

fn check_v6(error: &[u8], to: &str) -> (Icmpv6Type, Vec<u8>) {
    let ip = Ipv6Packet::new_checked(error).unwrap();
    assert_eq!(ip.total_len(), error.len());
    let (from, to): (Ipv6Addr, Ipv6Addr) = (HOST6.parse().unwrap(), to.parse().unwrap());
    assert_eq!((ip.src_addr(), ip.dst_addr()), (from, to));
    assert!(Icmpv6Packet::new_checked(ip.payload()).unwrap().verify_checksum(&from, &to));
    let icmp = etherparse::Icmpv6Slice::from_slice(ip.payload()).unwrap();
    assert!(icmp.is_checksum_valid(from.octets(), to.octets()));
    (icmp.icmp_type(), icmp.payload().to_vec())
}

#[test]
fn ipv4_is_told_the_mtu_and_what_was_too_big() {
    for (payload, quoted) in [(1472, 548), (520, 548), (519, 547), (1, 29)] {
        let packet = v4([10, 0, 0, 5], [10, 8, 0, 2], payload);
        let mut room = [0xee; MAX_BYTES];
        let bytes = too_big(&packet, 1400, HOST.into(), &mut room).unwrap();
        let (kind, quote) = check_v4(&room[..bytes], [10, 0, 0, 5]);
        let needed = icmpv4::DestUnreachableHeader::FragmentationNeeded { next_hop_mtu: 1400 };
        assert_eq!(kind, Icmpv4Type::DestinationUnreachable(needed));
        assert_eq!(quote, packet[..quoted], "{payload}");
        assert!(room[bytes..].iter().all(|&octet| octet == 0xee));
    }
}

#[test]
fn ipv6_is_told_the_mtu_and_what_was_too_big() {
    for (payload, quoted, mtu_bytes, told) in [(1452, 1232, 1400, 1400), (10, 58, 9000, 9000), (1232, 1232, 1000, 1280)]
    {
        let packet = v6("fd00:5::5", "fd00:8::2", payload);
        let mut room = [0; MAX_BYTES];
        let bytes = too_big(&packet, mtu_bytes, HOST6.parse().unwrap(), &mut room).unwrap();
        let (kind, quote) = check_v6(&room[..bytes], "fd00:5::5");
        assert_eq!(kind, Icmpv6Type::PacketTooBig { mtu: told });
        assert_eq!(quote, packet[..quoted], "{payload}");
    }
}

#[test]
fn nobody_there() {
    let mut room = [0; MAX_BYTES];
    let packet = v4([10, 0, 0, 5], [10, 8, 0, 2], 30);
    let bytes = unreachable(&packet, HOST.into(), &mut room).unwrap();
    let (kind, quote) = check_v4(&room[..bytes], [10, 0, 0, 5]);
    assert_eq!(kind, Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::Host));
    assert_eq!(quote, packet);

    let packet = v6("fd00:5::5", "fd00:8::2", 31);
    let bytes = unreachable(&packet, HOST6.parse().unwrap(), &mut room).unwrap();
    let (kind, quote) = check_v6(&room[..bytes], "fd00:5::5");
    assert_eq!(kind, Icmpv6Type::DestinationUnreachable(icmpv6::DestUnreachableCode::Address));
    assert_eq!(quote, packet);
}

#[test]
fn padding_is_not_quoted_and_a_small_room_quotes_less() {
    let mut packet = v4([10, 0, 0, 5], [10, 8, 0, 2], 100);
    packet.extend_from_slice(&[0; 20]);
    let mut room = [0; MAX_BYTES];
    let bytes = too_big(&packet, 68, HOST.into(), &mut room).unwrap();
    assert_eq!(check_v4(&room[..bytes], [10, 0, 0, 5]).1, packet[..128]);
    let bytes = too_big(&packet, 68, HOST.into(), &mut room[..57]).unwrap();
    assert_eq!(check_v4(&room[..bytes], [10, 0, 0, 5]).1, packet[..29]);
    assert!(too_big(&packet, 68, HOST.into(), &mut room[..56]).is_some(), "header and eight octets");
    assert_eq!(too_big(&packet, 68, HOST.into(), &mut room[..55]), None);
    assert_eq!(too_big(&packet, 68, HOST.into(), &mut []), None);

    let packet = v6("fd00:5::5", "fd00:8::2", 100);
    let from = HOST6.parse().unwrap();
    assert_eq!(too_big(&packet, 1280, from, &mut room[..96]), Some(96));
    assert_eq!(too_big(&packet, 1280, from, &mut room[..95]), None);
}

/// Whom no error may be sent, and about what (RFC 1122 §3.2.2, RFC 4443 §2.4 (e)).
#[test]
fn silence_table() {
    let ours = || v4([10, 0, 0, 5], [10, 8, 0, 2], 1472);
    let icmp = |kind| with(ours(), &[(9, 1), (20, kind)]);
    let from = |source| v4(source, [10, 8, 0, 2], 1472);
    let to = |destination| v4([10, 0, 0, 5], destination, 1472);
    let six = || v6("fd00:5::5", "fd00:8::2", 1452);
    let icmp6 = |kind| with(six(), &[(6, 58), (40, kind)]);
    // A destination options header of eight octets stands where UDP was.
    let behind = |next, kind| with(six(), &[(6, 60), (40, next), (41, 0), (48, kind)]);
    let fragment = |next, offset| with(six(), &[(6, 44), (40, next), (41, 0), (42, offset), (43, 1), (48, 1)]);
    #[rustfmt::skip]
    let rows: &[(&str, Vec<u8>, bool, bool)] = &[
        // name                      packet                              too big  unreachable
        ("UDP",                      ours(),                             true,    true),
        ("may be fragmented",        with(ours(), &[(6, 0)]),            false,   true),
        ("first fragment",           with(ours(), &[(6, 0x60)]),         true,    true),
        ("later fragment",           with(ours(), &[(6, 0x40), (7, 1)]), false,   false),
        ("echo request",             icmp(8),                            true,    true),
        ("unreachable",              icmp(3),                            false,   false),
        ("source quench",            icmp(4),                            false,   false),
        ("redirect",                 icmp(5),                            false,   false),
        ("time exceeded",            icmp(11),                           false,   false),
        ("parameter problem",        icmp(12),                           false,   false),
        ("ICMP, type not there",     with(ours(), &[(9, 1)])[..20].to_vec(), false, false),
        ("no source",                from([0, 0, 0, 0]),                 false,   false),
        ("network zero",             from([0, 1, 2, 3]),                 false,   false),
        ("loopback",                 from([127, 0, 0, 1]),               false,   false),
        ("group as source",          from([224, 0, 0, 1]),               false,   false),
        ("class E as source",        from([240, 0, 0, 1]),               false,   false),
        ("broadcast as source",      from([255; 4]),                     false,   false),
        ("to a group",               to([239, 1, 2, 3]),                 false,   false),
        ("to all",                   to([255; 4]),                       false,   false),
        ("header cut",               ours()[..19].to_vec(),              false,   false),
        ("version 5",                with(ours(), &[(0, 0x55)]),         false,   false),
        ("UDP6",                     six(),                              true,    true),
        ("echo request 6",           icmp6(128),                         true,    true),
        ("error 6",                  icmp6(2),                           false,   false),
        ("unknown error 6",          icmp6(127),                         false,   false),
        ("redirect 6",               icmp6(137),                         false,   false),
        ("error behind options",     behind(58, 1),                      false,   false),
        ("echo behind options",      behind(58, 129),                    true,    true),
        ("options without end",      with(six(), &[(6, 60), (40, 60), (41, 255)]), false, false),
        ("first fragment of an error", fragment(58, 0),                  false,   false),
        ("later fragment of ICMPv6", fragment(58, 1),                    false,   false),
        ("later fragment of UDP",    fragment(17, 1),                    true,    true),
        ("no source 6",              v6("::", "fd00:8::2", 1452),        false,   false),
        ("loopback 6",               v6("::1", "fd00:8::2", 1452),       false,   false),
        ("group as source 6",        v6("ff02::1", "fd00:8::2", 1452),   false,   false),
        ("to a group 6",             v6("fd00:5::5", "ff05::1", 1452),   true,    false),
    ];
    let mut room = [0; MAX_BYTES];
    for (name, packet, big, absent) in rows {
        let host: IpAddr = if packet[0] >> 4 == 6 { HOST6.parse().unwrap() } else { HOST.into() };
        assert_eq!(too_big(packet, 1300, host, &mut room).is_some(), *big, "{name}: too big");
        assert_eq!(unreachable(packet, host, &mut room).is_some(), *absent, "{name}: unreachable");
    }
    for (name, packet, host) in [
        ("source of the other family", ours(), HOST6),
        ("source of the other family 6", six(), "192.168.7.1"),
        ("source of nobody", ours(), "0.0.0.0"),
        ("source of nobody 6", six(), "::"),
    ] {
        assert_eq!(too_big(&packet, 1300, host.parse().unwrap(), &mut room), None, "{name}");
    }
}

proptest! {
    /// Whatever arrives: no panic; an error has valid checksums, its length is its limit's, it never draws another.
    #[test]
    fn any_packet(
        mut packet in proptest::collection::vec(any::<u8>(), 0..1500),
        first in prop_oneof![Just(0x45u8), Just(0x46), Just(0x60), any::<u8>()],
        protocol in prop_oneof![Just(17u8), Just(58), Just(44), Just(0), Just(1)],
        room_bytes in 0usize..1400,
        mtu_bytes in any::<u32>(),
    ) {
        let length = packet.len() as u16;
        if packet.len() >= 40 {
            packet[0] = first;
            let six = first >> 4 == 6;
            let at = if six { 4 } else { 2 };
            packet[at..at + 2].copy_from_slice(&(if six { length - 40 } else { length }).to_be_bytes());
            packet[if six { 6 } else { 9 }] = protocol;
            if !six {
                packet[6..8].copy_from_slice(&[0x40, 0]);
            }
        }
        let mut room = std::vec![0; room_bytes];
        let from: IpAddr = if first >> 4 == 6 { HOST6.parse().unwrap() } else { HOST.into() };
        for unreached in [false, true] {
            let written = if unreached { unreachable(&packet, from, &mut room) }
                else { too_big(&packet, mtu_bytes, from, &mut room) };
            let Some(bytes) = written else { continue };
            let error = &room[..bytes];
            let quote = if first >> 4 == 6 {
                prop_assert!(bytes <= 1280);
                let source: [u8; 16] = packet[8..24].try_into().unwrap();
                check_v6(error, &std::format!("{}", Ipv6Addr::from_octets(source))).1
            } else {
                prop_assert!(bytes <= 576);
                check_v4(error, packet[12..16].try_into().unwrap()).1
            };
            prop_assert_eq!(&quote[..], &packet[..quote.len()]);
            let limit = if first >> 4 == 6 { 1232 } else { 548 };
            let head = if first >> 4 == 6 { 48 } else { 28 };
            prop_assert_eq!(quote.len(), packet.len().min(limit).min(room_bytes - head), "as much as allowed");
            let mut again = [0; MAX_BYTES];
            prop_assert_eq!(too_big(error, 68, from, &mut again), None);
        }
    }
}
