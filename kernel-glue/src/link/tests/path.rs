//! Tunnels smaller than the bridge, and bridges smaller than the tunnel.

use super::packets::{HEAD, arp, framed, syn, udp, whole};
use super::{Bed, Inward, Offload, PEER, Place, STATION, addresses, body, config};
use crate::link::SegmentSizes;
use frame::{DropReason, EtherType};

fn bed(tunnel: u32) -> Bed {
    let mut with = config(Place::Lan { mtu_bytes: 1500 }, &["192.168.1.50", "fd00::50"]);
    with.mtu_bytes = tunnel;
    Bed::new(with)
}

#[test]
fn senders_are_told_what_fits_the_tunnel() {
    let mut bed = bed(1300);
    let packet = whole(udp("192.168.1.9", "192.168.1.50", 1400));
    assert_eq!(bed.receive(&framed(PEER, STATION, &packet)), Err(DropReason::TooBig));
    let sent = bed.poll();
    assert_eq!(addresses(&sent.frames[0]), (STATION, PEER, EtherType::IPV4));
    let error = body(&sent.frames[0]);
    assert_eq!((error[9], &error[12..20]), (1, &[192, 168, 1, 50, 192, 168, 1, 9][..]));
    assert_eq!((error[20], error[21], &error[26..28]), (3, 4, &1300_u16.to_be_bytes()[..]), "RFC 1191 §4");

    let packet = udp("fd00::9", "fd00::50", 1400);
    assert_eq!(bed.receive(&framed(PEER, STATION, &packet)), Err(DropReason::TooBig));
    let sent = bed.poll();
    let error = body(&sent.frames[0]);
    assert_eq!((error[6], error[40], &error[44..48]), (58, 2, &1300_u32.to_be_bytes()[..]), "RFC 4443 §3.2");
    assert_eq!(bed.count("too-big-told"), 2);

    let fitting = whole(udp("192.168.1.9", "192.168.1.50", 1300));
    assert_eq!(bed.receive(&framed(PEER, STATION, &fitting)), Ok(Some(fitting)));
}

#[test]
fn what_may_be_cut_is_cut() {
    let mut bed = bed(1300);
    let packet = udp("192.168.1.9", "192.168.1.50", 1400);
    assert_eq!(bed.receive(&framed(PEER, STATION, &packet)), Ok(None));
    let sent = bed.poll();
    assert!(sent.frames.is_empty());
    let bytes: Vec<_> = sent.packets.iter().map(Vec::len).collect();
    assert_eq!(bytes, [1300, 1400 - 1280]);
    let payload: Vec<u8> = sent.packets.iter().flat_map(|packet| packet[20..].to_vec()).collect();
    assert_eq!(payload, packet[20..]);
}

#[test]
fn a_checksum_is_finished_before_the_cut() {
    let mut bed = bed(1300);
    let packet = udp("192.168.1.9", "192.168.1.50", 1400);
    let frame = framed(PEER, STATION, &packet);
    let offload =
        Offload { needs_checksum: true, csum_start: (HEAD + 20) as u16, csum_offset: 6, ..Offload::default() };
    assert_eq!(bed.receive_as(&frame, offload), Ok(None));
    let sent = bed.poll();
    let mut finished = frame.clone();
    frame::offload::finish_checksum(&mut finished, &offload).unwrap();
    assert_ne!(finished, frame);
    let payload: Vec<u8> = sent.packets.iter().flat_map(|packet| packet[20..].to_vec()).collect();
    assert_eq!(payload, finished[HEAD + 20..]);
}

#[test]
fn the_application_is_told_what_fits_the_bridge() {
    let mut bed = bed(9000);
    let mut packet = whole(udp("192.168.1.50", "192.168.1.9", 2000));
    assert_eq!(bed.send(&packet), Err(Inward::Drop(DropReason::TooBig)));
    let told = bed.poll().packets;
    assert_eq!((told[0][9], told[0][20], told[0][21], &told[0][26..28]), (1, 3, 4, &1500_u16.to_be_bytes()[..]));
    packet = whole(udp("192.168.1.50", "192.168.1.9", 1500));
    assert_eq!(bed.send(&packet), Err(Inward::Kept));
}

#[test]
fn what_the_application_lets_be_cut_reaches_a_smaller_bridge() {
    let mut bed = bed(9000);
    let packet = udp("192.168.1.50", "192.168.1.9", 2000);
    assert_eq!(bed.send(&packet), Err(Inward::Kept));
    let asked = bed.poll();
    assert_eq!((asked.frames.len(), asked.packets.len()), (1, 0), "who has it");
    let reply = arp(PEER, 2, (STATION, "192.168.1.9"), (PEER, "192.168.1.50"));
    assert_eq!(bed.receive(&reply), Ok(None));
    let fragments = |frames: Vec<Vec<u8>>| -> Vec<u8> {
        assert_eq!(frames.iter().map(|frame| frame.len() - HEAD).collect::<Vec<_>>(), [1500, 520]);
        assert!(frames.iter().all(|frame| addresses(frame) == (STATION, PEER, EtherType::IPV4)));
        frames.iter().flat_map(|frame| frame[HEAD + 20..].to_vec()).collect()
    };
    assert_eq!(fragments(bed.poll().frames), packet[20..]);
    assert_eq!(bed.send(&packet), Err(Inward::Kept));
    assert_eq!(fragments(bed.poll().frames), packet[20..], "at once from then on");
    assert_eq!(bed.count("cut"), 2);
}

