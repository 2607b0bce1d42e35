use super::*;
use crate::linux::buffer::Burst;
use crate::linux::lab::{Lab, PLAIN, in_namespace};
use crate::linux::netlink::Up;
use crate::linux::skip::tell;
use frame::offload::Offload;
use frame::{EtherType, Tag};

fn stored(number: u8, offload: Offload) -> Vec<u8> {
    let mut bytes = offload.to_vnet().to_vec();
    bytes.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, number]);
    bytes.resize(VNET_BYTES + 60, 0);
    bytes
}

/// Sends `count` frames, every other with a tag put in.
fn send(transmitter: &mut Transmitter, medium: &Medium, count: u8, offload: Offload) -> Tally {
    let memory: Vec<_> = (0..count).map(|number| stored(number, offload)).collect();
    let mut burst = Burst::new();
    for stored in &memory {
        burst.push(stored, None);
    }
    let edit = |index: u8| match index % 2 {
        0 => TagEdit::Keep,
        _ => TagEdit::Set(Tag { tpid: EtherType::VLAN, tci: index.into() }),
    };
    let queued: Vec<_> = (0..count).map(|index| Queued { index, edit: edit(index) }).collect();
    let mut tally = Tally::default();
    transmitter.transmit(medium, burst.frames(), &queued, &mut tally);
    tally
}

fn expected(count: u8) -> Vec<Vec<u8>> {
    let frame = |number: u8| {
        let mut frame = stored(number, PLAIN).split_off(VNET_BYTES);
        if number % 2 == 1 {
            frame.splice(12..12, [0x81, 0, 0, number]);
        }
        frame
    };
    (0..count).map(frame).collect()
}

fn with_and_without_ring(mut test: impl FnMut(&mut Transmitter)) {
    let mut transmitter = Transmitter::with(Uring::new(QUEUE).ok());
    if transmitter.uring.is_none() {
        tell("sending by a ring", "needs io_uring");
    }
    test(&mut transmitter);
    test(&mut Transmitter { uring: None, ..transmitter });
}

#[test]
fn a_tap_takes_few_frames_and_many() {
    in_namespace(|mut lab| {
        let (tap, mut host) = lab.host("tap0", 1);
        let medium = Medium::Tap(tap.queue(0).unwrap().clone());
        with_and_without_ring(|transmitter| {
            for count in [1, 2, 3, 4, 31, 32] {
                let tally = send(transmitter, &medium, count, PLAIN);
                let bytes = 60 * u32::from(count) + 4 * u32::from(count / 2);
                assert_eq!((tally.frames, tally.bytes, tally.drops.total()), (count.into(), bytes, 0));
                assert_eq!(host.frames(count.into()), expected(count), "{count} frames");
            }
        });
    });
}

#[test]
fn a_packet_socket_takes_few_frames_and_many() {
    in_namespace(|mut lab| {
        let (interface, wire) = lab.wire("wire0");
        let socket = crate::linux::packet::PacketSocket::open(interface, crate::linux::packet::Sharing::Alone).unwrap();
        let mut transmitter = Transmitter::with(Uring::new(QUEUE).ok());
        for count in [1, 5, 32] {
            let tally = send(&mut transmitter, &socket.medium(), count, PLAIN);
            assert_eq!((tally.frames, tally.drops.total()), (count.into(), 0));
            assert_eq!(wire.frames(count.into()), expected(count), "{count} frames");
        }
    });
}

#[test]
fn refusals_are_counted_by_their_reason() {
    let hostile = Offload { needs_checksum: true, csum_start: 5_000, ..PLAIN };
    in_namespace(|mut lab| {
        let (tap, _host) = lab.host("tap0", 1);
        let (interface, wire) = lab.wire("wire0");
        let socket = crate::linux::packet::PacketSocket::open(interface, crate::linux::packet::Sharing::Alone).unwrap();
        let mut media = [Medium::Tap(tap.queue(0).unwrap().clone()), socket.medium()];
        let expect = |media: &[Medium; 2], offload, why| {
            for (medium, name) in media.iter().zip(["tap", "packet socket"]) {
                with_and_without_ring(|transmitter| {
                    let tally = send(transmitter, medium, 5, offload);
                    let got: Vec<_> = tally.drops.nonzero().collect();
                    assert_eq!((tally.frames, got), (0, vec![(why, 5)]), "{name}");
                });
            }
        };
        expect(&media, hostile, DropReason::Offload);
        for name in ["tap0", "wire0"] {
            let interface = lab.interface(name);
            lab.set_up(interface, Up::No);
        }
        expect(&media, PLAIN, DropReason::PortDown);
        Lab::ip("link del tap0");
        drop(wire);
        for medium in &mut media {
            let tally = send(&mut Transmitter::with(Uring::new(QUEUE).ok()), medium, 5, PLAIN);
            assert_eq!((tally.frames, tally.drops.total()), (0, 5));
            assert!(tally.gone.is_some());
        }
    });
}
