extern crate std;
use super::*;
use crate::message::parse;
use core::net::{Ipv4Addr, Ipv6Addr};
use frame::{EtherType, Frame, HEADER_BYTES};
use proptest::prelude::*;
use std::vec::Vec;

const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);
const NOW: Instant = Instant::from_secs(9);
const ANYBODY: AdvertisementFlags = AdvertisementFlags::SOLICITED.union(AdvertisementFlags::OVERRIDE);

fn v4(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

fn v6(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last)
}

fn arp(operation: Operation, sender: Ipv4Addr, target: Ipv4Addr) -> Message {
    Message::Arp { operation, sender_mac: A, sender, target_mac: Mac::ZERO, target }
}

fn solicit(source: Ipv6Addr, target: Ipv6Addr) -> Message {
    let source_mac = (!source.is_unspecified()).then_some(A);
    Message::Solicitation { source, destination: crate::emit::solicited_node(target), target, source_mac }
}

fn advertise(target: Ipv6Addr, flags: AdvertisementFlags) -> Message {
    Message::Advertisement { source: target, destination: v6(1), target, flags, target_mac: Some(A) }
}

fn table() -> Bindings {
    Bindings::new(16, None, [1, 2])
}

fn place(port: u16, vid: u16) -> Place {
    Place { port: PortId::new(port).unwrap(), vid }
}

/// What is learned: an address, how, and what its station is.
type Says = Option<(IpAddr, Source, Role)>;

