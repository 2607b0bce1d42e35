use super::*;
use crate::{Event, MAX_PROBED};

fn announced(link: &mut Link, now: Instant) -> List<IpAddr> {
    let messages = sent(link, now).into_iter();
    let addresses = messages.map(|(to, message)| match message {
        Message::Arp { operation: Operation::Request, sender, target, sender_mac, .. } => {
            assert_eq!((to, sender, sender_mac), (Mac::BROADCAST, target, link.identity().mac));
            IpAddr::V4(target)
        }
        Message::Advertisement { source, destination, target, flags, target_mac } => {
            assert_eq!((to, destination), (Mac([0x33, 0x33, 0, 0, 0, 1]), v6("ff02::1")));
            assert_eq!((flags, target_mac), (AdvertisementFlags::OVERRIDE, Some(link.identity().mac)));
            assert_eq!(source, target);
            IpAddr::V6(target)
        }
        Message::Arp { operation: Operation::Reply, .. } | Message::Solicitation { .. } => panic!("{message:?}"),
    });
    addresses.collect()
}

#[test]
fn single_addresses_are_announced_twice() {
    let mut link = on_lan(&["192.0.2.5", "198.51.100.0/24", "2001:db8::5"]);
    assert_eq!(link.poll_at(), None, "not before it is asked for");
    link.announce(secs(1));
    let all = [ip("192.0.2.5"), ip("2001:db8::5")];
    assert_eq!((link.poll_at(), announced(&mut link, secs(1))), (Some(secs(1)), all.into()));
    assert_eq!((link.poll_at(), announced(&mut link, secs(3))), (Some(secs(3)), all.into()));
    assert_eq!((link.poll_at(), link.counters().get(Count::Announced)), (None, 4));
}

#[test]
fn an_application_that_comes_again_is_announced_at_once_but_not_in_a_loop() {
    let mut link = on_lan(&["192.0.2.5"]);
    let millis = |millis: u64| Instant::from_micros(millis * 1000);
    let all = [ip("192.0.2.5")];
    link.announce(millis(999));
    link.announce(millis(1000));
    assert_eq!(announced(&mut link, millis(1000)), all, "nothing was sent before");
    link.announce(millis(1500));
    assert_eq!(announced(&mut link, millis(1500)), all, "a restart within the interval of a round is one of its own");
    link.announce(millis(1501));
    assert_eq!((announced(&mut link, millis(1501)).len(), link.poll_at()), (0, Some(millis(1750))));
    assert_eq!(announced(&mut link, millis(1750)), all);
    assert_eq!((link.poll_at(), announced(&mut link, millis(3750))), (Some(millis(3750)), all.into()));
    assert_eq!(link.poll_at(), None);

    let mut rounds = 0;
    for at in (10_000..12_000).step_by(10) {
        link.announce(millis(at));
        rounds += announced(&mut link, millis(at)).len();
    }
    assert_eq!(rounds, 8, "four in a second");
}

#[test]
fn another_mac_and_other_addresses_are_announced() {
    let mut link = on_lan(&["192.0.2.5"]);
    let another =
        |mac, text: &str| Identity { mac, scope: Scope::List([text.parse().unwrap()].into()), ..Identity::default() };
    link.set_identity(another(OTHER, "192.0.2.6"), secs(1));
    assert_eq!(link.poll_at(), None, "nobody has heard of the one before");
    link.announce(secs(2));
    assert_eq!(announced(&mut link, secs(2)), [ip("192.0.2.6")]);
    drain(&mut link, secs(4));
    for (name, identity, at, addresses) in [
        ("the same", another(OTHER, "192.0.2.6"), 10, 0),
        ("another MAC", another(HOST, "192.0.2.6"), 20, 1),
        ("another address", another(HOST, "192.0.2.7"), 30, 1),
        ("a network", another(HOST, "192.0.2.0/24"), 40, 0),
    ] {
        link.set_identity(identity, secs(at));
        assert_eq!(announced(&mut link, secs(at)).len(), addresses, "{name}");
        drain(&mut link, secs(at + 5));
        assert_eq!(link.poll_at(), None, "{name}");
    }
}

