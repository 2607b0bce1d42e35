//! At a port of a bridge.

use super::packets::{advertisement, arp, framed, udp};
use super::{Bed, Inward, PEER, Place, STATION, addresses, body, config, ip};
use frame::{DropReason, EtherType, Mac};

const NOBODY: Mac = Mac([0; 6]);
const LAN: Place = Place::Lan { mtu_bytes: 1500 };

fn bed() -> Bed {
    Bed::new(config(LAN, &["192.168.1.50", "192.168.1.51", "fd00::50"]))
}

/// Lets the link find a station.
fn acquaint(bed: &mut Bed, address: &str) {
    assert_eq!(bed.send(&udp("192.168.1.50", address, 60)), Err(Inward::Kept));
    bed.poll();
    assert_eq!(bed.receive(&arp(PEER, 2, (STATION, address), (PEER, "192.168.1.50"))), Ok(None));
    assert_eq!(bed.poll().frames.len(), 1);
}

#[test]
fn a_packet_waits_until_its_station_is_found() {
    let mut bed = bed();
    let packet = udp("192.168.1.50", "192.168.1.9", 200);
    assert_eq!(bed.send(&packet), Err(Inward::Kept));
    let asked = bed.poll();
    assert_eq!(asked.frames.len(), 1);
    assert_eq!(addresses(&asked.frames[0]), (Mac::BROADCAST, PEER, EtherType::ARP));
    assert_eq!(body(&asked.frames[0])[8..18], [2, 0, 0, 0, 0, 0x20, 192, 168, 1, 50], "it asks in the peer's name");
    assert_eq!(bed.receive(&arp(PEER, 2, (STATION, "192.168.1.9"), (PEER, "192.168.1.50"))), Ok(None));
    assert_eq!(bed.poll().frames, [framed(STATION, PEER, &packet)]);
    assert_eq!(bed.send(&packet), Ok(framed(STATION, PEER, &packet)), "at once from then on");

    let packet = udp("fd00::50", "fd00::9", 200);
    assert_eq!(bed.send(&packet), Err(Inward::Kept));
    assert_eq!(bed.poll().frames.len(), 1);
    assert_eq!(bed.receive(&advertisement((STATION, "fd00::9"), (PEER, "fd00::50"))), Ok(None));
    assert_eq!(bed.poll().frames, [framed(STATION, PEER, &packet)]);
}

#[test]
fn nobody_there_is_told_to_the_application() {
    let mut bed = bed();
    for number in 0..5 {
        assert_eq!(bed.send(&udp("192.168.1.50", "192.168.1.9", 60 + number)), Err(Inward::Kept));
    }
    let mut requests = bed.poll().frames.len();
    let mut told = Vec::new();
    for _ in 0..50 {
        bed.pass_time(100);
        let sent = bed.poll();
        requests += sent.frames.len();
        told.extend(sent.packets);
    }
    assert_eq!(requests, 3, "RFC 4861 §10 MAX_MULTICAST_SOLICIT");
    assert_eq!(told.len(), 3, "as many as wait for one station");
    for packet in told {
        assert_eq!((packet[9], packet[20], packet[21]), (1, 3, 1), "ICMP host unreachable");
        assert_eq!(packet[12..20], [192, 168, 1, 50, 192, 168, 1, 50]);
    }
    assert_eq!((bed.count("unresolved"), bed.count("held-dropped")), (3, 2));
    // What was given back is there again.
    for number in 0..60 {
        let to = format!("192.168.1.{}", 100 + number);
        assert_eq!(bed.send(&udp("192.168.1.50", &to, 60)), Err(Inward::Kept), "{number}");
    }
}

#[test]
fn what_is_not_on_the_bridge_goes_to_the_gateway() {
    let mut with = config(LAN, &["192.168.1.50"]);
    with.gateways = vec![ip("192.168.1.1")];
    with.onlink = vec!["192.168.1.0/24".parse().unwrap()];
    let mut bed = Bed::new(with);
    for (to, asked) in [("203.0.113.5", [192, 168, 1, 1]), ("192.168.1.9", [192, 168, 1, 9])] {
        assert_eq!(bed.send(&udp("192.168.1.50", to, 60)), Err(Inward::Kept));
        assert_eq!(body(&bed.poll().frames[0])[24..28], asked, "{to}");
    }
    let everyone = udp("192.168.1.50", "192.168.1.255", 60);
    assert_eq!(bed.send(&everyone), Ok(framed(Mac::BROADCAST, PEER, &everyone)));
}

