//! At an interface of the host.

use super::packets::{arp, framed, padded, solicitation, udp};
use super::{Bed, HOST, PEER, Place, STATION, addresses, body, config};
use frame::{DropReason, EtherType, Mac};

const NOBODY: Mac = Mac([0; 6]);

fn bed() -> Bed {
    Bed::new(config(Place::Host(HOST), &[]))
}

#[test]
fn packets_go_to_the_host_and_frames_to_the_application() {
    let mut bed = bed();
    for (name, from, to, dst) in [
        ("IPv4", "10.8.0.1", "10.8.0.2", HOST),
        ("IPv6", "fd00::1", "fd00::2", HOST),
        ("another network behind the peer", "192.0.2.9", "10.8.0.2", HOST),
        ("multicast", "10.8.0.1", "224.1.2.3", Mac([1, 0, 0x5e, 1, 2, 3])),
        ("multicast, IPv6", "fd00::1", "ff02::1:2", Mac([0x33, 0x33, 0, 1, 0, 2])),
        ("broadcast", "10.8.0.1", "255.255.255.255", Mac::BROADCAST),
    ] {
        let packet = udp(from, to, 80);
        let frame = bed.send(&packet).unwrap();
        let version = if packet[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
        assert_eq!(addresses(&frame), (dst, PEER, version), "{name}");
        assert_eq!(body(&frame), packet, "{name}");
    }
    for (name, packet, dst) in [
        ("short, padded", udp("10.8.0.2", "10.8.0.1", 30), PEER),
        ("IPv6", udp("fd00::2", "fd00::1", 80), PEER),
        ("multicast", udp("10.8.0.2", "224.0.0.22", 60), Mac([1, 0, 0x5e, 0, 0, 22])),
        ("broadcast", udp("10.8.0.2", "255.255.255.255", 60), Mac::BROADCAST),
    ] {
        let frame = padded(framed(dst, HOST, &packet));
        assert_eq!(bed.receive(&frame), Ok(Some(packet)), "{name}");
    }
}

#[test]
fn the_host_finds_whomever_it_asks_for() {
    let mut bed = bed();
    let request = padded(arp(Mac::BROADCAST, 1, (HOST, "10.8.0.2"), (NOBODY, "10.8.0.1")));
    assert_eq!(bed.receive(&request), Ok(None), "the application does not see it");
    let sent = bed.poll();
    assert_eq!(sent.frames, [arp(HOST, 2, (PEER, "10.8.0.1"), (HOST, "10.8.0.2"))]);
    assert_eq!(bed.receive(&solicitation((HOST, "fd00::2"), "fd00::1", 255)), Ok(None));
    let sent = bed.poll();
    assert_eq!(addresses(&sent.frames[0]), (HOST, PEER, EtherType::IPV6));
    // Solicited, override (RFC 4861 §4.4), and where the target is.
    assert_eq!(body(&sent.frames[0])[40..48], [136, 0, sent.frames[0][56], sent.frames[0][57], 0x60, 0, 0, 0]);
    assert_eq!(body(&sent.frames[0])[64..72], [2, 1, 2, 0, 0, 0, 0, 0x20]);
    assert_eq!((bed.count("answered-arp"), bed.count("answered-nd")), (1, 1));
}

#[test]
fn the_hosts_own_addresses_stay_its_own() {
    let mut bed = bed();
    for (name, frame) in [
        ("probe", arp(Mac::BROADCAST, 1, (HOST, "0.0.0.0"), (NOBODY, "10.8.0.2"))),
        ("announcement", arp(Mac::BROADCAST, 1, (HOST, "10.8.0.2"), (NOBODY, "10.8.0.2"))),
        ("duplicate address detection", solicitation((HOST, "::"), "fd00::2", 255)),
    ] {
        assert_eq!(bed.receive(&frame), Ok(None), "{name}");
        assert!(bed.poll().frames.is_empty(), "{name}");
    }
}

#[test]
fn what_the_application_does_not_get_has_a_reason() {
    let mut bed = bed();
    let good = framed(PEER, HOST, &udp("10.8.0.2", "10.8.0.1", 60));
    let mut tagged = good.clone();
    tagged.splice(12..12, [0x81, 0, 0, 20]);
    let mut spanning = good.clone();
    spanning[12..14].copy_from_slice(&[0x88, 0xcc]);
    let mut request = arp(Mac::BROADCAST, 1, (HOST, "10.8.0.2"), (NOBODY, "10.8.0.1"));
    request.truncate(30);
    for (name, frame, why) in [
        ("no header", good[..10].to_vec(), DropReason::Malformed),
        ("cut packet", good[..50].to_vec(), DropReason::Malformed),
        ("for another station", framed(STATION, HOST, body(&good)), DropReason::OtherHost),
        ("of a VLAN", tagged, DropReason::VlanEgress),
        ("LLDP", spanning, DropReason::NotIp),
        ("cut ARP", request, DropReason::BadNeighbour),
        ("from afar", solicitation((HOST, "fd00::2"), "fd00::1", 254), DropReason::BadNeighbour),
    ] {
        assert_eq!(bed.receive(&frame), Err(why), "{name}");
        assert!(bed.poll().frames.is_empty(), "{name}");
    }
    let mut priority = good.clone();
    priority.splice(12..12, [0x81, 0, 0xe0, 0]);
    assert_eq!(bed.receive(&priority), Ok(Some(body(&good).to_vec())), "a priority is no VLAN");
    assert_eq!((bed.count("hop-limit"), bed.count("truncated")), (1, 1));
}

#[test]
fn a_frame_whose_tag_was_edited_is_the_same_packet() {
    use super::{Instant, Offload, Outward};
    let packet = udp("10.8.0.2", "10.8.0.1", 60);
    let frame = framed(PEER, HOST, &packet);
    let mut bed = bed();
    let found = bed.link.outward(&frame[..12], &frame[12..], &Offload::default(), Instant::from_secs(100));
    assert_eq!(found, Ok(Outward::Packet { packet: &frame[14..], offload: Offload::default() }));
}
