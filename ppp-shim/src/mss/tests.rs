extern crate std;
use super::*;
use etherparse::PacketBuilder;
use frame::HEADER_BYTES;
use frame::offload::finish_checksum;
use proptest::prelude::*;
use smoltcp::wire::{IpAddress, TcpPacket};
use std::vec::Vec;

const A4: [u8; 4] = [10, 0, 0, 1];
const B4: [u8; 4] = [10, 8, 0, 2];
const A6: [u8; 16] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const B6: [u8; 16] = [0xfd, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const MSS_1460: [u8; 4] = [2, 4, 0x05, 0xb4];

/// A TCP packet with valid checksums.
fn tcp(version: Version, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    let write = |step: etherparse::PacketBuilderStep<etherparse::TcpHeader>, packet: &mut Vec<u8>| {
        step.options_raw(options).unwrap().write(packet, payload).unwrap();
    };
    match version {
        Version::V4 => write(PacketBuilder::ipv4(A4, B4, 64).tcp(1, 2, 3, 4), &mut packet),
        Version::V6 => write(PacketBuilder::ipv6(A6, B6, 64).tcp(1, 2, 3, 4), &mut packet),
    }
    let start = ip_bytes(version);
    packet[start + 13] = flags;
    fill(&mut packet, version, start);
    packet
}

fn ip_bytes(version: Version) -> usize {
    match version {
        Version::V4 => 20,
        Version::V6 => 40,
    }
}

fn addresses(version: Version) -> (IpAddress, IpAddress) {
    match version {
        Version::V4 => (IpAddress::Ipv4(A4.into()), IpAddress::Ipv4(B4.into())),
        Version::V6 => (IpAddress::Ipv6(A6.into()), IpAddress::Ipv6(B6.into())),
    }
}

fn fill(packet: &mut [u8], version: Version, start: usize) {
    let (a, b) = addresses(version);
    TcpPacket::new_unchecked(&mut packet[start..]).fill_checksum(&a, &b);
}

fn valid(packet: &[u8], version: Version, start: usize) -> bool {
    let (a, b) = addresses(version);
    TcpPacket::new_unchecked(&packet[start..]).verify_checksum(&a, &b)
}

/// Puts extension headers of eight octets between the IPv6 header and TCP.
fn extended(mut packet: Vec<u8>, kinds: &[u8]) -> Vec<u8> {
    for &kind in kinds.iter().rev() {
        let next = packet[6];
        packet.splice(40..40, [next, 0, 0, 0, 0, 0, 0, 0]);
        packet[6] = kind;
    }
    let payload = (packet.len() - 40) as u16;
    packet[4..6].copy_from_slice(&payload.to_be_bytes());
    packet
}

#[test]
fn options_table() {
    type Row<'a> = (&'static str, u8, &'a [u8], u16, Option<&'a [u8]>);
    let cases: &[Row] = &[
        ("larger", SYN, &MSS_1460, 1360, Some(&[2, 4, 0x05, 0x50])),
        ("in the answer", SYN | 0x10, &MSS_1460, 1360, Some(&[2, 4, 0x05, 0x50])),
        ("the same", SYN, &MSS_1460, 1460, None),
        ("smaller", SYN, &MSS_1460, 1461, None),
        ("none", SYN, &[], 1360, None),
        ("no SYN", 0x10, &MSS_1460, 1360, None),
        ("at an odd place", SYN, &[1, 2, 4, 0x05, 0xb4, 0, 0, 0], 1360, Some(&[1, 2, 4, 0x05, 0x50, 0, 0, 0])),
        (
            "behind others",
            SYN,
            &[3, 3, 7, 4, 2, 1, 2, 4, 0xff, 0xff, 0, 0],
            88,
            Some(&[3, 3, 7, 4, 2, 1, 2, 4, 0, 88, 0, 0]),
        ),
        (
            "twice",
            SYN,
            &[2, 4, 5, 0xb4, 1, 2, 4, 9, 9, 0, 0, 0],
            1360,
            Some(&[2, 4, 5, 0x50, 1, 2, 4, 5, 0x50, 0, 0, 0]),
        ),
        ("behind the end", SYN, &[0, 2, 4, 5, 0xb4, 0, 0, 0], 1360, None),
        ("of length 3", SYN, &[2, 3, 5, 0xb4], 1360, None),
        ("behind length 0", SYN, &[9, 0, 2, 4, 5, 0xb4, 0, 0], 1360, None),
        ("behind length 1", SYN, &[9, 1, 2, 4, 5, 0xb4, 0, 0], 1360, None),
        ("whole, and past the header", SYN, &[2, 4, 5, 0xb4, 1, 1, 2, 4], 1360, Some(&[2, 4, 5, 0x50, 1, 1, 2, 4])),
        ("past the header", SYN, &[1, 1, 2, 4], 1360, None),
        ("inside another", SYN, &[9, 6, 2, 4, 5, 0xb4, 1, 1], 1360, None),
        ("length past the header", SYN, &[9, 40, 2, 4, 5, 0xb4, 1, 1], 1360, None),
    ];
    for version in [Version::V4, Version::V6] {
        for &(name, flags, options, mss_bytes, want) in cases {
            let before = tcp(version, flags, options, b"data");
            let mut packet = before.clone();
            let clamped = clamp(&mut packet, &Offload::default(), mss_bytes);
            assert_eq!(clamped == Clamped::Lowered, want.is_some(), "{name}, {version:?}");
            match want {
                None => assert_eq!(packet, before, "{name}, {version:?}"),
                Some(want) => {
                    let start = ip_bytes(version);
                    assert_eq!(&packet[start + 20..start + 20 + want.len()], want, "{name}, {version:?}");
                    assert!(valid(&packet, version, start), "{name}, {version:?}");
                }
            }
        }
    }
}

