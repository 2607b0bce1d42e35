extern crate std;
use super::*;
use crate::emit::{ALL_NODES, Arp, Discovery, Icmp, group_mac, solicited_node};
use proptest::prelude::*;
use smoltcp::wire::Icmpv6Packet;
use std::vec::Vec;

const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);
const HERE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const THERE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);

// Where fields are in an IPv6 packet.
const NEXT: usize = 6;
const HOP_LIMIT: usize = 7;
const ICMP: usize = 40;
const TARGET: usize = ICMP + 8;
const OPTION: usize = ICMP + 24;

fn solicitation(source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
    let what = Discovery::Solicitation;
    let frame = Icmp { what, mac: A, target: THERE, source, destination, ether_dst: group_mac(destination) }.frame();
    frame[14..].to_vec()
}

fn advertisement(destination: Ipv6Addr, flags: AdvertisementFlags) -> Vec<u8> {
    let what = Discovery::Advertisement(flags);
    Icmp { what, mac: A, target: HERE, source: HERE, destination, ether_dst: B }.frame()[14..].to_vec()
}

/// Sets the payload length and the checksum of what was changed.
fn close(mut packet: Vec<u8>) -> Vec<u8> {
    let length = (packet.len() - 40) as u16;
    packet[4..6].copy_from_slice(&length.to_be_bytes());
    let address = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&packet[at..at + 16]).unwrap());
    let (source, destination) = (address(8), address(24));
    Icmpv6Packet::new_unchecked(&mut packet[40..]).fill_checksum(&source, &destination);
    packet
}

fn changed(mut packet: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    packet[at..at + bytes.len()].copy_from_slice(bytes);
    packet
}

/// Puts headers between the fixed one and what follows, and closes the packet before that: the checksum holds.
fn behind(packet: &[u8], kind: u8, header: &[u8]) -> Vec<u8> {
    let mut longer = packet[..40].to_vec();
    longer[NEXT] = kind;
    longer.extend_from_slice(header);
    longer.extend_from_slice(&packet[40..]);
    let length = (longer.len() - 40) as u16;
    changed(longer, 4, &length.to_be_bytes())
}

#[test]
fn arp_that_keeps_the_rules_and_arp_that_does_not() {
    let here = Ipv4Addr::new(10, 8, 0, 1);
    let request = Arp::question((A, here), Ipv4Addr::new(10, 8, 0, 2), Mac::BROADCAST).frame()[14..].to_vec();
    let padded = [&request[..], &[0xee; 18]].concat();
    for (name, src, bytes, result) in [
        ("a request", A, request.clone(), None),
        ("padded to the least frame", A, padded, None),
        ("a reply", A, changed(request.clone(), 6, &[0, 2]), None),
        ("a probe", A, changed(request.clone(), 14, &[0; 4]), None),
        ("cut short", A, request[..27].to_vec(), Some(Refused::Truncated)),
        ("empty", A, Vec::new(), Some(Refused::Truncated)),
        ("other hardware", A, changed(request.clone(), 0, &[0, 6]), Some(Refused::ArpFormat)),
        ("other protocol", A, changed(request.clone(), 2, &[0x86, 0xdd]), Some(Refused::ArpFormat)),
        ("longer hardware addresses", A, changed(request.clone(), 4, &[8]), Some(Refused::ArpFormat)),
        ("no protocol addresses", A, changed(request.clone(), 5, &[0]), Some(Refused::ArpFormat)),
        ("the longest addresses", A, changed(request.clone(), 4, &[255, 255]), Some(Refused::ArpFormat)),
        ("reverse ARP", A, changed(request.clone(), 6, &[0, 3]), Some(Refused::ArpOperation)),
        ("from another than it says", B, request.clone(), Some(Refused::SenderMismatch)),
        ("a group as sender", A, changed(request.clone(), 8, &[0xff; 6]), Some(Refused::GroupSender)),
        ("nobody as sender", A, changed(request.clone(), 8, &[0; 6]), Some(Refused::GroupSender)),
        ("a multicast sender", A, changed(request.clone(), 14, &[224, 0, 0, 1]), Some(Refused::SenderAddress)),
        ("everybody as sender", A, changed(request.clone(), 14, &[255; 4]), Some(Refused::SenderAddress)),
        ("loopback as sender", A, changed(request, 14, &[127, 0, 0, 1]), Some(Refused::SenderAddress)),
    ] {
        assert_eq!(parse(src, EtherType::ARP, &bytes).map(|message| message.is_some()).err(), result, "{name}");
    }
}

