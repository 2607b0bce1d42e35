extern crate std;
use super::*;
use etherparse::checksum::Sum16BitWords;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// RFC 1071 §4.1, word by word.
fn plain(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0u64;
    for pair in bytes.chunks(2) {
        sum += u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

#[test]
fn checksum_table() {
    #[rustfmt::skip]
    let rows: &[(&str, &[u8], [u8; 2])] = &[
        // name                octets                                      checksum
        ("nothing",            &[],                                        [0xff, 0xff]),
        ("RFC 1071 §3",        &[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7],   [0x22, 0x0d]),
        ("one octet",          &[0x12],                                    [0xed, 0xff]),
        ("three octets",       &[0x12, 0x34, 0x56],                        [0x97, 0xcb]),
        ("carry upon carry",   &[0xff, 0xff, 0xff, 0xff, 0, 1],            [0xff, 0xfe]),
        ("sum of all ones",    &[0xff, 0xff],                              [0, 0]),
        // A UDP packet's, 115 bytes long, its checksum field zeroed.
        ("IPv4 header",        &[0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 192, 168, 0, 1, 192, 168, 0, 199],
                                                                           [0xb8, 0x61]),
    ];
    for &(name, octets, want) in rows {
        assert_eq!(Sum::default().bytes(octets).checksum(), want, "{name}");
        assert_eq!(plain(octets), want, "{name}");
    }
}

#[test]
fn a_long_run_of_ones_does_not_overflow() {
    let ones = vec![0xff; 1 << 20];
    let sum = (0..64).fold(Sum::default(), |sum, _| sum.bytes(&ones));
    assert_eq!(sum.checksum(), [0, 0]);
    assert_eq!(sum.word(1).checksum(), [0xff, 0xfe]);
}

#[test]
fn udp_zero_is_sent_as_ones() {
    assert_eq!(never_zero([0, 0]), [0xff, 0xff]);
    assert_eq!(never_zero([0, 1]), [0, 1]);
    assert_eq!(never_zero([1, 0]), [1, 0]);
}

proptest! {
    #[test]
    fn agrees_with_the_plain_sum(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
        let checksum = Sum::default().bytes(&bytes).checksum();
        prop_assert_eq!(checksum, plain(&bytes));
        let etherparse = Sum16BitWords::new().add_slice(&bytes).ones_complement();
        prop_assert_eq!(checksum, etherparse.to_ne_bytes());
    }

    #[test]
    fn pieces_of_even_length_add_up(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<[u8; 2]>(), 0..40), 0..6),
        tail: Option<u8>,
    ) {
        let mut whole = Vec::new();
        let mut sum = Sum::default();
        for piece in &pieces {
            sum = sum.bytes(piece.as_flattened());
            whole.extend_from_slice(piece.as_flattened());
        }
        let tail: Vec<u8> = tail.into_iter().collect();
        whole.extend_from_slice(&tail);
        prop_assert_eq!(sum.bytes(&tail).checksum(), plain(&whole));
    }

    #[test]
    fn a_stored_checksum_verifies(mut bytes in proptest::collection::vec(any::<u8>(), 2..400), at: prop::sample::Index) {
        let at = at.index(bytes.len() / 2) * 2;
        bytes[at..at + 2].fill(0);
        let checksum = Sum::default().bytes(&bytes).checksum();
        bytes[at..at + 2].copy_from_slice(&checksum);
        prop_assert_eq!(Sum::default().bytes(&bytes).checksum(), [0, 0]);
    }

    #[test]
    fn a_length_taken_out_was_never_in(bytes in proptest::collection::vec(any::<u8>(), 2..80), a: u32, b: u32) {
        prop_assume!(bytes.iter().any(|&octet| octet != 0));
        let base = Sum::default().bytes(&bytes);
        let swapped = base.length(a).without_length(a).length(b);
        let whole = base.length(b).checksum();
        // Ones' complement has two zeros, and only they may differ.
        prop_assert_eq!(never_zero(swapped.checksum()), never_zero(whole));
    }

    #[test]
    fn pseudo_headers_agree_with_smoltcp(v4: [[u8; 4]; 2], v6: [[u8; 16]; 2], payload in proptest::collection::vec(any::<u8>(), 0..60)) {
        use smoltcp::wire::{Ipv4Address, Ipv6Address, UdpPacket};
        let length = u16::try_from(8 + payload.len()).unwrap();
        let mut datagram = [&[1, 2, 3, 4][..], &length.to_be_bytes(), &[0, 0], &payload].concat();
        let ours = |addresses: &[u8], datagram: &[u8]| {
            never_zero(Sum::pseudo(addresses, 17).length(u32::from(length)).bytes(datagram).checksum())
        };
        let want = (ours(v4.as_flattened(), &datagram), ours(v6.as_flattened(), &datagram));
        let mut theirs = UdpPacket::new_unchecked(&mut datagram);
        theirs.fill_checksum(&Ipv4Address::from(v4[0]).into(), &Ipv4Address::from(v4[1]).into());
        prop_assert_eq!(theirs.checksum().to_be_bytes(), want.0);
        theirs.fill_checksum(&Ipv6Address::from(v6[0]).into(), &Ipv6Address::from(v6[1]).into());
        prop_assert_eq!(theirs.checksum().to_be_bytes(), want.1);
    }
}
