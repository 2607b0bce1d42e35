use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;

#[derive(Clone, Debug)]
enum Step {
    /// A packet to one of a few neighbours; the first that is known takes it, or it waits.
    Send(u8),
    Answer(u8, u8),
    Announce(u8, u8),
    Ask(u8),
    Static(u8),
    Remove(u8),
    Scope(bool),
    Probe(u8),
    Announcements,
    Pass(u32),
    /// To the moment that is named.
    Due,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..40_u8;
    prop_oneof![
        8 => who.clone().prop_map(Step::Send),
        3 => (who.clone(), 1..4_u8).prop_map(|(who, mac)| Step::Answer(who, mac)),
        1 => (who.clone(), 1..4_u8).prop_map(|(who, mac)| Step::Announce(who, mac)),
        1 => who.clone().prop_map(Step::Ask),
        1 => who.clone().prop_map(Step::Static),
        1 => who.clone().prop_map(Step::Remove),
        1 => any::<bool>().prop_map(Step::Scope),
        1 => who.prop_map(Step::Probe),
        1 => Just(Step::Announcements),
        2 => (0..3_000_000_u32).prop_map(Step::Pass),
        4 => Just(Step::Due),
    ]
}

fn neighbour(who: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, 100 + who)
}

fn mac(last: u8) -> Mac {
    Mac([6, 0, 0, 0, 0, last])
}

fn identity(listed: bool) -> Identity {
    let prefixes: &[&str] = if listed { &["192.0.2.5"] } else { &[] };
    let list = prefixes.iter().map(|text| text.parse::<Prefix>().unwrap()).collect();
    Identity { mac: PEER, scope: Scope::List(list), ..Identity::default() }
}

/// Takes all that the link wants done; whoever is not waiting must not come back.
fn take(link: &mut Link, waiting: &mut BTreeMap<u32, IpAddr>, now: Instant) -> usize {
    let mut done = 0;
    while let Some(output) = link.poll(now) {
        done += 1;
        assert!(done < 10_000, "endless");
        match output {
            Output::Transmit(_) => {}
            Output::Release { packet, to } => {
                let next_hop = waiting.remove(&packet).expect("it comes back once");
                let known = link.iter(now).find(|found| found.address == next_hop).and_then(|found| found.mac);
                assert_eq!(known, Some(to), "{packet} for {next_hop}");
            }
            Output::Unreachable { packet } => {
                waiting.remove(&packet).expect("it comes back once");
            }
        }
    }
    assert!(link.poll_at().is_none_or(|at| at > now), "{:?} at {now:?}", link.poll_at());
    done
}

/// Lets time pass to the moment that is named, where something must happen or a later moment be named.
fn pass(link: &mut Link, waiting: &mut BTreeMap<u32, IpAddr>, now: &mut Instant) -> bool {
    let Some(at) = link.poll_at() else { return false };
    let before = Instant::from_micros(at.as_micros() - 1);
    assert!(at > *now, "{at:?} is named, and is due at {now:?} already");
    if before > *now {
        assert_eq!(take(link, waiting, before), 0, "nothing is due before the moment that is named");
        assert_eq!(link.poll_at(), Some(at));
    }
    *now = at;
    let done = take(link, waiting, at);
    let event = link.poll_event().is_some();
    assert!(done > 0 || event || link.poll_at() != Some(at), "nothing happens at the moment that is named");
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_packet_is_lost_and_moments_are_exact(steps in prop::collection::vec(step(), 0..200)) {
        let mut link = Link::new(identity(true), Settings::default());
        let (mut now, mut waiting, mut number) = (secs(1), BTreeMap::new(), 0_u32);
        for step in steps {
            match step {
                Step::Send(who) => {
                    number += 1;
                    if link.resolve(neighbour(who).into(), ip("192.0.2.5"), now) == Resolution::Pending {
                        waiting.insert(number, neighbour(who).into());
                        if let Some(fallen) = link.hold(neighbour(who).into(), number) {
                            prop_assert_eq!(waiting.remove(&fallen), Some(neighbour(who).into()));
                        }
                    }
                }
                Step::Answer(who, by) => {
                    let (from, to) = ((mac(by), neighbour(who)), (PEER, v4("192.0.2.5")));
                    tell(&mut link, &Arp { operation: Operation::Reply, from, to, ether_dst: PEER }.frame(), now);
                }
                Step::Announce(who, by) => {
                    let frame = Arp::question((mac(by), neighbour(who)), neighbour(who), Mac::BROADCAST).frame();
                    tell(&mut link, &frame, now);
                }
                Step::Ask(who) => {
                    let frame = Arp::question((mac(9), neighbour(who)), v4("192.0.2.5"), Mac::BROADCAST).frame();
                    tell(&mut link, &frame, now);
                }
                Step::Static(who) => {
                    prop_assert!(link.set_static(neighbour(who).into(), mac(7)));
                }
                Step::Remove(who) => {
                    link.remove(neighbour(who).into());
                }
                Step::Scope(listed) => link.set_identity(identity(listed), now),
                Step::Probe(who) => {
                    link.probe(neighbour(who).into(), now);
                }
                Step::Announcements => link.announce(now),
                Step::Pass(micros) => now = now.plus(core::time::Duration::from_micros(micros.into())),
                Step::Due => {
                    take(&mut link, &mut waiting, now);
                    pass(&mut link, &mut waiting, &mut now);
                }
            }
            take(&mut link, &mut waiting, now);
        }
        let mut moments = 0;
        while pass(&mut link, &mut waiting, &mut now) {
            moments += 1;
            prop_assert!(moments < 10_000, "it never rests");
        }
        prop_assert!(waiting.is_empty(), "{waiting:?} never came back");
    }
}
