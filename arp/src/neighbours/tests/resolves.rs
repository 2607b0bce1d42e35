use super::*;
use crate::MAX_HELD;
use Output::{Release, Unreachable};

const LAN: &[&str] = &["192.0.2.5", "2001:db8::5"];

fn millis(millis: u64) -> Instant {
    Instant::from_micros(millis * 1000)
}

/// What a neighbour sends when it is asked, by family.
fn answer_of(mac: Mac, address: &str) -> NeighbourFrame {
    match ip(address) {
        IpAddr::V4(_) => answers(mac, address, PEER, "192.0.2.5"),
        IpAddr::V6(_) => {
            let flags = AdvertisementFlags::SOLICITED | AdvertisementFlags::OVERRIDE;
            advertises(mac, address, "2001:db8::5", flags)
        }
    }
}

fn state(link: &Link, address: &str, now: Instant) -> Option<(State, Option<Mac>)> {
    link.iter(now).find(|neighbour| neighbour.address == ip(address)).map(|found| (found.state, found.mac))
}

fn resolve(link: &mut Link, address: &str, now: Instant) -> Resolution {
    let asker = if ip(address).is_ipv4() { "192.0.2.5" } else { "2001:db8::5" };
    link.resolve(ip(address), ip(asker), now)
}

/// Finds a neighbour.
fn meet(link: &mut Link, address: &str, mac: Mac, now: Instant) {
    assert_eq!(resolve(link, address, now), Resolution::Pending, "{address}");
    assert_eq!(sent(link, now).len(), 1, "{address}");
    assert_eq!(tell(link, &answer_of(mac, address), now), Received::Learned, "{address}");
    assert_eq!(resolve(link, address, now), Resolution::Known(mac), "{address}");
}

#[test]
fn a_neighbour_is_asked_for_and_its_packets_wait_for_it() {
    for (address, group) in [("192.0.2.9", Mac::BROADCAST), ("2001:db8::9", Mac([0x33, 0x33, 0xff, 0, 0, 9]))] {
        let mut link = on_lan(LAN);
        for packet in 1..=3 {
            assert_eq!(resolve(&mut link, address, secs(1)), Resolution::Pending, "{address}");
            assert_eq!(link.hold(ip(address), packet), None, "{address}");
        }
        assert_eq!(link.hold(ip(address), 4), Some(1), "{address}: the oldest falls out");
        let questions = sent(&mut link, secs(1));
        assert_eq!(questions.len(), 1, "{address}: one question for all");
        assert_eq!(questions[0].0, group);
        match questions[0].1 {
            Message::Arp { sender, target, .. } => assert_eq!((sender, target), (v4("192.0.2.5"), v4(address))),
            Message::Solicitation { source, target, source_mac, .. } => {
                assert_eq!((source, target, source_mac), (v6("2001:db8::5"), v6(address), Some(PEER)));
            }
            Message::Advertisement { .. } => panic!("no question"),
        }
        assert_eq!(tell(&mut link, &answer_of(OTHER, address), millis(1100)), Received::Learned, "{address}");
        let packets = [2, 3, 4].map(|packet| Release { packet, to: OTHER });
        assert_eq!(drain(&mut link, millis(1100)), packets, "{address}");
        assert_eq!(state(&link, address, millis(1100)), Some((State::Reachable, Some(OTHER))));
        assert_eq!(link.hold(ip(address), 5), Some(5), "{address}: nothing waits for who is known");
        assert_eq!(link.poll_at(), None, "{address}");
    }
}

#[test]
fn who_does_not_answer_is_asked_three_times_a_second_apart_and_given_up() {
    for address in ["192.0.2.9", "2001:db8::9"] {
        let mut link = on_lan(LAN);
        resolve(&mut link, address, secs(1));
        link.hold(ip(address), 7);
        for second in 1..=3 {
            assert_eq!(link.poll_at(), Some(secs(second)), "{address}");
            assert_eq!(sent(&mut link, secs(second)).len(), 1, "{address} at {second} s");
            assert_eq!(resolve(&mut link, address, millis(second * 1000 + 500)), Resolution::Pending);
            assert_eq!(sent(&mut link, millis(second * 1000 + 999)).len(), 0, "{address}: none in between");
        }
        assert_eq!(link.poll_at(), Some(secs(4)), "{address}");
        assert_eq!(drain(&mut link, secs(4)), [Unreachable { packet: 7 }], "{address}");
        assert_eq!((link.poll_at(), link.len()), (None, 0), "{address}");
        assert_eq!((link.counters().get(Count::Lost), link.counters().get(Count::HeldUnreachable)), (1, 1));
    }
}

