use super::*;
use crate::ifconfig::golden;
use ::bridge::Suppress;
use Style::{Json, Text};
use Verbosity::{Brief, Verbose};
use frame::{Mac, Tpid, Vid, VidSet};
use kernel_glue::admin::{
    BridgeReport, Carrier, Counts, InetAddress, InterfaceFlag, InterfaceKind, LeaseReport, MemberFlag, MemberReport,
    Mss, OpenBy, OpenReport, StormClass, StpProtocol, TableReport, TapReport, Topology, TunReport,
};

fn vid(number: u16) -> Option<Vid> {
    Some(Vid::new(number).unwrap())
}

fn inet(address: &str, prefix: u8) -> InetAddress {
    InetAddress::new(address.parse().unwrap(), prefix)
}

fn report(name: &str, kind: InterfaceKind, ether: [u8; 6]) -> InterfaceReport {
    use InterfaceFlag::*;
    InterfaceReport {
        name: name.into(),
        kind,
        flags: vec![Up, Broadcast, Running, Simplex, Multicast, LowerUp],
        mtu: 1500,
        ether: Mac(ether),
        description: String::new(),
        addresses: vec![],
        groups: vec![name.trim_end_matches(|c: char| c.is_ascii_digit()).into()],
        member_of: None,
        elsewhere: false,
        bridge: None,
        tap: None,
        tun: None,
    }
}

/// What `ifconfig bridge0 create` makes.
fn fresh() -> InterfaceReport {
    use InterfaceFlag::*;
    let bridge = BridgeReport {
        priority: 32768,
        hello_time: 2,
        forward_delay: 15,
        max_age: 20,
        hold_count: 6,
        protocol: StpProtocol::Rstp,
        max_addresses: 2000,
        timeout: 1200,
        vlan_filter: false,
        default_qinq: false,
        default_untagged: None,
        members: vec![],
        host: Counts::default(),
        host_untagged: None,
        total: Counts::default(),
        table: TableReport::default(),
    };
    let flags = vec![Broadcast, Simplex, Multicast];
    let bare = report("bridge0", InterfaceKind::Bridge, [0x58, 0x9c, 0xfc, 0x10, 0x12, 0x5b]);
    InterfaceReport { flags, bridge: Some(bridge.into()), ..bare }
}

fn member(interface: &str, port: u16, path_cost: u32) -> MemberReport {
    MemberReport {
        interface: interface.into(),
        port,
        span: false,
        flags: vec![MemberFlag::Learn, MemberFlag::Discover, MemberFlag::Autoedge, MemberFlag::Autoptp],
        suppress: Suppress::default(),
        protected: vec![],
        max_addresses: 0,
        addresses: 0,
        priority: 128,
        path_cost,
        vlan_protocol: Tpid::Dot1q,
        untagged: None,
        tagged: VidSet::EMPTY,
        storm: [].into(),
        trouble: String::new(),
        counts: Counts::default(),
    }
}

/// A bridge that is up, with these members.
fn with(members: Vec<MemberReport>) -> InterfaceReport {
    let mut bridge = fresh();
    bridge.flags = report("bridge0", InterfaceKind::Bridge, [0; 6]).flags;
    bridge.bridge.as_mut().unwrap().members = members;
    bridge
}

fn two_members() -> InterfaceReport {
    let mut bridge = with(vec![member("tap0", 2, 55), member("eth1", 1, 20000)]);
    bridge.description = "the office\u{1b}[2J".into();
    bridge.addresses = vec![inet("192.168.30.1", 24), inet("fe80::5a9c:fcff:fe10:125b", 64), inet("2001:db8::1", 64)];
    bridge
}

fn vlans() -> InterfaceReport {
    let mut bridge = with(vec![
        MemberReport { untagged: vid(10), tagged: "20,100-199".parse().unwrap(), ..member("ix0", 3, 2000) },
        MemberReport { tagged: "100-102,103,106-149,160-199".parse().unwrap(), ..member("ix1", 2, 2000) },
        MemberReport { vlan_protocol: Tpid::Dot1ad, tagged: VidSet::all(), ..member("ix2", 1, 2000) },
    ]);
    let inner = bridge.bridge.as_mut().unwrap();
    (inner.vlan_filter, inner.default_qinq) = (true, true);
    (inner.default_untagged, inner.host_untagged) = (vid(10), vid(30));
    bridge
}

