extern crate std;
use super::*;
use etherparse::defrag::IpDefragPool;
use etherparse::{IpNumber, Ipv4Header, SlicedPacket};
use frame::offload::Gso;
use proptest::prelude::*;
use std::vec::Vec;

/// A packet of protocol 253 with options and numbered payload.
fn packet(options: &[u8], payload: usize, field: u16) -> Vec<u8> {
    let mut header = Ipv4Header::new(payload as u16, 64, IpNumber(253), [10, 0, 0, 1], [10, 8, 0, 2]).unwrap();
    header.identification = 0x1234;
    header.options = options.try_into().unwrap();
    header.set_payload_len(payload).unwrap();
    let mut packet = header.to_bytes().to_vec();
    packet[6..8].copy_from_slice(&field.to_be_bytes());
    packet.extend((0..payload).map(|at| (at * 31 + at / 256) as u8));
    sum_again(&mut packet);
    packet
}

fn sum_again(packet: &mut [u8]) {
    smoltcp::wire::Ipv4Packet::new_unchecked(packet).fill_checksum();
}

fn cut(packet: &[u8], mtu_bytes: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    let mut fragments = Fragments::new(packet, &Offload::default(), mtu_bytes)?;
    let mut out = Vec::new();
    loop {
        let bytes = fragments.next_bytes();
        let mut room = std::vec![0; bytes];
        let Some(written) = fragments.next_into(&mut room) else { return Ok(out) };
        assert_eq!(written, bytes);
        out.push(room);
    }
}

/// Header bytes, payload bytes, offset in bytes, more fragments.
fn shape(fragment: &[u8]) -> (usize, usize, usize, bool) {
    let header = etherparse::Ipv4HeaderSlice::from_slice(fragment).unwrap();
    assert_eq!(header.header_checksum(), header.to_header().calc_header_checksum());
    assert_eq!(usize::from(header.total_len()), fragment.len());
    assert_eq!(header.identification(), 0x1234);
    let header_bytes = header.slice().len();
    let offset = usize::from(header.fragments_offset().byte_offset());
    (header_bytes, fragment.len() - header_bytes, offset, header.more_fragments())
}