/// RFC 4861 §7.3.2 and appendix C, as far as a host without upper-layer advice goes.
#[test]
fn the_states_of_a_neighbour() {
    for address in ["192.0.2.9", "2001:db8::9"] {
        let mut link = on_lan(LAN);
        let at = |link: &Link, now| state(link, address, now).map(|(state, _)| state);
        resolve(&mut link, address, secs(1));
        assert_eq!(at(&link, secs(1)), Some(State::Incomplete));
        drain(&mut link, secs(1));
        tell(&mut link, &answer_of(OTHER, address), secs(1));
        assert_eq!(at(&link, millis(30_999)), Some(State::Reachable));
        assert_eq!(at(&link, secs(31)), Some(State::Stale), "{address}: REACHABLE_TIME is over");
        assert_eq!(link.poll_at(), None, "{address}: nobody sends, nothing is done");

        assert_eq!(resolve(&mut link, address, secs(100)), Resolution::Known(OTHER));
        assert_eq!((at(&link, secs(100)), link.poll_at()), (Some(State::Delay), Some(secs(105))));
        assert_eq!(sent(&mut link, millis(104_999)).len(), 0);
        let questions = sent(&mut link, secs(105));
        assert_eq!((questions.len(), questions[0].0), (1, OTHER), "{address}: it is asked itself");
        assert_eq!(at(&link, secs(105)), Some(State::Probe));
        assert_eq!(resolve(&mut link, address, secs(105)), Resolution::Known(OTHER));
        tell(&mut link, &answer_of(OTHER, address), secs(106));
        assert_eq!((at(&link, secs(106)), link.poll_at()), (Some(State::Reachable), None));

        resolve(&mut link, address, secs(200));
        for second in [205, 206, 207] {
            assert_eq!(sent(&mut link, secs(second)).len(), 1, "{address} at {second} s");
        }
        assert_eq!((sent(&mut link, secs(208)).len(), at(&link, secs(208))), (0, None), "{address}: it is forgotten");
        assert_eq!(resolve(&mut link, address, secs(208)), Resolution::Pending);
    }
}

/// RFC 4861 §7.2.5, one row a combination.
#[test]
fn what_an_advertisement_changes() {
    let (s, o, none) = (AdvertisementFlags::SOLICITED, AdvertisementFlags::OVERRIDE, AdvertisementFlags::empty());
    use State::{Reachable, Stale};
    #[rustfmt::skip]
    let rows = [
        // name                          at s  by     flags  state and MAC
        ("confirmed",                    40,   HOST,  s | o, (Reachable, HOST)),
        ("confirmed, not overriding",    40,   HOST,  s,     (Reachable, HOST)),
        ("heard of",                     40,   HOST,  o,     (Stale,     HOST)),
        ("heard of while reachable",     10,   HOST,  o,     (Reachable, HOST)),
        ("moved",                        10,   OTHER, o,     (Stale,     OTHER)),
        ("moved, confirmed",             10,   OTHER, s | o, (Reachable, OTHER)),
        ("contradicted",                 10,   OTHER, none,  (Stale,     HOST)),
        ("contradicted, confirmed",      10,   OTHER, s,     (Stale,     HOST)),
        ("contradicted while stale",     40,   OTHER, s,     (Stale,     HOST)),
    ];
    for (name, at, by, flags, (state_after, mac)) in rows {
        let mut link = on_lan(LAN);
        meet(&mut link, "2001:db8::9", HOST, secs(1));
        let to = if flags.contains(s) { "2001:db8::5" } else { "ff02::1" };
        tell(&mut link, &advertises(by, "2001:db8::9", to, flags), secs(at));
        assert_eq!(state(&link, "2001:db8::9", secs(at)), Some((state_after, Some(mac))), "{name}");
    }
}