/// What the manual shows.
fn sample() -> InterfaceReport {
    let ix0 = MemberReport { max_addresses: 5, untagged: vid(10), ..member("ix0", 3, 2000) };
    let mut bridge = with(vec![MemberReport { tagged: "20,100-199".parse().unwrap(), ..ix0 }]);
    bridge.description = "the office".into();
    bridge.addresses = vec![inet("192.168.30.1", 24)];
    let inner = bridge.bridge.as_mut().unwrap();
    (inner.vlan_filter, inner.default_untagged) = (true, vid(10));
    bridge
}

fn busy() -> InterfaceReport {
    use MemberFlag::*;
    let counts = |scale: u64, drops: &[(&str, u64)]| Counts {
        rx_frames: scale,
        rx_bytes: scale * 64,
        tx_frames: scale * 2,
        tx_bytes: scale * 3000,
        suppressed: 0,
        drops: drops.iter().map(|&(why, frames)| (why.to_owned(), frames)).collect(),
    };
    let guarded = MemberReport {
        flags: vec![Discover, Sticky, Autoedge, Autoptp, Private, Locked, Qinq],
        suppress: "7,20-29".parse().unwrap(),
        protected: vec![1, 31],
        max_addresses: 5,
        addresses: 3,
        untagged: vid(7),
        storm: [(StormClass::Unknown, 1000), (StormClass::Broadcast, 100)].into(),
        trouble: "link down".into(),
        counts: Counts { suppressed: 5, ..counts(7, &[("vlan-ingress", 3), ("locked", 12)]) },
        ..member("tap0", 2, 55)
    };
    let plain = MemberReport { counts: counts(1_000_000, &[]), ..member("eth1", 1, 20000) };
    let span = MemberReport { span: true, flags: vec![], counts: counts(0, &[]), priority: 0, ..member("eth2", 3, 0) };
    let mut bridge = with(vec![guarded, plain, span]);
    let inner = bridge.bridge.as_mut().unwrap();
    inner.host = counts(11, &[("too-big", 1)]);
    inner.total = counts(1_000_018, &[("locked", 12), ("too-big", 1), ("vlan-ingress", 3)]);
    let (addresses, learned, moved, expired) = (4, 40, 2, 30);
    inner.table = TableReport { addresses, learned, moved, expired, evicted: 6, refused: 1, events_lost: 0 };
    bridge
}

fn vports() -> Vec<InterfaceReport> {
    let vport = |name: &str, last| report(name, InterfaceKind::Vport, [2, 0, 0, 0, 0, last]);
    vec![
        InterfaceReport { member_of: Some("bridge0".into()), ..vport("vport0", 1) },
        InterfaceReport { addresses: vec![inet("10.0.0.2", 31)], elsewhere: true, ..vport("vport1", 2) },
    ]
}

fn unopened() -> TapReport {
    TapReport {
        node: "/run/trestle/dev/tap0".into(),
        owner: 0,
        group: None,
        mode: 0o600,
        multi_queue: false,
        persistent: true,
        carrier: Carrier::Auto,
        active: false,
        opens: vec![],
        queued: 0,
        queue_packets: 512,
        counts: Counts::default(),
    }
}

fn open(pid: u32, program: &str, by: OpenBy, header: &str) -> OpenReport {
    OpenReport { pid, program: program.into(), by, header: header.into() }
}

/// What `ifconfig tap0 create` makes.
fn fresh_tap() -> InterfaceReport {
    use InterfaceFlag::*;
    let bare = report("tap0", InterfaceKind::Tap, [2, 0, 0, 0, 0, 7]);
    InterfaceReport { flags: vec![Broadcast, Simplex, Multicast], tap: Some(unopened().into()), ..bare }
}

/// What the manual shows.
fn sample_tap() -> InterfaceReport {
    let counts = Counts {
        rx_frames: 120,
        rx_bytes: 14400,
        tx_frames: 80,
        tx_bytes: 9600,
        suppressed: 0,
        drops: [("queue-full".to_owned(), 12)].into(),
    };
    let opens = vec![open(4242, "openvpn", OpenBy::Socket, "none")];
    let tap = TapReport { active: true, opens, queued: 3, counts, ..unopened() };
    let bare = report("tap0", InterfaceKind::Tap, [2, 0, 0, 0, 0, 7]);
    InterfaceReport { tap: Some(tap.into()), addresses: vec![inet("10.8.0.2", 24)], ..bare }
}

