extern crate std;
use super::*;
use frame::offload::Gso;
use proptest::prelude::*;
use std::vec::Vec;

const TAG_0: [u8; 4] = [0x81, 0, 0xe0, 0];
const TAG_5: [u8; 4] = [0x81, 0, 0, 5];

/// Addresses, tags, EtherType, packet, zeros up to `bytes`.
fn frame(tags: &[[u8; 4]], ether_type: u16, packet: &[u8], bytes: usize) -> Vec<u8> {
    let mut frame = [[2; 12].as_slice(), &tags.concat(), &ether_type.to_be_bytes(), packet].concat();
    frame.resize(bytes.max(frame.len()), 0);
    frame
}

/// A packet of version 4 that states `total` bytes in all, in a header of `words`.
fn v4(words: u8, total: u16, have: usize) -> Vec<u8> {
    let mut packet = std::vec![0; have];
    packet[0] = 0x40 | words;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet[9] = UDP;
    packet[12..20].copy_from_slice(&[10, 8, 0, 1, 10, 8, 0, 2]);
    packet
}

/// A packet of version 6 that states `payload` bytes behind its header; `rest` is what there is of them.
fn v6(next: u8, payload: u16, rest: &[u8]) -> Vec<u8> {
    let mut packet = std::vec![0; 40];
    packet[0] = 0x60;
    packet[4..6].copy_from_slice(&payload.to_be_bytes());
    packet[6] = next;
    (packet[8], packet[23], packet[24], packet[39]) = (0xfd, 1, 0xfd, 2);
    packet.extend_from_slice(rest);
    packet
}

/// Where the packet starts, its bytes, and whether it goes to the neighbours' protocol.
fn place(stripped: Stripped) -> (usize, usize, &'static str) {
    match stripped {
        Stripped::Packet(packet) => (packet.start, packet.bytes, "packet"),
        Stripped::MaybeNeighbour(packet) => (packet.start, packet.bytes, "neighbour"),
        Stripped::Arp { start } => (start, 0, "arp"),
    }
}

