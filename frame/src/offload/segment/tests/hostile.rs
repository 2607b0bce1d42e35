//! Bytes and states that no honest sender makes: nothing panics, and what comes out stays within bounds.

extern crate std;
use super::super::super::{Gso, Offload};
use super::packets::Packet;
use super::{MAX_SEGMENTS, Segments};
use proptest::prelude::*;
use std::vec;

fn gso() -> impl Strategy<Value = Gso> {
    prop::sample::select(&[Gso::None, Gso::TcpV4, Gso::UdpFragment, Gso::TcpV6, Gso::UdpSegment][..])
}

prop_compose! {
    fn states()(
        flags: [bool; 3],
        gso in gso(),
        sizes: [u16; 2],
        start in prop_oneof![0u16..200, any::<u16>()],
        offset in prop_oneof![Just(6u16), Just(16u16), any::<u16>()],
    ) -> Offload {
        let [needs_checksum, data_valid, ecn] = flags;
        let [header_bytes, segment_bytes] = sizes;
        Offload { needs_checksum, data_valid, gso, ecn, header_bytes, segment_bytes, csum_start: start, csum_offset: offset }
    }
}

/// Cuts to the end, with the bounds that hold for anything that is accepted.
fn survive(frame: &[u8], state: &Offload) -> Result<(), TestCaseError> {
    let Ok(mut segments) = Segments::new(frame, state) else { return Ok(()) };
    let (count, largest) = (segments.count(), segments.largest());
    prop_assert!((1..=MAX_SEGMENTS).contains(&count));
    prop_assert!(largest <= frame.len());
    let mut out = vec![0; largest];
    for left in (0..count).rev() {
        let Some(bytes) = segments.next_into(&mut out) else { return Err(TestCaseError::fail("ended early")) };
        prop_assert_eq!(segments.count(), left);
        prop_assert!(bytes <= largest);
        // The addresses and the outermost tag are what the bridge has decided upon.
        prop_assert_eq!(&out[..14], &frame[..14]);
        if matches!(out[12..14], [0x81, 0] | [0x88, 0xa8]) {
            prop_assert_eq!(&out[..18], &frame[..18]);
        }
    }
    prop_assert_eq!(segments.next_into(&mut out), None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in prop::sample::select(&[[8u8, 0, 0x45], [0x86, 0xdd, 0x60], [0x81, 0, 0]]),
        state in states(),
    ) {
        survive(&bytes, &state)?;
        if let Some(front) = bytes.get_mut(12..15) {
            front.copy_from_slice(&kind);
        }
        survive(&bytes, &state)?;
    }

    #[test]
    fn mutated_packets(
        kind in prop::sample::select(Packet::KINDS),
        tags in prop::sample::select(Packet::TAGS),
        extensions in prop::sample::select(Packet::EXTENSIONS),
        mutations in proptest::collection::vec((0usize..120, any::<u8>()), 0..4),
        keep in prop::option::of(any::<prop::sample::Index>()),
        segment_bytes in prop::option::of(any::<u16>()),
        state in prop::option::of(states()),
    ) {
        let (mut frame, mut built) = Packet { tags, extensions, ..kind }.build();
        for (at, octet) in mutations {
            frame[at] = octet;
        }
        if let Some(keep) = keep {
            frame.truncate(keep.index(frame.len()));
        }
        built.segment_bytes = segment_bytes.unwrap_or(built.segment_bytes);
        survive(&frame, &built)?;
        survive(&frame, &state.unwrap_or_default())?;
    }

    #[test]
    fn every_truncation(kind in prop::sample::select(Packet::KINDS)) {
        let (frame, state) = Packet { payload: 40, ..kind }.build();
        for bytes in 0..frame.len() {
            prop_assert!(Segments::new(&frame[..bytes], &state).is_err(), "{bytes} bytes");
        }
    }
}
