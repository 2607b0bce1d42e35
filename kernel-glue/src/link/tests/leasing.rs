//! An address that a server of the bridge lends.

use super::packets::{arp, framed, udp};
use super::room::fill;
use super::{Bed, LinkConfig, PEER, Place, STATION, addresses, body, config, ip};
use arp::Scope;
use frame::{EtherType, Mac};
use std::net::Ipv4Addr;
use std::vec::Vec;

const LAN: Place = Place::Lan { mtu_bytes: 1500 };
/// Who sends what the server says.
const SPOKESMAN: Mac = Mac([2, 0, 0, 0, 0, 0x67]);
const ADDRESS: &str = "192.168.1.77";
const RELEASE: u8 = 7;

/// A link whose application is there and wants an address.
fn bed(with: LinkConfig) -> Bed {
    let mut bed = Bed::new(LinkConfig { dhcp: true, ..with });
    bed.link.arrive(bed.now);
    bed
}

fn nobody() -> LinkConfig {
    LinkConfig { scope: Scope::List([].into()), ..config(LAN, &[]) }
}

/// Returns the type of a message to a server.
fn said(frame: &[u8]) -> Option<u8> {
    let packet = body(frame);
    let is_dhcp = addresses(frame).2 == EtherType::IPV4 && packet[9] == 17 && packet[22..24] == [0, 67];
    is_dhcp.then(|| packet[28 + 242])
}

/// What a server says to a request: an address for a day, and the way out of the LAN.
fn answer(request: &[u8], kind: u8, server: &str) -> Vec<u8> {
    let octets = |text: &str| text.parse::<Ipv4Addr>().unwrap().octets();
    let mut message = std::vec![0; 240];
    message[..4].copy_from_slice(&[2, 1, 6, 0]);
    message[4..8].copy_from_slice(&body(request)[32..36]);
    message[16..20].copy_from_slice(&octets(ADDRESS));
    message[28..34].copy_from_slice(&PEER.0);
    message[236..].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    let router = octets("192.168.1.1");
    for (code, value) in [
        (53, &[kind][..]),
        (54, &octets(server)),
        (51, &86_400_u32.to_be_bytes()),
        (1, &[255, 255, 255, 0]),
        (3, &router),
    ] {
        message.extend([code, value.len() as u8]);
        message.extend(value);
    }
    message.push(255);
    let mut packet = udp(server, ADDRESS, 28 + message.len());
    packet[20..24].copy_from_slice(&[0, 67, 0, 68]);
    packet[28..].copy_from_slice(&message);
    framed(PEER, SPOKESMAN, &packet)
}

/// Lets the link get its address, which nobody else has.
fn lend(bed: &mut Bed, server: &str) {
    for kind in [2, 5] {
        let sent = bed.poll().frames;
        let request = sent.iter().find(|frame| said(frame).is_some()).expect("it asks");
        assert_eq!(bed.receive(&answer(request, kind, server)), Ok(None));
    }
    for _ in 0..100 {
        bed.pass_time(100);
        bed.poll();
    }
    let lease = bed.link.report(bed.now).lease.expect("nobody else has the address");
    assert_eq!(lease.address, ADDRESS.parse::<Ipv4Addr>().unwrap());
}

fn released(bed: &mut Bed, with: LinkConfig) -> Vec<Vec<u8>> {
    bed.link.configure(with, bed.now);
    bed.poll().frames.into_iter().filter(|frame| said(frame) == Some(RELEASE)).collect()
}

/// Before T1 nothing has been sent to the server alone: nobody has asked for it by ARP.
#[test]
fn an_address_is_given_back_to_a_server_that_was_reached_by_broadcast_only() {
    for (name, server) in [("on the LAN", "192.168.1.2"), ("behind a relay", "10.9.9.9")] {
        let mut bed = bed(nobody());
        lend(&mut bed, server);
        let frames = released(&mut bed, nobody());
        let [frame] = &frames[..] else { panic!("{name}: {frames:?}") };
        assert_eq!(addresses(frame), (SPOKESMAN, PEER, EtherType::IPV4), "{name}");
        let (from, to) = (&body(frame)[12..16], &body(frame)[16..20]);
        assert_eq!((from, to), (&[192, 168, 1, 77][..], &server.parse::<Ipv4Addr>().unwrap().octets()[..]), "{name}");
        assert_eq!(bed.count("releases"), 1);
        assert!(!bed.link.neighbours.identity().stands_for(ip(ADDRESS)), "{name}");
    }
}

#[test]
fn an_address_is_given_back_to_who_has_extended_its_lease_last() {
    let mut bed = bed(nobody());
    lend(&mut bed, "192.168.1.2");
    bed.pass_time(43_200_000);
    assert_eq!(addresses(&bed.poll().frames[0]).2, EtherType::ARP, "where is the server");
    assert_eq!(bed.receive(&arp(PEER, 2, (STATION, "192.168.1.2"), (PEER, ADDRESS))), Ok(None));
    let sent = bed.poll().frames;
    let [renewal] = &sent[..] else { panic!("{sent:?}") };
    let mut ack = answer(renewal, 5, "192.168.1.2");
    ack[6..12].copy_from_slice(&STATION.0);
    assert_eq!(bed.receive(&ack), Ok(None));
    bed.poll();
    assert_eq!(bed.count("acks"), 2);
    let frames = released(&mut bed, nobody());
    assert_eq!(frames.iter().map(|frame| addresses(frame).0).collect::<Vec<_>>(), [STATION]);
}

#[test]
fn a_lease_ends_even_while_there_is_no_room_for_a_message() {
    let mut bed = bed(nobody());
    lend(&mut bed, "192.168.1.2");
    let slots = fill(&mut bed);
    bed.pass_time(86_400_000);
    bed.poll();
    assert!(!bed.link.neighbours.identity().stands_for(ip(ADDRESS)));
    slots.into_iter().for_each(|slot| bed.link.slab.give_back(slot));
}