#[test]
fn headers_table() {
    use Version::{V4, V6};
    let syn = |version| tcp(version, SYN, &MSS_1460, &[]);
    let with = |mut packet: Vec<u8>, changes: &[(usize, u8)]| {
        for &(at, octet) in changes {
            packet[at] = octet;
        }
        packet
    };
    let v4_options = || {
        let mut packet = syn(V4);
        packet.splice(20..20, [1, 1, 1, 0]);
        (packet[0], packet[3]) = (0x46, packet[3] + 4);
        packet
    };
    let fragmented = |offset| {
        let mut packet = extended(syn(V6), &[44]);
        packet[43] = offset;
        packet
    };
    type Row = (&'static str, Vec<u8>, Option<(Version, usize)>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("IPv4 options",            v4_options(),                         Some((V4, 24))),
        ("first fragment",          with(syn(V4), &[(6, 0x20)]),          Some((V4, 20))),
        ("later fragment",          with(syn(V4), &[(7, 1)]),             None),
        ("not TCP",                 with(syn(V4), &[(9, 17)]),            None),
        ("hop-by-hop options",      extended(syn(V6), &[0]),              Some((V6, 48))),
        ("all that may be",         extended(syn(V6), &[0, 60, 43, 60]),  Some((V6, 72))),
        ("ten of them",             extended(syn(V6), &[60; 10]),         Some((V6, 120))),
        ("more than anyone sends",  extended(syn(V6), &[60; 11]),         None),
        ("first fragment of v6",    fragmented(1),                        Some((V6, 48))),
        ("later fragment of v6",    fragmented(9),                        None),
        ("authenticated",           extended(syn(V6), &[51]),             None),
        ("header past the packet",  with(syn(V4), &[(32, 0xf0)]),         None),
        ("header of four words",    with(syn(V4), &[(32, 0x40)]),         None),
        ("header past the total length", with(syn(V4), &[(3, 42)]),       None),
        ("cut short",               syn(V4)[..43].to_vec(),               None),
    ];
    for (name, before, want) in rows {
        let mut packet = before.clone();
        let clamped = clamp(&mut packet, &Offload::default(), 1000);
        match *want {
            Some((version, start)) => {
                assert_eq!(clamped, Clamped::Lowered, "{name}");
                assert_eq!(packet[start + 20..start + 24], [2, 4, 0x03, 0xe8], "{name}");
                assert!(valid(&packet, version, start), "{name}");
            }
            None => assert_eq!((clamped, &packet), (Clamped::Left, before), "{name}"),
        }
    }
}