/// RFC 5227 §2.4 (c).
#[test]
fn an_address_is_defended_once_in_ten_seconds() {
    for (address, claim) in [
        ("192.0.2.5", asks(OTHER, "192.0.2.5", "192.0.2.9")),
        ("2001:db8::5", advertises(OTHER, "2001:db8::5", "ff02::1", AdvertisementFlags::OVERRIDE)),
    ] {
        let mut link = on_lan(&["192.0.2.5", "2001:db8::5"]);
        for (at, defended) in [(1, 1), (2, 0), (10, 0), (11, 1), (12, 0)] {
            assert_eq!(tell(&mut link, &claim, secs(at)), Received::Conflict, "{address} at {at} s");
            assert_eq!(announced(&mut link, secs(at)), [ip(address)][..defended], "{address} at {at} s");
        }
        assert_eq!((link.counters().get(Count::Conflicts), link.counters().get(Count::Defended)), (5, 2));
    }
}

#[test]
fn claims_of_a_whole_network_are_defended_a_bounded_number_of_times() {
    let mut link = on_lan(&["192.0.2.0/24"]);
    let mut defended = 0;
    for last in 1..=250 {
        let address = Ipv4Addr::new(192, 0, 2, last);
        let claim = Arp::question((OTHER, address), address, Mac::BROADCAST).frame();
        assert_eq!(tell(&mut link, &claim, secs(1)), Received::Conflict);
        defended += announced(&mut link, secs(1)).len();
    }
    assert_eq!(defended, 16);
}

/// RFC 5227 §2.4 (c) limits what is said against claims; who probes hears of it each time (RFC 5227 §2.1.1, RFC 4861
/// §7.2.4).
#[test]
fn who_probes_hears_that_the_address_is_taken_whatever_was_said_of_it_before() {
    let v4_probe = |mac| asks(mac, "0.0.0.0", "192.0.2.5");
    let v6_probe = |mac| solicits(mac, "::", "2001:db8::5");
    let v4_claim = asks(HOST, "192.0.2.5", "192.0.2.9");
    let v6_claim = advertises(HOST, "2001:db8::5", "ff02::1", AdvertisementFlags::OVERRIDE);
    for (name, address, before, probe) in [
        ("a probe before", "192.0.2.5", v4_probe(HOST), v4_probe(OTHER)),
        ("detection before", "2001:db8::5", v6_probe(HOST), v6_probe(OTHER)),
        ("a claim before", "192.0.2.5", v4_claim, v4_probe(OTHER)),
        ("a claim before, IPv6", "2001:db8::5", v6_claim, v6_probe(OTHER)),
    ] {
        let mut link = on_lan(&["192.0.2.5", "2001:db8::5"]);
        tell(&mut link, &before, secs(1));
        assert_eq!(announced(&mut link, secs(1)), [ip(address)], "{name}");
        for at in [2, 3, 4] {
            tell(&mut link, &probe, secs(at));
            assert_eq!(announced(&mut link, secs(at)), [ip(address)], "{name}: at {at} s");
        }
    }
}

#[test]
fn probes_for_many_addresses_leave_answers_for_the_others_and_have_a_bound() {
    let mut link = on_lan(&["192.0.2.0/24"]);
    for last in 1..=250 {
        let probe = Arp::question((OTHER, Ipv4Addr::UNSPECIFIED), Ipv4Addr::new(192, 0, 2, last), Mac::BROADCAST);
        tell(&mut link, &probe.frame(), secs(1));
        assert_eq!(announced(&mut link, secs(1)).len(), 1, "{last}");
    }
    let mut said = 250;
    for _ in 0..5_000 {
        tell(&mut link, &asks(OTHER, "0.0.0.0", "192.0.2.7"), secs(1));
        said += sent(&mut link, secs(1)).len();
    }
    assert_eq!((said, link.counters().get(Count::Defended)), (1024, 1024), "as much as is answered to one");
}

/// Follows a probe to its end, telling what is heard at a time.
fn follow(link: &mut Link, heard: Option<(Instant, NeighbourFrame)>) -> (List<Instant>, Option<Event>) {
    let mut probes = List::new();
    for _ in 0..100 {
        if let Some(event) = link.poll_event() {
            return (probes, Some(event));
        }
        let Some(at) = link.poll_at() else { break };
        if let Some((when, frame)) = &heard
            && *when < at
        {
            assert!(matches!(tell(link, frame, *when), Received::Conflict | Received::Ignored(_)));
        }
        for (to, message) in sent(link, at) {
            assert!(to.is_group(), "{to}");
            match message {
                Message::Arp { operation: Operation::Request, sender: Ipv4Addr::UNSPECIFIED, .. } => {}
                Message::Solicitation { source: Ipv6Addr::UNSPECIFIED, source_mac: None, .. } => {}
                Message::Arp { .. } | Message::Solicitation { .. } | Message::Advertisement { .. } => {
                    panic!("{message:?}")
                }
            }
            probes.push(at);
        }
    }
    (probes, None)
}

