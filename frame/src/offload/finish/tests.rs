extern crate std;
use super::super::Gso;
use super::super::captures::linux;
use super::*;
use crate::Tag;
use proptest::prelude::*;
use std::vec::Vec;

/// Addresses, tags of the given TPIDs, IPv4, and zeros up to `bytes`.
fn frame(tpids: &[u16], bytes: usize) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..12).collect();
    for &tpid in tpids {
        frame.extend_from_slice(&Tag { tpid: crate::EtherType(tpid), tci: 5 }.octets());
    }
    frame.extend_from_slice(&[8, 0, 0x45]);
    frame.resize(bytes, 0);
    frame
}

fn needs(csum_start: u16, csum_offset: u16) -> Offload {
    Offload { needs_checksum: true, csum_start, csum_offset, ..Offload::default() }
}

#[test]
fn as_linux_does() {
    let mut seen = 0;
    for mut capture in linux().into_iter().filter(|capture| !capture.state.is_gso()) {
        assert_eq!(finish_checksum(&mut capture.frame, &capture.state), Ok(()), "{}", capture.name);
        assert_eq!(capture.frame, capture.out[0], "{}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn place_table() {
    let misplaced = |start, offset| Err(OffloadError::ChecksumPlace { start, offset });
    type Row = (&'static str, &'static [u16], usize, u16, u16, Result<(), OffloadError>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                    tags                bytes start  offset  result
        ("last field that fits",   &[],                60,   34,    24,     Ok(())),
        ("half outside",           &[],                60,   34,    25,     misplaced(34, 25)),
        ("far outside",            &[],                60,   34,    0xffff, misplaced(34, 0xffff)),
        ("start at the end",       &[],                60,   60,    0,      misplaced(60, 0)),
        ("start past the end",     &[],                60,   0xffff, 0xffff, misplaced(0xffff, 0xffff)),
        ("destination address",    &[],                60,   0,     0,      misplaced(0, 0)),
        ("EtherType",              &[],                60,   12,    0,      misplaced(12, 0)),
        ("start before the end of the header", &[],    60,   13,    16,     misplaced(13, 16)),
        ("first octet of payload", &[],                60,   14,    0,      Ok(())),
        ("VLAN tag",               &[0x8100],          60,   14,    0,      misplaced(14, 0)),
        ("behind the tag",         &[0x8100],          60,   18,    0,      Ok(())),
        ("inner tag",              &[0x88a8, 0x8100],  60,   18,    0,      misplaced(18, 0)),
        ("behind both tags",       &[0x88a8, 0x8100],  60,   22,    0,      Ok(())),
        ("old inner tag",          &[0x88a8, 0x9100],  60,   18,    0,      misplaced(18, 0)),
        ("four tags",              &[0x8100; 4],       60,   30,    0,      Ok(())),
        ("five tags",              &[0x8100; 5],       60,   34,    0,      Err(OffloadError::Header(34))),
        ("runt",                   &[],                13,   0,     0,      Err(OffloadError::Truncated { need: 14, have: 13 })),
        ("tag cut short",          &[0x8100],          17,   14,    0,      Err(OffloadError::Truncated { need: 18, have: 17 })),
    ];
    for &(name, tpids, bytes, start, offset, want) in rows {
        let before = frame(tpids, bytes);
        let mut after = before.clone();
        assert_eq!(finish_checksum(&mut after, &needs(start, offset)), want, "{name}");
        assert_eq!(after == before, want.is_err(), "{name}: written exactly when accepted");
    }
}

#[test]
fn nothing_to_finish() {
    let mut frame = frame(&[], 60);
    let before = frame.clone();
    let state = Offload { csum_start: 34, csum_offset: 6, data_valid: true, ..Offload::default() };
    assert_eq!(finish_checksum(&mut frame, &state), Ok(()));
    assert_eq!(frame, before);
}

#[test]
fn a_frame_to_be_cut_is_not_finished() {
    for gso in [Gso::TcpV4, Gso::UdpFragment, Gso::TcpV6, Gso::UdpSegment] {
        let mut frame = frame(&[], 60);
        let got = finish_checksum(&mut frame, &Offload { gso, ..needs(34, 16) });
        assert_eq!(got, Err(OffloadError::Unsupported(gso)));
    }
}

#[test]
fn only_udp_avoids_zero() {
    // All ones sum to all ones, whose complement is zero.
    for (offset, want) in [(6, [0xff, 0xff]), (16, [0, 0]), (2, [0, 0])] {
        let mut frame = frame(&[], 54);
        frame[50..52].fill(0xff);
        finish_checksum(&mut frame, &needs(34, offset)).unwrap();
        let at = 34 + usize::from(offset);
        assert_eq!(frame[at..at + 2], want, "offset {offset}");
    }
}

proptest! {
    /// Whatever the bytes and the state: no panic, at most the two octets of the field change, none of them in
    /// what the bridge has decided upon, and what was finished sums to zero.
    #[test]
    fn hostile(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..120),
        tags in 0usize..4,
        start in prop_oneof![0u16..130, any::<u16>()],
        offset in prop_oneof![0u16..130, any::<u16>()],
    ) {
        for tag in 0..tags {
            if let Some(tpid) = bytes.get_mut(12 + 4 * tag..14 + 4 * tag) {
                tpid.copy_from_slice(&[0x81, 0]);
            }
        }
        let before = bytes.clone();
        let result = finish_checksum(&mut bytes, &needs(start, offset));
        let field = usize::from(start) + usize::from(offset);
        let changed: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] != before[at]).collect();
        match result {
            Ok(()) => {
                prop_assert!(changed.iter().all(|&at| at == field || at == field + 1));
                prop_assert!(field >= 14 + 4 * tags && field + 2 <= bytes.len());
            }
            Err(_) => prop_assert!(changed.is_empty()),
        }
    }
}
