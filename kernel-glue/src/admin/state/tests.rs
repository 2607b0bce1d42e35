extern crate std;
use super::super::report::InterfaceKind;
use super::super::request::{Carrier, InetAddress, Mss, StpProtocol, Topology};
use super::*;
use frame::{PortId, Tpid, Vid};
use std::string::ToString;

fn read(text: &str) -> State {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

/// What a person would write.
const BY_HAND: &str = r#"
[bridge.bridge0]
description = "the lab"
up = true
inet = ["192.168.30.1/24", "10.0.0.1/8 broadcast 10.0.0.255", "fd00::1/64"]
timeout = 300
vlanfilter = true
defuntagged = 20
proto = "stp"
hellotime = 1

[[bridge.bridge0.member]]
interface = "eth1"
tagged = "20,100-199"
vlanproto = "802.1ad"
storm = { broadcast = 100 }
suppress = "20,100"

[[bridge.bridge0.member]]
interface = "vport0"
untagged = 20
learn = false
protected = [1, 31]

[[bridge.bridge0.span]]
interface = "eth3"

[[bridge.bridge0.static]]
address = "0:1:2:3:4:5"
interface = "eth1"
vlan = 20

[[bridge.bridge0.member]]
interface = "tap0"

[vport.vport0]
ether = "02:00:00:00:00:01"

[tap.tap0]
description = "vm 7"
owner = 1000
group = 36
mode = "0660"
multiqueue = true
queue = 1024
ether = "02:00:00:00:00:02"

[tun.tun0]
up = false
mtu = 1400
carrier = "up"
inet = ["10.8.0.2/24", "fd00::2/128 destination fd00::1"]
peer = ["192.168.1.50", "fd00:1::/64"]
topology = "net30"
mss = "auto"
gateway = ["192.168.1.1", "fe80::1"]
onlink = ["192.168.1.0/24"]
dhcp = true
"#;

#[test]
fn a_file_written_by_hand() {
    let state = read(BY_HAND);
    state.validate(crate::admin::Platform::Linux).unwrap();
    let bridge = &state.bridges["bridge0"];
    assert_eq!(bridge.description, "the lab");
    assert_eq!((bridge.timeout, bridge.max_addresses), (300, 2000));
    assert_eq!((bridge.protocol, bridge.hello_time), (StpProtocol::Stp, 1));
    let broadcast = "10.0.0.255".parse().ok();
    assert_eq!(bridge.inet[1], InetAddress { broadcast, ..InetAddress::new("10.0.0.1".parse().unwrap(), 8) });
    let [eth1, vport0, tap0] = &bridge.members[..] else { panic!("{:?}", bridge.members) };
    assert_eq!((eth1.port, vport0.port, tap0.port, bridge.spans[0].port), (port(1), port(2), port(3), port(4)));
    assert_eq!(eth1.tagged.to_string(), "20,100-199");
    assert_eq!(eth1.vlan_protocol, Tpid::Dot1ad);
    assert_eq!(eth1.suppress.to_string(), "20,100");
    assert!(eth1.learn && !vport0.learn);
    // `defuntagged` is for members that a verb adds; a file says what it means.
    assert_eq!((eth1.untagged, vport0.untagged), (None, Vid::new(20)));
    assert_eq!(bridge.statics[0].address.to_string(), "00:01:02:03:04:05");
    assert_eq!(state.vports["vport0"].mtu_bytes, 1500);
    let ether = "02:00:00:00:00:02".parse().ok();
    let (owner, group, mode) = (1000, Some(36), 0o660);
    let tap0 = TapState { description: "vm 7".into(), owner, group, mode, ether, ..TapState::default() };
    assert_eq!(state.taps["tap0"], TapState { multi_queue: true, queue_packets: 1024, ..tap0 });
    let far = InetAddress::point_to_point("fd00::2".parse().unwrap(), "fd00::1".parse().unwrap());
    let inet = [InetAddress::new([10, 8, 0, 2].into(), 24), far].into();
    let prefix = |text: &str| text.parse().unwrap();
    let link = LinkState {
        peers: [prefix("192.168.1.50"), prefix("fd00:1::/64")].into(),
        topology: Some(Topology::Net30),
        mss: Mss::Auto,
        gateways: ["192.168.1.1".parse().unwrap(), "fe80::1".parse().unwrap()].into(),
        on_link: [prefix("192.168.1.0/24")].into(),
        dhcp: true,
    };
    let tun0 = TapState {
        up: Some(false),
        mtu_bytes: 1400,
        carrier: Carrier::Up,
        inet,
        link: link.into(),
        ..TapState::default()
    };
    assert_eq!(state.tuns["tun0"], tun0);
}

#[test]
fn what_is_ours() {
    use InterfaceKind::*;
    let state = read(BY_HAND);
    let want = [("bridge0", Bridge), ("vport0", Vport), ("tap0", Tap), ("tun0", Tun)];
    assert_eq!(state.interfaces().collect::<std::vec::Vec<_>>(), want);
    assert!(want.iter().all(|&(name, kind)| state.kind_of(name) == Some(kind)));
    assert_eq!((state.kind_of("eth1"), state.device("vport0"), state.device("eth1")), (None, None, None));
    assert_eq!(state.device("tun0"), Some(&state.tuns["tun0"]));
    assert_eq!(state.devices().map(|(name, _)| name).collect::<std::vec::Vec<_>>(), ["tap0", "tun0"]);
    let owner = |address: &str| state.owner_of(address.parse().unwrap());
    assert_eq!((owner("10.8.0.2"), owner("fd00::1"), owner("10.8.0.3")), (Some("tun0"), Some("bridge0"), None));
}

#[test]
fn the_system_renames_its_own() {
    let mut state = read(BY_HAND);
    assert!(state.rename("eth1", "lan0") && !state.rename("eth1", "lan1"));
    assert_eq!(state.bridges["bridge0"].member("lan0").unwrap().port, port(1));
    assert_eq!(state.bridges["bridge0"].statics[0].interface, "lan0");
    for ours in ["bridge0", "vport0", "tap0", "tun0"] {
        assert!(!state.rename("lan0", ours), "{ours}");
    }
    state.validate(crate::admin::Platform::Linux).unwrap();
}

#[test]
fn what_is_written_reads_the_same() {
    let state = read(BY_HAND);
    let text = toml::to_string(&state).unwrap();
    assert_eq!(read(&text), state, "{text}");
}

#[test]
fn defaults_are_left_out() {
    let mut state = State::default();
    assert_eq!(toml::to_string(&state).unwrap(), "");
    state.bridges.insert("bridge0".into(), Box::default());
    state.vports.insert("vport0".into(), VportState::default());
    state.taps.insert("tap0".into(), TapState::default());
    state.tuns.insert("tun0".into(), TapState::default());
    let written = "[bridge.bridge0]\n\n[vport.vport0]\n\n[tap.tap0]\n\n[tun.tun0]\n";
    assert_eq!(toml::to_string(&state).unwrap(), written);
    assert_eq!(read("[bridge.bridge0]\n[vport.vport0]\n[tap.tap0]\n[tun.tun0]\n"), state);

    let member = MemberState::new("eth1".into(), port(1));
    assert_eq!(toml::to_string(&member).unwrap(), "interface = \"eth1\"\nport = 1\n");
    assert_eq!(toml::from_str::<MemberState>("interface = \"eth1\"\nport = 1\n").unwrap(), member);
}

/// The smallest file in which every kind of place exists, for a row to spoil.
const SOUND: &str = r#"
[bridge.bridge0]
#bridge
[[bridge.bridge0.member]]
interface = "eth1"
#member
[[bridge.bridge0.span]]
interface = "eth3"
#span
[[bridge.bridge0.static]]
address = "02:00:00:00:00:0a"
interface = "eth1"
#static
[vport.vport0]
#vport
[tap.tap0]
#tap
[tun.tun0]
#tun
"#;

#[test]
fn values_that_no_verb_would_set() {
    #[rustfmt::skip]
    let rows = [
        ("#bridge", "description = \"a\\nb\"", "bridge.bridge0.description: Invalid argument: it holds a control character; write it on one line"),
        ("#bridge", "mtu = 71",                "bridge.bridge0.mtu: Invalid argument: 71 is outside 72..65521"),
        ("#bridge", "ether = \"1:0:0:0:0:0\"", "bridge.bridge0.ether: Invalid argument: 01:00:00:00:00:00 is a group address; only a single station's can be set"),
        ("#bridge", "inet = [\"10.0.0.1/33\"]", "bridge.bridge0.inet: Invalid argument: prefix length 33 is over 32"),
        ("#bridge", "inet = [\"10.0.0.1/8\", \"10.0.0.1/9\"]", "bridge.bridge0.inet: File exists: 10.0.0.1 is set twice"),
        ("#bridge", "maxaddr = 1048577",       "bridge.bridge0.maxaddr: Invalid argument: 1048577 is outside 0..1048576"),
        ("#bridge", "maxaddr = 0",             "bridge.bridge0.static: No space left on device: 1 static addresses do not fit into maxaddr 0; raise maxaddr or remove some: deladdr MAC"),
        ("#bridge", "priority = 61441",        "bridge.bridge0.priority: Invalid argument: 61441 is outside 0..61440"),
        ("#bridge", "priority = 5000",         "bridge.bridge0.priority: Invalid argument: 5000 is not a multiple of 4096; write 4096"),
        ("#bridge", "hellotime = 1",           "bridge.bridge0.hellotime: Operation not permitted: proto rstp fixes the hello time at 2 seconds; set proto = \"stp\""),
        ("#bridge", "hellotime = 3",           "bridge.bridge0.hellotime: Invalid argument: 3 is outside 1..2"),
        ("#bridge", "fwddelay = 3",            "bridge.bridge0.fwddelay: Invalid argument: 3 is outside 4..30"),
        ("#bridge", "maxage = 41",             "bridge.bridge0.maxage: Invalid argument: 41 is outside 6..40"),
        ("#bridge", "maxage = 30",             "bridge.bridge0.maxage: Invalid argument: maxage 30 is outside 6..28, which is 2(hellotime+1)..2(fwddelay-1) for hellotime 2 and fwddelay 15; set those that belong together on one line"),
        ("#bridge", "holdcnt = 0",             "bridge.bridge0.holdcnt: Invalid argument: 0 is outside 1..10"),
        ("#member", "priority = 255",          "bridge.bridge0.member[eth1].priority: Invalid argument: 255 is outside 0..240"),
        ("#member", "priority = 17",           "bridge.bridge0.member[eth1].priority: Invalid argument: 17 is not a multiple of 16; write 16"),
        ("#member", "pathcost = 200000001",    "bridge.bridge0.member[eth1].pathcost: Invalid argument: 200000001 is outside 0..200000000"),
        ("#member", "protected = [0]",         "bridge.bridge0.member[eth1].protected: Invalid argument: 0 is outside 1..31"),
        ("#member", "protected = [2, 1]",      "bridge.bridge0.member[eth1].protected: Invalid argument: the groups have to ascend"),
        ("#member", "[[bridge.bridge0.member]]\ninterface = \"eth1\"", "bridge.bridge0.member[eth1].interface: Device busy: eth1 is a member or a span port already; once is the most"),
        ("#member", "[[bridge.bridge0.member]]\ninterface = \"eth3\"", "bridge.bridge0.member[eth3].interface: Device busy: eth3 is a member or a span port already; once is the most"),
        ("#member", "[[bridge.bridge0.member]]\ninterface = \"bridge0\"", "bridge.bridge0.member[bridge0].interface: Invalid argument: bridge0 is a bridge, which can not be a member"),
        ("#member", "[[bridge.bridge0.member]]\ninterface = \"a b\"", "bridge.bridge0.member[a b].interface: Invalid argument: \"a b\" can not be the name of an interface"),
        ("#member", "port = 5\n[[bridge.bridge0.member]]\ninterface = \"eth2\"\nport = 5", "bridge.bridge0.member[eth2].port: File exists: number 5 is taken; leave it out to be given a free one"),
        ("#static", "[[bridge.bridge0.static]]\naddress = \"2:0:0:0:0:b\"\ninterface = \"eth3\"", "bridge.bridge0.static[02:00:00:00:00:0b].interface: No such file or directory: eth3 is not a member of the bridge"),
        ("#static", "[[bridge.bridge0.static]]\naddress = \"0:0:0:0:0:0\"\ninterface = \"eth1\"", "bridge.bridge0.static[00:00:00:00:00:00].address: Invalid argument: 00:00:00:00:00:00 names no station"),
        ("#static", "[[bridge.bridge0.static]]\naddress = \"2:0:0:0:0:a\"\ninterface = \"eth1\"", "bridge.bridge0.static[02:00:00:00:00:0a]: File exists: it is set twice in VLAN 0"),
        ("#vport",  "mtu = 65522",             "vport.vport0.mtu: Invalid argument: 65522 is outside 72..65521"),
        ("#vport",  "ether = \"0:0:0:0:0:0\"", "vport.vport0.ether: Invalid argument: 00:00:00:00:00:00 names no station"),
        ("#vport",  "inet = [\"224.0.0.1/4\"]", "vport.vport0.inet: Invalid argument: 224.0.0.1 can not be the address of an interface"),
        ("#tap",    "description = \"a\\nb\"", "tap.tap0.description: Invalid argument: it holds a control character; write it on one line"),
        ("#tap",    "mtu = 71",                "tap.tap0.mtu: Invalid argument: 71 is outside 72..65521"),
        ("#tap",    "ether = \"1:0:0:0:0:0\"", "tap.tap0.ether: Invalid argument: 01:00:00:00:00:00 is a group address; only a single station's can be set"),
        ("#tap",    "owner = 4294967295",      "tap.tap0.owner: Invalid argument: 4294967295 is outside 0..4294967294"),
        ("#tap",    "group = 4294967295",      "tap.tap0.group: Invalid argument: 4294967295 is outside 0..4294967294"),
        ("#tap",    "mode = \"1777\"",         "tap.tap0.mode: Invalid argument: 1777 is outside 0..777 in octal"),
        ("#tap",    "queue = 15",              "tap.tap0.queue: Invalid argument: 15 is outside 16..4096"),
        ("#tap",    "queue = 4097",            "tap.tap0.queue: Invalid argument: 4097 is outside 16..4096"),
        ("#tap",    "inet = [\"10.0.0.1/8\"]\n[tap.tap1]\ninet = [\"10.0.0.1/8\"]", "tap.tap1.inet: File exists: 10.0.0.1 is set twice"),
        ("#tap",    "[tap.tun1]",              "tap.tun1: Invalid argument: the name is the kind and a unit: [bridge.bridge0], [tap.tap0]"),
        ("#tun",    "[tun.tap1]",              "tun.tap1: Invalid argument: the name is the kind and a unit: [bridge.bridge0], [tap.tap0]"),
        ("#tun",    "[tun.tun32768]",          "tun.tun32768: Invalid argument: the unit is a number 0..32767 without leading zeros; leave it out to be given a free one"),
        ("#tun",    "ether = \"1:0:0:0:0:0\"", "tun.tun0.ether: Invalid argument: 01:00:00:00:00:00 is a group address; only a single station's can be set"),
        ("#tun",    "inet = [\"10.0.0.1/24 destination 10.0.0.2\"]", "tun.tun0.inet: Invalid argument: prefix length 24: that to one destination, 10.0.0.2, is 32; for a network that both ends are in, write inet 10.0.0.1/N"),
        ("#tun",    "inet = [\"10.0.0.1/32 destination 10.0.0.2\", \"10.0.0.2/8\"]", "tun.tun0.inet: Invalid argument: destination 10.0.0.2 is an address of tun0 itself"),
        ("#tap",    "inet = [\"10.0.0.1/32 destination 10.0.0.2\"]", "tap.tap0.inet: Invalid argument: destination 10.0.0.2: tap0 is no point-to-point link; give it the network that both ends are in: inet 10.0.0.1/N"),
        ("#vport",  "inet = [\"fd00::1/128 destination fd00::2\"]", "vport.vport0.inet: Invalid argument: destination fd00::2: vport0 is no point-to-point link; give it the network that both ends are in: inet6 fd00::1/N"),
        ("#bridge", "inet = [\"10.0.0.1/32 destination 10.0.0.2\"]", "bridge.bridge0.inet: Invalid argument: destination 10.0.0.2: bridge0 is no point-to-point link; give it the network that both ends are in: inet 10.0.0.1/N"),
        ("#tun",    "peer = [\"10.0.0.1\", \"10.0.0.1\"]", "tun.tun0.peer: File exists: 10.0.0.1 is set twice"),
        ("#tun",    "peer = [\"::/0\"]",      "tun.tun0.peer: Invalid argument: ::/0 is everybody; name the addresses and networks beyond the link"),
        ("#tun",    "mss = 87",              "tun.tun0.mss: Invalid argument: 87 is outside 88..65495"),
        ("#tun",    "gateway = [\"10.0.0.1\", \"10.0.0.2\"]", "tun.tun0.gateway: File exists: 10.0.0.1 and 10.0.0.2: one of each family is the most"),
        ("#tun",    "gateway = [\"::1\"]",   "tun.tun0.gateway: Invalid argument: ::1 can not be the address of another host"),
        ("#tun",    "gateway = [\"10.0.0.1\"]\nonlink = [\"10.1.0.0/16\"]", "tun.tun0.gateway: Invalid argument: the gateway 10.0.0.1 is in no network that is on the LAN; add its network: onlink P/N"),
        ("#tun",    "onlink = [\"ff00::/8\"]", "tun.tun0.onlink: Invalid argument: ff00::/8 can not be the address of another host"),
        ("#tun",    "onlink = [\"10.0.0.0/8\", \"10.0.0.0/8\"]", "tun.tun0.onlink: File exists: 10.0.0.0/8 is set twice"),
        ("#tap",    "peer = [\"10.0.0.1\"]", "tap.tap0.peer: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tap",    "topology = \"p2p\"",    "tap.tap0.topology: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tap",    "mss = \"auto\"",        "tap.tap0.mss: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tap",    "gateway = [\"10.0.0.1\"]", "tap.tap0.gateway: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tap",    "onlink = [\"10.0.0.0/8\"]", "tap.tap0.onlink: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tap",    "dhcp = true",           "tap.tap0.dhcp: Invalid argument: a tap is no point-to-point link, only a tun is; leave it out"),
        ("#tun",    "inet = [\"10.0.0.1/8 broadcast 10.0.0.255\"]", "tun.tun0.inet: Invalid argument: broadcast 10.0.0.255: tun0 is point-to-point and has none; leave it out"),
        ("#tun",    "mode = \"7777\"",         "tun.tun0.mode: Invalid argument: 7777 is outside 0..777 in octal"),
        ("#span",   "[[bridge.bridge0.span]]\ninterface = \"tun0\"", "bridge.bridge0.member[tun0].interface: Invalid argument: tun0 carries IP packets, and a span port copies of Ethernet frames; use a tap: ifconfig tap create"),
        ("#vport",  "[vport.vport01]",         "vport.vport01: Invalid argument: the unit is a number 0..32767 without leading zeros; leave it out to be given a free one"),
        ("#vport",  "[vport.bridge1]",         "vport.bridge1: Invalid argument: the name is the kind and a unit: [bridge.bridge0], [tap.tap0]"),
        ("#vport",  "[bridge.br0]",            "bridge.br0: Invalid argument: only bridge, vport, tap and tun interfaces can be created; name one bridge0, vport0, tap0 or tun0"),
    ];
    read(SOUND).validate(crate::admin::Platform::Linux).unwrap();
    for (place, text, want) in rows {
        let spoiled = read(&SOUND.replace(place, text));
        assert_eq!(spoiled.validate(crate::admin::Platform::Linux).unwrap_err().to_string(), want, "{text}");
    }
}

#[test]
fn text_that_is_no_state() {
    #[rustfmt::skip]
    let rows = [
        ("#bridge", "mtus = 9000",         "unknown field `mtus`"),
        ("#bridge", "up = 1",              "invalid type"),
        ("#bridge", "inet = [\"10.0.0.1\"]", "\"10.0.0.1\" is not ADDRESS/PREFIX [broadcast ADDRESS] [destination ADDRESS]"),
        ("#tun", "inet = [\"10.0.0.1/32 peer 10.0.0.2\"]", "is not ADDRESS/PREFIX [broadcast ADDRESS] [destination ADDRESS]"),
        ("#tun", "inet = [\"10.0.0.1/32 destination\"]", "is not ADDRESS/PREFIX [broadcast ADDRESS] [destination ADDRESS]"),
        ("#tun", "peers = [\"10.0.0.1\"]", "unknown field `peers`"),
        ("#tun", "link = 1",                "unknown field `link`"),
        ("#tun", "peer = \"10.0.0.1\"",     "invalid type"),
        ("#tun", "peer = [\"10.0.0.1/8\"]", "\"10.0.0.1/8\" is not ADDRESS or ADDRESS/LENGTH: it has bits behind its prefix; the network is 10.0.0.0/8"),
        ("#tun", "topology = \"p3p\"",      "unknown variant `p3p`"),
        ("#tun", "mss = 65536",             "expected a number of bytes, \"auto\" or \"off\""),
        ("#tun", "mss = -1",                "expected a number of bytes, \"auto\" or \"off\""),
        ("#tun", "mss = \"on\"",            "expected a number of bytes, \"auto\" or \"off\""),
        ("#tun", "gateway = [\"router\"]",  "invalid IP address syntax"),
        ("#tun", "dhcp = \"yes\"",          "invalid type"),
        ("#bridge", "defuntagged = 4095",  "VLAN ID outside 1..4094"),
        ("#bridge", "proto = \"mstp\"",    "unknown variant `mstp`"),
        ("#member", "flags = 1",           "unknown field `flags`"),
        ("#member", "suppress = \"on\"",   "not 'none', 'all' or a comma list"),
        ("#member", "port = 0",            "port number 0 outside 1..1023"),
        ("#member", "port = 1024",         "port number 1024 outside 1..1023"),
        ("#member", "tagged = \"5-1\"",    "not 'none', 'all' or a comma list"),
        ("#member", "vlanproto = \"qinq\"", "VLAN protocol is neither 802.1q nor 802.1ad"),
        ("#member", "storm = { all = 1 }", "unknown variant `all`"),
        ("#span",   "learn = true",        "unknown field `learn`"),
        ("#static", "vlan = 0",            "VLAN ID outside 1..4094"),
        ("#vport",  "[ppp.ppp0]",          "unknown field `ppp`"),
        ("#tap",    "transient = true",    "unknown field `transient`"),
        ("#tap",    "mode = 600",          "invalid type: integer `600`, expected a string"),
        ("#tap",    "mode = \"rw\"",       "\"rw\" is not a mode in octal, as \"600\""),
        ("#tap",    "carrier = \"on\"",    "unknown variant `on`"),
        ("#tun",    "owner = \"root\"",    "invalid type"),
        ("#tun",    "queue = 65536",       "invalid value"),
        ("#vport",  "timeout = 5",         "unknown field `timeout`"),
    ];
    for (place, text, want) in rows {
        let error = toml::from_str::<State>(&SOUND.replace(place, text)).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
}

#[test]
fn ports_without_a_number_get_the_lowest_that_is_free() {
    let state = read(
        r#"
        [bridge.bridge0]
        member = [{ interface = "a" }, { interface = "b", port = 1 }, { interface = "c", port = 3 }, { interface = "d" }]
        span = [{ interface = "e" }, { interface = "f", port = 1023 }]
        "#,
    );
    let numbers: std::vec::Vec<_> = state.bridges["bridge0"].ports().map(|(name, port)| (name, port.get())).collect();
    assert_eq!(numbers, [("a", 2), ("b", 1), ("c", 3), ("d", 4), ("e", 5), ("f", 1023)]);
    state.validate(crate::admin::Platform::Linux).unwrap();
}

#[test]
fn a_file_without_an_mtu_takes_the_first_members() {
    struct Jumbo;
    impl Facts for Jumbo {
        fn platform(&self) -> crate::admin::Platform {
            crate::admin::Platform::Linux
        }

        fn interface(&self, name: &str) -> Option<super::super::SystemInterface> {
            let (kind, ether) = (super::super::SystemKind::Ethernet, frame::Mac([2; 6]));
            let (addresses, master) = ([].into(), None);
            let found = super::super::SystemInterface {
                kind,
                mtu_bytes: 9000,
                min_mtu_bytes: 68,
                max_mtu_bytes: 0,
                ether,
                addresses,
                master,
            };
            (name == "eth1").then_some(found)
        }
        fn has_address(&self, _: &str, _: frame::Mac, _: u16) -> bool {
            false
        }
    }
    let mut state = read(
        r#"
        [bridge.bridge0]
        member = [{ interface = "gone" }, { interface = "eth1" }]
        [bridge.bridge1]
        mtu = 2000
        member = [{ interface = "vport0" }]
        [bridge.bridge2]
        [bridge.bridge3]
        member = [{ interface = "tap0" }]
        [vport.vport0]
        mtu = 1400
        [tap.tap0]
        mtu = 1300
        [tun.tun0]
        mtu = 1200
        "#,
    );
    state.settle(&Jumbo);
    let mtus = ["bridge0", "bridge1", "bridge2", "vport0", "eth1"].map(|name| state.mtu_bytes(name));
    assert_eq!(mtus, [Some(9000), Some(2000), Some(1500), Some(2000), None]);
    assert_eq!(["bridge3", "tap0", "tun0"].map(|name| state.mtu_bytes(name)), [Some(1300), Some(1300), Some(1200)]);
    assert_eq!(state.bridges["bridge3"].members[0].mtu_before, None);
    assert_eq!(state.bridges["bridge2"].mtu_bytes, None);
}
