extern crate std;
use super::*;
use crate::fragment::{FragmentError, Fragments};
use crate::shim::{Stripped, strip};
use etherparse::defrag::IpDefragPool;
use etherparse::{PacketBuilder, SlicedPacket};
use frame::offload::{Gso, Segments};
use proptest::prelude::*;
use smoltcp::wire::{IpAddress, TcpPacket};
use std::vec::Vec;

/// A frame with a super-packet of `payload` bytes, its IP packet behind 14 bytes, and its state.
fn super_frame(gso: Gso, payload: usize, segment_bytes: u16, options: usize) -> (Vec<u8>, Offload) {
    let options = std::vec![1; options * 4];
    let payload = std::vec![7; payload];
    let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
    let v4 = ([10, 0, 0, 1], [10, 8, 0, 2]);
    let v6 = ([0xfd; 16], [0xfe; 16]);
    let mut frame = Vec::new();
    let tcp =
        |ip: etherparse::PacketBuilderStep<etherparse::IpHeaders>| ip.tcp(1, 2, 3, 4).options_raw(&options).unwrap();
    match gso {
        Gso::TcpV4 => tcp(ethernet.ipv4(v4.0, v4.1, 64)).write(&mut frame, &payload),
        Gso::TcpV6 => tcp(ethernet.ipv6(v6.0, v6.1, 64)).write(&mut frame, &payload),
        Gso::UdpSegment => ethernet.ipv6(v6.0, v6.1, 64).udp(1, 2).write(&mut frame, &payload),
        Gso::None | Gso::UdpFragment => ethernet.ipv4(v4.0, v4.1, 64).udp(1, 2).write(&mut frame, &payload),
    }
    .unwrap();
    (frame, Offload { gso, segment_bytes, ..Offload::default() })
}

#[test]
fn sizes_table() {
    #[rustfmt::skip]
    let rows: &[(&str, Gso, usize, u16, u32, bool)] = &[
        // name                   kind             payload segment mtu    exceeds
        ("a packet of the MTU",   Gso::None,       1472,   0,      1500,  false),
        ("one byte more",         Gso::None,       1473,   0,      1500,  true),
        ("segments of the MTU",   Gso::TcpV4,      60_000, 1448,   1500,  false),
        ("one byte more",         Gso::TcpV4,      60_000, 1449,   1500,  true),
        ("v6, segments of the MTU", Gso::TcpV6,    60_000, 1428,   1500,  false),
        ("v6, one byte more",     Gso::TcpV6,      60_000, 1429,   1500,  true),
        ("UDP, segments of the MTU", Gso::UdpSegment, 9000, 1452,  1500,  false),
        ("UDP, one byte more",    Gso::UdpSegment, 9000,   1453,   1500,  true),
        ("few bytes, large segments", Gso::TcpV4,  1000,   9000,   1500,  false),
        ("obsolete kind",         Gso::UdpFragment, 1473,  1480,   1500,  true),
    ];
    for &(name, gso, payload, segment_bytes, mtu_bytes, want) in rows {
        let (frame, offload) = super_frame(gso, payload, segment_bytes, 3);
        let packet = &frame[14..];
        assert_eq!(exceeds(&packet[..packet.len().min(240)], packet.len(), &offload, mtu_bytes), want, "{name}");
    }
    let (frame, offload) = super_frame(Gso::TcpV4, 9000, 1000, 0);
    assert!(exceeds(&frame[14..34], frame.len() - 14, &offload, 1500), "headers that are not there");
}

/// A super-packet for a tunnel of 1,280 bytes, as a LAN host sends it whose link has 1,500: its sender is told, or its
/// segments go through in fragments.
#[test]
fn a_super_packet_meets_a_small_tunnel() {
    let (mut frame, offload) = super_frame(Gso::TcpV4, 20_000, 1448, 3);
    let Ok(Stripped::Packet(packet)) = strip(&frame, frame.len(), None, &offload) else { panic!("no packet") };
    assert!(exceeds(&frame[packet.start..], packet.bytes, &offload, 1280));
    let mut room = [0; MAX_BYTES];
    assert_eq!(too_big(&frame[packet.start..], 1280, [10, 0, 0, 9].into(), &mut room), Some(576));
    let refused = Fragments::new(&frame[packet.start..], &offload, 1280);
    assert_eq!(refused.unwrap_err(), FragmentError::Offload);

    frame[packet.start + 6] &= !0x40;
    assert_eq!(too_big(&frame[packet.start..], 1280, [10, 0, 0, 9].into(), &mut room), None, "it may be cut");
    let mut segments = Segments::new(&frame, &offload).unwrap();
    let mut segment = [0; 1600];
    let (mut counts, mut pool) = (Vec::new(), IpDefragPool::<(), ()>::new());
    while let Some(bytes) = segments.next_into(&mut segment) {
        let mut fragments = Fragments::new(&segment[packet.start..bytes], &Offload::default(), 1280).unwrap();
        let (mut count, mut datagram) = (0, None);
        while let Some(bytes) = fragments.next_into(&mut room) {
            let sliced = SlicedPacket::from_ip(&room[..bytes]).unwrap();
            datagram = pool.process_sliced_packet(&sliced, (), ()).unwrap();
            count += 1;
        }
        assert_eq!(datagram.is_some(), count > 1);
        counts.push(count);
        if let Some(datagram) = datagram {
            let (a, b) = ([10, 0, 0, 1].into(), [10, 8, 0, 2].into());
            let (a, b) = (IpAddress::Ipv4(a), IpAddress::Ipv4(b));
            assert!(TcpPacket::new_checked(&datagram.payload[..]).unwrap().verify_checksum(&a, &b));
        }
    }
    assert_eq!(counts, [[2; 13].as_slice(), &[1]].concat());
}

proptest! {
    /// A super-packet exceeds the MTU exactly if the segments that are cut from it do.
    #[test]
    fn segments_decide(
        kind in 0usize..3, payload in 1usize..20_000, segment_bytes in 100u16..3000, mtu_bytes in 500u32..3000,
        options in 0usize..11,
    ) {
        let (frame, offload) = super_frame([Gso::TcpV4, Gso::TcpV6, Gso::UdpSegment][kind], payload, segment_bytes, options);
        let largest = Segments::new(&frame, &offload).unwrap().largest() - 14;
        let packet = &frame[14..];
        prop_assert_eq!(exceeds(packet, packet.len(), &offload, mtu_bytes), largest > mtu_bytes as usize);
    }

    #[test]
    fn any_bytes(
        head in proptest::collection::vec(any::<u8>(), 0..80), bytes in 0usize..70_000, mtu_bytes in any::<u32>(),
    ) {
        let offload = Offload { gso: Gso::TcpV4, segment_bytes: 1448, ..Offload::default() };
        let _ = exceeds(&head, bytes, &offload, mtu_bytes);
    }
}
