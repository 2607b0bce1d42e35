//! Reference §0: verbs of any interface, and interfaces that are not there.

use super::super::super::request::{InetAddress, Verb, Verb::*};
use super::fixture::{add, inet, mtu};
use super::{Row, row};
use core::net::IpAddr;
use frame::Mac;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let describe = |text: String| Description { text };
    let broadcast = |a, b| AddAddress { address: InetAddress { broadcast: Some(ip(b)), ..InetAddress::new(ip(a), 24) } };
    let gone = |a| DeleteAddress { address: ip(a) };
    vec![
        row("create", "bridge7", [Create], Ok("+[bridge.bridge7]")),
        row("create with the rest of the line", "vport7", [Create, Up], Ok("+[vport.vport7] +up = true")),
        row("create takes the lowest unit", "bridge", [Create], Ok("+[bridge.bridge3]")),
        row("create, and the rest is about the new one", "vport", [Create, mtu(9000)], Ok("+[vport.vport2] +mtu = 9000")),
        row("create again", "bridge0", [Create], Err("interface bridge0 already exists")),
        row("create what the system has", "bridge9", [Create],
            Err("interface bridge9 already exists: it is the system's own; take another unit, or remove it: ip link delete bridge9")),
        row("create after destroy", "bridge0", [Destroy, Create],
            Err("interface bridge0 does not exist: an earlier verb of the line destroyed it; let destroy be the last")),
        row("create something else", "ppp0", [Create],
            Err("SIOCIFCREATE2 (ppp0): Invalid argument: only bridge, vport, tap and tun interfaces can be created; name one bridge0, vport0, tap0 or tun0")),
        row("create too high a unit", "bridge32768", [Create],
            Err("SIOCIFCREATE2 (bridge32768): Invalid argument: the unit is a number 0..32767 without leading zeros; leave it out to be given a free one")),
        row("create outside the shortest form", "vport01", [Create],
            Err("SIOCIFCREATE2 (vport01): Invalid argument: the unit is a number 0..32767 without leading zeros; leave it out to be given a free one")),
        row("destroy", "bridge2", [Destroy], Ok("-[bridge.bridge2]")),
        row("destroy of a member removes it", "vport0", [Destroy],
            Ok("-interface = \"vport0\" -port = 2 -[[bridge.bridge0.member]] -[vport.vport0]")),
        row("destroy of nothing", "bridge5", [Destroy],
            Err("interface bridge5 does not exist: create it first: ifconfig bridge5 create")),
        row("destroy of the system's", "eth1", [Destroy],
            Err("interface eth1 is the system's own: only bridge, vport, tap and tun interfaces are administered here; see ip link help, or make it a member: ifconfig bridge0 addm eth1")),
        row("a verb after destroy", "bridge2", [Destroy, Up],
            Err("interface bridge2 does not exist: an earlier verb of the line destroyed it; let destroy be the last")),
        row("no verb at all", "bridge0", [] as [Verb; 0], Ok("")),
        row("up", "bridge0", [Up], Ok("+up = true")),
        row("up down", "vport0", [Up, Down], Ok("")),
        row("up on nothing", "xyz", [Up], Err("interface xyz does not exist")),
        row("down on a kind", "bridge", [Down],
            Err("interface bridge does not exist: name a unit, bridge0, or create one: ifconfig bridge create")),
        row("down before create", "vport5", [Down], Err("interface vport5 does not exist: create it first: ifconfig vport5 create")),

        row("mtu", "bridge0", [mtu(9216)], Ok("-mtu = 1500 +mtu = 9216 +mtubefore = 1500")),
        row("mtu, the least", "bridge0", [mtu(72)], Ok("-mtu = 1500 +mtu = 72 +mtubefore = 1500")),
        row("mtu of a bridge without members, for the first to take", "bridge2", [mtu(4000), add("jumbo")],
            Ok("+mtu = 4000 +[[bridge.bridge2.member]] +interface = \"jumbo\" +port = 1 +mtubefore = 9000")),
        row("mtu of a free vport", "vport1", [mtu(65521)], Ok("+mtu = 65521")),
        row("mtu 71", "bridge0", [mtu(71)], Err("ioctl SIOCSIFMTU (set mtu): Invalid argument: 71 is outside 72..65521")),
        row("mtu 65522", "vport1", [mtu(65522)], Err("ioctl SIOCSIFMTU (set mtu): Invalid argument: 65522 is outside 72..65521")),
        row("mtu over a member's", "bridge0", [mtu(9217)],
            Err("ioctl SIOCSIFMTU (set mtu): Invalid argument: 9217 is outside 72..9216, which the member eth1 takes")),
        row("mtu of a member", "vport0", [mtu(1500)],
            Err("ioctl SIOCSIFMTU (set mtu): Operation not supported: vport0 is a member of bridge0 and has its MTU; set that: ifconfig bridge0 mtu N")),

        row("ether", "bridge0", [Ether { address: Mac([2, 0, 0, 0, 0, 9]) }], Ok("+ether = \"02:00:00:00:00:09\"")),
        row("ether zero", "vport0", [Ether { address: Mac::ZERO }],
            Err("ioctl (SIOCSIFLLADDR): Invalid argument: 00:00:00:00:00:00 names no station")),
        row("ether multicast", "vport0", [Ether { address: Mac([3, 0, 0, 0, 0, 0]) }],
            Err("ioctl (SIOCSIFLLADDR): Invalid argument: 03:00:00:00:00:00 is a group address; only a single station's can be set")),
        row("description", "vport0", [describe("the rack's".into())], Ok("+description = \"the rack's\"")),
        row("description removed", "vport0", [describe("x".into()), describe(String::new())], Ok("")),
        row("description, the longest", "bridge2", [describe("é".repeat(127)), describe(String::new())], Ok("")),
        row("description too long", "bridge0", [describe("é".repeat(128))],
            Err("ioctl (set descr): Invalid argument: 256 bytes are over 255; shorten it")),
        row("description over lines", "bridge0", [describe("a\nb".into())],
            Err("ioctl (set descr): Invalid argument: it holds a control character; write it on one line")),

        row("inet brings the interface up", "bridge2", [inet("192.0.2.1/24")], Ok("+up = true +inet = [\"192.0.2.1/24\"]")),
        row("inet, then down", "bridge2", [inet("192.0.2.1/32"), Down], Ok("+inet = [\"192.0.2.1/32\"]")),
        row("inet, another prefix", "bridge0", [inet("10.0.0.1/8"), Down], Ok("-inet = [\"10.0.0.1/24\"] +inet = [\"10.0.0.1/8\"]")),
        row("inet broadcast", "vport1", [broadcast("192.0.2.1", "192.0.2.127")],
            Ok("+up = true +inet = [\"192.0.2.1/24 broadcast 192.0.2.127\"]")),
        row("inet6", "vport0", [inet("fd00::1/128")], Ok("+up = true +inet = [\"fd00::1/128\"]")),
        row("inet6 link-local on two", "vport0", [inet("fe80::1/64")], Ok("+up = true +inet = [\"fe80::1/64\"]")),
        row("inet prefix", "bridge0", [inet("192.0.2.1/33")], Err("ioctl (SIOCAIFADDR): Invalid argument: prefix length 33 is over 32")),
        row("inet6 prefix", "bridge0", [inet("fd00::1/129")], Err("ioctl (SIOCAIFADDR): Invalid argument: prefix length 129 is over 128")),
        row("inet of all", "bridge0", [inet("255.255.255.255/32")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: 255.255.255.255 can not be the address of an interface")),
        row("inet of none", "bridge0", [inet("0.0.0.0/0")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: 0.0.0.0 can not be the address of an interface")),
        row("inet6 multicast", "bridge0", [inet("ff02::1/64")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: ff02::1 can not be the address of an interface")),
        row("inet6 broadcast", "bridge0", [broadcast("fd00::1", "10.0.0.255")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: broadcast 10.0.0.255: only IPv4 addresses have an IPv4 broadcast address")),
        row("inet of another", "vport0", [inet("10.0.0.1/24")],
            Err("ioctl (SIOCAIFADDR): File exists: bridge0 has 10.0.0.1; remove it there first: ifconfig bridge0 inet 10.0.0.1 delete")),
        row("inet delete", "bridge0", [gone("10.0.0.1")], Ok("-inet = [\"10.0.0.1/24\"]")),
        row("inet delete of none", "bridge0", [gone("10.0.0.2")],
            Err("ioctl (SIOCDIFADDR): Can't assign requested address: bridge0 does not have 10.0.0.2")),
    ]
}