fn tuns() -> Vec<InterfaceReport> {
    use InterfaceFlag::*;
    let tun = |name: &str, tap: TapReport, link: TunReport| {
        let bare = report(name, InterfaceKind::Tun, [2, 0, 0, 0, 0, 9]);
        let flags = vec![Up, Broadcast, Running, Simplex, Multicast];
        InterfaceReport { flags, tap: Some(tap.into()), tun: Some(link.into()), ..bare }
    };
    let shared = TapReport {
        node: "/run/trestle/dev/tun0".into(),
        owner: 1000,
        group: Some(36),
        mode: 0o66,
        multi_queue: true,
        persistent: false,
        active: true,
        opens: vec![
            open(7, "boring\n", OpenBy::Node, "packet information"),
            open(7, "", OpenBy::Socket, "virtio-net 12"),
        ],
        ..unopened()
    };
    let unserved = TapReport { node: String::new(), carrier: Carrier::Up, active: true, ..unopened() };
    let guest = TapReport { node: "/run/trestle/dev/tun2".into(), ..unopened() };
    vec![
        InterfaceReport {
            addresses: vec![inet("10.8.0.2", 24), inet("fd00::2", 64)],
            ..tun("tun0", shared, bare_link())
        },
        InterfaceReport {
            elsewhere: true,
            ..tun("tun1", unserved, TunReport { stands_for: vec![], ..unknown_link() })
        },
        InterfaceReport { member_of: Some("bridge0".into()), ..tun("tun2", guest, busy_link()) },
    ]
}

fn unknown_link() -> TunReport {
    TunReport {
        peer_mac: Mac::ZERO,
        stands_for: vec!["all".into()],
        topology: None,
        mss: Mss::Off,
        gateways: vec![],
        on_link: vec![],
        dhcp: false,
        lease: None,
        neighbours: 0,
        counters: [].into(),
    }
}

fn bare_link() -> TunReport {
    TunReport { peer_mac: Mac([2, 0, 0, 0, 0, 8]), ..unknown_link() }
}

fn busy_link() -> TunReport {
    let [address, server, router] = [50, 1, 2].map(|last| [192, 168, 1, last].into());
    TunReport {
        stands_for: vec!["10.9.0.0/24".into(), "192.168.1.50".into()],
        topology: Some(Topology::Net30),
        mss: Mss::Bytes(1300),
        gateways: vec!["192.168.1.1".parse().unwrap(), "fe80::1".parse().unwrap()],
        on_link: vec!["192.168.1.0/24".into(), "fd00::/64".into()],
        dhcp: true,
        lease: Some(LeaseReport { address, prefix: 24, server, gateway: Some(router), expires_s: Some(3600) }),
        neighbours: 4,
        counters: [("answered-arp".to_owned(), 12), ("requests".to_owned(), 5)].into(),
        ..bare_link()
    }
}

/// What the manual shows.
fn sample_tun() -> InterfaceReport {
    let far = |address: &str, destination: &str| {
        InetAddress::point_to_point(address.parse().unwrap(), destination.parse().unwrap())
    };
    let opens = vec![open(4243, "openvpn", OpenBy::Socket, "none")];
    let tap = TapReport { active: true, opens, node: "/run/trestle/dev/tun0".into(), ..unopened() };
    let counters = [("answered-arp".to_owned(), 2), ("answered-nd".to_owned(), 1)].into();
    let stands_for = vec!["10.8.0.1".into(), "fd00::1".into()];
    let (topology, mss) = (Some(Topology::P2p), Mss::Auto);
    let link = TunReport { stands_for, topology, mss, neighbours: 1, counters, ..bare_link() };
    InterfaceReport {
        addresses: vec![far("10.8.0.2", "10.8.0.1"), far("fd00::2", "fd00::1")],
        tap: Some(tap.into()),
        tun: Some(link.into()),
        ..report("tun0", InterfaceKind::Tun, [2, 0, 0, 0, 0, 9])
    }
}

