use super::*;
use crate::{MAX_INCOMPLETE, MAX_NEIGHBOURS, Rate};
use Resolution::{Known, Pending, Refused};

fn lan_host(number: u32) -> (Ipv4Addr, Mac) {
    (Ipv4Addr::from_bits(0x0a00_0000 + number), Mac::from_u64(0x0600_0000_0000 + u64::from(number)))
}

/// Asks as a host does, without a frame for it: there are a million.
fn asks_for_peer(link: &mut Link, (sender, sender_mac): (Ipv4Addr, Mac), now: Instant) -> Received {
    let (operation, target_mac, target) = (Operation::Request, Mac::ZERO, v4("192.0.2.5"));
    link.receive(sender_mac, &Message::Arp { operation, sender_mac, sender, target_mac, target }, now)
}

fn answers_peer(link: &mut Link, (sender, sender_mac): (Ipv4Addr, Mac), now: Instant) -> Received {
    let (operation, target_mac, target) = (Operation::Reply, PEER, v4("192.0.2.5"));
    link.receive(sender_mac, &Message::Arp { operation, sender_mac, sender, target_mac, target }, now)
}

fn find(link: &mut Link, host: (Ipv4Addr, Mac), now: Instant) {
    assert_eq!(link.resolve(host.0.into(), ip("192.0.2.5"), now), Pending);
    drain(link, now);
    assert_eq!(answers_peer(link, host, now), Received::Learned);
}

#[test]
fn a_million_spoofed_neighbours_push_out_nobody_who_is_reachable() {
    let mut link = on_lan(&["192.0.2.5"]);
    let reachable = (0..100).map(lan_host);
    reachable.clone().for_each(|host| find(&mut link, host, secs(1)));
    assert!(link.set_static(ip("10.255.0.0"), HOST));
    let mut answered = 0_u64;
    for number in 0..1_000_000 {
        let now = Instant::from_micros(1_000_000 + u64::from(number) * 20);
        answered += u64::from(asks_for_peer(&mut link, lan_host(1_000 + number), now) == Received::Answered);
        while link.poll(now).is_some() {}
    }
    let now = secs(21);
    assert_eq!(link.len(), MAX_NEIGHBOURS);
    for (address, mac) in reachable {
        assert_eq!(link.resolve(address.into(), ip("192.0.2.5"), now), Known(mac));
    }
    assert_eq!(link.resolve(ip("10.255.0.0"), ip("192.0.2.5"), now), Known(HOST));
    let counters = link.counters();
    let learned = counters.get(Count::Learned);
    assert_eq!(counters.get(Count::Evicted), learned - (MAX_NEIGHBOURS as u64 - 101));
    assert_eq!(learned + counters.get(Count::LearningLimited), 1_000_000);
    assert_eq!(counters.get(Count::AnsweredArp), answered);
    // 4,096 at once and 4,096 a second for 20 seconds.
    assert!((80_000..=90_000).contains(&answered), "{answered}");
    assert_eq!(counters.ignored(Ignored::Limited), 1_000_000 - answered);
}

#[test]
fn a_storm_of_one_sender_leaves_others_their_answers() {
    let mut link = on_lan(&["192.0.2.5"]);
    let mut storm = 0;
    for number in 0..100_000 {
        let now = Instant::from_micros(1_000_000 + number * 10);
        storm += u32::from(asks_for_peer(&mut link, lan_host(1), now) == Received::Answered);
        if number % 1000 == 0 {
            let other = lan_host(2 + number as u32 / 1000);
            assert_eq!(asks_for_peer(&mut link, other, now), Received::Answered, "{}", other.0);
        }
        while link.poll(now).is_some() {}
    }
    assert!((1024..=1024 + 520).contains(&storm), "{storm}");
}

/// Senders that ask eight times a second each, or a thousand where they are few, and what becomes of others.
fn storm(link: &mut Link, senders: u32, secs: std::ops::Range<u64>, mut each_second: impl FnMut(&mut Link, Instant)) {
    let in_a_second = u64::from(senders) * if senders < 100 { 1_000 } else { 8 };
    for second in secs {
        for number in 0..in_a_second {
            let now = Instant::from_micros(second * 1_000_000 + number * 1_000_000 / in_a_second);
            asks_for_peer(link, lan_host(100 + (number % u64::from(senders)) as u32), now);
            while link.poll(now).is_some() {}
            // In the middle of it.
            if number == in_a_second / 2 {
                each_second(link, now);
            }
        }
    }
}