/// An ARP host that comes back with another network card says so, and packets to it go on at once.
#[test]
fn packets_that_wait_go_to_who_announces_itself() {
    let mut link = on_lan(LAN);
    resolve(&mut link, "192.0.2.9", secs(1));
    link.hold(ip("192.0.2.9"), 1);
    drain(&mut link, secs(1));
    assert_eq!(tell(&mut link, &asks(OTHER, "192.0.2.9", "192.0.2.9"), secs(2)), Received::Learned);
    assert_eq!(drain(&mut link, secs(2)), [Release { packet: 1, to: OTHER }]);
    assert_eq!(state(&link, "192.0.2.9", secs(2)), Some((State::Stale, Some(OTHER))), "it has answered nothing");
}

#[test]
fn what_an_operator_set_stays() {
    let mut link = on_lan(LAN);
    resolve(&mut link, "192.0.2.9", secs(1));
    link.hold(ip("192.0.2.9"), 1);
    assert!(link.set_static(ip("192.0.2.9"), HOST));
    assert!(drain(&mut link, secs(1)).contains(&Release { packet: 1, to: HOST }));
    let claim = asks(OTHER, "192.0.2.9", "192.0.2.9");
    assert_eq!(tell(&mut link, &claim, secs(2)), Received::Ignored(Ignored::Static));
    assert_eq!(resolve(&mut link, "192.0.2.9", secs(9_000)), Resolution::Known(HOST));
    assert_eq!(link.poll_at(), None);
    for (address, mac) in [("224.0.0.1", HOST), ("192.0.2.7", Mac::BROADCAST), ("192.0.2.7", Mac::ZERO)] {
        assert!(!link.set_static(ip(address), mac), "{address} {mac}");
    }
    assert!(link.remove(ip("192.0.2.9")) && !link.remove(ip("192.0.2.9")));
    assert_eq!(resolve(&mut link, "192.0.2.9", secs(9_001)), Resolution::Pending);
    link.hold(ip("192.0.2.9"), 2);
    assert!(link.remove(ip("192.0.2.9")));
    assert_eq!(drain(&mut link, secs(9_001)), [Unreachable { packet: 2 }]);
}

#[test]
fn who_is_not_asked_for() {
    for (name, addresses, next_hop, source, why) in [
        ("a group", LAN, "224.0.0.9", "192.0.2.5", Unresolvable::NotStation),
        ("everybody", LAN, "255.255.255.255", "192.0.2.5", Unresolvable::NotStation),
        ("nobody", LAN, "::", "2001:db8::5", Unresolvable::NotStation),
        ("by no address", &["2001:db8::5"], "192.0.2.9", "192.0.2.5", Unresolvable::NoSource),
        ("by a network's other", &["192.0.2.128/25"], "192.0.2.9", "192.0.2.5", Unresolvable::NoSource),
    ] {
        let mut link = on_lan(addresses);
        let resolution = link.resolve(ip(next_hop), ip(source), secs(1));
        assert_eq!((resolution, link.len()), (Resolution::Refused(why), 0), "{name}");
    }
}

#[test]
fn a_packet_from_elsewhere_is_asked_for_by_an_address_of_the_link() {
    let mut link = on_lan(&["192.0.2.128/25", "192.0.2.5"]);
    for (source, sender) in [("203.0.113.7", "192.0.2.5"), ("192.0.2.130", "192.0.2.130")] {
        let next_hop = IpAddr::V4(Ipv4Addr::from_bits(v4("192.0.2.10").to_bits() + u32::from(v4(source).octets()[3])));
        assert_eq!(link.resolve(next_hop, ip(source), secs(1)), Resolution::Pending);
        let questions = sent(&mut link, secs(1));
        assert!(matches!(questions[0].1, Message::Arp { sender: by, .. } if by == v4(sender)), "{source}");
    }
}

#[test]
fn packets_that_wait_have_a_bound_and_all_come_back() {
    let mut link = on_lan(LAN);
    let mut back = 0;
    for packet in 0..200 {
        let next_hop = IpAddr::V4(Ipv4Addr::from_bits(v4("192.0.3.0").to_bits() + packet / 2));
        assert_eq!(link.resolve(next_hop, ip("192.0.2.5"), secs(1)), Resolution::Pending);
        back += usize::from(link.hold(next_hop, packet).is_some());
    }
    assert_eq!(back, 200 - MAX_HELD);
    let mut now = secs(1);
    while let Some(at) = link.poll_at() {
        now = now.max(at);
        back += drain(&mut link, now).iter().filter(|output| matches!(output, Unreachable { .. })).count();
    }
    assert_eq!((back, link.len()), (200, 0));
}