/// RFC 5227 §2.1.1 and RFC 4862 §5.4.
#[test]
fn an_address_is_free_when_nobody_objects() {
    for (address, number, wait) in [("192.0.2.50", 3, 2), ("2001:db8::50", 1, 1)] {
        let mut link = on_lan(&[]);
        assert!(link.probe(ip(address), secs(1)));
        assert!(link.probe(ip(address), secs(1)), "again is the same");
        let (probes, event) = follow(&mut link, None);
        assert_eq!((probes.len(), event), (number, Some(Event::Claimed(ip(address)))), "{address}");
        assert!(probes[0] <= secs(2), "{address}");
        for pair in probes.windows(2) {
            let apart = pair[1].since(pair[0]).as_micros();
            assert!((1_000_000..=2_000_000).contains(&apart), "{apart}");
        }
        assert_eq!(link.now.since(*probes.last().unwrap()), core::time::Duration::from_secs(wait), "{address}");
        assert_eq!(link.poll_at(), None);
    }
}

#[test]
fn an_address_is_not_free_when_somebody_has_it_or_wants_it() {
    let flags = AdvertisementFlags::OVERRIDE;
    for (name, address, frame, free) in [
        ("who answers", "192.0.2.50", answers(OTHER, "192.0.2.50", PEER, "0.0.0.0"), false),
        ("who asks", "192.0.2.50", asks(OTHER, "192.0.2.50", "192.0.2.1"), false),
        ("who probes too", "192.0.2.50", asks(OTHER, "0.0.0.0", "192.0.2.50"), false),
        ("who probes for another", "192.0.2.50", asks(OTHER, "0.0.0.0", "192.0.2.51"), true),
        ("who asks for it", "192.0.2.50", asks(OTHER, "192.0.2.1", "192.0.2.50"), true),
        ("its own probe", "192.0.2.50", asks(PEER, "0.0.0.0", "192.0.2.50"), true),
        ("who advertises", "2001:db8::50", advertises(OTHER, "2001:db8::50", "ff02::1", flags), false),
        ("who detects duplicates too", "2001:db8::50", solicits(OTHER, "::", "2001:db8::50"), false),
        ("its own", "2001:db8::50", solicits(PEER, "::", "2001:db8::50"), true),
    ] {
        let mut link = on_lan(&[]);
        link.probe(ip(address), secs(1));
        let (_, event) = follow(&mut link, Some((Instant::from_micros(2_000_001), frame)));
        let taken = Event::Conflict { address: ip(address), mac: OTHER };
        assert_eq!(event, Some(if free { Event::Claimed(ip(address)) } else { taken }), "{name}");
        assert_eq!(link.counters().get(Count::Conflicts), u64::from(!free), "{name}");
    }
}

#[test]
fn probes_are_bounded_and_can_be_given_up() {
    let mut link = on_lan(&[]);
    for last in 1..=MAX_PROBED as u8 {
        assert!(link.probe(Ipv4Addr::new(192, 0, 2, last).into(), secs(1)));
    }
    assert!(!link.probe(ip("192.0.2.99"), secs(1)) && !link.probe(ip("224.0.0.1"), secs(1)));
    for last in 1..=MAX_PROBED as u8 {
        link.stop_probe(Ipv4Addr::new(192, 0, 2, last).into());
    }
    assert_eq!((link.poll_at(), link.poll_event()), (None, None));
}

#[test]
fn the_address_of_a_lease_is_listed_beside_the_others() {
    let mut link = on_lan(&["192.0.2.5"]);
    link.announce(secs(1));
    drain(&mut link, secs(1));
    let leased = ip("192.0.2.6");
    link.set_leased(Some(leased), secs(10));
    let announced: List<_> = sent(&mut link, secs(10)).into_iter().map(|(_, message)| message).collect();
    assert_eq!(announced.len(), 2, "both, for the list is another: {announced:?}");
    assert!(link.identity().stands_for(leased));
    assert_eq!(tell(&mut link, &asks(HOST, "192.0.2.9", "192.0.2.6"), secs(20)), Received::Answered);
    assert_eq!(tell(&mut link, &asks(HOST, "192.0.2.6", "192.0.2.9"), secs(20)), Received::Conflict);
    link.set_leased(None, secs(30));
    assert!(!link.identity().stands_for(leased) && link.identity().stands_for(ip("192.0.2.5")));
    link.set_leased(Some(ip("224.0.0.1")), secs(30));
    assert!(!link.identity().stands_for(ip("224.0.0.1")), "no station has that");
}