/// Returns what fragments carry, which lie in order and are no longer than this.
fn carried(fragments: &[Vec<u8>], mtu: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    for fragment in fragments {
        assert!(fragment.len() <= mtu, "{} bytes", fragment.len());
        let field = u16::from_be_bytes([fragment[6], fragment[7]]);
        assert_eq!(usize::from(field & 0x1fff) * 8, payload.len());
        payload.extend(&fragment[20..]);
        assert_eq!(field & 0x2000 != 0, payload.len() != 7980, "more fragments");
    }
    payload
}

#[test]
fn a_packet_of_many_fragments_is_cut_for_a_smaller_tunnel() {
    let packet = udp("192.168.1.9", "192.168.1.50", 8000);
    let frame = framed(PEER, STATION, &packet);
    let unsummed =
        Offload { needs_checksum: true, csum_start: (HEAD + 20) as u16, csum_offset: 6, ..Offload::default() };
    let mut finished = frame.clone();
    frame::offload::finish_checksum(&mut finished, &unsummed).unwrap();
    for (name, tunnel, offload, payload) in [
        ("checksum finished", 1500, Offload::default(), &packet[20..]),
        ("checksum left to finish", 1500, unsummed, &finished[HEAD + 20..]),
        ("a tunnel that takes more than is kept in one place", 4000, Offload::default(), &packet[20..]),
        ("the same, checksum left to finish", 4000, unsummed, &finished[HEAD + 20..]),
    ] {
        let mut with = config(Place::Lan { mtu_bytes: 9000 }, &["192.168.1.50"]);
        with.mtu_bytes = tunnel;
        let mut bed = Bed::new(with);
        assert_eq!(bed.receive_as(&frame, offload), Ok(None), "{name}");
        assert_eq!(carried(&bed.poll().packets, tunnel as usize), payload, "{name}");
        assert_eq!(bed.count("cut"), 1, "{name}");
    }
}

#[test]
fn a_packet_of_many_fragments_is_cut_for_a_smaller_bridge() {
    let mut bed = bed(9000);
    assert_eq!(bed.send(&udp("192.168.1.50", "192.168.1.9", 60)), Err(Inward::Kept));
    bed.poll();
    assert_eq!(bed.receive(&arp(PEER, 2, (STATION, "192.168.1.9"), (PEER, "192.168.1.50"))), Ok(None));
    bed.poll();
    let packet = udp("192.168.1.50", "192.168.1.9", 8000);
    let unsummed = Offload { needs_checksum: true, csum_start: 20, csum_offset: 6, ..Offload::default() };
    let mut finished = framed(STATION, PEER, &packet);
    frame::offload::finish_checksum(&mut finished, &unsummed.shifted(HEAD as i16)).unwrap();
    for (name, offload, payload) in [
        ("checksum finished", Offload::default(), &packet[20..]),
        ("checksum left to finish", unsummed, &finished[HEAD + 20..]),
    ] {
        assert_eq!(bed.link.inward(&mut packet.clone(), &offload, bed.now), Inward::Kept, "{name}");
        let frames = bed.poll().frames;
        assert!(frames.iter().all(|frame| addresses(frame) == (STATION, PEER, EtherType::IPV4)), "{name}");
        let fragments: Vec<_> = frames.iter().map(|frame| body(frame).to_vec()).collect();
        assert_eq!(carried(&fragments, 1500), payload, "{name}");
    }
}

#[test]
fn errors_are_bounded() {
    let mut bed = bed(1300);
    let packet = whole(udp("192.168.1.9", "192.168.1.50", 1400));
    let frames: usize = (0..1000)
        .map(|_| {
            assert_eq!(bed.receive(&framed(PEER, STATION, &packet)), Err(DropReason::TooBig));
            bed.poll().frames.len()
        })
        .sum();
    assert_eq!((frames, bed.count("errors-limited")), (10, 990));
}

#[test]
fn segment_sizes_are_lowered_both_ways() {
    let mut with = config(Place::Lan { mtu_bytes: 1500 }, &["192.168.1.50", "fd00::50"]);
    with.mtu_bytes = 1300;
    with.mss = Some(SegmentSizes::fitting(1300));
    let mut bed = Bed::new(with);
    for (from, to, start, mss) in [("192.168.1.9", "192.168.1.50", 40, 1260_u16), ("fd00::9", "fd00::50", 60, 1240)] {
        let stated = |packet: &[u8]| u16::from_be_bytes([packet[start + 2], packet[start + 3]]);
        assert_eq!(bed.receive(&framed(PEER, STATION, &syn(from, to, 1460))), Ok(None), "a copy follows");
        let sent = bed.poll();
        assert_eq!((sent.packets.len(), stated(&sent.packets[0])), (1, mss));
        let small = syn(from, to, 500);
        assert_eq!(bed.receive(&framed(PEER, STATION, &small)), Ok(Some(small)), "left as it is");
    }
    assert_eq!(bed.count("mss-lowered"), 2);

    let mut with = config(Place::Host(super::HOST), &[]);
    with.mss = Some(SegmentSizes { v4_bytes: 1000, v6_bytes: 1000 });
    let mut bed = Bed::new(with);
    let frame = bed.send(&syn("10.8.0.1", "10.8.0.2", 1460)).unwrap();
    assert_eq!(body(&frame)[42..44], 1000_u16.to_be_bytes());
}
