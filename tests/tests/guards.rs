//! What protects a bridge from its members, seen on the wire.

use std::time::Duration;
use tests::{BROADCAST, Daemon, EtherFrame, Lab, Limit, Switch, Wire, mac, scenario};

/// TAP members of one bridge, `tap0` and on, and the daemon.
struct Bench {
    daemon: Daemon,
    wires: Vec<Wire>,
}

impl Bench {
    fn new(lab: &Lab, taps: usize) -> Self {
        let daemon = Daemon::start(lab, lab.ns("switch"));
        let wires: Vec<_> = (0..taps).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
        let addm: String = (0..taps).map(|n| format!(" addm tap{n}")).collect();
        daemon.ok(&format!("bridge0 create up{addm}"));
        scenario::settle(&wires.iter().collect::<Vec<_>>());
        daemon.ok("bridge0 flushall");
        Self { daemon, wires }
    }

    /// Sends `frames` on one port and returns what each port heard of them, by number of the frame.
    ///
    /// After them a broadcast of an address that every policy of these tests lets pass tells that no more will come;
    /// `from_end` sends it.
    fn heard(&self, from: usize, frames: &[EtherFrame]) -> Vec<Vec<usize>> {
        let sent: Vec<_> = frames.iter().map(EtherFrame::bytes).collect();
        sent.iter().for_each(|frame| self.wires[from].send(frame));
        self.settled();
        self.wires
            .iter()
            .map(|wire| {
                let heard = std::iter::from_fn(|| wire.receive(Limit::after(Duration::ZERO)));
                let known = heard.filter_map(|frame| sent.iter().position(|sent| *sent == frame));
                known.collect()
            })
            .collect()
    }

    /// Waits until the daemon has no more to forward: what entered has been counted and stays the same.
    fn settled(&self) {
        let count = || self.daemon.bridge().total.rx_frames;
        let mut before = count();
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(10));
            let after = count();
            if after == before {
                return;
            }
            before = after;
        }
        panic!("frames keep coming");
    }
}

fn frame(to: u32, from: u32, text: &str) -> EtherFrame {
    EtherFrame::new(mac(to), mac(from), text)
}

fn broadcast(from: u32) -> EtherFrame {
    EtherFrame::new(BROADCAST, mac(from), "to all")
}

const NONE: [usize; 0] = [];

#[test]
fn a_flood_of_addresses_leaves_the_others_known() {
    let Some(lab) = Lab::open("a_flood_of_addresses_leaves_the_others_known") else { return };
    let bench = Bench::new(&lab, 3);
    bench.wires[1].send(&broadcast(0xb).bytes());
    bench.wires[2].send(&broadcast(0xc).bytes());
    bench.settled();
    bench.wires.iter().for_each(Wire::drain);
    // 100,000 sources from one port, and between them the conversation of the other two.
    let mut talk = 0;
    for n in 0..100_000_u32 {
        bench.wires[0].send(
            &EtherFrame::new(mac(0xb), mac(0x1000_0000 + n.wrapping_mul(2_654_435_761) % 0xe000_0000), "flood").bytes(),
        );
        if n % 500 == 0 {
            std::thread::sleep(Duration::from_millis(1)); // A flood that lasts, not one that the kernel cuts.
        }
        if n % 10_000 == 0 {
            bench.wires[1].send(&frame(0xc, 0xb, &format!("talk {talk}")).bytes());
            bench.wires[2].send(&frame(0xb, 0xc, &format!("talk {talk}")).bytes());
            talk += 1;
            bench.wires[1].drain();
        }
    }
    bench.settled();
    let own: Vec<_> = std::iter::from_fn(|| bench.wires[0].receive(Limit::after(Duration::ZERO))).collect();
    assert_eq!(own, Vec::<Vec<u8>>::new(), "the flooder hears the others");
    bench.wires.iter().for_each(Wire::drain);
    assert_eq!(bench.heard(1, &[frame(0xc, 0xb, "after")]), [vec![], vec![], vec![0]]);
    let bridge = bench.daemon.bridge();
    assert!(bridge.table.addresses <= u64::from(bridge.max_addresses), "{:?}", bridge.table);
    assert!(bridge.table.evicted + bridge.table.refused > 20_000, "{:?}", bridge.table);
}

