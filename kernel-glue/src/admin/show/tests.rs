extern crate std;
use super::super::request::MemberFlag;
use super::*;
use InterfaceFlag::*;
use frame::{DropReason, Vid};
use std::vec;

fn state() -> State {
    toml::from_str(
        r#"
        [bridge.bridge0]
        description = "lab"
        up = true
        mtu = 9000
        defuntagged = 10
        hostuntagged = 20
        [[bridge.bridge0.member]]
        interface = "eth1"
        [[bridge.bridge0.member]]
        interface = "vport0"
        private = true
        untagged = 10
        tagged = "20,100-199"
        pathcost = 7
        suppress = "all"
        [[bridge.bridge0.span]]
        interface = "eth3"
        [vport.vport0]
        [vport.vport1]
        mtu = 1400
        "#,
    )
    .unwrap()
}

fn live(link: Link) -> InterfaceLive {
    let addresses = vec![InetAddress::new("10.0.0.1".parse().unwrap(), 24)];
    InterfaceLive { ether: Mac([2, 0, 0, 0, 0, 1]), addresses, link, place: Location::Here }
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

#[test]
fn a_bridge_with_its_ports() {
    let eth1 = PortLive { addresses: 3, bits_per_second: Some(1_000_000_000), ..PortLive::default() };
    let span = PortLive { trouble: "link down".into(), ..PortLive::default() };
    let numbers = BridgeLive { ports: [(port(1), eth1), (port(3), span)].into(), ..BridgeLive::default() };
    let report = report_bridge(&state(), "bridge0", live(Link::Up), numbers).unwrap();
    assert_eq!((report.mtu, report.description.as_str()), (9000, "lab"));
    assert_eq!(report.flags, [Up, Broadcast, Running, Simplex, Multicast, LowerUp]);
    assert_eq!((report.groups, report.member_of, report.elsewhere), (vec!["bridge".into()], None, false));

    let bridge = report.bridge.unwrap();
    assert_eq!((bridge.priority, bridge.max_addresses, bridge.timeout), (32768, 2000, 1200));
    assert_eq!((bridge.default_untagged, bridge.host_untagged), (Vid::new(10), Vid::new(20)));
    // Newest first, then span ports.
    let [vport0, eth1, eth3] = &bridge.members[..] else { panic!("{:?}", bridge.members) };
    assert_eq!((eth1.interface.as_str(), eth1.port, eth1.path_cost, eth1.addresses), ("eth1", 1, 20_000, 3));
    assert_eq!(eth1.flags, [MemberFlag::Learn, MemberFlag::Discover, MemberFlag::Autoedge, MemberFlag::Autoptp]);
    assert_eq!((vport0.interface.as_str(), vport0.port, vport0.path_cost), ("vport0", 2, 7));
    assert!(vport0.flags.ends_with(&[MemberFlag::Autoptp, MemberFlag::Private]));
    assert_eq!((vport0.untagged, vport0.tagged.to_string()), (Vid::new(10), "20,100-199".into()));
    assert_eq!((vport0.suppress.to_string(), eth1.suppress.is_off()), ("all".into(), true));
    assert_eq!((eth3.interface.as_str(), eth3.port, eth3.span), ("eth3", 3, true));
    assert_eq!((eth3.flags.len(), eth3.trouble.as_str()), (0, "link down"));
}

#[test]
fn a_vport_follows_its_bridge() {
    let member = report_vport(&state(), "vport0", live(Link::Up)).unwrap();
    assert_eq!((member.mtu, member.member_of.as_deref()), (9000, Some("bridge0")));
    assert_eq!(member.flags, [Broadcast, Simplex, Multicast]);
    assert_eq!((member.groups, member.bridge), (vec!["vport".into()], None));
    let elsewhere = InterfaceLive { place: Location::Elsewhere, ..live(Link::Down) };
    let free = report_vport(&state(), "vport1", elsewhere).unwrap();
    assert_eq!((free.mtu, free.member_of, free.elsewhere), (1400, None, true));
    assert_eq!(report_vport(&state(), "bridge0", live(Link::Up)), None);
    assert_eq!(report_bridge(&state(), "vport0", live(Link::Up), BridgeLive::default()), None);
}

#[test]
fn up_without_a_link() {
    let report = report_bridge(&state(), "bridge0", live(Link::Down), BridgeLive::default()).unwrap();
    assert_eq!(report.flags, [Up, Broadcast, Running, Simplex, Multicast]);
}

#[test]
fn path_costs_by_speed() {
    #[rustfmt::skip]
    let rows = [
        (None,                     StpProtocol::Rstp, 55),
        (Some(0),                  StpProtocol::Rstp, 55),
        (Some(10_000_000),         StpProtocol::Rstp, 2_000_000),
        (Some(10_000_000),         StpProtocol::Stp,  65_535),
        (Some(1_000_000_000),      StpProtocol::Rstp, 20_000),
        (Some(100_000_000_000),    StpProtocol::Rstp, 200),
        (Some(u64::MAX),           StpProtocol::Rstp, 1),
        (Some(1),                  StpProtocol::Rstp, 200_000_000),
    ];
    for (speed, protocol, want) in rows {
        assert_eq!(path_cost(speed, protocol), want, "{speed:?} {protocol:?}");
    }
}

#[test]
fn addresses() {
    let entry = |number, kind, left: Option<u64>| Entry {
        vid: 20,
        mac: Mac([2, 0, 0, 0, 0, 9]),
        port: port(number),
        kind,
        left: left.map(Duration::from_millis),
    };
    let entries = [
        entry(1, EntryKind::Dynamic, Some(1_187_900)),
        entry(2, EntryKind::Static, None),
        entry(0, EntryKind::Sticky, None),
        entry(9, EntryKind::Dynamic, Some(u64::MAX)),
    ];
    let got = report_addresses("bridge0", &state().bridges["bridge0"], &entries);
    let got: Vec<_> = got.iter().map(|line| (line.interface.as_str(), line.vlan, line.seconds, line.kind)).collect();
    let want = [
        ("eth1", 20, 1187, AddressKind::Dynamic),
        ("vport0", 20, 0, AddressKind::Static),
        ("bridge0", 20, 0, AddressKind::Sticky),
    ];
    assert_eq!(got, want);
}

#[test]
fn counters_by_name() {
    let mut counters = PortCounters { rx_frames: 1, rx_bytes: 2, tx_frames: 3, tx_bytes: 4, ..PortCounters::default() };
    counters.suppressed = 6;
    counters.drops.add(DropReason::VlanIngress, 5);
    let counts = Counts::from(&counters);
    assert_eq!((counts.rx_frames, counts.rx_bytes, counts.tx_frames, counts.tx_bytes), (1, 2, 3, 4));
    assert_eq!(counts.suppressed, 6);
    assert_eq!(counts.drops, BTreeMap::from([("vlan-ingress".into(), 5)]));
    let engine = BridgeCounters {
        learned: 1,
        moved: 2,
        evicted: 3,
        refused: 4,
        expired: 5,
        events_lost: 6,
        ..BridgeCounters::default()
    };
    let table = TableReport::new(&engine, &AddressCounts { total: 7, by_port: vec![] });
    let want = TableReport { addresses: 7, learned: 1, moved: 2, expired: 5, evicted: 3, refused: 4, events_lost: 6 };
    assert_eq!(table, want);
}