fn with_secret(addresses: &[&str]) -> Link {
    let secret = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];
    Link::new(on_lan(addresses).identity, Settings { secret, ..Settings::default() })
}

#[test]
fn a_storm_of_a_few_or_many_senders_leaves_a_known_neighbour_its_answers() {
    for (name, senders, has_answered) in
        [("a few", 12, false), ("many", 1_000, false), ("more than a table holds, and it has answered", 2_000, true)]
    {
        let (mut link, honest) = (with_secret(&["192.0.2.5"]), lan_host(7));
        match has_answered {
            true => find(&mut link, honest, secs(1)),
            false => assert_eq!(asks_for_peer(&mut link, honest, secs(1)), Received::Answered),
        }
        drain(&mut link, secs(1));
        let (mut asked, mut answered) = (0, 0);
        storm(&mut link, senders, 2..42, |link, now| {
            asked += 1;
            answered += u32::from(asks_for_peer(link, honest, now) == Received::Answered);
        });
        assert!(answered * 100 >= asked * 95, "{name}: {answered} of {asked}");
    }
}

#[test]
fn a_storm_of_a_few_senders_leaves_newcomers_their_answers() {
    let mut link = with_secret(&["192.0.2.5"]);
    let (mut number, mut answered) = (10_000, 0);
    storm(&mut link, 12, 2..42, |link, now| {
        number += 1;
        answered += u32::from(asks_for_peer(link, lan_host(number), now) == Received::Answered);
        // Duplicate address detection by somebody nobody knows.
        let (sender_mac, sender) = (lan_host(number + 1_000).1, Ipv4Addr::UNSPECIFIED);
        let (operation, target_mac, target) = (Operation::Request, Mac::ZERO, v4("192.0.2.5"));
        drain(link, now);
        link.receive(sender_mac, &Message::Arp { operation, sender_mac, sender, target_mac, target }, now);
        answered += sent(link, now).len() as u32;
    });
    // One in eleven shares a bucket with the storm.
    assert!(answered >= 68, "{answered} of 80");
}

#[test]
fn what_is_not_answered_spends_nothing_of_its_sender() {
    let answers = Rate { per_second: 100, burst: 4 };
    let answers_to_one = Rate { per_second: 1, burst: 40 };
    let settings = Settings { answers, answers_to_one, ..Settings::default() };
    let mut link = Link::new(on_lan(&["192.0.2.5"]).identity, settings);
    for _ in 0..100 {
        asks_for_peer(&mut link, lan_host(1), secs(1));
        drain(&mut link, secs(1));
    }
    let later = Instant::from_micros(1_100_000);
    assert_eq!(asks_for_peer(&mut link, lan_host(1), later), Received::Answered, "others' rate spends nothing");

    let mut link = on_lan(&["192.0.2.5"]);
    let queued = (0..5_000).filter(|_| asks_for_peer(&mut link, lan_host(1), secs(1)) == Received::Answered).count();
    assert_eq!((queued, drain(&mut link, secs(1)).len()), (16, 16));
    assert_eq!(asks_for_peer(&mut link, lan_host(1), secs(1)), Received::Answered, "a full queue spends nothing");
}

#[test]
fn who_only_asks_pushes_out_nobody_who_answered_a_minute_ago() {
    let mut link = with_secret(&["192.0.2.5", "2001:db8::5"]);
    let answered = (0..100).map(lan_host);
    answered.clone().for_each(|host| find(&mut link, host, secs(1)));
    // One more is contradicted by somebody, who may not override it.
    assert_eq!(link.resolve(ip("2001:db8::9"), ip("2001:db8::5"), secs(1)), Pending);
    drain(&mut link, secs(1));
    for by in [HOST, OTHER] {
        let advertised = advertises(by, "2001:db8::9", "2001:db8::5", AdvertisementFlags::SOLICITED);
        assert_eq!(tell(&mut link, &advertised, secs(1)), Received::Learned);
    }
    for number in 0..60_000 {
        let now = Instant::from_micros(2_000_000 + u64::from(number) * 1_000);
        asks_for_peer(&mut link, lan_host(1_000 + number), now);
        while link.poll(now).is_some() {}
    }
    for (address, mac) in answered {
        assert_eq!(link.resolve(address.into(), ip("192.0.2.5"), secs(62)), Known(mac), "{address}");
    }
    assert_eq!(link.resolve(ip("2001:db8::9"), ip("2001:db8::5"), secs(62)), Known(HOST));
    assert_eq!(link.len(), MAX_NEIGHBOURS);
}

