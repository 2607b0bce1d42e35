extern crate std;
use super::super::super::request::{Mss, Topology};
use super::super::super::state::State;
use super::super::{InterfaceLive, Link, Location, TapLive, report_tap};
use super::*;
use std::vec;

const PEER: Mac = Mac([2, 0, 0, 0, 0, 8]);

fn state(keys: &str) -> State {
    let text = std::format!(
        "[bridge.bridge0]\nmember = [{{ interface = \"tun1\" }}]\n[tap.tap0]\n[tun.tun0]\n{keys}[tun.tun1]\n{keys}"
    );
    let state: State = toml::from_str(&text).unwrap();
    state.validate(crate::admin::Platform::Linux).unwrap();
    state
}

fn lease() -> LeaseReport {
    let [address, server, router] = [50, 1, 2].map(|last| [192, 168, 1, last].into());
    LeaseReport { address, prefix: 24, server, gateway: Some(router), expires_s: Some(3600) }
}

fn report(state: &State, name: &str, live: Option<TunLive>) -> Option<TunReport> {
    let addresses = vec![InetAddress::point_to_point([10, 8, 0, 2].into(), [10, 8, 0, 1].into())];
    let interface = InterfaceLive { ether: PEER, addresses, link: Link::Up, place: Location::Here };
    report_tap(state, name, interface, TapLive { tun: live, ..TapLive::default() }).unwrap().tun.map(|tun| *tun)
}

#[test]
fn what_is_set_beside_what_runs() {
    let state = state(
        "topology = \"p2p\"\nmss = 1300\npeer = [\"10.9.0.0/24\"]\ngateway = [\"192.168.1.1\"]\nonlink = [\"192.168.1.0/24\"]\ndhcp = true\n",
    );
    let counters: BTreeMap<_, _> = [("answered-arp".into(), 7)].into();
    let inet = vec![InetAddress::point_to_point([10, 8, 0, 2].into(), [10, 8, 0, 1].into())];
    let live = TunLive { peer_mac: PEER, inet, lease: Some(lease()), neighbours: 3, counters: counters.clone() };
    let got = report(&state, "tun0", Some(live.clone())).unwrap();
    let want = TunReport {
        peer_mac: PEER,
        stands_for: ["10.8.0.1", "10.9.0.0/24", "192.168.1.50"].map(String::from).into(),
        topology: Some(Topology::P2p),
        mss: Mss::Bytes(1300),
        gateways: [[192, 168, 1, 1].into()].into(),
        on_link: ["192.168.1.0/24".into()].into(),
        dhcp: true,
        lease: Some(lease()),
        neighbours: 3,
        counters,
    };
    assert_eq!(got, want);
    let member = report(&state, "tun1", Some(live)).unwrap();
    assert_eq!(member, TunReport { stands_for: ["10.9.0.0/24", "192.168.1.50"].map(String::from).into(), ..want });
}

#[test]
fn before_it_runs_everything_that_was_set_is_known() {
    let state = state("");
    for (name, stands_for) in [("tun0", vec!["all".into()]), ("tun1", vec![])] {
        let got = report(&state, name, None).unwrap();
        let want = TunReport {
            peer_mac: Mac::ZERO,
            stands_for,
            topology: None,
            mss: Mss::Off,
            gateways: vec![],
            on_link: vec![],
            dhcp: false,
            lease: None,
            neighbours: 0,
            counters: BTreeMap::new(),
        };
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn a_tap_is_no_link() {
    assert_eq!(report(&state(""), "tap0", Some(TunLive::default())), None);
}

/// What is not shown among the addresses counts for the link all the same.
#[test]
fn a_link_stands_for_whom_it_was_told_of() {
    let live = TunLive {
        inet: vec![InetAddress::point_to_point("fe80::2".parse().unwrap(), "fe80::1".parse().unwrap())],
        ..TunLive::default()
    };
    let got = report(&state("topology = \"p2p\"\n"), "tun0", Some(live)).unwrap();
    assert_eq!(got.stands_for, ["fe80::1"]);
}
