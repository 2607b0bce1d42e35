//! Taps and tuns: what all interfaces have, what only they have, and what they do not have.

use super::super::super::request::{Carrier as Medium, InetAddress, MemberFlag::Learn, Verb, Verb::*};
use super::fixture::{A, add, delete, fixed, flag, inet, mtu, name, span, unspan};
use super::{Row, row};
use frame::Mac;
use std::string::String;
use std::vec;
use std::vec::Vec;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let describe = |text: &str| Description { text: text.into() };
    let station = |last| Ether { address: Mac([2, 0, 0, 0, 0, last]) };
    let everybody = || AddAddress { address: InetAddress {
        broadcast: Some([10, 8, 0, 255].into()), ..InetAddress::new([10, 8, 0, 2].into(), 24) } };
    let mut rows = vec![
        row("tap create", "tap7", [Create], Ok("+[tap.tap7]")),
        row("tap create, any", "tap", [Create, Up], Ok("+[tap.tap2] +up = true")),
        row("tap create, again", "tap0", [Create], Err("interface tap0 already exists")),
        row("tap create, of a kernel's tap", "tap9", [Create],
            Err("interface tap9 already exists: it is the system's own; take another unit, or remove it: ip link delete tap9")),
        row("tap create, of a member that was unplugged", "tap8", [Create], Ok("+[tap.tap8]")),
        row("tap create, no unit", "tap/0", [Create],
            Err("SIOCIFCREATE2 (tap/0): Invalid argument: the unit is a number 0..32767 without leading zeros; leave it out to be given a free one")),
        row("tun create", "tun7", [Create], Ok("+[tun.tun7]")),
        row("tun create, any", "tun", [Create, mtu(1400)], Ok("+[tun.tun1] +mtu = 1400")),
        row("tun create, of a kernel's tun", "tun9", [Create],
            Err("interface tun9 already exists: it is the system's own; take another unit, or remove it: ip link delete tun9")),
        row("tun create, of a port that was unplugged", "tun8", [Create],
            Err("SIOCIFCREATE2 (tun8): Device busy: tun8 is a span port of bridge1, which a tun can not be; take another unit")),

        row("tap destroy", "tap0", [Destroy], Ok("-[tap.tap0]")),
        row("tap destroy, of a member", "tap1", [Destroy],
            Ok("-[[bridge.bridge0.member]] -interface = \"tap1\" -port = 9 -[tap.tap1] -mtu = 1400")),
        row("tun destroy", "tun0", [Destroy], Ok("-[tun.tun0]")),
        row("tun destroy, of nothing", "tun5", [Destroy],
            Err("interface tun5 does not exist: create it first: ifconfig tun5 create")),
        row("tap destroy, of a kernel's tap", "tap9", [Destroy],
            Err("interface tap9 is the system's own: only bridge, vport, tap and tun interfaces are administered here; see ip link help, or make it a member: ifconfig bridge0 addm tap9")),

        row("tap up", "tap0", [Up], Ok("+up = true")),
        row("tap down is said and kept", "tap0", [Down], Ok("+up = false")),
        row("tun up down", "tun0", [Up, Down], Ok("+up = false")),
        row("tap mtu", "tap0", [mtu(9000)], Ok("+mtu = 9000")),
        row("tun mtu", "tun0", [mtu(65521)], Ok("+mtu = 65521")),
        row("tun mtu 71", "tun0", [mtu(71)], Err("ioctl SIOCSIFMTU (set mtu): Invalid argument: 71 is outside 72..65521")),
        row("tap mtu, of a member", "tap1", [mtu(1500)],
            Err("ioctl SIOCSIFMTU (set mtu): Operation not supported: tap1 is a member of bridge0 and has its MTU; set that: ifconfig bridge0 mtu N")),
        row("tap ether", "tap0", [station(9)], Ok("+ether = \"02:00:00:00:00:09\"")),
        row("tap ether zero", "tap0", [Ether { address: Mac::ZERO }],
            Err("ioctl (SIOCSIFLLADDR): Invalid argument: 00:00:00:00:00:00 names no station")),
        row("tun ether", "tun0", [station(9)], Ok("+ether = \"02:00:00:00:00:09\"")),
        row("tap description", "tap0", [describe("vm 7")], Ok("+description = \"vm 7\"")),
        row("tun description over lines", "tun0", [describe("a\nb")],
            Err("ioctl (set descr): Invalid argument: it holds a control character; write it on one line")),
        row("tap inet brings it up", "tap0", [inet("10.8.0.1/24")], Ok("+up = true +inet = [\"10.8.0.1/24\"]")),
        row("tun inet6", "tun0", [inet("fd00::1/64"), Down], Ok("+up = false +inet = [\"fd00::1/64\"]")),
        row("tap broadcast", "tap0", [everybody()], Ok("+up = true +inet = [\"10.8.0.2/24 broadcast 10.8.0.255\"]")),
        row("tun broadcast", "tun0", [everybody()],
            Err("ioctl (SIOCAIFADDR): Invalid argument: broadcast 10.8.0.255: tun0 is point-to-point and has none; leave it out")),
        row("tun inet of another", "tun0", [inet("10.0.0.1/24")],
            Err("ioctl (SIOCAIFADDR): File exists: bridge0 has 10.0.0.1; remove it there first: ifconfig bridge0 inet 10.0.0.1 delete")),
        row("tap inet, then another's", "tap0", [inet("10.0.0.7/24"), inet("10.0.0.1/24")],
            Err("ioctl (SIOCAIFADDR): File exists: bridge0 has 10.0.0.1; remove it there first: ifconfig bridge0 inet 10.0.0.1 delete")),
        row("tun inet delete", "tun0", [inet("10.8.0.1/24"), DeleteAddress { address: [10, 8, 0, 1].into() }], Ok("+up = true")),
        row("tun inet delete of none", "tun0", [DeleteAddress { address: [10, 8, 0, 1].into() }],
            Err("ioctl (SIOCDIFADDR): Can't assign requested address: tun0 does not have 10.8.0.1")),

        row("owner", "tap0", [Owner { uid: 1000 }], Ok("+owner = 1000")),
        row("owner root, which is the default", "tun0", [Owner { uid: 0 }], Ok("")),
        row("owner -1", "tap0", [Owner { uid: u32::MAX }],
            Err("TUNSETOWNER 4294967295: Invalid argument: 4294967295 is outside 0..4294967294")),
        row("group", "tun0", [Group { gid: Some(36) }], Ok("+group = 36")),
        row("group -group", "tun0", [Group { gid: Some(36) }, Group { gid: None }], Ok("")),
        row("group -1", "tap0", [Group { gid: Some(u32::MAX) }],
            Err("TUNSETGROUP 4294967295: Invalid argument: 4294967295 is outside 0..4294967294")),
        row("group of a bridge", "bridge0", [Group { gid: Some(36) }],
            Err("TUNSETGROUP 36: Invalid argument: bridge0 has no node, and is in the interface group of its kind; only a tap or tun has a group")),
        row("-group of a vport", "vport0", [Group { gid: None }],
            Err("TUNSETGROUP: Invalid argument: vport0 has no node, and is in the interface group of its kind; only a tap or tun has a group")),
        row("mode", "tap0", [Mode { mode: 0o660 }], Ok("+mode = \"660\"")),
        row("mode for nobody", "tap0", [Mode { mode: 0 }], Ok("+mode = \"000\"")),
        row("mode at its default", "tap0", [Mode { mode: 0o600 }], Ok("")),
        row("mode with a sticky bit", "tap0", [Mode { mode: 0o1777 }],
            Err("node mode 1777: Invalid argument: 1777 is outside 0..777 in octal")),
        row("multiqueue", "tap0", [MultiQueue { on: true }], Ok("+multiqueue = true")),
        row("multiqueue -multiqueue", "tun0", [MultiQueue { on: true }, MultiQueue { on: false }], Ok("")),
        row("carrier up", "tap0", [Carrier { carrier: Medium::Up }], Ok("+carrier = \"up\"")),
        row("carrier down", "tun0", [Carrier { carrier: Medium::Down }], Ok("+carrier = \"down\"")),
        row("carrier auto, which is the default", "tun0", [Carrier { carrier: Medium::Auto }], Ok("")),
        row("queue", "tap0", [Queue { packets: 4096 }], Ok("+queue = 4096")),
        row("queue, the least", "tun0", [Queue { packets: 16 }], Ok("+queue = 16")),
        row("queue at its default", "tun0", [Queue { packets: 512 }], Ok("")),
        row("queue 15", "tap0", [Queue { packets: 15 }], Err("SIOCSIFTXQLEN 15: Invalid argument: 15 is outside 16..4096")),
        row("queue 4097", "tap0", [Queue { packets: 4097 }], Err("SIOCSIFTXQLEN 4097: Invalid argument: 4097 is outside 16..4096")),
        row("persist, which is the default", "tap0", [Persist { on: true }], Ok("")),
        row("-persist takes it out of the file", "tap0", [Persist { on: false }], Ok("-[tap.tap0]")),
        row("-persist takes the member out too", "tap1", [Persist { on: false }],
            Ok("-[[bridge.bridge0.member]] -interface = \"tap1\" -port = 9 -[tap.tap1] -mtu = 1400")),
        row("-persist persist", "tun0", [Persist { on: false }, Persist { on: true }], Ok("")),

        row("addm of a tap", "bridge2", [add("tap0")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"tap0\" +port = 1")),
        row("addm of a tap, which takes the MTU", "bridge1", [add("tap0")],
            Ok("+[[bridge.bridge1.member]] +interface = \"tap0\" +port = 2 +qinq = true +untagged = 7")),
        row("addm of a tap again", "bridge0", [add("tap1")], Err("BRDGADD tap1: File exists: tap1 is already a member of bridge0")),
        row("addm of another's tap", "bridge2", [add("tap1")],
            Err("BRDGADD tap1: Device busy: tap1 is a member of bridge0; remove it there first: ifconfig bridge0 deletem tap1")),
        row("addm of no tap", "bridge0", [add("tap6")],
            Err("BRDGADD tap6: No such file or directory: there is no interface tap6; create it first: ifconfig tap6 create")),
        row("deletem of a tap", "bridge0", [delete("tap1")],
            Ok("-[[bridge.bridge0.member]] -interface = \"tap1\" -port = 9")),
        row("span of a tap", "bridge2", [span("tap0")], Ok("-[bridge.bridge2] +[[bridge.bridge2.span]] +interface = \"tap0\" +port = 1")),
        row("span -span of a tap", "bridge2", [mtu(4000), span("tap0"), unspan("tap0")], Ok("+mtu = 4000")),
        row("span of a tun", "bridge0", [span("tun0")],
            Err("BRDGADDS tun0: Invalid argument: tun0 carries IP packets, and a span port copies of Ethernet frames; use a tap: ifconfig tap create")),
        row("mtu of a bridge of taps", "bridge2", [add("tap0"), mtu(65521)],
            Ok("+mtu = 65521 +[[bridge.bridge2.member]] +interface = \"tap0\" +port = 1")),
    ];
    rows.extend(only_of_a_device());
    rows.extend(only_of_a_bridge());
    rows
}