/// One as Linux sends it: `arping -I eth0 10.8.0.1`.
#[test]
fn a_request_reads_as_it_is() {
    let bytes =
        [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0xa, 10, 8, 0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 8, 0, 1];
    let message = Message::Arp {
        operation: Operation::Request,
        sender_mac: A,
        sender: Ipv4Addr::new(10, 8, 0, 2),
        target_mac: Mac::BROADCAST,
        target: Ipv4Addr::new(10, 8, 0, 1),
    };
    assert_eq!(parse(A, EtherType::ARP, &bytes), Ok(Some(message)));
}

#[test]
fn discovery_that_keeps_the_rules_of_rfc_4861_and_what_does_not() {
    let group = solicited_node(THERE);
    let (none, ns) = (Ipv6Addr::UNSPECIFIED, solicitation(HERE, group));
    let with_option = |source, kind: u8| {
        let mut packet = changed(solicitation(HERE, group), 8, &Ipv6Addr::octets(&source));
        packet[OPTION] = kind;
        close(packet)
    };
    let solicited = AdvertisementFlags::SOLICITED | AdvertisementFlags::OVERRIDE;
    let na = advertisement(THERE, solicited);
    let (hop_by_hop, fragment) = ([58, 0, 5, 2, 0, 0, 1, 0], [58, 0, 0, 1, 0, 0, 0, 7]);
    for (name, src, packet, result) in [
        ("a solicitation", A, ns.clone(), Ok(true)),
        ("to the target itself", A, solicitation(HERE, THERE), Ok(true)),
        ("padded", A, [&ns[..], &[0; 9]].concat(), Ok(true)),
        ("duplicate detection", A, solicitation(none, group), Ok(true)),
        ("an advertisement", A, na.clone(), Ok(true)),
        ("to all", A, advertisement(ALL_NODES, AdvertisementFlags::OVERRIDE), Ok(true)),
        ("without an option", A, close(ns[..OPTION].to_vec()), Ok(true)),
        ("with an option that nobody knows", A, with_option(HERE, 200), Ok(true)),
        ("behind a hop-by-hop header", A, behind(&ns, 0, &hop_by_hop), Ok(true)),
        ("hop limit 254", A, changed(ns.clone(), HOP_LIMIT, &[254]), Err(Refused::HopLimit)),
        ("an advertisement with 64", A, changed(na.clone(), HOP_LIMIT, &[64]), Err(Refused::HopLimit)),
        ("a wrong checksum", A, changed(ns.clone(), ICMP + 2, &[0, 0]), Err(Refused::Checksum)),
        ("code 1", A, close(changed(ns.clone(), ICMP + 1, &[1])), Err(Refused::Code)),
        ("23 bytes", A, close(ns[..OPTION - 1].to_vec()), Err(Refused::Truncated)),
        ("one byte", A, close([&ns[..ICMP + 1], &[0; 3]].concat()), Err(Refused::Truncated)),
        ("less than it says", A, ns[..ns.len() - 1].to_vec(), Err(Refused::Truncated)),
        ("a multicast target", A, close(changed(ns.clone(), TARGET, &[0xff, 2])), Err(Refused::Target)),
        ("an option of length 0", A, close(changed(ns.clone(), OPTION + 1, &[0])), Err(Refused::Option)),
        ("an unknown one", A, close(changed(ns.clone(), OPTION, &[200, 0])), Err(Refused::Option)),
        ("one beyond the end", A, close(changed(ns.clone(), OPTION + 1, &[2])), Err(Refused::Option)),
        ("one cut short", A, close(ns[..OPTION + 1].to_vec()), Err(Refused::Option)),
        ("an address too long", A, close(changed([&ns[..], &[0; 8]].concat(), OPTION + 1, &[2])), Err(Refused::Option)),
        ("from :: to the target", A, solicitation(none, THERE), Err(Refused::UnspecifiedSource)),
        ("from :: with an address", A, with_option(none, 1), Err(Refused::UnspecifiedSource)),
        ("from a group", A, close(changed(ns.clone(), 8, &[0xff, 2])), Err(Refused::SenderAddress)),
        ("advertised from ::", A, close(changed(na.clone(), 8, &[0; 16])), Err(Refused::SenderAddress)),
        ("solicited, to all", A, advertisement(ALL_NODES, solicited), Err(Refused::SolicitedToGroup)),
        ("from another than it says", B, ns.clone(), Err(Refused::SenderMismatch)),
        ("advertised by another", B, na, Err(Refused::SenderMismatch)),
        ("a group as sender", A, close(changed(ns.clone(), OPTION + 2, &[1])), Err(Refused::GroupSender)),
        ("the first fragment", A, behind(&ns, 44, &fragment), Err(Refused::Fragmented)),
        ("a later fragment", A, behind(&ns, 44, &changed(fragment.to_vec(), 2, &[0, 8])), Ok(false)),
        ("an echo request", A, close(changed(ns.clone(), ICMP, &[128])), Ok(false)),
        ("UDP", A, changed(ns.clone(), NEXT, &[17]), Ok(false)),
        ("IPv4", A, changed(ns.clone(), 0, &[0x45]), Ok(false)),
        ("a header that has no end", A, behind(&ns, 0, &changed(hop_by_hop.to_vec(), 1, &[255])), Ok(false)),
        ("39 bytes", A, ns[..39].to_vec(), Ok(false)),
    ] {
        assert_eq!(parse(src, EtherType::IPV6, &packet).map(|message| message.is_some()), result, "{name}");
    }
    assert_eq!(parse(A, EtherType::IPV4, &ns), Ok(None));
}