#[test]
fn shapes_table() {
    let record_route = [7, 7, 4, 0, 0, 0, 0, 0];
    let source_route = [131, 7, 4, 1, 2, 3, 4, 0];
    let mixed = [1, 68, 4, 5, 0, 130, 3, 9, 137, 3, 4, 0];
    type Row<'a> = (&'static str, &'a [u8], usize, u16, u32, &'a [(usize, usize, usize, bool)]);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                     options         payload field  mtu   fragments
        ("fits",                    &[],            1480,   0,     1500, &[(20, 1480, 0, false)]),
        ("fits, not to be cut",     &[],            1480,   0x4000, 1500, &[(20, 1480, 0, false)]),
        ("no payload",              &[],            0,      0,     68,   &[(20, 0, 0, false)]),
        ("one byte more",           &[],            1481,   0,     1500, &[(20, 1480, 0, true), (20, 1, 1480, false)]),
        ("units of eight",          &[],            1480,   0,     1499, &[(20, 1472, 0, true), (20, 8, 1472, false)]),
        ("the last is not in units", &[],           100,    0,     70,   &[(20, 48, 0, true), (20, 48, 48, true), (20, 4, 96, false)]),
        ("the last fits just",      &[],            98,     0,     70,   &[(20, 48, 0, true), (20, 50, 48, false)]),
        ("least MTU",               &[],            16,     0,     28,   &[(20, 8, 0, true), (20, 8, 8, false)]),
        ("a middle fragment",       &[],            64,     0x2005, 68,  &[(20, 48, 40, true), (20, 16, 88, true)]),
        ("a last fragment",         &[],            60,     0x0005, 68,  &[(20, 48, 40, true), (20, 12, 88, false)]),
        ("options of the first",    &record_route,  56,     0,     68,   &[(28, 40, 0, true), (20, 16, 40, false)]),
        ("options of all",          &source_route,  56,     0,     68,   &[(28, 40, 0, true), (28, 16, 40, false)]),
        ("of each kind",            &mixed,         56,     0,     68,   &[(32, 32, 0, true), (28, 24, 32, false)]),
        ("end of options",          &[0, 131, 3, 4], 56,    0,     68,   &[(24, 40, 0, true), (20, 16, 40, false)]),
    ];
    for &(name, options, payload, field, mtu_bytes, want) in rows {
        let fragments = cut(&packet(options, payload, field), mtu_bytes).unwrap();
        let got: Vec<_> = fragments.iter().map(|fragment| shape(fragment)).collect();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn copied_options_keep_their_order() {
    let fragments = cut(&packet(&[1, 68, 4, 5, 0, 130, 3, 9, 137, 3, 4, 0], 56, 0), 68).unwrap();
    assert_eq!(fragments[0][20..32], [1, 68, 4, 5, 0, 130, 3, 9, 137, 3, 4, 0]);
    assert_eq!(fragments[1][20..28], [130, 3, 9, 137, 3, 4, 0, 0]);
}

#[test]
fn what_is_not_cut() {
    use FragmentError::{DontFragment, Malformed, Mtu, Version6};
    let whole = || packet(&[], 1480, 0);
    let with = |mut packet: Vec<u8>, changes: &[(usize, u8)]| {
        for &(at, octet) in changes {
            packet[at] = octet;
        }
        sum_again(&mut packet);
        packet
    };
    let mut spoiled = whole();
    spoiled[11] ^= 1;
    let six = [&[0x60, 0, 0, 0, 0, 60, 59, 64][..], &[1; 92]].concat();
    #[rustfmt::skip]
    let rows: &[(&str, Vec<u8>, u32, FragmentError)] = &[
        ("do not fragment",         packet(&[], 1480, 0x4000), 1499,  DontFragment),
        ("version 6",               six,                       68,    Version6),
        ("MTU without room",        whole(),                   27,    Mtu(27)),
        ("MTU zero",                whole(),                   0,     Mtu(0)),
        ("wrong checksum",          spoiled,                   1400,  Malformed),
        ("cut short",               whole()[..1499].to_vec(),  1400,  Malformed),
        ("nothing",                 Vec::new(),                1400,  Malformed),
        ("past the largest datagram", packet(&[], 1480, 0x1fff), 1400, Malformed),
        ("inner, not in units",     packet(&[], 1481, 0x2000), 1400,  Malformed),
        ("option of length 0",      with(packet(&[131, 4, 0, 0], 100, 0), &[(21, 0)]), 68, Malformed),
        ("option of length 1",      with(packet(&[131, 4, 0, 0], 100, 0), &[(21, 1)]), 68, Malformed),
        ("option past the header",  with(packet(&[131, 4, 0, 0], 100, 0), &[(21, 5)]), 68, Malformed),
        ("option without length",   packet(&[1, 1, 1, 131], 100, 0), 68, Malformed),
    ];
    for (name, packet, mtu_bytes, want) in rows {
        assert_eq!(cut(packet, *mtu_bytes).unwrap_err(), *want, "{name}");
    }
    for offload in [
        Offload { needs_checksum: true, csum_start: 20, csum_offset: 6, ..Offload::default() },
        Offload { gso: Gso::TcpV4, segment_bytes: 500, ..Offload::default() },
    ] {
        assert_eq!(Fragments::new(&whole(), &offload, 1400).unwrap_err(), FragmentError::Offload);
    }
}

#[test]
fn a_checksum_is_finished_in_the_first_fragment() {
    let odd = [131, 7, 4, 1, 2, 3, 4, 0];
    for (name, options, payload, mtu_bytes, offset) in [
        ("UDP", &[][..], 1480, 700, 6),
        ("UDP, fits", &[], 1480, 1500, 6),
        ("UDP, the least fragments", &[], 100, 28, 6),
        ("UDP, odd, options", &odd, 777, 300, 6),
        ("TCP", &[], 1480, 576, 16),
    ] {
        let mut packet = packet(options, payload, 0);
        let start = 20 + options.len();
        let state =
            Offload { needs_checksum: true, csum_start: start as u16, csum_offset: offset, ..Offload::default() };
        let finish = |packet: &[u8]| {
            let mut frame = [&[0; 12][..], &[8, 0], packet].concat();
            frame::offload::finish_checksum(&mut frame, &state.shifted(14)).unwrap();
            frame[14 + start..].to_vec()
        };
        let carried = |packet: &[u8]| {
            let mut fragments = Fragments::finishing(packet, &state, mtu_bytes).unwrap();
            let mut payload: Vec<u8> = Vec::new();
            let mut room = [0; 1500];
            while let Some(bytes) = fragments.next_into(&mut room) {
                payload.extend(&room[usize::from(room[0] & 15) * 4..bytes]);
            }
            payload
        };
        assert_ne!(finish(&packet), packet[start..], "{name}");
        assert_eq!(carried(&packet), finish(&packet), "{name}");
        // A sum of zero, which UDP does not send.
        let field = start + usize::from(offset);
        packet[field..field + 2].copy_from_slice(&[0, 0]);
        let left = finish(&packet)[usize::from(offset)..][..2].to_vec();
        packet[field..field + 2].copy_from_slice(&left);
        let want = if offset == 6 { [0xff, 0xff] } else { [0, 0] };
        assert_eq!(carried(&packet)[usize::from(offset)..][..2], want, "{name}");
        assert_eq!(carried(&packet), finish(&packet), "{name}, zero");
    }
}

#[test]
fn a_checksum_that_is_not_in_the_first_fragment_is_not_finished() {
    for (name, start, offset, mtu_bytes, finished) in [
        ("where UDP has it", 20, 6, 28, true),
        ("the last place", 20, 46, 68, true),
        ("across the end of the fragment", 20, 47, 68, false),
        ("in the next fragment", 20, 50, 68, false),
        ("in the header", 10, 0, 68, false),
        ("behind the packet", 2000, 6, 1500, false),
        ("as far as can be", 0xffff, 0xffff, 1500, false),
        ("summed to nothing, across the end", 120, 0, 1500, false),
    ] {
        let state = Offload { needs_checksum: true, csum_start: start, csum_offset: offset, ..Offload::default() };
        let packet = packet(&[], 100, 0);
        let fragments = Fragments::finishing(&packet, &state, mtu_bytes);
        let want = (!finished).then_some(FragmentError::Checksum { start, offset });
        assert_eq!(fragments.err(), want, "{name}");
    }
    let state = Offload { needs_checksum: true, gso: Gso::UdpSegment, segment_bytes: 500, ..Offload::default() };
    assert_eq!(Fragments::finishing(&packet(&[], 100, 0), &state, 68).unwrap_err(), FragmentError::Offload);
}

#[test]
fn a_small_room_loses_nothing() {
    let packet = packet(&[], 100, 0);
    let mut fragments = Fragments::new(&packet, &Offload::default(), 70).unwrap();
    assert_eq!(fragments.next_into(&mut [0; 67]), None);
    assert_eq!(fragments.next_bytes(), 68);
    let mut room = [0; 68];
    assert_eq!(fragments.next_into(&mut room), Some(68));
    assert_eq!(shape(&room), (20, 48, 0, true));
}

/// Octets by their place in the datagram, each written once; the datagram's length once its end is known.
fn together(fragments: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut octets: Vec<Option<u8>> = Vec::new();
    let mut end = None;
    for fragment in fragments {
        let (header, bytes, offset, more) = shape(fragment);
        octets.resize(octets.len().max(offset + bytes), None);
        for (at, &octet) in fragment[header..].iter().enumerate() {
            assert!(octets[offset + at].replace(octet).is_none(), "two fragments overlap");
        }
        if !more {
            end = Some(offset + bytes);
        }
    }
    assert_eq!(end, Some(octets.len()));
    octets.into_iter().collect()
}

proptest! {
    /// Fragments, cut again or not, are put together to the original by two receivers, whatever their order.
    #[test]
    fn receivers_get_the_datagram(
        payload in 0usize..6000, mtu_bytes in 68u32..1600, again in 68u32..1600, rotate in any::<usize>(),
        options in prop_oneof![Just(&[][..]), Just(&[7, 3, 4, 0][..]), Just(&[131, 7, 4, 1, 2, 3, 4, 0][..])],
    ) {
        let original = packet(options, payload, 0);
        let mut fragments = Vec::new();
        for fragment in cut(&original, mtu_bytes).unwrap() {
            prop_assert!(fragment.len() <= mtu_bytes as usize);
            for part in cut(&fragment, again).unwrap() {
                prop_assert!(part.len() <= again as usize);
                fragments.push(part);
            }
        }
        let count = fragments.len();
        fragments.rotate_left(rotate % count);
        let want = &original[20 + options.len()..];
        prop_assert_eq!(together(&fragments).unwrap(), want);

        if count > 1 {
            let mut pool = IpDefragPool::<(), ()>::new();
            let mut got = None;
            for fragment in &fragments {
                let sliced = SlicedPacket::from_ip(fragment).unwrap();
                got = got.or(pool.process_sliced_packet(&sliced, (), ()).unwrap());
            }
            prop_assert_eq!(got.unwrap().payload, want);
        } else {
            prop_assert_eq!(&fragments[0], &original);
        }
    }

    #[test]
    fn any_bytes(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200), words in 4u8..16, mtu_bytes in 0u32..200,
    ) {
        if bytes.len() >= 60 {
            bytes[0] = 0x40 | words;
            let total = bytes.len() as u16;
            bytes[2..4].copy_from_slice(&total.to_be_bytes());
            bytes[6] &= 0x3f;
            if words > 4 {
                sum_again(&mut bytes);
            }
        }
        if let Ok(fragments) = cut(&bytes, mtu_bytes) {
            let carried: usize = fragments.iter().map(|fragment| fragment.len() - usize::from(fragment[0] & 0xf) * 4).sum();
            prop_assert_eq!(carried, bytes.len() - usize::from(words) * 4);
        }
    }
}
