//! A command line is done as a whole or not at all, alone or among others.

use std::collections::BTreeSet;
use tests::{Daemon, Lab, Ns, Switch, Wire};

/// A bridge with `tap0`, spare interfaces of many kinds, and what nothing may change.
struct Before {
    daemon: Daemon,
    other: Ns,
    _taps: Vec<Wire>,
}

impl Before {
    fn new(lab: &Lab) -> Self {
        let other = lab.ns("other");
        let daemon = Daemon::start(lab, lab.ns("switch"));
        let ns = daemon.ns();
        let taps = (0..3).map(|n| Wire::tap(ns, &format!("tap{n}"))).collect();
        ns.ip("link add eth1 type veth peer name far1");
        ns.ip("link add eth2 type veth peer name far2");
        ns.ip("link add eth3 type veth peer name far3");
        ns.ip("address add 192.0.2.1/24 dev eth3");
        ns.ip("link add br9 type bridge");
        ns.ip("link set far2 master br9");
        ns.ip("link add low0 link eth1 type macvlan");
        daemon.ok("bridge0 create addm tap0 static tap0 02:00:00:00:00:01 inet 10.0.0.1/24 up");
        daemon.ok("bridge1 create addm tap2");
        Self { daemon, other, _taps: taps }
    }

    /// Asserts that `line` is refused with words that begin as given, and that nothing anywhere has changed.
    #[track_caller]
    fn refuses(&self, line: &str, words: &str) {
        let all = || {
            let file = std::fs::read_to_string(self.daemon.state()).expect("the state");
            (self.daemon.ns().links(), self.other.links(), file, self.daemon.ok("bridge0 addr"))
        };
        let (before, descriptors) = (all(), self.daemon.descriptors());
        let said = self.daemon.refuses(line);
        assert!(said.starts_with(&format!("ifconfig: {words}")), "{line}: {said}");
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
        assert_eq!(all(), before, "{line}");
        self.daemon.settles_to(&descriptors);
    }
}

#[test]
fn a_line_whose_last_verb_fails_changes_nothing() {
    let Some(lab) = Lab::open("a_line_whose_last_verb_fails_changes_nothing") else { return };
    let before = Before::new(&lab);
    #[rustfmt::skip]
    let rows = [
        ("bridge0 addm tap1 addm eth1 addm nosuch0", "BRDGADD nosuch0: No such file or directory"),
        ("bridge0 addm tap1 mtu 1400 inet 10.1.0.1/24 addm tap0", "BRDGADD tap0: File exists"),
        ("bridge0 deletem tap0 deletem tap0", "BRDGDEL tap0: No such file or directory"),
        ("bridge0 private tap0 vlanfilter ifuntagged tap0 10 ifmaxaddr tap1 5", "BRDGSIFAMAX"),
        ("bridge0 flushall deladdr 02:00:00:00:00:02", "BRDGDADDR: No such file or directory"),
        ("bridge0 timeout 5 maxaddr 10 hellotime 1", "BRDGSHT 1: Operation not permitted"),
        ("bridge2 create addm tap1 addm tap2", "BRDGADD tap2: Device busy"),
        ("bridge0 ether 02:00:00:00:00:55 description x addm eth3", "BRDGADD eth3: Invalid argument"),
        ("bridge0 down addm br9", "BRDGADD br9: Invalid argument"),
        ("bridge0 addm eth1 addm lo", "BRDGADD lo: Invalid argument"),
        ("bridge0 span tap1 addm far2", "BRDGADD far2: Device busy"),
        ("bridge0 addm eth1 addm bridge1", "BRDGADD bridge1: Invalid argument"),
    ];
    for (line, words) in rows {
        before.refuses(line, words);
    }
}

/// What only the kernel refuses, when half of the line is done, is taken back.
#[test]
fn what_the_kernel_refuses_is_taken_back() {
    let Some(lab) = Lab::open("what_the_kernel_refuses_is_taken_back") else { return };
    let before = Before::new(&lab);
    before.daemon.ok("bridge0 addm low0 addm eth2");
    // A macvlan takes no more than the interface under it.
    before.refuses("bridge0 mtu 9000", "");
    before.refuses("bridge0 -learn tap0 addm tap1 mtu 1501", "");
    before.daemon.ns().ip("link set eth1 mtu 9000");
    before.daemon.ok("bridge0 mtu 9000");
    assert_eq!(before.daemon.ns().link("low0").mtu, 9000);
}

