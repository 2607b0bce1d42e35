//! Members by the hundred, and members that come, go and change.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::{Daemon, Host, Kind, Lab, Switch, plug, scenario, transfer, within};

const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_flood_reaches_256_members_once_each() {
    let Some(lab) = Lab::open("a_flood_reaches_256_members_once_each") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let descriptors = daemon.descriptors();
    scenario::a_flood_reaches_everyone_once(&daemon, 192, 64);
    assert_eq!(daemon.bridge().members.len(), 256);
    daemon.ok("bridge0 destroy");
    (0..64).for_each(|n| drop(daemon.ok(&format!("vport{n} destroy"))));
    daemon.settles_to(&descriptors);
}

#[test]
fn members_come_and_go_while_others_stream() {
    let Some(lab) = Lab::open("members_come_and_go_while_others_stream") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    let _c = plug(&lab, &daemon, Kind::Veth, 3);
    daemon.ok("bridge0 deletem eth3");
    let descriptors = daemon.descriptors();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let coming_and_going = scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                daemon.ok("bridge0 addm eth3");
                daemon.ok("bridge0 deletem eth3");
                rounds += 1;
            }
            rounds
        });
        transfer(a.kernel(), b.kernel(), 128);
        transfer(b.kernel(), a.kernel(), 128);
        stop.store(true, Ordering::Relaxed);
        let rounds: u32 = coming_and_going.join().expect("every round succeeds");
        assert!(rounds >= 3, "{rounds} rounds");
    });
    daemon.settles_to(&descriptors);
    assert_eq!(daemon.drops("eth1", "queue-full") + daemon.drops("vport2", "malformed"), 0);
}

#[test]
fn a_link_that_goes_down_comes_back() {
    let Some(lab) = Lab::open("a_link_that_goes_down_comes_back") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Veth, 2));
    assert!(a.reaches(&b));
    for (ns, name) in [(&**daemon.ns(), "eth1"), (&*a.kernel().ns, "eth0")] {
        ns.ip(&format!("link set {name} down"));
        assert!(within(SOON, || !daemon.member("eth1").trouble.is_empty()), "{name} down is noticed");
        assert!(b.is_cut_from(&a));
        ns.ip(&format!("link set {name} up"));
        assert!(within(SOON, || daemon.member("eth1").trouble.is_empty()), "{name} up is noticed");
        assert!(a.reaches(&b) && b.reaches(&a), "after {name} was down");
    }
}

/// Frames of every size are under way whenever the link changes; none of them is mixed up with another afterwards.
#[test]
fn a_link_that_flaps_under_load_leaves_nothing_behind() {
    let Some(lab) = Lab::open("a_link_that_flaps_under_load_leaves_nothing_behind") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    std::thread::scope(|scope| {
        let stream = scope.spawn(|| transfer(a.kernel(), b.kernel(), 192));
        for _ in 0..10 {
            std::thread::sleep(Duration::from_millis(30));
            daemon.ns().ip("link set eth1 down");
            daemon.ns().ip("link set eth1 up");
        }
        stream.join().expect("the stream goes on");
    });
    let before = daemon.member("eth1").counts.drops;
    transfer(a.kernel(), b.kernel(), 64);
    transfer(b.kernel(), a.kernel(), 64);
    let after = daemon.member("eth1").counts.drops;
    for reason in ["truncated", "malformed", "offload"] {
        assert_eq!(before.get(reason), after.get(reason), "{reason}");
    }
    assert_eq!(a.kernel().bad_checksums() + b.kernel().bad_checksums(), 0);
}

#[test]
fn a_renamed_member_stays_one() {
    let Some(lab) = Lab::open("a_renamed_member_stays_one") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Veth, 2));
    daemon.ns().ip("link set eth1 down");
    daemon.ns().ip("link set eth1 name lan0");
    daemon.ns().ip("link set lan0 up");
    let renamed = || daemon.bridge().members.iter().any(|member| member.interface == "lan0");
    assert!(within(SOON, renamed), "{:?}", daemon.bridge().members);
    assert!(a.reaches(&b) && b.reaches(&a));
    daemon.ok("bridge0 deletem lan0");
    assert_eq!(daemon.ns().link("lan0").promiscuity, 0);
}

#[test]
fn a_deleted_interface_is_taken_back_when_it_returns() {
    let Some(lab) = Lab::open("a_deleted_interface_is_taken_back_when_it_returns") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let b = plug(&lab, &daemon, Kind::Veth, 2);
    let descriptors = daemon.descriptors();
    let a = plug(&lab, &daemon, Kind::Veth, 1);
    assert!(a.reaches(&b));
    daemon.ns().ip("link del eth1");
    drop(a);
    assert!(within(SOON, || daemon.member("eth1").trouble == "interface removed"), "{:?}", daemon.member("eth1"));
    daemon.settles_to(&descriptors);
    assert!(!daemon.ok("bridge0 addr").contains(" eth1 "), "{}", daemon.ok("bridge0 addr"));
    let again = Host::by_veth(lab.ns("again"), daemon.ns(), "eth1", 3);
    assert!(within(SOON, || daemon.member("eth1").trouble.is_empty()), "{:?}", daemon.member("eth1"));
    assert!(again.reaches(b.address()));
}

/// Whoever holds the other end of a TAP member closes it: the interface goes, the bridge goes on.
#[test]
fn a_machine_that_ends_takes_only_its_tap_along() {
    let Some(lab) = Lab::open("a_machine_that_ends_takes_only_its_tap_along") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    let vm = plug(&lab, &daemon, Kind::Tap, 3);
    assert!(vm.reaches(&a));
    drop(vm);
    assert!(within(SOON, || daemon.member("tap3").trouble == "interface removed"), "{:?}", daemon.member("tap3"));
    assert!(a.reaches(&b));
    daemon.ok("bridge0 deletem tap3");
    assert_eq!(daemon.bridge().members.len(), 2);
}

#[test]
fn a_member_that_joins_another_namespace_leaves_the_bridge_running() {
    let Some(lab) = Lab::open("a_member_that_joins_another_namespace_leaves_the_bridge_running") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    let _c = plug(&lab, &daemon, Kind::Veth, 3);
    let elsewhere = lab.ns("elsewhere");
    daemon.ns().ip(&format!("link set eth3 netns {}", elsewhere.name()));
    assert!(within(SOON, || !daemon.member("eth3").trouble.is_empty()), "{:?}", daemon.member("eth3"));
    assert_eq!(elsewhere.link("eth3").promiscuity, 0);
    assert!(a.reaches(&b) && b.reaches(&a));
}