#[test]
fn a_solicitation_and_an_advertisement_read_as_they_are() {
    let group = solicited_node(THERE);
    let message = parse(A, EtherType::IPV6, &solicitation(HERE, group));
    let (source, destination, target, source_mac) = (HERE, group, THERE, Some(A));
    assert_eq!(message, Ok(Some(Message::Solicitation { source, destination, target, source_mac })));

    let flags = AdvertisementFlags::ROUTER | AdvertisementFlags::SOLICITED;
    let message = parse(A, EtherType::IPV6, &advertisement(THERE, flags));
    let (source, destination, target, target_mac) = (HERE, THERE, HERE, Some(A));
    assert_eq!(message, Ok(Some(Message::Advertisement { source, destination, target, flags, target_mac })));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..3_usize) {
        let kind = [EtherType::ARP, EtherType::IPV6, EtherType(0x1234)][kind];
        let _ = parse(A, kind, &bytes);
    }

    #[test]
    fn no_change_to_what_is_right_panics(
        changes in prop::collection::vec((0..120_usize, any::<u8>()), 0..8),
        cut in 0..130_usize,
        checksum in any::<bool>(),
        headers in prop::collection::vec((0..4_usize, any::<[u8; 8]>()), 0..4),
    ) {
        let mut packet = solicitation(HERE, solicited_node(THERE));
        for (kind, header) in headers {
            packet = behind(&packet, [0, 43, 44, 60][kind], &header);
        }
        for (at, byte) in changes {
            if let Some(place) = packet.get_mut(at) {
                *place = byte;
            }
        }
        packet.truncate(cut);
        if checksum && packet.len() >= 44 {
            packet = close(packet);
        }
        let _ = parse(A, EtherType::IPV6, &packet);
    }
}