#[test]
fn peers_behind_one_link_talk_and_nobody_lends_an_address() {
    let mut bed = bed();
    assert_eq!(bed.send(&udp("192.168.1.50", "192.168.1.51", 60)), Err(Inward::Return));
    assert_eq!(bed.send(&udp("192.168.1.9", "192.168.1.7", 60)), Err(Inward::Drop(DropReason::BadSource)));
    assert_eq!(bed.send(&udp("fd00::9", "fd00::7", 60)), Err(Inward::Drop(DropReason::BadSource)));
    let report = udp("fe80::1", "ff02::16", 60);
    assert_eq!(bed.send(&report), Ok(framed(Mac([0x33, 0x33, 0, 0, 0, 0x16]), PEER, &report)), "MLD");
}

#[test]
fn stations_are_answered_for_the_peers_addresses_alone() {
    let mut bed = bed();
    for (target, answered) in [("192.168.1.50", true), ("192.168.1.51", true), ("192.168.1.9", false)] {
        let request = arp(Mac::BROADCAST, 1, (STATION, "192.168.1.9"), (NOBODY, target));
        assert_eq!(bed.receive(&request), Ok(None));
        let reply = arp(STATION, 2, (PEER, target), (STATION, "192.168.1.9"));
        assert_eq!(bed.poll().frames, if answered { vec![reply] } else { vec![] }, "{target}");
    }
}

#[test]
fn who_comes_announces_and_who_is_robbed_defends() {
    let mut bed = bed();
    bed.link.arrive(bed.now);
    let announced = bed.poll();
    let to: Vec<_> = announced.frames.iter().map(|frame| addresses(frame).2).collect();
    assert_eq!(to, [EtherType::ARP, EtherType::ARP, EtherType::IPV6], "each of its addresses");
    bed.pass_time(60_000);
    bed.poll();
    let claim = arp(Mac::BROADCAST, 1, (STATION, "192.168.1.50"), (NOBODY, "192.168.1.50"));
    for _ in 0..3 {
        assert_eq!(bed.receive(&claim), Ok(None));
    }
    let defence = arp(Mac::BROADCAST, 1, (PEER, "192.168.1.50"), (NOBODY, "192.168.1.50"));
    assert_eq!(bed.poll().frames, [defence], "once in ten seconds");
    assert_eq!((bed.count("conflicts"), bed.count("defended")), (3, 1));
}

#[test]
fn a_station_that_comes_back_with_another_card_is_reached_at_once() {
    let mut bed = bed();
    acquaint(&mut bed, "192.168.1.9");
    let other = Mac([2, 0, 0, 0, 0, 0x99]);
    assert_eq!(bed.receive(&arp(Mac::BROADCAST, 1, (other, "192.168.1.9"), (NOBODY, "192.168.1.9"))), Ok(None));
    let packet = udp("192.168.1.50", "192.168.1.9", 60);
    assert_eq!(bed.send(&packet), Ok(framed(other, PEER, &packet)));
}

#[test]
fn another_place_is_another_life() {
    let mut bed = bed();
    acquaint(&mut bed, "192.168.1.9");
    assert_eq!(bed.link.report(bed.now).neighbours.len(), 1);
    assert_eq!(bed.send(&udp("192.168.1.50", "192.168.1.8", 60)), Err(Inward::Kept));
    bed.link.configure(config(Place::Host(super::HOST), &[]), bed.now);
    assert_eq!(bed.poll(), super::Sent::default());
    assert!(bed.link.report(bed.now).neighbours.is_empty());
    bed.link.configure(config(LAN, &["192.168.1.50"]), bed.now);
    for number in 0..60 {
        assert_eq!(bed.send(&udp("192.168.1.50", &format!("192.168.1.{}", 100 + number), 60)), Err(Inward::Kept));
    }
}