#[test]
fn frames_table() {
    use DropReason::{Malformed, NotIp, VlanEgress, VlanInvalid, VlanNested};
    let whole = v4(5, 28, 28);
    let six = v6(UDP, 8, &[0; 8]);
    let solicitation = [135; 24];
    let behind_options = [[ICMPV6, 0, 0, 0, 0, 0, 0, 0].as_slice(), &[136; 24]].concat();
    let first_fragment = [[ICMPV6, 0, 0, 1, 0, 0, 0, 0].as_slice(), &[135; 24]].concat();
    let later_fragment = [[ICMPV6, 0, 0, 9, 0, 0, 0, 0].as_slice(), &[135; 24]].concat();
    type Row<'a> = (&'static str, Vec<u8>, Result<(usize, usize, &'a str), DropReason>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("padded",               frame(&[], 0x0800, &whole, 60),               Ok((14, 28, "packet"))),
        ("unpadded",             frame(&[], 0x0800, &whole, 0),                Ok((14, 28, "packet"))),
        ("options",              frame(&[], 0x0800, &v4(15, 60, 60), 0),       Ok((14, 60, "packet"))),
        ("header alone",         frame(&[], 0x0800, &v4(5, 20, 20), 0),        Ok((14, 20, "packet"))),
        ("priority tag",         frame(&[TAG_0], 0x0800, &whole, 64),          Ok((18, 28, "packet"))),
        ("service priority tag", frame(&[[0x88, 0xa8, 0, 0]], 0x0800, &whole, 0), Ok((18, 28, "packet"))),
        ("version 6",            frame(&[], 0x86dd, &six, 0),                  Ok((14, 48, "packet"))),
        ("version 6, padded",    frame(&[], 0x86dd, &six, 64),                 Ok((14, 48, "packet"))),
        ("nothing follows",      frame(&[], 0x86dd, &v6(59, 0, &[]), 60),      Ok((14, 40, "packet"))),
        ("ARP",                  frame(&[], 0x0806, &[0; 28], 60),             Ok((14, 0, "arp"))),
        ("ARP, priority tag",    frame(&[TAG_0], 0x0806, &[0; 28], 60),        Ok((18, 0, "arp"))),
        ("solicitation",         frame(&[], 0x86dd, &v6(ICMPV6, 24, &solicitation), 0), Ok((14, 64, "neighbour"))),
        ("advertisement behind options", frame(&[], 0x86dd, &v6(0, 32, &behind_options), 0), Ok((14, 72, "neighbour"))),
        ("first fragment of it", frame(&[], 0x86dd, &v6(44, 32, &first_fragment), 0), Ok((14, 72, "neighbour"))),
        ("later fragment",       frame(&[], 0x86dd, &v6(44, 32, &later_fragment), 0), Ok((14, 72, "packet"))),
        ("router solicitation",  frame(&[], 0x86dd, &v6(ICMPV6, 24, &[133; 24]), 0),  Ok((14, 64, "packet"))),
        ("type not there",       frame(&[], 0x86dd, &v6(ICMPV6, 0, &[]), 0),   Ok((14, 40, "packet"))),
        ("a VLAN",               frame(&[TAG_5], 0x0800, &whole, 0),           Err(VlanEgress)),
        ("ARP in a VLAN",        frame(&[TAG_5], 0x0806, &[0; 28], 0),         Err(VlanEgress)),
        ("VLAN 4095",            frame(&[[0x81, 0, 0x0f, 0xff]], 0x0800, &whole, 0), Err(VlanInvalid)),
        ("tag in priority tag",  frame(&[TAG_0, TAG_0], 0x0800, &whole, 0),    Err(VlanNested)),
        ("old service tag",      frame(&[[0x91, 0, 0, 0]], 0x0800, &whole, 0), Err(VlanNested)),
        ("spanning tree",        frame(&[], 38, &[0x42, 0x42, 3], 60),         Err(NotIp)),
        ("LLDP",                 frame(&[], 0x88cc, &whole, 60),               Err(NotIp)),
        ("runt",                 std::vec![2; 13],                             Err(Malformed)),
        ("tag cut short",        frame(&[], 0x8100, &[0, 0, 8], 0),            Err(Malformed)),
        ("no packet",            frame(&[], 0x0800, &[], 0),                   Err(Malformed)),
        ("version 5",            frame(&[], 0x0800, &[0x55; 40], 0),           Err(Malformed)),
        ("version 6 as 4",       frame(&[], 0x0800, &six, 0),                  Err(Malformed)),
        ("version 4 as 6",       frame(&[], 0x86dd, &v4(5, 60, 60), 0),        Err(Malformed)),
        ("header of 19",         frame(&[], 0x0800, &v4(5, 20, 20)[..19], 0),  Err(Malformed)),
        ("4 words of header",    frame(&[], 0x0800, &v4(4, 28, 28), 0),        Err(Malformed)),
        ("total within header",  frame(&[], 0x0800, &v4(6, 23, 60), 0),        Err(Malformed)),
        ("total zero",           frame(&[], 0x0800, &v4(5, 0, 28), 0),         Err(Malformed)),
        ("total past the frame", frame(&[], 0x0800, &v4(5, 29, 28), 0),        Err(Malformed)),
        ("options past it",      frame(&[], 0x0800, &v4(6, 24, 23), 0),        Err(Malformed)),
        ("header of 39",         frame(&[], 0x86dd, &six[..39], 0),            Err(Malformed)),
        ("payload past it",      frame(&[], 0x86dd, &v6(UDP, 9, &[0; 8]), 0),  Err(Malformed)),
        ("jumbogram",            frame(&[], 0x86dd, &v6(0, 0, &[0; 8]), 0),    Err(Malformed)),
    ];
    for (name, frame, want) in rows {
        let got = strip(frame, frame.len(), None, &Offload::default()).map(place);
        assert_eq!(got, *want, "{name}");
    }
}

#[test]
fn a_stripped_tag_is_judged_alike() {
    let bytes = frame(&[], 0x0800, &v4(5, 28, 28), 60);
    let tag = |tci| Some(Tag { tpid: EtherType::VLAN, tci });
    let at = |tag| strip(&bytes, bytes.len(), tag, &Offload::default()).map(place);
    assert_eq!(at(tag(0x6000)), Ok((14, 28, "packet")));
    assert_eq!(at(tag(7)), Err(DropReason::VlanEgress));
    let nested = frame(&[TAG_0], 0x0800, &v4(5, 28, 28), 60);
    assert_eq!(strip(&nested, 60, tag(0), &Offload::default()), Err(DropReason::VlanNested));
}

#[test]
fn addresses_and_their_kind() {
    #[rustfmt::skip]
    let rows: &[(&str, &str, Cast)] = &[
        ("one",                    "10.8.0.2",        Cast::Unicast),
        ("a network's broadcast",  "10.8.0.255",      Cast::Unicast),
        ("all",                    "255.255.255.255", Cast::Broadcast),
        ("first group",            "224.0.0.0",       Cast::Multicast),
        ("last group",             "239.255.255.255", Cast::Multicast),
        ("reserved",               "240.0.0.1",       Cast::Unicast),
        ("one of version 6",       "fd00::2",         Cast::Unicast),
        ("group of version 6",     "ff02::1",         Cast::Multicast),
    ];
    for &(name, destination, cast) in rows {
        let destination: IpAddr = destination.parse().unwrap();
        let bytes = match destination {
            IpAddr::V4(v4_address) => {
                let mut packet = v4(5, 20, 20);
                packet[16..20].copy_from_slice(&v4_address.octets());
                frame(&[], 0x0800, &packet, 0)
            }
            IpAddr::V6(v6_address) => {
                let mut packet = v6(59, 0, &[]);
                packet[24..40].copy_from_slice(&v6_address.octets());
                frame(&[], 0x86dd, &packet, 0)
            }
        };
        let Ok(Stripped::Packet(packet)) = strip(&bytes, bytes.len(), None, &Offload::default()) else {
            panic!("{name}: no packet")
        };
        assert_eq!((packet.destination, packet.cast), (destination, cast), "{name}");
        let source: IpAddr = if destination.is_ipv4() { "10.8.0.1" } else { "fd00::1" }.parse().unwrap();
        assert_eq!(packet.source, source, "{name}");
    }
}

