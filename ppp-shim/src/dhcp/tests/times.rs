//! When a client speaks, and until when it has what it has.

use super::*;

/// The seconds between one message and the next.
fn gaps(heard: &[Heard]) -> Vec<f64> {
    heard.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs_f64()).collect()
}

fn is_near(gap: f64, want: u32) -> bool {
    (gap - f64::from(want)).abs() <= 1.0
}

#[test]
fn unanswered_requests_are_repeated_ever_more_slowly() {
    for seed in 0..50 {
        let mut desk = Desk::new(seed);
        desk.start();
        desk.wait(400);
        let waits = gaps(&desk.heard);
        let want = [4, 8, 16, 32, 64, 64, 64, 64];
        assert!(waits.iter().zip(want).all(|(&gap, want)| is_near(gap, want)) && waits.len() >= 8, "{waits:?}");

        let mut desk = Desk::new(seed);
        desk.start();
        desk.heard.clear();
        desk.hears(desk.offer());
        desk.wait(70);
        let waits = gaps(&desk.heard);
        assert!(waits.iter().zip([4, 8, 16, 32]).all(|(&gap, want)| is_near(gap, want)), "{waits:?}");
        let kinds: Vec<_> = desk.heard.iter().map(|heard| heard.kind).take(5).collect();
        assert_eq!(kinds, [3, 3, 3, 3, 1], "after some 60 seconds it begins again");
    }
}

#[test]
fn clients_that_start_together_do_not_stay_together() {
    let moments = |seed| {
        let mut desk = Desk::new(seed);
        desk.start();
        desk.wait(100);
        desk.heard.iter().map(|heard| heard.at).collect::<Vec<_>>()
    };
    assert_ne!(moments(1)[1..], moments(2)[1..]);
    assert_eq!(moments(3), moments(3));
}

#[test]
fn a_withdrawn_offer_is_asked_for_again_at_a_pace() {
    let mut desk = Desk::new(1);
    desk.start();
    for want in [0, 4, 8, 16, 32, 64, 64] {
        desk.hears(desk.offer());
        desk.hears(desk.nak());
        let begin = desk.now;
        desk.wait(66);
        let again = desk.heard.iter().find(|heard| heard.kind == 1 && heard.at >= begin).expect("it begins again");
        let pause = again.at.since(begin).as_secs_f64();
        assert!(is_near(pause, want) || want == 0 && pause == 0.0, "{pause} instead of {want}");
        desk.heard.clear();
    }
    assert_eq!(desk.count(Count::Naks), 7);
}

#[test]
fn a_declined_address_is_followed_by_ten_seconds_of_silence() {
    let mut desk = Desk::at("probing");
    let begin = desk.now;
    desk.client.decline(desk.now);
    desk.wait(9);
    assert_eq!(desk.heard.iter().map(|heard| heard.kind).collect::<Vec<_>>(), [4]);
    desk.wait(2);
    let last = desk.heard.last().unwrap();
    assert_eq!((last.kind, last.at.since(begin).as_secs(), last.secs, last.requested), (1, 10, 0, None));
}

/// Comes to a granted address, which somebody has, and returns the seconds until it looks for another.
fn conflict(desk: &mut Desk) -> u64 {
    desk.hears(desk.offer());
    desk.hears(desk.ack());
    assert_eq!(desk.state(), "probing");
    let begin = desk.now;
    desk.client.decline(desk.now);
    desk.drain();
    while desk.state() == "init" {
        desk.wait(1);
    }
    desk.now.since(begin).as_secs()
}

/// RFC 5227 §2.1.1, MAX_CONFLICTS and RATE_LIMIT_INTERVAL.
#[test]
fn after_ten_conflicts_an_address_a_minute_is_tried() {
    let mut desk = Desk::new(1);
    desk.start();
    let waits: Vec<_> = (0..300).map(|_| conflict(&mut desk)).collect();
    assert_eq!(waits[..9], [10; 9]);
    assert!(waits[9..].iter().all(|&wait| wait == 60), "{waits:?}");
    // Who gives up and begins again is as troubled as before.
    desk.client.stop(desk.now);
    desk.drain();
    desk.start();
    assert_eq!(conflict(&mut desk), 60);
}

#[test]
fn an_address_that_was_kept_for_ten_minutes_ends_the_caution() {
    for (name, bound, end, want) in [
        ("kept, then lost by a conflict", 600, "decline", 10),
        ("kept, then refused", 1801, "nak", 10),
        ("kept, then expired", 3600, "", 10),
        ("kept, then given back", 600, "stop", 10),
        ("kept for a short time", 598, "decline", 60),
        ("given back soon", 598, "stop", 60),
    ] {
        let mut desk = Desk::new(1);
        desk.start();
        for _ in 0..20 {
            conflict(&mut desk);
        }
        desk.hears(desk.offer());
        desk.hears(desk.ack());
        desk.accept();
        desk.wait(bound);
        match end {
            "decline" => {
                desk.client.decline(desk.now);
                desk.wait(61);
            }
            "nak" => assert_eq!(desk.hears(desk.nak()), Received::Taken),
            "stop" => {
                desk.client.stop(desk.now);
                desk.drain();
                desk.start();
            }
            _ => {}
        }
        assert_eq!((desk.state(), conflict(&mut desk)), ("selecting", want), "{name}");
    }
}

