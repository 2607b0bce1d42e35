use super::*;
use crate::linux::buffer::{Arena, Burst};
use crate::linux::lab::{Lab, PLAIN, Wire, in_namespace, super_frame, unsummed, verified};
use crate::linux::netlink::Up;
use crate::linux::transmit::{Queued, Tally, Transmitter};
use frame::offload::{Gso, Offload, VNET_BYTES};
use frame::{EtherType, FrameBuf, Tag, TagEdit};

const DST: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SRC: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn open(lab: &mut Lab, vnet: Vnet) -> (PacketSocket, Wire) {
    let (interface, wire) = lab.wire("wire0");
    (PacketSocket::open_with(interface, Sharing::Alone, vnet).unwrap(), wire)
}

/// Offload state, stripped tag, bytes.
type Taken = (Offload, Option<Tag>, Vec<u8>);

/// Takes what waits, and the number of frames for which there was no slot.
fn take(socket: &mut PacketSocket) -> (Vec<Taken>, u32) {
    let mut burst = Burst::new();
    let mut arena = Arena::new();
    let (_, lost) = socket.take(&mut arena, &mut burst);
    let frame = |frame: &crate::linux::buffer::LinuxBuf<'_>| {
        (frame.meta().offload, frame.meta().stripped, frame.stored()[VNET_BYTES..].to_vec())
    };
    let frames = burst.frames().iter().map(frame).collect();
    socket.ring.release();
    (frames, lost)
}

fn send(socket: &PacketSocket, frame: &[u8], offload: Offload) -> Tally {
    let stored = [&offload.to_vnet()[..], frame].concat();
    let mut burst = Burst::new();
    burst.push(&stored, None);
    let mut tally = Tally::default();
    let queued = [Queued { index: 0, edit: TagEdit::Keep }];
    Transmitter::new().transmit(&socket.medium(), burst.frames(), &queued, &mut tally);
    tally
}

#[test]
fn tags_come_beside_the_bytes() {
    in_namespace(|mut lab| {
        let rows: &[(&str, &[u8], Option<Tag>)] = &[
            ("untagged", &[], None),
            ("customer tag", &[0x81, 0, 0xb0, 10], Some(Tag { tpid: EtherType::VLAN, tci: 0xb00a })),
            ("service tag", &[0x88, 0xa8, 0, 20], Some(Tag { tpid: EtherType::QINQ, tci: 20 })),
            ("priority tag", &[0x81, 0, 0xe0, 0], Some(Tag { tpid: EtherType::VLAN, tci: 0xe000 })),
        ];
        for vnet in [Vnet::Present, Vnet::Absent] {
            let (mut socket, wire) = open(&mut lab, vnet);
            for &(name, tag, stripped) in rows {
                let rest = [&[0x88, 0xb5][..], &[7; 50]].concat();
                wire.send(&[&DST[..], &SRC, tag, &rest].concat(), PLAIN);
                let plain = [&DST[..], &SRC, &rest].concat();
                assert_eq!(take(&mut socket).0, [(PLAIN, stripped, plain)], "{name}, {vnet:?}");
            }
        }
    });
}

#[test]
fn frames_for_which_there_is_no_slot_are_counted() {
    in_namespace(|mut lab| {
        let (mut socket, wire) = open(&mut lab, Vnet::Present);
        for number in 0..SLOTS + 7 {
            let text = number.to_be_bytes();
            wire.send(&[&DST[..], &SRC, &[0x88, 0xb5], &text, &[0; 46]].concat(), PLAIN);
        }
        let (mut got, mut lost) = (0_usize, 0);
        loop {
            let (frames, more) = take(&mut socket);
            lost += more;
            if frames.is_empty() {
                break;
            }
            for (_, _, frame) in frames {
                assert_eq!(frame[14..22], got.to_be_bytes());
                got += 1;
            }
        }
        // The kernel marks the frames after the loss.
        wire.send(&[&DST[..], &SRC, &[0x88, 0xb5], &[0; 50]].concat(), PLAIN);
        lost += take(&mut socket).1;
        assert_eq!((got, lost), (SLOTS, 7));
    });
}

#[test]
fn without_a_header_offloads_are_finished_on_the_way_out() {
    in_namespace(|mut lab| {
        let (socket, wire) = open(&mut lab, Vnet::Absent);
        let (frame, offload) = unsummed(DST, SRC);
        assert_eq!(send(&socket, &frame, offload).frames, 1);
        let (state, got) = wire.receive().unwrap();
        assert!(!state.needs_checksum);
        assert_eq!(verified(&got), frame[54..]);
        let (frame, offload) = super_frame(Gso::TcpV4, DST, SRC, &[]);
        assert_eq!(send(&socket, &frame, offload).frames, 1);
        let segments = wire.frames(40);
        assert_eq!(segments.iter().map(|segment| verified(segment)).collect::<Vec<_>>().concat(), frame[54..]);
    });
}