#[test]
fn sizes_for_an_mtu() {
    for (mtu_bytes, v4, v6) in [(1500, 1460, 1440), (1280, 1240, 1220), (39, 0, 0), (1 << 20, u16::MAX, u16::MAX)] {
        assert_eq!((of_mtu(mtu_bytes, Version::V4), of_mtu(mtu_bytes, Version::V6)), (v4, v6), "{mtu_bytes}");
    }
}

/// The packet in a frame, its TCP checksum left to be summed as a sender does: the field has the pseudo header's sum.
fn half_summed(packet: &[u8], version: Version) -> (Vec<u8>, Offload) {
    let start = ip_bytes(version);
    let ether_type = version.ether_type().0.to_be_bytes();
    let mut frame = [&[2; 12][..], &ether_type, packet].concat();
    let (a, b) = addresses(version);
    let pseudo =
        smoltcp::wire::checksum::pseudo_header(&a, &b, smoltcp::wire::IpProtocol::Tcp, (packet.len() - start) as u32);
    let csum_start = HEADER_BYTES + start;
    frame[csum_start + 16..csum_start + 18].copy_from_slice(&pseudo.to_be_bytes());
    let state = Offload { needs_checksum: true, csum_start: csum_start as u16, csum_offset: 16, ..Offload::default() };
    (frame, state)
}

proptest! {
    /// A size is never raised, nothing else changes, and the checksum is valid whether it was summed before or after.
    #[test]
    fn checksums_stay_valid(
        six in any::<bool>(), mss in any::<u16>(), limit in any::<u16>(), odd in any::<bool>(),
        payload in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let version = if six { Version::V6 } else { Version::V4 };
        let [hi, lo] = mss.to_be_bytes();
        let options = if odd { [1, 2, 4, hi, lo, 1, 1, 0] } else { [2, 4, hi, lo, 1, 1, 1, 0] };
        let before = tcp(version, SYN, &options, &payload);
        let start = ip_bytes(version);

        let mut packet = before.clone();
        let clamped = clamp(&mut packet, &Offload::default(), limit);
        prop_assert_eq!(clamped == Clamped::Lowered, mss > limit);
        prop_assert!(valid(&packet, version, start));
        let read = TcpPacket::new_checked(&packet[start..]).unwrap();
        let repr = smoltcp::wire::TcpOption::parse(&read.options()[usize::from(odd)..]).unwrap().1;
        prop_assert_eq!(repr, smoltcp::wire::TcpOption::MaxSegmentSize(mss.min(limit)));

        let (mut frame, state) = half_summed(&before, version);
        let partial = frame[HEADER_BYTES + start + 16..][..2].to_vec();
        let clamped = clamp(&mut frame[HEADER_BYTES..], &state.shifted(-(HEADER_BYTES as i16)), limit);
        prop_assert_eq!(clamped == Clamped::Lowered, mss > limit);
        prop_assert_eq!(&frame[HEADER_BYTES + start + 16..][..2], &partial[..]);
        finish_checksum(&mut frame, &state).unwrap();
        prop_assert!(valid(&frame[HEADER_BYTES..], version, start));
        prop_assert_eq!(&frame[HEADER_BYTES..], &packet[..]);
    }

    /// Whatever the bytes: no panic, and at most sizes and the checksum change.
    #[test]
    fn any_bytes(
        mut bytes in proptest::collection::vec(prop_oneof![Just(2u8), Just(4), Just(0), any::<u8>()], 0..140),
        first in prop_oneof![Just(0x45u8), Just(0x60), any::<u8>()], needs_checksum in any::<bool>(),
    ) {
        if bytes.len() > 40 {
            bytes[0] = first;
            bytes[if first == 0x60 { 6 } else { 9 }] = TCP;
            bytes[if first == 0x60 { 53 } else { 33 }.min(40)] |= SYN;
        }
        let before = bytes.clone();
        let clamped = clamp(&mut bytes, &Offload { needs_checksum, ..Offload::default() }, 1000);
        if clamped == Clamped::Left {
            prop_assert_eq!(bytes, before);
        } else {
            prop_assert_eq!(&bytes[..12], &before[..12]);
        }
    }
}