/// T1 and T2 lie where the server says or at their defaults, or a little before.
#[test]
fn renewal_and_rebinding_times() {
    type Row = (&'static str, u32, Option<u32>, Option<u32>, Option<(u64, u64)>);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        // name                 lease     T1           T2           T1 and T2 in use
        ("defaults",            3600,     None,        None,        Some((1800, 3150))),
        ("the server's",        3600,     Some(600),   Some(1200),  Some((600, 1200))),
        ("only T1",             3600,     Some(600),   None,        Some((600, 3150))),
        ("only T2",             3600,     None,        Some(2000),  Some((1800, 2000))),
        ("T1 after T2",         3600,     Some(1200),  Some(600),   Some((1800, 3150))),
        ("T1 is T2",            3600,     Some(600),   Some(600),   Some((1800, 3150))),
        ("T2 is the end",       3600,     Some(600),   Some(3600),  Some((600, 3150))),
        ("T1 after default T2", 3600,     Some(3500),  None,        Some((1800, 3150))),
        ("T1 zero",             3600,     Some(0),     Some(1200),  Some((1800, 3150))),
        ("a second",            1,        None,        None,        Some((0, 0))),
        ("the longest",         u32::MAX - 1, None,    None,        Some((2_147_483_647, 3_758_096_382))),
        ("for ever",            u32::MAX, None,        None,        None),
        ("for ever, with times", u32::MAX, Some(600),  Some(1200),  None),
    ];
    for &(name, lease, t1, t2, want) in rows {
        for seed in 0..20 {
            let mut desk = Desk::new(seed);
            desk.start();
            desk.hears(desk.offer());
            let begin = desk.now;
            let times = |said: Said| {
                let seconds = |option: Option<u32>| option.map_or(Vec::new(), |t| t.to_be_bytes().to_vec());
                said.with(51, &lease.to_be_bytes()).with(58, &seconds(t1)).with(59, &seconds(t2))
            };
            desk.hears(times(desk.ack()));
            desk.accept();
            let State::Bound(held) = &desk.client.state else { panic!("{name}: {}", desk.state()) };
            let (renew, rebind) = (held.renew_at, held.rebind_at);
            let after = |at: Option<Instant>| at.map(|at| at.since(begin).as_secs_f64());
            let Some((t1, t2)) = want else {
                assert_eq!((after(renew), after(rebind), desk.client.poll_at()), (None, None, None), "{name}");
                continue;
            };
            let (renew, rebind) = (after(renew).unwrap(), after(rebind).unwrap());
            let early = |have: f64, want: u64| have <= want as f64 + 1.0 && have >= want as f64 * 15.0 / 16.0 - 1.0;
            assert!(early(renew, t1) && early(rebind, t2), "{name}: {renew} {rebind}");
            assert!(renew < rebind && rebind < f64::from(lease), "{name}: {renew} {rebind}");
        }
    }
}

#[test]
fn a_silent_server_is_asked_again_at_half_of_what_is_left_and_not_within_a_minute() {
    let mut desk = Desk::at("bound");
    let begin = desk.now;
    desk.wait(3599);
    assert_eq!(desk.client.lease().map(|lease| lease.address), Some(ADDRESS), "until its last second");
    let unicast = desk.heard.iter().take_while(|heard| heard.to != To::Broadcast).count();
    let (renewing, rebinding) = desk.heard.split_at(unicast);
    for (requests, end) in [(renewing, rebinding[0].at), (rebinding, begin.plus(Duration::from_secs(3600)))] {
        assert!(requests.len() >= 3, "{requests:?}");
        for pair in requests.windows(2) {
            let (left, gap) = (end.since(pair[0].at).as_secs_f64(), pair[1].at.since(pair[0].at).as_secs_f64());
            assert!((gap - (left / 2.0).max(60.0)).abs() < 0.001, "{gap} seconds after one, {left} before the end");
        }
    }
    assert!(desk.events.is_empty());
    desk.wait(2);
    assert_eq!((desk.client.lease(), &desk.events[..]), (None, &[Event::Lost(ADDRESS)][..]));
    assert_eq!((desk.count(Count::Expired), desk.state()), (1, "selecting"));
}

#[test]
fn an_answer_after_the_end_of_the_lease_does_not_revive_it() {
    let mut desk = Desk::at("rebinding");
    let ack = desk.ack();
    desk.now = desk.now.plus(Duration::from_secs(10_000));
    let received = desk.client.receive(&ack.packet(), &Offload::default(), desk.now);
    assert_eq!(received, Received::Refused(Count::Unasked));
    desk.drain();
    assert_eq!((desk.state(), &desk.events[..]), ("selecting", &[Event::Lost(ADDRESS)][..]));
}

#[test]
fn a_lease_counts_from_its_request_however_late_the_answer() {
    let mut desk = Desk::at("requesting");
    desk.now = desk.now.plus(Duration::from_secs(3));
    let asked = desk.now;
    let mut late = Desk { client: desk.client.clone(), now: asked.plus(Duration::from_secs(20)), ..Desk::new(0) };
    late.drain();
    late.hears(late.ack());
    late.accept();
    let early = {
        desk.hears(desk.ack());
        desk.accept();
        desk.client.lease().unwrap().expires_at
    };
    assert_eq!(late.client.lease().unwrap().expires_at, early);
}

#[test]
fn nobody_checks_a_granted_address_until_it_is_over() {
    let mut desk = Desk::at("probing");
    desk.wait(3601);
    assert_eq!((desk.state(), &desk.events[..]), ("selecting", &[Event::Lost(ADDRESS)][..]));
}