#[test]
fn one_source_that_scans_leaves_others_their_first_packets() {
    let mut link = with_secret(&["192.0.2.5", "192.0.2.6"]);
    let (mut found, mut lost) = (0, 0);
    for number in 0..100_000 {
        let now = Instant::from_micros(1_000_000 + u64::from(number) * 100);
        let _ = link.resolve(lan_host(100_000 + number).0.into(), ip("192.0.2.5"), now);
        while link.poll(now).is_some() {}
        if number % 5_000 == 2_500 {
            let host = lan_host(number);
            match link.resolve(host.0.into(), ip("192.0.2.6"), now) {
                Pending => {
                    assert_eq!(sent(&mut link, now).len(), 1, "it is asked for at once");
                    answers_peer(&mut link, host, now);
                    assert_eq!(link.resolve(host.0.into(), ip("192.0.2.6"), now), Known(host.1));
                    found += 1;
                }
                Refused(_) => lost += 1,
                Known(mac) => panic!("nobody is at {mac}"),
            }
        }
    }
    assert_eq!((found, lost), (20, 0));
}

#[test]
fn who_finds_no_room_spends_no_request() {
    let requests = Rate { per_second: 1, burst: 1_000 };
    let mut link = Link::new(on_lan(&["192.0.2.5"]).identity, Settings { requests, ..Settings::default() });
    let mut ask = |number| {
        let resolution = link.resolve(lan_host(number).0.into(), ip("192.0.2.5"), secs(1));
        drain(&mut link, secs(1));
        resolution
    };
    assert!((0..MAX_INCOMPLETE as u32).all(|number| ask(number) == Pending));
    assert!((0..1_000).all(|number| ask(10_000 + number) == Refused(crate::Unresolvable::Full)));
    answers_peer(&mut link, lan_host(1), secs(1));
    assert_eq!(link.resolve(lan_host(9_000).0.into(), ip("192.0.2.5"), secs(1)), Pending);
}

#[test]
fn questions_that_wait_for_their_turn_do_not_all_wake_at_each() {
    let requests = Rate { per_second: 16, burst: 512 };
    let mut link = Link::new(on_lan(&["192.0.2.5"]).identity, Settings { requests, ..Settings::default() });
    for number in 0..MAX_INCOMPLETE as u32 {
        assert_eq!(link.resolve(lan_host(number).0.into(), ip("192.0.2.5"), secs(1)), Pending);
    }
    let (mut questions, mut end) = (sent(&mut link, secs(1)).len(), secs(1));
    while let Some(at) = link.poll_at() {
        questions += sent(&mut link, at).len();
        end = at;
    }
    assert_eq!((questions, link.len()), (3 * MAX_INCOMPLETE, 0));
    let limited = link.counters().get(Count::RequestsLimited);
    assert!(limited <= 4 * MAX_INCOMPLETE as u64, "{limited} times one woke in vain");
    // 512 questions again, 16 a second.
    assert!(end <= secs(1 + 512 / 16 + 2), "{end:?}");
}

#[test]
fn a_scan_asks_for_a_bounded_number_and_forgets_nobody_who_is_known() {
    let mut link = on_lan(&["192.0.2.5"]);
    (0..100).map(lan_host).for_each(|host| find(&mut link, host, secs(1)));
    let (mut pending, mut asked) = (0, 0);
    for number in 0..100_000 {
        // Ten seconds of 10,000 addresses a second that nobody has.
        let now = Instant::from_micros(3_000_000 + u64::from(number) * 100);
        match link.resolve(lan_host(1_000 + number).0.into(), ip("192.0.2.5"), now) {
            Pending => pending += 1,
            Refused(why) => assert!(matches!(why, Unresolvable::Limited | Unresolvable::Full), "{why}"),
            Known(mac) => panic!("nobody is at {mac}"),
        }
        asked += sent(&mut link, now).len();
        if number % 997 == 0 {
            let incomplete = link.iter(now).filter(|found| found.mac.is_none()).count();
            assert!(incomplete <= MAX_INCOMPLETE, "{incomplete}");
        }
    }
    assert!(asked <= 128 + 1280 + 1, "{asked} questions in ten seconds");
    assert!(pending > 128, "{pending}");
    for (address, mac) in (0..100).map(lan_host) {
        assert_eq!(link.resolve(address.into(), ip("192.0.2.5"), secs(13)), Known(mac));
    }
}