#[test]
fn private_members_do_not_see_each_other() {
    let Some(lab) = Lab::open("private_members_do_not_see_each_other") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 private tap0 private tap1");
    assert_eq!(bench.heard(0, &[broadcast(1)]), [vec![], vec![], vec![0]]);
    assert_eq!(bench.heard(1, &[broadcast(2)]), [vec![], vec![], vec![0]]);
    assert_eq!(bench.heard(0, &[frame(2, 1, "to the other")]), [NONE, NONE, NONE]);
    assert_eq!(bench.daemon.drops("tap0", "isolated"), 1);
    assert_eq!(bench.heard(2, &[broadcast(3), frame(1, 3, "to one")]), [vec![0, 1], vec![0], vec![]]);
    bench.daemon.ok("bridge0 -private tap1");
    assert_eq!(bench.heard(0, &[frame(2, 1, "to the other")]), [vec![], vec![0], vec![]]);
}

#[test]
fn protected_members_share_no_group() {
    let Some(lab) = Lab::open("protected_members_share_no_group") else { return };
    let bench = Bench::new(&lab, 4);
    bench.daemon.ok("bridge0 protected tap0 1,2 protected tap1 2,3 protected tap2 4");
    assert_eq!(bench.heard(0, &[broadcast(1)]), [vec![], vec![], vec![0], vec![0]]);
    assert_eq!(bench.heard(2, &[broadcast(3)]), [vec![0], vec![0], vec![], vec![0]]);
    bench.daemon.ok("bridge0 -protected tap1");
    assert_eq!(bench.heard(0, &[broadcast(1)]), [vec![], vec![0], vec![0], vec![0]]);
}

#[test]
fn a_locked_member_admits_only_registered_addresses() {
    let Some(lab) = Lab::open("a_locked_member_admits_only_registered_addresses") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 locked tap0 static tap0 02:7e:00:00:00:05 static tap1 02:7e:00:00:00:06");
    assert_eq!(bench.heard(0, &[broadcast(1)]), [NONE, NONE, NONE], "unknown");
    assert_eq!(bench.heard(0, &[broadcast(6)]), [NONE, NONE, NONE], "registered elsewhere");
    assert_eq!(bench.heard(0, &[broadcast(5)]), [vec![], vec![0], vec![0]], "registered");
    assert_eq!(bench.daemon.drops("tap0", "locked"), 2);
    assert!(!bench.daemon.ok("bridge0 addr").contains("02:7e:00:00:00:01"), "nothing is learned");
    bench.daemon.ok("bridge0 -locked tap0");
    assert_eq!(bench.heard(0, &[broadcast(1)]), [vec![], vec![0], vec![0]]);
}

#[test]
fn a_sticky_address_does_not_move() {
    let Some(lab) = Lab::open("a_sticky_address_does_not_move") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 sticky tap0");
    bench.heard(0, &[broadcast(1)]);
    bench.heard(1, &[broadcast(1)]);
    let table = bench.daemon.ok("bridge0 addr");
    assert!(table.contains("02:7e:00:00:00:01 Vlan0 tap0 0 flags=2<STICKY>"), "{table}");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![], vec![]]);
    bench.daemon.ok("bridge0 flush");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![], vec![]], "flush leaves it");
    bench.daemon.ok("bridge0 flushall");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![0], vec![]], "flushall does not");
}

#[test]
fn a_static_address_is_where_it_was_put() {
    let Some(lab) = Lab::open("a_static_address_is_where_it_was_put") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 static tap0 02:7e:00:00:00:01");
    bench.heard(1, &[broadcast(1)]);
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![], vec![]]);
    bench.daemon.ok("bridge0 static tap1 02:7e:00:00:00:01");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![], vec![0], vec![]]);
    bench.daemon.ok("bridge0 deladdr 02:7e:00:00:00:01");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![0], vec![]]);
    let said = bench.daemon.refuses("bridge0 deladdr 02:7e:00:00:00:01");
    assert!(said.starts_with("ifconfig: BRDGDADDR"), "{said}");
}

#[test]
fn a_member_learns_no_more_addresses_than_it_may() {
    let Some(lab) = Lab::open("a_member_learns_no_more_addresses_than_it_may") else { return };
    let bench = Bench::new(&lab, 2);
    bench.daemon.ok("bridge0 ifmaxaddr tap0 3");
    let frames: Vec<_> = (1..=5).map(broadcast).chain([broadcast(2)]).collect();
    // The last frame is of the second source once more, and equal to its first.
    assert_eq!(bench.heard(0, &frames)[1], [0, 1, 2, 1]);
    assert_eq!(bench.daemon.member("tap0").addresses, 3);
    assert_eq!(bench.daemon.drops("tap0", "address-limit"), 2);
    bench.daemon.ok("bridge0 ifmaxaddr tap0 0");
    assert_eq!(bench.heard(0, &[broadcast(4)])[1], [0]);
}