#[test]
fn super_packets_and_sums() {
    let sum = |csum_start, csum_offset| Offload { needs_checksum: true, csum_start, csum_offset, ..Offload::default() };
    let gso = |gso| Offload { gso, segment_bytes: 1448, ..Offload::default() };
    let udp = || v4(5, 28, 28);
    type Row = (&'static str, Vec<u8>, usize, Offload, Result<(usize, usize, &'static str), DropReason>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                     packet              frame   offload             result
        ("64 KiB, head alone seen", v4(5, 65_535, 242), 65_549, gso(Gso::TcpV4),    Ok((14, 65_535, "packet"))),
        ("one byte less there",     v4(5, 65_535, 242), 65_548, gso(Gso::TcpV4),    Err(DropReason::Malformed)),
        ("length zero",             v4(5, 0, 242),      70_000, gso(Gso::TcpV4),    Err(DropReason::Offload)),
        ("v6, 64 KiB",              v6(TCP, 65_535, &[0; 202]), 65_589, gso(Gso::TcpV6), Ok((14, 65_575, "packet"))),
        ("v6, length zero",         v6(TCP, 0, &[0; 202]), 70_000, gso(Gso::TcpV6), Err(DropReason::Offload)),
        ("v6, jumbogram",           v6(0, 0, &[0; 202]), 70_000, gso(Gso::TcpV6),   Err(DropReason::Offload)),
        ("sum of UDP",              udp(),              60,     sum(34, 6),         Ok((14, 28, "packet"))),
        ("sum's field past the end", udp(),             60,     sum(34, 7),         Err(DropReason::Offload)),
        ("sum in the padding",      udp(),              60,     sum(42, 0),         Err(DropReason::Offload)),
        ("sum of the IP header",    udp(),              60,     sum(14, 10),        Err(DropReason::Offload)),
        ("sum far outside",         udp(),              60,     sum(u16::MAX, u16::MAX), Err(DropReason::Offload)),
    ];
    for (name, packet, frame_bytes, offload, want) in rows {
        let ether_type = if packet[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
        let head = frame(&[], ether_type, packet, (*frame_bytes).min(256));
        assert_eq!(strip(&head, *frame_bytes, None, offload).map(place), *want, "{name}");
    }
}

/// Frames that get past the first checks often enough.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let ether_type = prop_oneof![Just(0x0800u16), Just(0x86dd), Just(0x8100), Just(0x0806), any::<u16>()];
    let first = prop_oneof![0x44u8..=0x4f, Just(0x60), any::<u8>()];
    (ether_type, first, proptest::collection::vec(prop_oneof![Just(0u8), Just(44), any::<u8>()], 0..120)).prop_map(
        |(ether_type, first, mut packet)| {
            if let Some(octet) = packet.first_mut() {
                *octet = first;
            }
            frame(&[], ether_type, &packet, 0)
        },
    )
}

proptest! {
    /// What is found lies in the frame, and two independent parsers agree on its length.
    #[test]
    fn what_is_found_is_a_packet(bytes in hostile(), cut in 0usize..16, start in any::<u16>(), offset in 0u16..64) {
        let bytes = &bytes[..bytes.len().saturating_sub(cut)];
        let offload = Offload { needs_checksum: cut == 3, csum_start: start, csum_offset: offset, ..Offload::default() };
        let Ok(Stripped::Packet(packet) | Stripped::MaybeNeighbour(packet)) = strip(bytes, bytes.len(), None, &offload)
        else { return Ok(()) };
        let found = &bytes[packet.start..packet.start + packet.bytes];
        match packet.version {
            Version::V4 => {
                let header = etherparse::Ipv4HeaderSlice::from_slice(found).unwrap();
                prop_assert_eq!(usize::from(header.total_len()), packet.bytes);
                prop_assert_eq!(IpAddr::V4(header.destination_addr()), packet.destination);
                prop_assert!(smoltcp::wire::Ipv4Packet::new_checked(found).is_ok());
            }
            Version::V6 => {
                let header = etherparse::Ipv6HeaderSlice::from_slice(found).unwrap();
                prop_assert_eq!(usize::from(header.payload_length()) + 40, packet.bytes);
                prop_assert_eq!(IpAddr::V6(header.source_addr()), packet.source);
                prop_assert!(smoltcp::wire::Ipv6Packet::new_checked(found).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80), frame_bytes in 0usize..100) {
        let _ = strip(&bytes, frame_bytes, None, &Offload::default());
    }
}
