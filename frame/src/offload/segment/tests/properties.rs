//! Every packet that a sender may leave to be cut comes out as packets that independent parsers accept.

extern crate std;
use super::packets::{Packet, verify};
use super::{Segments, cut};
use proptest::prelude::*;

fn packets() -> impl Strategy<Value = Packet> {
    let kind = prop::sample::select(Packet::KINDS);
    let tags = prop::sample::select(Packet::TAGS);
    let extensions = prop::sample::select(Packet::EXTENSIONS);
    let options = (0usize..=10, 0usize..=10);
    let tcp = (any::<u8>(), any::<u32>(), any::<u16>());
    let sizes = (prop_oneof![0usize..300, 0usize..20_000], prop_oneof![48u16..1500, 1500u16..9000]);
    (kind, tags, extensions, options, tcp, sizes).prop_map(
        |(
            kind,
            tags,
            extensions,
            (ip_options, tcp_options),
            (flags, sequence, identification),
            (payload, segment_bytes),
        )| {
            Packet {
                tags,
                extensions,
                ip_options,
                tcp_options,
                flags,
                sequence,
                identification,
                payload,
                segment_bytes,
                ..kind
            }
        },
    )
}

proptest! {
    #[test]
    fn segments_are_the_packet(packet in packets()) {
        let (frame, state) = packet.build();
        let segments = cut(&frame, &state).unwrap();
        let announced = Segments::new(&frame, &state).unwrap();
        prop_assert_eq!(segments.len(), announced.count());
        prop_assert_eq!(segments.iter().map(|segment| segment.len()).max(), Some(announced.largest()));
        let headers = frame.len() - packet.payload;
        let short = segments.iter().filter(|segment| segment.len() - headers < usize::from(packet.segment_bytes)).count();
        prop_assert!(short <= 1, "only the last is short");
        verify(&packet, &frame, &segments);
    }
}