#[test]
fn what_is_learned_from_whom() {
    use Operation::{Reply, Request};
    let none = AdvertisementFlags::empty();
    let mute =
        Message::Advertisement { source: v6(5), destination: v6(1), target: v6(5), flags: ANYBODY, target_mac: None };
    #[rustfmt::skip]
    let rows: &[(&str, Message, Says)] = &[
        ("request",            arp(Request, v4(1), v4(2)),                  Some((v4(1).into(), Source::Arp, Role::Unknown))),
        ("reply",              arp(Reply, v4(1), v4(2)),                    Some((v4(1).into(), Source::Arp, Role::Unknown))),
        ("announcement",       arp(Request, v4(1), v4(1)),                  Some((v4(1).into(), Source::Arp, Role::Unknown))),
        ("probe",              arp(Request, Ipv4Addr::UNSPECIFIED, v4(1)),  None),
        ("solicitation",       solicit(v6(1), v6(2)),                       Some((v6(1).into(), Source::Nd, Role::Unknown))),
        ("address detection",  solicit(Ipv6Addr::UNSPECIFIED, v6(2)),       None),
        ("advertisement",      advertise(v6(5), ANYBODY),                   Some((v6(5).into(), Source::Nd, Role::Host))),
        ("a router's",         advertise(v6(5), ANYBODY | AdvertisementFlags::ROUTER),
                                                                            Some((v6(5).into(), Source::Nd, Role::Router))),
        ("anycast",            advertise(v6(5), AdvertisementFlags::SOLICITED), None),
        ("of no weight",       advertise(v6(5), none),                      None),
        ("without an address", mute,                                        None),
        ("of the loopback",    advertise(Ipv6Addr::LOCALHOST, ANYBODY),     None),
    ];
    for &(name, message, want) in rows {
        let mut bindings = table();
        assert_eq!(learn(&mut bindings, &message, place(3, 20), NOW), want.map(|_| Learned::Added), "{name}");
        let want = want.map(|(address, source, role)| Binding {
            address,
            vid: 20,
            mac: A,
            port: PortId::new(3).unwrap(),
            source,
            role,
            updated: NOW,
        });
        assert_eq!(bindings.iter(NOW).copied().collect::<Vec<_>>(), want.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

/// B has 10.0.0.2 and fd00::2, and is the router fd00::3; what fd00::4 is has not been said. All in VLAN 20.
fn known() -> Bindings {
    let mut bindings = table();
    let rows = [
        (v4(2).into(), Role::Unknown),
        (v6(2).into(), Role::Host),
        (v6(3).into(), Role::Router),
        (v6(4).into(), Role::Unknown),
    ];
    for (address, role) in rows {
        let Place { port, vid } = place(2, 20);
        bindings.learn(Binding { address, vid, mac: B, port, source: Source::Nd, role, updated: NOW });
    }
    bindings
}

#[test]
fn what_is_answered() {
    use Operation::{Reply, Request};
    let (free, fresh) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
    #[rustfmt::skip]
    let rows: &[(&str, Message, u16, bool, bool)] = &[
        // name                       question                     VLAN reached answered
        ("known",                     arp(Request, v4(1), v4(2)),   20, true,  true),
        ("in another VLAN",           arp(Request, v4(1), v4(2)),   21, true,  false),
        ("outside any VLAN",          arp(Request, v4(1), v4(2)),    0, true,  false),
        ("out of reach",              arp(Request, v4(1), v4(2)),   20, false, false),
        ("unknown",                   arp(Request, v4(1), v4(3)),   20, true,  false),
        ("probe",                     arp(Request, free, v4(2)),    20, true,  false),
        ("announcement",              arp(Request, v4(2), v4(2)),   20, true,  false),
        ("no question",               arp(Reply, v4(1), v4(2)),     20, true,  false),
        ("known host",                solicit(v6(1), v6(2)),        20, true,  true),
        ("known router",              solicit(v6(1), v6(3)),        20, true,  true),
        ("host or router",            solicit(v6(1), v6(4)),        20, true,  false),
        ("IPv6 in another VLAN",      solicit(v6(1), v6(2)),         1, true,  false),
        ("IPv6 out of reach",         solicit(v6(1), v6(2)),        20, false, false),
        ("address detection",         solicit(fresh, v6(2)),        20, true,  false),
        ("of itself",                 solicit(v6(2), v6(2)),        20, true,  false),
        ("no solicitation",           advertise(v6(2), ANYBODY),    20, true,  false),
    ];
    let bindings = known();
    for &(name, question, vid, reached, answered) in rows {
        let reply = answer(&bindings, &question, vid, NOW, |mac| mac == B && reached);
        assert_eq!(reply.is_some(), answered, "{name}");
    }
}

#[test]
fn an_answer_is_as_the_station_would_give_it() {
    let bindings = known();
    let read = |question| {
        let bytes = answer(&bindings, &question, 20, NOW, |_| true).unwrap();
        let header = Frame::parse(&bytes, None).unwrap();
        assert_eq!((header.dst, header.src, header.tag), (A, B, None), "from the station to the asker");
        parse(header.src, header.ether_type, &bytes[HEADER_BYTES..]).unwrap().unwrap()
    };
    let (operation, sender_mac, target_mac) = (Operation::Reply, B, A);
    let reply = Message::Arp { operation, sender_mac, sender: v4(2), target_mac, target: v4(1) };
    assert_eq!(read(arp(Operation::Request, v4(1), v4(2))), reply);
    for (target, router) in [(v6(2), AdvertisementFlags::empty()), (v6(3), AdvertisementFlags::ROUTER)] {
        let flags = ANYBODY | router;
        let want = Message::Advertisement { source: target, destination: v6(1), target, flags, target_mac: Some(B) };
        assert_eq!(read(solicit(v6(1), target)), want);
    }
}

proptest! {
    #[test]
    fn whatever_octets_come_are_learned_from_and_answered_or_not(
        source in any::<[u8; 6]>(),
        is_arp in any::<bool>(),
        begins_well in any::<bool>(),
        mut octets in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let ether_type = if is_arp { EtherType::ARP } else { EtherType::IPV6 };
        // Else few would be more than malformed.
        let begin: &[u8] = if is_arp { &[0, 1, 8, 0, 6, 4, 0, 1] } else { &[0x60, 0, 0, 0, 0, 32, 58, 255] };
        if begins_well {
            octets.iter_mut().zip(begin).for_each(|(to, from)| *to = *from);
            if let (true, Some(sender)) = (is_arp, octets.get_mut(8..14)) {
                sender.copy_from_slice(&source);
            }
        }
        let mut bindings = known();
        if let Ok(Some(message)) = parse(Mac(source), ether_type, &octets) {
            let learned = learn(&mut bindings, &message, place(1, 0), NOW);
            prop_assert!(bindings.len() <= 5 && learned != Some(Learned::Full));
            let _ = answer(&bindings, &message, 20, NOW, |_| true);
        }
    }
}
