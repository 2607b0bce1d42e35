//! Whatever comes as a frame or as a packet, the shim answers for bytes that are there, and what it writes is a packet.
#![no_main]

use core::net::IpAddr;
use frame::offload::{Offload, VNET_BYTES};
use frame::{EtherType, HEADER_BYTES, Mac, Tag};
use fuzz::checksum::sum;
use libfuzzer_sys::fuzz_target;
use ppp_shim::fragment::Fragments;
use ppp_shim::mss::{Clamped, clamp, of_mtu};
use ppp_shim::path_mtu::{MAX_BYTES, exceeds, too_big, unreachable};
use ppp_shim::shim::{Destination, Stripped, Version, classify, header, strip};

fuzz_target!(|input: &[u8]| {
    let Some((&[how, a, b, c, d, mtu_hi, mtu_lo, mss_hi, mss_lo], rest)) = input.split_first_chunk() else { return };
    let Some((vnet, frame)) = rest.split_first_chunk::<VNET_BYTES>() else { return };
    let Some(offload) = Offload::from_vnet(vnet) else { return };
    let offload = if how & 1 == 0 { Offload::default() } else { offload };
    let tpid = EtherType(u16::from_be_bytes([a, b]));
    let tag = (how & 2 != 0).then_some(Tag { tpid, tci: u16::from_be_bytes([c, d]) });
    let mtu_bytes = u32::from(u16::from_be_bytes([mtu_hi, mtu_lo]));
    let mss_bytes = u16::from_be_bytes([mss_hi, mss_lo]);

    strips(frame, tag, &offload);
    let mut packet = frame.to_vec();
    // Headers that no byte of chance would make right lead further in.
    if how & 4 != 0 {
        mend(&mut packet);
    }
    wraps(&packet, tag, &offload);
    clamps(&packet, &offload, mss_bytes);
    cuts(&packet, &offload, mtu_bytes);
    complains(&packet, mtu_bytes);
    let large = exceeds(&packet, packet.len(), &offload, mtu_bytes);
    assert!(!large || packet.len() > mtu_bytes as usize);
    assert!(large || packet.len() <= mtu_bytes as usize || offload.is_gso());
});

/// What is found in a frame lies in it, also where only its first bytes are shown.
fn strips(frame: &[u8], tag: Option<Tag>, offload: &Offload) {
    for shown in [frame, frame.get(..256).unwrap_or(frame)] {
        match strip(shown, frame.len(), tag, offload) {
            Ok(Stripped::Packet(packet) | Stripped::MaybeNeighbour(packet)) => {
                assert!(packet.start >= HEADER_BYTES && packet.start + packet.bytes <= frame.len());
                let found = &frame[packet.start..packet.start + packet.bytes];
                assert_eq!(Version::of(found), Some(packet.version));
                let kind = classify(found).expect("it was read before");
                assert_eq!((kind.version, kind.source), (packet.version, packet.source));
            }
            Ok(Stripped::Arp { start }) => assert!(start <= frame.len()),
            Err(_) => {}
        }
    }
}

/// What is wrapped can be stripped, and is the same.
fn wraps(packet: &[u8], tag: Option<Tag>, offload: &Offload) {
    let Ok(kind) = classify(packet) else { return };
    let dst = match kind.destination {
        Destination::Multicast(group) => {
            assert!(group.is_group());
            group
        }
        Destination::Broadcast => Mac::BROADCAST,
        Destination::Unicast(_) => Mac([2, 0, 0, 0, 0, 1]),
    };
    let frame = [&header(dst, Mac([2, 0, 0, 0, 0, 2]), kind.version)[..], packet].concat();
    strips(&frame, tag, offload);
    match strip(&frame, frame.len(), None, &Offload::default()) {
        Ok(Stripped::Packet(found) | Stripped::MaybeNeighbour(found)) => {
            assert_eq!((found.start, found.version, found.source), (HEADER_BYTES, kind.version, kind.source));
            assert!(found.bytes == kind.bytes && kind.bytes <= packet.len());
            if let Destination::Unicast(destination) = kind.destination {
                assert_eq!(found.destination, destination);
            }
        }
        other => panic!("{other:?}"),
    }
}

/// Sizes are lowered once, and the sum over the packet stays what it was.
fn clamps(packet: &[u8], offload: &Offload, mss_bytes: u16) {
    let mut clamped = packet.to_vec();
    assert_eq!(clamp(&mut clamped, offload, u16::MAX), Clamped::Left);
    let what = clamp(&mut clamped, offload, mss_bytes);
    assert_eq!(what == Clamped::Left, clamped == packet);
    if !offload.needs_checksum {
        assert_eq!(sum(&clamped) % 0xffff, sum(packet) % 0xffff);
    }
    let once = clamped.clone();
    for mss_bytes in [mss_bytes, mss_bytes.saturating_add(1), u16::MAX] {
        assert_eq!(clamp(&mut clamped, offload, mss_bytes), Clamped::Left);
    }
    assert_eq!(clamped, once);
    let room = clamped.len().min(100);
    let _ = clamp(&mut clamped[..room], offload, mss_bytes / 2);
    assert_eq!(clamped[room..], once[room..]);
}

