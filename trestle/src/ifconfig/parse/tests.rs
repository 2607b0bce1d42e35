mod usage;

use super::parse;
use crate::ifconfig::{Command, Read, Style, UsageError, Verbosity};
use frame::{Tpid, Vid};
use kernel_glue::admin::{
    Carrier, Change, InetAddress, MemberFlag, Mss, StormClass, StpProtocol, Topology, Verb, Which,
};
use proptest::prelude::*;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

fn line(text: &str) -> Result<Command, UsageError> {
    parse(&text.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect::<Vec<_>>())
}

fn verbs(text: &str) -> Vec<Verb> {
    match line(&format!("bridge0 {text}")) {
        Ok(Command::Change { change: Change { interface, verbs }, then: None, style: Style::Text })
            if interface == "bridge0" =>
        {
            verbs
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn vid(number: u16) -> Vid {
    Vid::new(number).unwrap()
}

fn show(which: Which, verbosity: Verbosity) -> Read {
    Read::Show { which, verbosity }
}

#[test]
fn reading() {
    use {Style::*, Verbosity::*};
    let one = || Which::Named("bridge0".into());
    let group = || Which::Group("bridge".into());
    let table = || Read::Addresses { bridge: "bridge0".into() };
    #[rustfmt::skip]
    let rows = [
        ("", show(Which::All, Brief), Text),
        ("-a", show(Which::All, Brief), Text),
        ("-v", show(Which::All, Verbose), Text),
        ("-av", show(Which::All, Verbose), Text),
        ("-j", show(Which::All, Brief), Json),
        ("-n", show(Which::All, Brief), Text),
        ("-l", Read::Names { which: Which::All }, Text),
        ("-al", Read::Names { which: Which::All }, Text),
        ("-l -a -j", Read::Names { which: Which::All }, Json),
        ("-g bridge", show(group(), Brief), Text),
        ("-gbridge -v", show(group(), Verbose), Text),
        ("-l -g bridge", Read::Names { which: group() }, Text),
        ("bridge0", show(one(), Brief), Text),
        ("-v bridge0", show(one(), Verbose), Text),
        ("-vj bridge0", show(one(), Verbose), Json),
        ("-n -- bridge0", show(one(), Brief), Text),
        ("bridge0 -v", show(one(), Verbose), Text),
        ("bridge0 -v -j", show(one(), Verbose), Json),
        ("bridge0 addr", table(), Text),
        ("-j bridge0 addr", table(), Json),
        ("bridge0 addr -j", table(), Json),
        ("-v bridge0 addr", table(), Text),
    ];
    for (text, read, style) in rows {
        assert_eq!(line(text), Ok(Command::Read { read, style }), "{text}");
    }
}

#[test]
fn a_change_may_be_followed_by_a_read() {
    let table = Read::Addresses { bridge: "bridge0".into() };
    let verbose = show(Which::Named("bridge0".into()), Verbosity::Verbose);
    for (text, then, style) in [
        ("bridge0 create up", None, Style::Text),
        ("-v bridge0 create up", None, Style::Text),
        ("-j bridge0 create up", None, Style::Json),
        ("bridge0 create up addr", Some(table.clone()), Style::Text),
        ("bridge0 create up addr -j", Some(table), Style::Json),
        ("bridge0 create up -v", Some(verbose.clone()), Style::Text),
        ("bridge0 create -v up", Some(verbose), Style::Text),
    ] {
        let change = Change { interface: "bridge0".into(), verbs: vec![Verb::Create, Verb::Up] };
        assert_eq!(line(text), Ok(Command::Change { change, then, style }), "{text}");
    }
}

fn v4(address: [u8; 4], prefix: u8) -> Verb {
    Verb::AddAddress { address: InetAddress::new(address.into(), prefix) }
}

fn v6(address: &str, prefix: u8) -> Verb {
    Verb::AddAddress { address: InetAddress::new(address.parse().unwrap(), prefix) }
}

fn without(address: &str) -> Verb {
    Verb::DeleteAddress { address: address.parse().unwrap() }
}

fn flag_of(member: &str, on: bool) -> Verb {
    Verb::SetFlag { member: member.into(), flag: MemberFlag::HostAddress, on }
}

fn flag(flag: MemberFlag, on: bool) -> Verb {
    Verb::SetFlag { member: "tap0".into(), flag, on }
}

fn added(untagged: Option<u16>, tagged: Option<&str>) -> Verb {
    let tagged = tagged.map(|set| set.parse().unwrap());
    Verb::AddMember { member: "tap0".into(), untagged: untagged.map(vid), tagged }
}

#[test]
fn verb_table() {
    let tap = || "tap0".to_owned();
    let mac = "02:00:00:00:00:0a".parse().unwrap();
    let set = |text: &str| text.parse().unwrap();
    let prefix = |text: &str| text.parse().unwrap();
    let class = StormClass::Broadcast;
    #[rustfmt::skip]
    let rows = [
        // Interfaces.
        ("create", vec![Verb::Create]),
        ("plumb", vec![Verb::Create]),
        ("destroy", vec![Verb::Destroy]),
        ("unplumb", vec![Verb::Destroy]),
        ("up", vec![Verb::Up]),
        ("down", vec![Verb::Down]),
        ("mtu 9000", vec![Verb::Mtu { bytes: 9000 }]),
        ("mtu 0x5dc", vec![Verb::Mtu { bytes: 1500 }]),
        ("ether 2:0:0:0:0:A", vec![Verb::Ether { address: mac }]),
        ("link 02:00:00:00:00:0a", vec![Verb::Ether { address: mac }]),
        ("lladdr 02:00:00:00:00:0a", vec![Verb::Ether { address: mac }]),
        ("description up", vec![Verb::Description { text: "up".into() }]),
        ("descr up up", vec![Verb::Description { text: "up".into() }, Verb::Up]),
        ("-description", vec![Verb::Description { text: String::new() }]),
        ("-descr up", vec![Verb::Description { text: String::new() }, Verb::Up]),
        // IP addresses.
        ("inet 10.0.0.1/24", vec![v4([10, 0, 0, 1], 24)]),
        ("10.0.0.1/24 up", vec![v4([10, 0, 0, 1], 24), Verb::Up]),
        ("inet 10.0.0.1", vec![v4([10, 0, 0, 1], 8)]),
        ("inet 192.168.0.1", vec![v4([192, 168, 0, 1], 24)]),
        ("inet 10.0.0.1 netmask 0xffffff00", vec![v4([10, 0, 0, 1], 24)]),
        ("inet netmask 255.255.0.0 10.0.0.1", vec![v4([10, 0, 0, 1], 16)]),
        ("inet 10.0.0.1 netmask /9 up", vec![v4([10, 0, 0, 1], 9), Verb::Up]),
        ("inet 10.0.0.1 prefixlen 30", vec![v4([10, 0, 0, 1], 30)]),
        ("inet 10.0.0.1/24 alias", vec![v4([10, 0, 0, 1], 24)]),
        ("inet 10.0.0.1/24 add", vec![v4([10, 0, 0, 1], 24)]),
        ("inet 10.0.0.1/24 add up", vec![v4([10, 0, 0, 1], 24), Verb::Up]),
        ("inet 10.0.0.1/24 add tap0", vec![v4([10, 0, 0, 1], 24), added(None, None)]),
        ("inet alias 10.0.0.1/24", vec![v4([10, 0, 0, 1], 24)]),
        ("alias 10.0.0.1/24", vec![v4([10, 0, 0, 1], 24)]),
        ("add 10.0.0.1/24", vec![v4([10, 0, 0, 1], 24)]),
        ("inet 10.0.0.1/24 alias 10.0.1.1/25", vec![v4([10, 0, 0, 1], 24), v4([10, 0, 1, 1], 25)]),
        ("inet 10.0.0.1/24 inet 10.0.1.1/25", vec![v4([10, 0, 0, 1], 24), v4([10, 0, 1, 1], 25)]),
        ("inet 10.0.0.1/24 broadcast 10.0.0.127", vec![Verb::AddAddress { address: InetAddress {
            broadcast: Some([10, 0, 0, 127].into()), ..InetAddress::new([10, 0, 0, 1].into(), 24) } }]),
        ("inet 10.0.0.1 -alias", vec![without("10.0.0.1")]),
        ("inet 10.0.0.1/24 delete up", vec![without("10.0.0.1"), Verb::Up]),
        ("inet -alias 10.0.0.1", vec![without("10.0.0.1")]),
        ("-alias 10.0.0.1", vec![without("10.0.0.1")]),
        ("delete 10.0.0.1 -alias ::1", vec![without("10.0.0.1"), without("::1")]),
        ("inet6 2001:db8::1/48", vec![v6("2001:db8::1", 48)]),
        ("inet6 2001:db8::1 prefixlen 48", vec![v6("2001:db8::1", 48)]),
        ("inet6 2001:db8::1", vec![v6("2001:db8::1", 64)]),
        ("inet6 fe80::1%bridge0/10", vec![v6("fe80::1", 10)]),
        ("inet6 fe80::1%bridge0 prefixlen 10", vec![v6("fe80::1", 10)]),
        ("2001:db8::1/48", vec![v6("2001:db8::1", 48)]),
        ("inet6 2001:db8::1 delete", vec![without("2001:db8::1")]),
        // Members.
        ("addm tap0", vec![added(None, None)]),
        ("add tap0", vec![added(None, None)]),
        ("addm tap0 untagged 10", vec![added(Some(10), None)]),
        ("addm tap0 tagged 20,100-199 untagged 0xa up", vec![added(Some(10), Some("20,100-199")), Verb::Up]),
        ("addm tap0 untagged 1 untagged 2", vec![added(Some(2), None)]),
        ("addm tap0 tagged none", vec![added(None, Some("none"))]),
        ("addm tap0 addm tap0", vec![added(None, None), added(None, None)]),
        ("deletem tap0", vec![Verb::DeleteMember { member: tap() }]),
        ("del tap0", vec![Verb::DeleteMember { member: tap() }]),
        ("span tap0", vec![Verb::AddSpan { member: tap() }]),
        ("addspan tap0", vec![Verb::AddSpan { member: tap() }]),
        ("-span tap0", vec![Verb::DeleteSpan { member: tap() }]),
        ("delspan tap0", vec![Verb::DeleteSpan { member: tap() }]),
        // Flags of a member.
        ("learn tap0 -learn tap0", vec![flag(MemberFlag::Learn, true), flag(MemberFlag::Learn, false)]),
        ("discover tap0 -discover tap0", vec![flag(MemberFlag::Discover, true), flag(MemberFlag::Discover, false)]),
        ("sticky tap0 -sticky tap0", vec![flag(MemberFlag::Sticky, true), flag(MemberFlag::Sticky, false)]),
        ("private tap0 -private tap0", vec![flag(MemberFlag::Private, true), flag(MemberFlag::Private, false)]),
        ("locked tap0 -locked tap0", vec![flag(MemberFlag::Locked, true), flag(MemberFlag::Locked, false)]),
        ("hostaddr eth0 -hostaddr eth0", vec![flag_of("eth0", true), flag_of("eth0", false)]),
        ("qinq tap0 -qinq tap0", vec![flag(MemberFlag::Qinq, true), flag(MemberFlag::Qinq, false)]),
        ("stp tap0 -stp tap0", vec![flag(MemberFlag::Stp, true), flag(MemberFlag::Stp, false)]),
        ("edge tap0 -edge tap0", vec![flag(MemberFlag::Edge, true), flag(MemberFlag::Edge, false)]),
        ("autoedge tap0 -autoedge tap0", vec![flag(MemberFlag::Autoedge, true), flag(MemberFlag::Autoedge, false)]),
        ("ptp tap0 -ptp tap0", vec![flag(MemberFlag::Ptp, true), flag(MemberFlag::Ptp, false)]),
        ("autoptp tap0 -autoptp tap0", vec![flag(MemberFlag::Autoptp, true), flag(MemberFlag::Autoptp, false)]),
        // Values of a member.
        ("ifmaxaddr tap0 010", vec![Verb::IfMaxAddresses { member: tap(), addresses: 8 }]),
        ("ifpriority tap0 240", vec![Verb::IfPriority { member: tap(), priority: 240 }]),
        ("ifpathcost tap0 200000000", vec![Verb::IfPathCost { member: tap(), cost: 200_000_000 }]),
        ("ifcost tap0 4", vec![Verb::IfPathCost { member: tap(), cost: 4 }]),
        ("-ifcost tap0", vec![Verb::IfPathCost { member: tap(), cost: 0 }]),
        ("ifuntagged tap0 07", vec![Verb::IfUntagged { member: tap(), vid: Some(vid(7)) }]),
        ("untagged tap0 4094", vec![Verb::IfUntagged { member: tap(), vid: Some(vid(4094)) }]),
        ("-ifuntagged tap0", vec![Verb::IfUntagged { member: tap(), vid: None }]),
        ("-untagged tap0", vec![Verb::IfUntagged { member: tap(), vid: None }]),
        ("suppress tap0", vec![Verb::Suppress { member: tap(), vlans: None, on: true }]),
        ("suppress tap0 20,30-40", vec![Verb::Suppress { member: tap(), vlans: Some(set("20,30-40")), on: true }]),
        ("suppress tap0 none up", vec![Verb::Suppress { member: tap(), vlans: Some(set("none")), on: true }, Verb::Up]),
        ("suppress tap0 10.0.0.1/24", vec![Verb::Suppress { member: tap(), vlans: None, on: true }, v4([10, 0, 0, 1], 24)]),
        ("suppress tap0 up", vec![Verb::Suppress { member: tap(), vlans: None, on: true }, Verb::Up]),
        ("-suppress tap0", vec![Verb::Suppress { member: tap(), vlans: None, on: false }]),
        ("-suppress tap0 all", vec![Verb::Suppress { member: tap(), vlans: Some(set("all")), on: false }]),
        ("iftagged tap0 all", vec![Verb::IfTagged { member: tap(), set: set("1-4094") }]),
        ("iftagged tap0 none", vec![Verb::IfTagged { member: tap(), set: set("none") }]),
        ("+iftagged tap0 010", vec![Verb::IfTaggedAdd { member: tap(), set: set("10") }]),
        ("-iftagged tap0 1,2", vec![Verb::IfTaggedRemove { member: tap(), set: set("1-2") }]),
        ("tagged tap0 5", vec![Verb::IfTagged { member: tap(), set: set("5") }]),
        ("tagged tap0 +5", vec![Verb::IfTaggedAdd { member: tap(), set: set("5") }]),
        ("tagged tap0 -5", vec![Verb::IfTaggedRemove { member: tap(), set: set("5") }]),
        ("-tagged tap0", vec![Verb::IfTagged { member: tap(), set: set("none") }]),
        ("ifvlanproto tap0 802.1q", vec![Verb::IfVlanProtocol { member: tap(), protocol: Tpid::Dot1q }]),
        ("ifvlanproto tap0 802.1ad", vec![Verb::IfVlanProtocol { member: tap(), protocol: Tpid::Dot1ad }]),
        ("protected tap0 31,1,31", vec![Verb::Protected { member: tap(), groups: vec![1, 31] }]),
        ("-protected tap0", vec![Verb::Protected { member: tap(), groups: vec![] }]),
        ("storm tap0 broadcast 100", vec![Verb::Storm { member: tap(), class, frames_per_second: Some(100) }]),
        ("-storm tap0 broadcast", vec![Verb::Storm { member: tap(), class, frames_per_second: None }]),
        // Values of a bridge.
        ("maxaddr 4294967295", vec![Verb::MaxAddresses { addresses: u32::MAX }]),
        ("timeout 0", vec![Verb::Timeout { seconds: 0 }]),
        ("vlanfilter -vlanfilter", vec![Verb::VlanFilter { on: true }, Verb::VlanFilter { on: false }]),
        ("defuntagged 10", vec![Verb::DefaultUntagged { vid: Some(vid(10)) }]),
        ("vnetid 10", vec![Verb::DefaultUntagged { vid: Some(vid(10)) }]),
        ("-defuntagged", vec![Verb::DefaultUntagged { vid: None }]),
        ("-vnetid", vec![Verb::DefaultUntagged { vid: None }]),
        ("defqinq -defqinq", vec![Verb::DefaultQinq { on: true }, Verb::DefaultQinq { on: false }]),
        ("proto STP", vec![Verb::Protocol { protocol: StpProtocol::Stp }]),
        ("proto rStp", vec![Verb::Protocol { protocol: StpProtocol::Rstp }]),
        ("priority 61440", vec![Verb::Priority { priority: 61440 }]),
        ("spanpriority 0", vec![Verb::Priority { priority: 0 }]),
        ("hellotime 1", vec![Verb::HelloTime { seconds: 1 }]),
        ("fwddelay 255", vec![Verb::ForwardDelay { seconds: 255 }]),
        ("maxage 6", vec![Verb::MaxAge { seconds: 6 }]),
        ("holdcnt 10", vec![Verb::HoldCount { frames: 10 }]),
        // TAP and TUN devices.
        ("owner root", vec![Verb::Owner { uid: 0 }]),
        ("owner 1000", vec![Verb::Owner { uid: 1000 }]),
        ("owner 0010", vec![Verb::Owner { uid: 10 }]),
        ("-group up", vec![Verb::Group { gid: None }, Verb::Up]),
        ("mode 660", vec![Verb::Mode { mode: 0o660 }]),
        ("mode 0660", vec![Verb::Mode { mode: 0o660 }]),
        ("mode 7", vec![Verb::Mode { mode: 7 }]),
        ("multiqueue -multiqueue", vec![Verb::MultiQueue { on: true }, Verb::MultiQueue { on: false }]),
        ("carrier auto", vec![Verb::Carrier { carrier: Carrier::Auto }]),
        ("carrier up up", vec![Verb::Carrier { carrier: Carrier::Up }, Verb::Up]),
        ("carrier down", vec![Verb::Carrier { carrier: Carrier::Down }]),
        ("queue 0x40", vec![Verb::Queue { packets: 64 }]),
        ("persist -persist", vec![Verb::Persist { on: true }, Verb::Persist { on: false }]),
        // Point-to-point links.
        ("peer 192.168.1.50", vec![Verb::AddPeer { prefix: prefix("192.168.1.50") }]),
        ("peer 192.168.1.50/32 up", vec![Verb::AddPeer { prefix: prefix("192.168.1.50") }, Verb::Up]),
        ("peer fd00::/64 -peer fd00::1", vec![Verb::AddPeer { prefix: prefix("fd00::/64") }, Verb::DeletePeer { prefix: prefix("fd00::1") }]),
        ("topology p2p", vec![Verb::Topology { topology: Some(Topology::P2p) }]),
        ("topology net30", vec![Verb::Topology { topology: Some(Topology::Net30) }]),
        ("topology subnet -topology", vec![Verb::Topology { topology: Some(Topology::Subnet) }, Verb::Topology { topology: None }]),
        ("mss 0x514", vec![Verb::Mss { mss: Mss::Bytes(1300) }]),
        ("mss auto -mss", vec![Verb::Mss { mss: Mss::Auto }, Verb::Mss { mss: Mss::Off }]),
        ("gateway 192.168.1.1", vec![Verb::SetGateway { address: [192, 168, 1, 1].into() }]),
        ("-gateway fe80::1", vec![Verb::DeleteGateway { address: "fe80::1".parse().unwrap() }]),
        ("onlink 0.0.0.0/0", vec![Verb::AddOnLink { prefix: prefix("0.0.0.0/0") }]),
        ("-onlink 192.168.1.0/24", vec![Verb::DeleteOnLink { prefix: prefix("192.168.1.0/24") }]),
        ("dhcp -dhcp", vec![Verb::Dhcp { on: true }, Verb::Dhcp { on: false }]),
        // Address table.
        ("static tap0 02:00:00:00:00:0a", vec![Verb::Static { member: tap(), address: mac, vid: None }]),
        ("static tap0 2:0:0:0:0:a vlan 0x14 up", vec![Verb::Static { member: tap(), address: mac, vid: Some(vid(20)) }, Verb::Up]),
        ("static tap0 2:0:0:0:0:a@20", vec![Verb::Static { member: tap(), address: mac, vid: Some(vid(20)) }]),
        ("deladdr 2:0:0:0:0:a", vec![Verb::DeleteMac { address: mac, vid: None }]),
        ("deladdr 2:0:0:0:0:a vlan 20", vec![Verb::DeleteMac { address: mac, vid: Some(vid(20)) }]),
        ("deladdr 2:0:0:0:0:a@20 flush", vec![Verb::DeleteMac { address: mac, vid: Some(vid(20)) }, Verb::Flush]),
        ("flush flushall", vec![Verb::Flush, Verb::FlushAll]),
    ];
    for (text, want) in rows {
        assert_eq!(verbs(text), want, "{text}");
    }
}

#[test]
fn the_other_end_of_a_tun() {
    let far = |address: &str, destination: &str| Verb::AddAddress {
        address: InetAddress::point_to_point(address.parse().unwrap(), destination.parse().unwrap()),
    };
    let wrong = |prefix| Verb::AddAddress {
        address: InetAddress {
            destination: "10.8.0.1".parse().ok(),
            ..InetAddress::new("10.8.0.2".parse().unwrap(), prefix)
        },
    };
    let four = || far("10.8.0.2", "10.8.0.1");
    let six = || far("fd00::2", "fd00::1");
    #[rustfmt::skip]
    let rows = [
        ("10.8.0.2 10.8.0.1 up", vec![four(), Verb::Up]),
        ("inet 10.8.0.2 10.8.0.1", vec![four()]),
        ("inet 10.8.0.2/32 10.8.0.1", vec![four()]),
        ("inet 10.8.0.2 10.8.0.1 netmask 255.255.255.255", vec![four()]),
        ("inet 10.8.0.2 netmask 0xffffffff 10.8.0.1", vec![four()]),
        ("inet 10.8.0.2 10.8.0.1 alias up", vec![four(), Verb::Up]),
        ("alias 10.8.0.2 10.8.0.1", vec![four()]),
        // OpenVPN's order on FreeBSD.
        ("10.8.0.2 10.8.0.1 mtu 1500 netmask 255.255.255.255 up", vec![four(), Verb::Mtu { bytes: 1500 }, Verb::Up]),
        ("inet6 fd00::2 fd00::1 up prefixlen 128", vec![six(), Verb::Up]),
        ("inet6 fd00::2 fd00::1", vec![six()]),
        ("inet6 fe80::2%tun0 fe80::1%tun0", vec![far("fe80::2", "fe80::1")]),
        ("create 10.8.0.2 10.8.0.1 inet6 fd00::2 fd00::1", vec![Verb::Create, four(), six()]),
        ("10.8.0.2 10.8.0.1 peer 192.168.1.50", vec![four(), Verb::AddPeer { prefix: "192.168.1.50".parse().unwrap() }]),
        ("inet6 fd00::2 prefixlen 64", vec![v6("fd00::2", 64)]),
        ("10.8.0.2 10.8.0.1 delete", vec![without("10.8.0.2")]),
        ("inet 10.8.0.2 10.8.0.1 -alias up", vec![without("10.8.0.2"), Verb::Up]),
        ("-alias 10.8.0.2 10.8.0.1", vec![without("10.8.0.2")]),
        // What is checked when it is applied.
        ("10.8.0.2/24 10.8.0.1", vec![wrong(24)]),
        ("10.8.0.2 fd00::1", vec![far("10.8.0.2", "fd00::1")]),
    ];
    for (text, verbs) in rows {
        let change = Change { interface: "tun0".into(), verbs };
        assert_eq!(
            line(&format!("tun0 {text}")),
            Ok(Command::Change { change, then: None, style: Style::Text }),
            "{text}"
        );
    }
}

/// Of a bridge, `group` would mean another thing.
#[test]
fn the_group_of_a_node() {
    #[rustfmt::skip]
    let rows = [
        ("tap0 group root up", "tap0", vec![Verb::Group { gid: Some(0) }, Verb::Up]),
        ("tun7 group 4294967294", "tun7", vec![Verb::Group { gid: Some(u32::MAX - 1) }]),
        ("tap create group 36", "tap", vec![Verb::Create, Verb::Group { gid: Some(36) }]),
    ];
    for (text, interface, verbs) in rows {
        let change = Change { interface: interface.into(), verbs };
        assert_eq!(line(text), Ok(Command::Change { change, then: None, style: Style::Text }), "{text}");
    }
}

#[test]
fn options_that_do_not_exist_print_the_usage() {
    for (text, want) in [
        ("-z", "invalid option '-z'\nusage: ifconfig "),
        ("-vz bridge0", "invalid option '-z'\nusage: ifconfig "),
        ("--verbose", "invalid option '--verbose'\nusage: ifconfig "),
        ("-g", "missing argument for option '-g'\nusage: ifconfig "),
    ] {
        let error = line(text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{text}: {error}");
    }
}

#[test]
fn clones() {
    for interface in ["bridge", "vport", "tap", "tun"] {
        let change = Change { interface: interface.into(), verbs: vec![Verb::Create] };
        let want = Command::Change { change, then: None, style: Style::Text };
        assert_eq!(line(&format!("{interface} create")), Ok(want));
    }
}

#[test]
fn arguments_are_text() {
    for at in 0..3 {
        let mut words: Vec<_> = ["bridge0", "descr", "x"].map(OsString::from).into();
        words[at] = OsString::from_vec(vec![b'x', 0xff]);
        assert_eq!(parse(&words).unwrap_err().to_string(), r#"argument is not UTF-8: "x\xFF""#);
    }
}

/// Words of the grammar, so that random lines reach deep into it, and words of nothing.
fn word() -> impl Strategy<Value = String> {
    let known: Vec<_> = crate::ifconfig::keywords::all().flat_map(|keyword| keyword.words).collect();
    prop_oneof![
        4 => prop::sample::select(known).prop_map(|word| (*word).to_owned()),
        2 => prop::sample::select(vec![
            "bridge0", "tap0", "10", "0x", "-", "--", "-g", "-l", "10.0.0.1/24", "::1%x", "/", "@", "2:0:0:0:0:a@1", "vlan",
            "none", "1-2", "1,", "add", "help", "",
        ]).prop_map(str::to_owned),
        1 => ".*",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_words_give_a_command_or_an_error_of_one_kind(words in prop::collection::vec(word(), 0..8)) {
        let words: Vec<_> = words.into_iter().map(OsString::from).collect();
        if let Err(error) = parse(&words) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_bytes_give_a_command_or_an_error(words in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
        let words: Vec<_> = words.into_iter().map(OsString::from_vec).collect();
        let _ = parse(&words);
    }
}
