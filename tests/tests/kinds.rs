//! Every kind of port with every other.

use std::time::Duration;
use tests::{Daemon, Host, Kind, Lab, Station, Switch, plug, scenario, within};

#[test]
fn vport_to_vport() {
    let Some(lab) = Lab::open("vport_to_vport") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    scenario::everyone_reaches_everyone(&lab, &daemon, &[Kind::Vport, Kind::Vport]);
}

#[test]
fn veth_to_veth() {
    let Some(lab) = Lab::open("veth_to_veth") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    scenario::everyone_reaches_everyone(&lab, &daemon, &[Kind::Veth, Kind::Veth]);
}

#[test]
fn all_kinds_mixed() {
    let Some(lab) = Lab::open("all_kinds_mixed") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    scenario::everyone_reaches_everyone(&lab, &daemon, &[Kind::Veth, Kind::Vport, Kind::Tap, Kind::Host]);
}

#[test]
fn a_removed_member_is_cut_off() {
    let Some(lab) = Lab::open("a_removed_member_is_cut_off") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    scenario::a_removed_member_is_cut_off(&lab, &daemon);
}

#[test]
fn unknown_is_flooded_and_known_is_not() {
    let Some(lab) = Lab::open("unknown_is_flooded_and_known_is_not") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    scenario::unknown_is_flooded_and_known_is_not(&lab, &daemon);
}

/// A vport moved to a container and back keeps its place in the bridge.
#[test]
fn a_vport_comes_back_from_its_container() {
    let Some(lab) = Lab::open("a_vport_comes_back_from_its_container") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let outside = plug(&lab, &daemon, Kind::Veth, 1);
    let inside = plug(&lab, &daemon, Kind::Vport, 2);
    assert!(inside.reaches(&outside));
    assert!(within(Duration::from_secs(3), || daemon.report("vport2").elsewhere), "{:?}", daemon.report("vport2"));
    let Station::Kernel(container) = inside else { unreachable!() };
    container.ns.ip(&format!("link set vport2 netns {}", daemon.ns().name()));
    assert!(within(Duration::from_secs(3), || !daemon.report("vport2").elsewhere));
    let again = Host::by_move(lab.ns("again"), daemon.ns(), "vport2", 3);
    assert!(again.reaches(outside.address()));
}

#[test]
fn two_bridges_are_apart() {
    let Some(lab) = Lab::open("two_bridges_are_apart") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let hosts: Vec<_> =
        (1..=4).map(|n| Host::by_veth(lab.ns(&format!("host{n}")), daemon.ns(), &format!("eth{n}"), n)).collect();
    daemon.ok("bridge0 create addm eth1 addm eth2 up");
    daemon.ok("bridge1 create addm eth3 addm eth4 up");
    assert!(hosts[0].reaches(hosts[1].address) && hosts[2].reaches(hosts[3].address));
    assert!(hosts[0].is_cut_from(hosts[2].address));
}

#[test]
fn ipv6_finds_its_neighbours() {
    let Some(lab) = Lab::open("ipv6_finds_its_neighbours") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let hosts: Vec<_> =
        [Kind::Veth, Kind::Vport].into_iter().zip(1..).map(|(kind, n)| plug(&lab, &daemon, kind, n)).collect();
    for (host, n) in hosts.iter().map(Station::kernel).zip(1..) {
        host.ns.allow_ipv6();
        host.ns.write(&format!("/proc/sys/net/ipv6/conf/{}/disable_ipv6", host.interface), "0");
        host.ns.ip(&format!("address add fd00::{n}/64 dev {} nodad", host.interface));
    }
    for (host, to) in hosts.iter().map(Station::kernel).zip(["fd00::2", "fd00::1"]) {
        let mut ping = host.ns.command("ping");
        ping.args(["-6", "-n", "-c", "3", "-i", "0.1", "-w", "5", "-s", "1452", to]);
        tests::run(ping, Duration::from_secs(10)).ok();
    }
}

#[test]
fn a_bridge_that_is_down_forwards_nothing() {
    let Some(lab) = Lab::open("a_bridge_that_is_down_forwards_nothing") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    assert!(a.reaches(&b));
    daemon.ok("bridge0 down");
    assert!(a.is_cut_from(&b) && b.is_cut_from(&a));
    daemon.ok("bridge0 up");
    assert!(a.reaches(&b));
}