/// Fragments fit, follow each other, and hold together what the packet held.
fn cuts(packet: &[u8], offload: &Offload, mtu_bytes: u32) {
    let Ok(mut fragments) = Fragments::new(packet, offload, mtu_bytes) else { return };
    let whole = v4(packet);
    let mut room = vec![0; 65_535];
    let mut at = whole.offset;
    let mut payload = Vec::new();
    loop {
        let bytes = fragments.next_bytes();
        let short = bytes.saturating_sub(1);
        assert_eq!(fragments.next_into(&mut room[..short]), None);
        let Some(written) = fragments.next_into(&mut room) else { break };
        assert_eq!(written, bytes);
        let fragment = &room[..written];
        assert!(written <= mtu_bytes as usize || written == usize::from(whole.total));
        classify(fragment).expect("a packet");
        let part = v4(fragment);
        assert_eq!((part.offset, sum(&fragment[..part.header]) % 0xffff, part.total as usize), (at, 0, written));
        at += (written - part.header) / 8;
        payload.extend_from_slice(&fragment[part.header..]);
        let done = payload.len() == usize::from(whole.total) - whole.header;
        assert_eq!(part.more, !done || whole.more);
        assert!(done || whole.flags & 0x40 == 0, "cut against its sender's will");
    }
    assert_eq!(payload, packet[whole.header..usize::from(whole.total)]);
    assert_eq!(fragments.next_bytes(), 0);
}

/// Errors are packets from whom they are said to be to who is to blame, and draw none themselves.
fn complains(packet: &[u8], mtu_bytes: u32) {
    let froms: [IpAddr; 2] = [[192, 0, 2, 1].into(), [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()];
    for from in froms {
        for room in [40, 200, MAX_BYTES] {
            let (mut large, mut lost) = (vec![0; room], vec![0; room]);
            let large = too_big(packet, mtu_bytes, from, &mut large).map(|bytes| &large[..bytes]);
            let lost = unreachable(packet, from, &mut lost).map(|bytes| &lost[..bytes]);
            for error in [large, lost].into_iter().flatten() {
                let kind = classify(error).expect("a packet");
                assert_eq!(kind.source, from);
                assert_eq!(kind.destination, Destination::Unicast(source(packet)));
                for again in froms {
                    assert_eq!(too_big(error, 1280, again, &mut [0; MAX_BYTES]), None);
                    assert_eq!(unreachable(error, again, &mut [0; MAX_BYTES]), None);
                }
            }
        }
    }
    for version in [Version::V4, Version::V6] {
        assert!(u32::from(of_mtu(mtu_bytes, version)) <= mtu_bytes);
    }
}

/// Reads the source of a packet that may state more bytes than there are.
fn source(packet: &[u8]) -> IpAddr {
    match Version::of(packet) {
        Some(Version::V4) => IpAddr::from(<[u8; 4]>::try_from(&packet[12..16]).expect("four")),
        Some(Version::V6) => IpAddr::from(<[u8; 16]>::try_from(&packet[8..24]).expect("sixteen")),
        None => panic!("an error about no packet"),
    }
}

/// Makes the lengths and the header's checksum right.
fn mend(packet: &mut [u8]) {
    let bytes = packet.len().min(65_535);
    match packet.first().map(|first| first & 0x20) {
        Some(0) if bytes >= 20 => {
            let header = (usize::from(packet[0] & 0xf) * 4).clamp(20, bytes / 4 * 4).min(60);
            packet[0] = 0x40 | (header / 4) as u8;
            packet[2..4].copy_from_slice(&(bytes as u16).to_be_bytes());
            packet[10..12].copy_from_slice(&[0, 0]);
            let sum = !((sum(&packet[..header]) % 0xffff) as u16);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        Some(_) if bytes >= 40 => {
            packet[0] = 0x60 | packet[0] & 0xf;
            packet[4..6].copy_from_slice(&((bytes - 40) as u16).to_be_bytes());
        }
        _ => {}
    }
}

/// The fields of an IPv4 header that say where a fragment lies.
struct Header {
    header: usize,
    total: u16,
    flags: u8,
    more: bool,
    offset: usize,
}

fn v4(packet: &[u8]) -> Header {
    Header {
        header: usize::from(packet[0] & 0xf) * 4,
        total: u16::from_be_bytes([packet[2], packet[3]]),
        flags: packet[6],
        more: packet[6] & 0x20 != 0,
        offset: usize::from(u16::from_be_bytes([packet[6] & 0x1f, packet[7]])),
    }
}