#[test]
fn a_storm_is_cut_to_its_rate() {
    let Some(lab) = Lab::open("a_storm_is_cut_to_its_rate") else { return };
    let bench = Bench::new(&lab, 2);
    bench.daemon.ok("bridge0 storm tap0 broadcast 50");
    let storm = vec![broadcast(1); 1000];
    let passed = bench.heard(0, &storm)[1].len();
    assert!((1..=300).contains(&passed), "{passed} of 1000 at 50 a second");
    assert_eq!(bench.daemon.drops("tap0", "storm-broadcast") as usize, 1000 - passed);
    // A known address is none of a storm's classes.
    bench.heard(1, &[broadcast(2)]);
    assert_eq!(bench.heard(0, &vec![frame(2, 1, "known"); 300])[1].len(), 300);
    bench.daemon.ok("bridge0 -storm tap0 broadcast");
    assert_eq!(bench.heard(0, &vec![broadcast(1); 300])[1].len(), 300);
}

#[test]
fn a_span_port_hears_all_and_says_nothing() {
    let Some(lab) = Lab::open("a_span_port_hears_all_and_says_nothing") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 deletem tap2 span tap2");
    bench.heard(0, &[broadcast(1)]);
    bench.heard(1, &[broadcast(2)]);
    let tagged = frame(2, 1, "tagged").vlan(5);
    assert_eq!(bench.heard(0, &[frame(2, 1, "unicast"), tagged]), [vec![], vec![0, 1], vec![0, 1]]);
    assert_eq!(bench.heard(2, &[broadcast(3)]), [NONE, NONE, NONE]);
    let port = bench.daemon.ok("-v bridge0");
    let (_, span) = port.split_once("member: tap2").expect("the span port is listed");
    assert!(span.contains("rx frames 0 "), "what enters stays the host's own: {span}");
    bench.daemon.ok("bridge0 -span tap2");
    assert_eq!(bench.heard(0, &[frame(2, 1, "unicast")]), [vec![], vec![0], vec![]]);
}

#[test]
fn members_without_learn_or_discover() {
    let Some(lab) = Lab::open("members_without_learn_or_discover") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 -learn tap0 -discover tap2");
    bench.heard(0, &[broadcast(1)]);
    assert!(!bench.daemon.ok("bridge0 addr").contains("02:7e:00:00:00:01"));
    assert_eq!(bench.heard(1, &[frame(1, 2, "unknown")]), [vec![0], vec![], vec![]]);
    assert_eq!(bench.heard(1, &[broadcast(2)]), [vec![0], vec![], vec![0]]);
}

#[test]
fn what_no_bridge_relays() {
    let Some(lab) = Lab::open("what_no_bridge_relays") else { return };
    let bench = Bench::new(&lab, 2);
    let to = |last| EtherFrame::new([0x01, 0x80, 0xc2, 0, 0, last], mac(1), "link-local");
    assert_eq!(bench.heard(0, &[to(0x00), to(0x0e), to(0x0f), to(0x10)])[1], [3]);
    let from_group = EtherFrame::new(BROADCAST, [0x03, 0, 0, 0, 0, 1], "from a group");
    let from_nobody = EtherFrame::new(BROADCAST, [0; 6], "from nobody");
    assert_eq!(bench.heard(0, &[from_group, from_nobody])[1], NONE);
    for (reason, count) in [("link-local", 3), ("group-source", 1), ("zero-source", 1)] {
        assert_eq!(bench.daemon.drops("tap0", reason), count, "{reason}");
    }
    // Too short for a header: the kernel takes 14 bytes at least from a TAP, and the bridge needs no more.
    let bare = EtherFrame::new(BROADCAST, mac(1), "").payload_bytes(0);
    assert_eq!(bench.heard(0, &[bare])[1], [0]);
}

#[test]
fn an_address_ages_out() {
    let Some(lab) = Lab::open("an_address_ages_out") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("bridge0 timeout 1");
    bench.heard(0, &[broadcast(1)]);
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![], vec![]]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(bench.daemon.ok("bridge0 addr"), "");
    assert_eq!(bench.heard(2, &[frame(1, 3, "to it")]), [vec![0], vec![0], vec![]]);
}

/// A daemon with members and nothing to do does nothing: not a tick, and hardly a wake-up.
#[test]
fn an_idle_daemon_uses_no_processor() {
    let Some(lab) = Lab::open("an_idle_daemon_uses_no_processor") else { return };
    let bench = Bench::new(&lab, 3);
    bench.daemon.ok("vport0 create up");
    bench.daemon.ok("bridge0 addm vport0 inet 10.0.0.1/24");
    bench.heard(0, &[broadcast(1)]);
    std::thread::sleep(Duration::from_millis(300));
    let process = bench.daemon.process();
    let (ticks, switches) = (process.ticks(), process.switches());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(process.ticks(), ticks);
    let woken = process.switches() - switches;
    assert!(woken <= 8, "woken {woken} times in two seconds");
}