#[test]
fn who_is_asked_for_makes_room_by_the_least_that_is_lost() {
    let mut link = on_lan(&["192.0.2.5"]);
    let mut now = secs(1);
    for number in 0..MAX_NEIGHBOURS as u32 {
        find(&mut link, lan_host(number), now);
        now = now.plus(core::time::Duration::from_millis(10));
    }
    assert_eq!(asks_for_peer(&mut link, lan_host(5_000), now), Received::Answered);
    assert_eq!((link.len(), link.counters().get(Count::Full)), (MAX_NEIGHBOURS, 1), "who asks pushes out nobody");
    drain(&mut link, now);
    find(&mut link, lan_host(6_000), now);
    assert_eq!(link.len(), MAX_NEIGHBOURS);
    let gone = |link: &Link, host: (Ipv4Addr, Mac)| !link.iter(now).any(|found| found.address == IpAddr::V4(host.0));
    assert!(gone(&link, lan_host(0)), "the one not heard of for longest");
    assert!(!gone(&link, lan_host(1)));
}

#[test]
fn nobody_is_asked_for_more_than_once_a_second_whatever_the_rate() {
    let requests = Rate { per_second: 100_000, burst: 100_000 };
    let mut link = Link::new(on_lan(&["192.0.2.5"]).identity, Settings { requests, ..Settings::default() });
    let mut last = std::collections::BTreeMap::new();
    for tick in 0..20_000_u64 {
        let now = Instant::from_micros(1_000_000 + tick * 1_000);
        // 600 addresses in turn, more than may be asked for at a time.
        let number = (tick * 7 % 600) as u32;
        let _ = link.resolve(lan_host(number).0.into(), ip("192.0.2.5"), now);
        for (_, message) in sent(&mut link, now) {
            let Message::Arp { target, .. } = message else { panic!("{message:?}") };
            if let Some(before) = last.insert(target, now) {
                assert!(now.since(before) >= core::time::Duration::from_secs(1), "{target}");
            }
        }
    }
    assert!(last.len() > 256, "{}", last.len());
}

#[test]
fn who_begins_anew_knows_nobody_and_says_nothing() {
    let mut link = on_lan(&["192.0.2.5"]);
    (0..100).map(lan_host).for_each(|host| find(&mut link, host, secs(1)));
    assert_eq!(link.resolve(ip("192.0.2.9"), ip("192.0.2.5"), secs(1)), Pending);
    assert_eq!(link.hold(ip("192.0.2.9"), 1), None);
    assert_eq!(asks_for_peer(&mut link, lan_host(1), secs(1)), Received::Answered);
    assert!(link.probe(ip("192.0.2.6"), secs(1)));
    link.announce(secs(1));
    link.restart(Identity { mac: OTHER, ..link.identity().clone() });
    assert_eq!((link.len(), link.poll_at(), link.poll_event()), (0, None, None));
    assert_eq!(link.poll(secs(9)), None);
    assert_eq!(link.counters(), &Counters::ZERO);
    // Those whom it knew are strangers, and it has room for as many as ever.
    (0..MAX_NEIGHBOURS as u32).map(lan_host).for_each(|host| {
        let now = Instant::from_micros(10_000_000 + u64::from(host.0.to_bits()) % (1 << 20) * 10_000);
        assert_eq!(link.resolve(host.0.into(), ip("192.0.2.5"), now), Pending);
        drain(&mut link, now);
        let (operation, target_mac, target) = (Operation::Reply, OTHER, v4("192.0.2.5"));
        let answer = Message::Arp { operation, sender_mac: host.1, sender: host.0, target_mac, target };
        assert_eq!(link.receive(host.1, &answer, now), Received::Learned);
    });
    assert_eq!((link.len(), link.counters().get(Count::Evicted)), (MAX_NEIGHBOURS, 0));
}
