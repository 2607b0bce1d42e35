extern crate std;
use super::super::{Link, Location};
use super::*;
use crate::admin::{InetAddress, InterfaceFlag, OpenBy};
use InterfaceFlag::*;
use frame::Mac;
use std::vec;

fn state() -> State {
    let mut state: State = toml::from_str(
        r#"
        [bridge.bridge0]
        mtu = 9000
        member = [{ interface = "tap1" }]
        [vport.vport0]
        [tap.tap0]
        description = "vm 7"
        mtu = 1400
        owner = 1000
        group = 36
        mode = "660"
        multiqueue = true
        queue = 64
        [tap.tap1]
        up = true
        carrier = "up"
        [tun.tun0]
        carrier = "down"
        "#,
    )
    .unwrap();
    state.tuns.get_mut("tun0").unwrap().transient = true;
    state
}

fn interface(ether: Mac, link: Link) -> InterfaceLive {
    let addresses = vec![InetAddress::new([10, 8, 0, 2].into(), 24)];
    InterfaceLive { ether, addresses, link, place: Location::Here }
}

fn open(pid: u32) -> OpenReport {
    OpenReport { pid, program: "openvpn".into(), by: OpenBy::Socket, header: "none".into() }
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

#[test]
fn a_tap_that_is_open() {
    let counts = Counts { rx_frames: 5, drops: [("queue-full".into(), 3)].into(), ..Counts::default() };
    let node = "/run/trestle/dev/tap0";
    let live = TapLive {
        up: true,
        node: node.into(),
        opens: vec![open(7), open(8)],
        queued: 2,
        counts: counts.clone(),
        tun: None,
    };
    let report = report_tap(&state(), "tap0", interface(MAC, Link::Up), live).unwrap();
    assert_eq!((report.kind, report.groups.as_slice()), (InterfaceKind::Tap, ["tap".into()].as_slice()));
    assert_eq!((report.mtu, report.description.as_str(), report.ether), (1400, "vm 7", MAC));
    assert_eq!(report.flags, [Up, Broadcast, Running, Simplex, Multicast, LowerUp]);
    assert_eq!((report.addresses.len(), report.member_of, report.elsewhere), (1, None, false));
    let tap = report.tap.unwrap();
    assert_eq!((tap.node.as_str(), tap.owner, tap.group, tap.mode), (node, 1000, Some(36), 0o660));
    assert_eq!((tap.multi_queue, tap.persistent, tap.queued, tap.queue_packets), (true, true, 2, 64));
    assert_eq!((tap.opens, tap.counts), (vec![open(7), open(8)], counts));
}

#[test]
fn the_interface_of_a_tun_is_ethernet() {
    let live = TapLive { up: true, opens: vec![open(7)], ..TapLive::default() };
    let report = report_tap(&state(), "tun0", interface(MAC, Link::Down), live).unwrap();
    assert_eq!((report.kind, report.mtu, report.ether), (InterfaceKind::Tun, 1500, MAC));
    assert_eq!(report.flags, [Up, Broadcast, Running, Simplex, Multicast]);
    let tun = report.tap.unwrap();
    assert_eq!((tun.persistent, tun.owner, tun.group, tun.mode, tun.queue_packets), (false, 0, None, 0o600, 512));
}

#[test]
fn a_member_follows_its_bridge_and_the_system_says_what_is_up() {
    let report = report_tap(&state(), "tap1", interface(MAC, Link::Down), TapLive::default()).unwrap();
    assert_eq!((report.mtu, report.member_of.as_deref()), (9000, Some("bridge0")));
    assert_eq!(report.flags, [Broadcast, Simplex, Multicast]);
}

#[test]
fn what_decides_on_the_medium() {
    #[rustfmt::skip]
    let rows = [
        // device, opens, active
        ("tap0", 0, false), ("tap0", 1, true), ("tap0", 2, true),
        ("tap1", 0, true),  ("tap1", 1, true),
        ("tun0", 0, false), ("tun0", 1, false),
    ];
    for (name, opens, want) in rows {
        let live = TapLive { opens: (0..opens).map(open).collect(), ..TapLive::default() };
        let report = report_tap(&state(), name, interface(MAC, Link::Up), live).unwrap();
        assert_eq!(report.tap.unwrap().active, want, "{name} {opens}");
    }
}

#[test]
fn only_of_taps_and_tuns() {
    for name in ["bridge0", "vport0", "tap9", "eth0"] {
        assert_eq!(report_tap(&state(), name, interface(MAC, Link::Up), TapLive::default()), None, "{name}");
    }
}