/// What is in a container is out of reach: a change that needs it is refused as a whole, and others go on.
#[test]
fn a_vport_elsewhere_is_left_alone() {
    let Some(lab) = Lab::open("a_vport_elsewhere_is_left_alone") else { return };
    let before = Before::new(&lab);
    before.daemon.ok("vport7 create up");
    before.daemon.ok("bridge0 addm vport7");
    before.daemon.ns().ip(&format!("link set vport7 netns {}", before.other.name()));
    before.refuses("bridge0 addm tap1 mtu 1400", "");
    before.refuses("vport7 down", "");
    before.daemon.ok("bridge0 addm tap1 private vport7 timeout 60 down up");
    before.daemon.ok("bridge0 deletem vport7");
    assert!(before.other.links().contains_key("vport7"), "it is the container's to use");
    before.daemon.ok("bridge0 addm vport7");
    before.daemon.ok("vport7 destroy");
    assert!(!before.other.links().contains_key("vport7"));
    before.daemon.ok("bridge0 mtu 1400 destroy");
}

#[test]
fn refusals_name_the_remedy() {
    let Some(lab) = Lab::open("refusals_name_the_remedy") else { return };
    let before = Before::new(&lab);
    for (line, remedy) in [
        ("bridge0 addm tap2", "ifconfig bridge1 deletem tap2"),
        ("bridge0 addm eth3", "ifconfig bridge0 inet 192.0.2.1"),
        ("bridge0 mtu 71", "72"),
        ("nosuch0 up", "interface nosuch0 does not exist"),
        ("bridge0 create", "bridge0"),
        ("eth5 create", "vport"),
    ] {
        let said = before.daemon.refuses(line);
        assert!(said.contains(remedy), "{line}: {said}");
    }
}

#[test]
fn lines_at_the_same_time_are_all_done() {
    let Some(lab) = Lab::open("lines_at_the_same_time_are_all_done") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let _taps: Vec<_> = (0..8).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create up");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let daemon = &daemon;
            scope.spawn(move || {
                daemon.ok(&format!("bridge0 addm tap{n}"));
                for _ in 0..5 {
                    daemon.ok(&format!("bridge0 private tap{n} -learn tap{n}"));
                    daemon.ok(&format!("bridge0 -private tap{n} sticky tap{n}"));
                }
            });
        }
    });
    let bridge = daemon.bridge();
    assert_eq!(bridge.members.len(), 8);
    let numbers: BTreeSet<u16> = bridge.members.iter().map(|member| member.port).collect();
    assert_eq!(numbers.len(), 8, "each has a port number of its own");
    let flags: BTreeSet<String> = bridge.members.iter().map(|member| format!("{:?}", member.flags)).collect();
    assert_eq!(flags.len(), 1, "no flag was lost: {flags:?}");

    let names: Vec<String> = std::thread::scope(|scope| {
        let creates: Vec<_> = (0..8).map(|_| scope.spawn(|| daemon.ok("bridge create"))).collect();
        creates.into_iter().map(|create| create.join().expect("it succeeds")).collect()
    });
    let names: BTreeSet<String> = names.into_iter().collect();
    assert_eq!(names, (1..=8).map(|n| format!("bridge{n}\n")).collect());
}

/// Readers among writers see a line as a whole.
#[test]
fn a_reader_sees_a_line_done_or_not_begun() {
    let Some(lab) = Lab::open("a_reader_sees_a_line_done_or_not_begun") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let _taps: Vec<_> = (0..2).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create timeout 1 maxaddr 1 up");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 2..40 {
                daemon.ok(&format!("bridge0 timeout {n} maxaddr {n}"));
            }
        });
        let mut seen = BTreeSet::new();
        while !writer.is_finished() {
            let bridge = daemon.bridge();
            assert_eq!(bridge.timeout, bridge.max_addresses);
            seen.insert(bridge.timeout);
        }
        assert!(seen.len() > 1, "the two did not meet");
    });
}
