//! What `ifconfig` shows of an interface is what was set, whatever the system adds to it.

use kernel_glue::admin::InterfaceReport;
use std::net::IpAddr;
use std::time::Duration;
use tests::nodes::{Rig, numbered_ip, numbers, unhex};
use tests::{Daemon, Lab, Switch, parse_mac, within};

const SOON: Duration = Duration::from_secs(10);

/// Waits until an interface is shown as wanted, for addresses are known once the kernel has told of them.
#[track_caller]
fn shows(daemon: &Daemon, name: &str, want: impl Fn(&InterfaceReport) -> bool) -> InterfaceReport {
    let mut shown = daemon.report(name);
    within(SOON, || {
        shown = daemon.report(name);
        want(&shown)
    });
    assert!(want(&shown), "{shown:#?}");
    shown
}

fn ips(report: &InterfaceReport) -> Vec<IpAddr> {
    report.addresses.iter().map(|one| one.address).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn a_broadcast_address_that_was_set_is_shown() {
    let Some(lab) = Lab::open("a_broadcast_address_that_was_set_is_shown") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    for name in ["bridge0", "vport0", "tap0"] {
        daemon.ok(&format!("{name} create up"));
        daemon.ok(&format!("{name} inet 10.0.0.1/24 broadcast 10.0.0.3"));
        let shown = shows(&daemon, name, |shown| ips(shown) == [ip("10.0.0.1")]);
        assert_eq!(shown.addresses[0].broadcast, Some(ip("10.0.0.3")), "{name}");
        assert!(daemon.ok(name).contains("netmask 0xffffff00 broadcast 10.0.0.3\n"), "{}", daemon.ok(name));
        // The highest of its network is what every address has.
        daemon.ok(&format!("{name} inet 10.0.0.1/24 delete"));
        daemon.ns().ip(&format!("address add 10.0.0.2/24 brd + dev {name}"));
        let shown = shows(&daemon, name, |shown| ips(shown) == [ip("10.0.0.2")]);
        assert_eq!(shown.addresses[0].broadcast, None, "{name}");
        daemon.ok(&format!("{name} destroy"));
    }
}

#[test]
fn a_link_local_address_that_was_set_is_shown() {
    let Some(lab) = Lab::open("a_link_local_address_that_was_set_is_shown") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ns().allow_ipv6();
    for name in ["bridge0", "vport0", "tap0", "tun0"] {
        daemon.ok(&format!("{name} create"));
        daemon.ok(&format!("{name} inet6 fe80::1/64"));
        daemon.ok(&format!("{name} inet6 fd00::1/64"));
        daemon.ns().ip(&format!("address add fe80::77/64 dev {name}"));
        daemon.ns().ip(&format!("address add fd00::77/64 dev {name}"));
        let shown = shows(&daemon, name, |shown| ips(shown).contains(&ip("fd00::77")));
        let found = ["fe80::1", "fd00::1", "fe80::77"].map(|one| ips(&shown).contains(&ip(one)));
        assert_eq!(found, [true, true, false], "{name}: {shown:#?}");
        assert!(daemon.ok(name).contains(&format!("inet6 fe80::1%{name} prefixlen 64\n")), "{}", daemon.ok(name));
        daemon.ok(&format!("{name} destroy"));
    }
}

/// Who is at the other end is shown as the link answers, by whoever the host's addresses were set.
#[test]
fn a_tun_says_that_it_answers_for_a_link_local_destination() {
    let Some(lab) = Lab::open("a_tun_says_that_it_answers_for_a_link_local_destination") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ns().allow_ipv6();
    daemon.ok("tun0 create inet6 fe80::2 fe80::1 topology p2p");
    daemon.ns().ip("address add fe80::4 peer fe80::3 dev tun0");
    let shown = || daemon.report("tun0").tun.expect("a tun").stands_for;
    within(SOON, || shown().len() == 2);
    assert_eq!(shown(), ["fe80::1", "fe80::3"], "{}", daemon.ok("tun0"));
}

/// A program reads nothing that the host sent while the device was a member of a bridge.
#[test]
fn what_the_host_sent_beside_the_bridge_is_not_kept() {
    let Some(rig) = Rig::exec("what_the_host_sent_beside_the_bridge_is_not_kept") else { return };
    rig.create("tun0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tun0");
    let daemon = rig.daemon();
    daemon.create();
    daemon.ok("bridge0 addm tun0");
    let peer = daemon.report("tun0").tun.expect("a tun").peer_mac.0;
    let (wire, host) = (rig.wire("tun0"), parse_mac(&rig.ns().link("tun0").mac));
    let send = |n| wire.send(&[&peer[..], &host, &[8, 0], &numbered_ip(4, n, 100, 1)].concat());
    // As many as the queue of a kernel's TUN device holds.
    (0..1000).for_each(send);
    let dropped = || daemon.report("tun0").tap.expect("a tun").counts.drops.get("port-down").copied().unwrap_or(0);
    within(Duration::from_secs(2), || dropped() >= 1000);
    daemon.ok("bridge0 deletem tun0");
    let mut heard = Vec::new();
    within(SOON, || {
        send(5000);
        std::thread::sleep(Duration::from_millis(50));
        let packets = app.value(&format!("read_packets({fd})"));
        heard.extend(numbers(&packets.as_array().into_iter().flatten().map(unhex).collect::<Vec<_>>()));
        heard.contains(&5000)
    });
    heard.dedup();
    assert_eq!(heard, [5000], "what was sent before is still there");
    assert!(dropped() >= 1000, "{}", daemon.ok("-v tun0"));
}