/// No other interface has a node.
fn only_of_a_device() -> Vec<Row> {
    let verbs: [(Verb, &str); 6] = [
        (Owner { uid: 0 }, "TUNSETOWNER 0"),
        (Mode { mode: 0o600 }, "node mode 600"),
        (MultiQueue { on: false }, "TUNSETIFF (multi-queue)"),
        (Carrier { carrier: Medium::Auto }, "TUNSETCARRIER"),
        (Queue { packets: 512 }, "SIOCSIFTXQLEN 512"),
        (Persist { on: true }, "TUNSETPERSIST"),
    ];
    let rows = verbs.into_iter().flat_map(|(verb, operation)| {
        ["bridge0", "vport0"].map(|interface| {
            let want = std::format!(
                "{operation}: Invalid argument: {interface} has no node for applications; only a tap or tun has: ifconfig tap create"
            );
            row("of a device", interface, [verb.clone()], Err(String::leak(want)))
        })
    });
    rows.collect()
}

/// A tap or tun has none of a bridge's verbs, and says whose they are.
#[rustfmt::skip]
fn only_of_a_bridge() -> Vec<Row> {
    let of = || name("eth1");
    let verbs: Vec<(Verb, &str)> = vec![
        (add("eth1"), "BRDGADD eth1"), (delete("eth1"), "BRDGDEL eth1"),
        (span("eth1"), "BRDGADDS eth1"), (unspan("eth1"), "BRDGDELS eth1"),
        (flag("eth1", Learn, false), "unable to set bridge flags"),
        (Protected { member: of(), groups: vec![1] }, "BRDGSIFPROT eth1"),
        (IfMaxAddresses { member: of(), addresses: 5 }, "BRDGSIFAMAX 5"),
        (IfPriority { member: of(), priority: 16 }, "BRDGSIFPRIO 16"),
        (IfPathCost { member: of(), cost: 9 }, "BRDGSIFCOST 9"),
        (IfUntagged { member: of(), vid: None }, "BRDGSIFPVID"),
        (IfTagged { member: of(), set: super::fixture::set("9") }, "BRDGSIFVLANSET 9"),
        (IfTaggedAdd { member: of(), set: super::fixture::set("9") }, "BRDGSIFVLANSET 9"),
        (IfTaggedRemove { member: of(), set: super::fixture::set("9") }, "BRDGSIFVLANSET 9"),
        (IfVlanProtocol { member: of(), protocol: frame::Tpid::Dot1q }, "BRDGSIFVLANPROTO"),
        (Storm { member: of(), class: super::super::super::request::StormClass::Unknown, frames_per_second: None }, "BRDGSIFSTORM eth1"),
        (MaxAddresses { addresses: 9 }, "BRDGSCACHE 9"), (Timeout { seconds: 9 }, "BRDGSTO 9"),
        (Priority { priority: 4096 }, "BRDGSPRI 4096"), (HelloTime { seconds: 2 }, "BRDGSHT 2"),
        (ForwardDelay { seconds: 15 }, "BRDGSFD 15"), (MaxAge { seconds: 20 }, "BRDGSMA 20"),
        (HoldCount { frames: 6 }, "BRDGSTXHC 6"),
        (Protocol { protocol: super::super::super::request::StpProtocol::Rstp }, "BRDGSPROTO rstp"),
        (VlanFilter { on: true }, "BRDGSFLAGS"), (DefaultQinq { on: true }, "BRDGSFLAGS"),
        (DefaultUntagged { vid: None }, "BRDGSDEFPVID"),
        (fixed("eth1", A, None), "BRDGSADDR"), (DeleteMac { address: A, vid: None }, "BRDGDADDR"),
        (Flush, "BRDGFLUSH"), (FlushAll, "BRDGFLUSH"),
    ];
    let interfaces = [
        ("tap0", "the verb is a bridge's: ifconfig bridge0 ..."),
        ("tap1", "say it of the bridge whose port it is: ifconfig bridge0 ..."),
        ("tun0", "the verb is a bridge's: ifconfig bridge0 ..."),
    ];
    let rows = verbs.into_iter().flat_map(|(verb, operation)| interfaces.map(|(interface, remedy)| {
        let want = std::format!("{operation}: Invalid argument: {interface} is not a bridge; {remedy}");
        row("of a bridge", interface, [verb.clone()], Err(String::leak(want)))
    }));
    rows.collect()
}