#[test]
fn without_a_header_the_state_is_found_on_the_way_in() {
    in_namespace(|mut lab| {
        let (mut socket, wire) = open(&mut lab, Vnet::Absent);
        let (frame, offload) = unsummed(DST, SRC);
        wire.send(&frame, offload);
        assert_eq!(take(&mut socket).0, [(offload, None, frame)]);
        // An unfinished checksum of a protocol that is not known must not pass as finished.
        let (mut frame, offload) = unsummed(DST, SRC);
        frame[23] = 132;
        wire.send(&frame, offload);
        let mut burst = Burst::new();
        let mut arena = Arena::new();
        let _ = socket.take(&mut arena, &mut burst);
        assert_eq!((burst.frames().len(), burst.unknown_offload), (0, 1));
    });
}

#[test]
fn a_socket_does_not_hear_itself() {
    in_namespace(|mut lab| {
        let (mut socket, _wire) = open(&mut lab, Vnet::Present);
        let (frame, offload) = unsummed(DST, SRC);
        assert_eq!(send(&socket, &frame, offload).frames, 1);
        assert_eq!(take(&mut socket).0, []);
    });
}

#[test]
fn frames_too_large_for_a_slot_keep_their_place() {
    in_namespace(|mut lab| {
        for vnet in [Vnet::Present, Vnet::Absent] {
            let (mut socket, wire) = open(&mut lab, vnet);
            let (small, state) = unsummed(DST, SRC);
            let (large, large_state) = super_frame(Gso::TcpV4, DST, SRC, &[]);
            let tagged = [&DST[..], &SRC, &[0x81, 0, 0, 10], &large[12..]].concat();
            let tagged_state = Offload { csum_start: 38, header_bytes: 58, ..large_state };
            let sent = [(&small, state), (&large, large_state), (&tagged, tagged_state), (&small, state)];
            sent.iter().for_each(|(frame, state)| wire.send(frame, *state));
            let mut got = Vec::new();
            for _ in 0..3 {
                // A burst ends after a large frame.
                got.extend(take(&mut socket).0);
            }
            let tag = Some(Tag { tpid: EtherType::VLAN, tci: 10 });
            let want = [(&small, None), (&large, None), (&large, tag), (&small, None)];
            let bytes = got.iter().map(|(_, stripped, frame)| (frame, *stripped));
            assert!(bytes.eq(want), "{vnet:?}");
            let segments: Vec<_> = got.iter().map(|(state, _, _)| state.segment_bytes).collect();
            let told = if vnet == Vnet::Present { 1_000 } else { 0 };
            assert_eq!(segments, [0, told, told, 0], "{vnet:?}");
        }
    });
}

#[test]
fn large_frames_for_which_there_is_no_room_are_counted() {
    in_namespace(|mut lab| {
        let (mut socket, wire) = open(&mut lab, Vnet::Present);
        let (large, state) = super_frame(Gso::TcpV4, DST, SRC, &[]);
        (0..300).for_each(|_| wire.send(&large, state));
        let (mut whole, mut cut) = (0, 0);
        while whole + cut < 300 {
            let mut arena = Arena::new();
            let mut burst = Burst::new();
            let (_, lost) = socket.take(&mut arena, &mut burst);
            assert_eq!(lost, 0);
            assert!(burst.truncated > 0 || !burst.frames().is_empty(), "{whole} whole, {cut} cut");
            assert!(burst.frames().iter().all(|frame| frame.stored()[VNET_BYTES..] == large));
            whole += burst.frames().len();
            cut += burst.truncated as usize;
            socket.ring.release();
        }
        assert!(whole > 50 && cut > 0, "{whole} whole, {cut} cut");
    });
}

/// The socket told `ENETDOWN` in place of the frame, and each large frame after it came in the slot of the next.
#[test]
fn a_link_that_goes_down_does_not_mix_up_large_frames() {
    in_namespace(|mut lab| {
        for vnet in [Vnet::Present, Vnet::Absent] {
            let (interface, wire) = lab.wire("wire0");
            let mut socket = PacketSocket::open_with(interface, Sharing::Alone, vnet).unwrap();
            let (first, state) = super_frame(Gso::TcpV4, DST, SRC, &[]);
            let second: Vec<u8> =
                first.iter().enumerate().map(|(n, byte)| if n < 54 { *byte } else { !byte }).collect();
            wire.send(&first, state);
            lab.set_up(interface, Up::No);
            lab.set_up(interface, Up::Yes);
            wire.send(&second, state);
            let (mut got, mut looks) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                let (mut arena, mut burst) = (Arena::new(), Burst::new());
                looks.push(socket.take(&mut arena, &mut burst).0);
                got.extend(burst.frames().iter().map(|frame| frame.stored()[VNET_BYTES..].to_vec()));
                assert_eq!(burst.truncated, 0);
                socket.ring.release();
            }
            assert!(got == [first, second], "{vnet:?}: {} frames", got.len());
            assert_eq!(looks, [Look::More, Look::More, Look::Down], "{vnet:?}: the error is told once");
        }
    });
}

#[test]
fn a_frame_larger_than_any_memory_is_counted() {
    in_namespace(|mut lab| {
        let (mut socket, wire) = open(&mut lab, Vnet::Present);
        wire.send(&[&DST[..], &SRC, &[0x88, 0xb5], &[0; 72_000]].concat(), PLAIN);
        let (mut arena, mut burst) = (Arena::new(), Burst::new());
        let _ = socket.take(&mut arena, &mut burst);
        assert_eq!((burst.frames().len(), burst.truncated), (0, 1));
    });
}