fn table() -> Vec<AddressEntry> {
    let entry = |address: &str, vlan, interface: &str, seconds, kind| AddressEntry {
        address: address.parse().unwrap(),
        vlan,
        interface: interface.into(),
        seconds,
        kind,
    };
    vec![
        entry("00:01:02:03:04:05", 10, "epair0a", 0, AddressKind::Static),
        entry("58:9c:fc:10:8f:ba", 0, "em0", 1187, AddressKind::Dynamic),
        entry("02:40:d5:2e:9b:d2", 20, "tap0", 0, AddressKind::Sticky),
    ]
}

#[test]
fn golden_files() {
    let all = || [vec![two_members()], vports()].concat();
    let rows = [
        ("new", interface(&fresh(), Brief)),
        ("members", interface(&two_members(), Brief)),
        ("vlan", interface(&vlans(), Brief)),
        ("busy", interface(&busy(), Brief)),
        ("busy-verbose", interface(&busy(), Verbose)),
        ("new-verbose", interface(&fresh(), Verbose)),
        ("tap-new", interface(&fresh_tap(), Brief)),
        ("tap", interface(&sample_tap(), Brief)),
        ("tap-verbose", interface(&sample_tap(), Verbose)),
        ("tap-json", interfaces(&[sample_tap()], Brief, Json).unwrap()),
        ("tun", interfaces(&tuns(), Brief, Text).unwrap()),
        ("tun-link", interface(&sample_tun(), Brief)),
        ("tun-link-verbose", interface(&sample_tun(), Verbose)),
        ("tun-link-json", interfaces(&[sample_tun()], Brief, Json).unwrap()),
        ("tun-verbose", interfaces(&tuns(), Verbose, Text).unwrap()),
        ("tun-json", interfaces(&tuns(), Brief, Json).unwrap()),
        ("all", interfaces(&all(), Brief, Text).unwrap()),
        ("all-json", interfaces(&all(), Brief, Json).unwrap()),
        ("busy-json", interfaces(&[busy()], Verbose, Json).unwrap()),
        ("names", names(&all(), Text).unwrap()),
        ("names-json", names(&all(), Json).unwrap()),
        ("addr", addresses(&table(), Text).unwrap()),
        ("addr-json", addresses(&table(), Json).unwrap()),
        ("created", created("bridge0", Text).unwrap()),
        ("created-json", created("bridge0", Json).unwrap()),
    ];
    for (name, text) in rows {
        golden::compare(&format!("trestle/src/ifconfig/golden/{name}.txt"), &text);
    }
}

#[test]
fn the_manual_shows_what_is_printed() {
    let manual = golden::read("docs/ifconfig.md");
    let samples = [sample(), sample_tap(), sample_tun()].map(|sample| interface(&sample, Brief));
    for text in samples.into_iter().chain([addresses(&table(), Text).unwrap()]) {
        assert!(manual.contains(&format!("```\n{text}```\n")), "{text}");
    }
    let plain = [sample(), sample_tap(), sample_tun()].map(|sample| interface(&sample, Brief)).concat();
    let verbose = [busy(), sample_tap(), sample_tun()].map(|sample| interface(&sample, Verbose));
    let printed = plain + &verbose.concat();
    for line in manual.lines().filter(|line| line.starts_with('\t')) {
        assert!(printed.lines().any(|printed| printed == line), "{line}");
    }
}

#[test]
fn nothing_prints_nothing() {
    assert_eq!(interfaces(&[], Brief, Text).unwrap(), "");
    assert_eq!(addresses(&[], Text).unwrap(), "");
    assert_eq!(names(&[], Text).unwrap(), "\n");
    for empty in [interfaces(&[], Brief, Json), addresses(&[], Json), names(&[], Json)] {
        assert_eq!(empty.unwrap(), "[]\n");
    }
}

#[test]
fn json_reads_back() {
    let reports = [
        vec![fresh(), two_members(), vlans(), busy(), fresh_tap(), sample_tap()],
        vports(),
        tuns(),
        vec![sample_tun()],
    ]
    .concat();
    let text = interfaces(&reports, Brief, Json).unwrap();
    assert_eq!(serde_json::from_str::<Vec<InterfaceReport>>(&text).unwrap(), reports);
    let text = addresses(&table(), Json).unwrap();
    assert_eq!(serde_json::from_str::<Vec<AddressEntry>>(&text).unwrap(), table());
}
