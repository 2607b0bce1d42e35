//! Tuns as links: the other end, whom they stand for, their way on a LAN.

use super::super::super::request::{InetAddress, Mss as Segments, Topology::*, Verb, Verb::*};
use super::fixture::{add, delete, fixed, inet, mtu};
use super::{Row, row};
use std::string::String;
use std::vec;
use std::vec::Vec;

fn far(address: &str, destination: &str) -> Verb {
    let address = InetAddress::point_to_point(address.parse().unwrap(), destination.parse().unwrap());
    AddAddress { address }
}

fn peer(text: &str) -> Verb {
    AddPeer { prefix: text.parse().unwrap() }
}

fn gateway(text: &str) -> Verb {
    SetGateway { address: text.parse().unwrap() }
}

fn onlink(text: &str) -> Verb {
    AddOnLink { prefix: text.parse().unwrap() }
}

fn segments(bytes: u16) -> Verb {
    Mss { mss: Segments::Bytes(bytes) }
}

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let no_peer = |text: &str| DeletePeer { prefix: text.parse().unwrap() };
    let no_gateway = |text: &str| DeleteGateway { address: text.parse().unwrap() };
    let no_onlink = |text: &str| DeleteOnLink { prefix: text.parse().unwrap() };
    let gone = |text: &str| DeleteAddress { address: text.parse().unwrap() };
    let wrong = |address: &str, destination: &str, prefix| AddAddress { address: InetAddress {
        destination: destination.parse().ok(), ..InetAddress::new(address.parse().unwrap(), prefix) } };
    let everybody = |address: &str, destination: &str| AddAddress { address: InetAddress {
        broadcast: "10.255.255.255".parse().ok(),
        ..InetAddress::point_to_point(address.parse().unwrap(), destination.parse().unwrap()) } };
    let mut rows = vec![
        row("create with a peer", "tun7", [Create, peer("192.168.1.50")], Ok("+[tun.tun7] +peer = [\"192.168.1.50\"]")),
        row("destination", "tun0", [far("10.8.0.2", "10.8.0.1")],
            Ok("+up = true +inet = [\"10.8.0.2/32 destination 10.8.0.1\"]")),
        row("destination, IPv6", "tun0", [far("fd00::2", "fd00::1"), Down],
            Ok("+up = false +inet = [\"fd00::2/128 destination fd00::1\"]")),
        row("destination, link-local", "tun0", [far("fe80::2", "fe80::1")],
            Ok("+up = true +inet = [\"fe80::2/128 destination fe80::1\"]")),
        row("destination, then another", "tun0", [far("10.8.0.2", "10.8.0.1"), far("10.8.0.2", "10.8.0.5")],
            Ok("+up = true +inet = [\"10.8.0.2/32 destination 10.8.0.5\"]")),
        row("destination, then a network", "tun0", [far("10.8.0.2", "10.8.0.1"), inet("10.8.0.2/24")],
            Ok("+up = true +inet = [\"10.8.0.2/24\"]")),
        row("destination goes with its address", "tun0", [far("10.8.0.2", "10.8.0.1"), gone("10.8.0.2")], Ok("+up = true")),
        row("one destination of two addresses", "tun0", [far("10.8.0.2", "10.8.0.1"), far("10.8.0.3", "10.8.0.1")],
            Ok("+up = true +inet = [\"10.8.0.2/32 destination 10.8.0.1\", \"10.8.0.3/32 destination 10.8.0.1\"]")),
        row("destination is no address of its own", "tun0", [far("10.8.0.2", "10.8.0.1"), gone("10.8.0.1")],
            Err("ioctl (SIOCDIFADDR): Can't assign requested address: tun0 does not have 10.8.0.1")),
        row("destination itself", "tun0", [far("10.8.0.2", "10.8.0.2")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination 10.8.0.2 is the address itself; for a network that both ends are in, write inet 10.8.0.2/N")),
        row("destination of another family", "tun0", [wrong("10.8.0.2", "fd00::1", 32)],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination fd00::1 is of another family than 10.8.0.2")),
        row("destination in a network", "tun0", [wrong("10.8.0.2", "10.8.0.1", 24)],
            Err("ioctl (SIOCAIFADDR): Invalid argument: prefix length 24: that to one destination, 10.8.0.1, is 32; for a network that both ends are in, write inet 10.8.0.2/N")),
        row("destination in a network, IPv6", "tun0", [wrong("fd00::2", "fd00::1", 64)],
            Err("ioctl (SIOCAIFADDR): Invalid argument: prefix length 64: that to one destination, fd00::1, is 128; for a network that both ends are in, write inet6 fd00::2/N")),
        row("destination of many", "tun0", [far("10.8.0.2", "224.0.0.1")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination 224.0.0.1 can not be the address of another host")),
        row("destination of nobody", "tun0", [far("fd00::2", "::")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination :: can not be the address of another host")),
        row("destination with a broadcast address", "tun0", [everybody("10.8.0.2", "10.8.0.1")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: broadcast 10.255.255.255: whose only other is 10.8.0.1 has none; leave it out")),
        row("destination of one's own", "tun0", [inet("10.8.0.1/24"), far("10.8.0.2", "10.8.0.1")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination 10.8.0.1 is an address of tun0 itself")),
        row("address that is a destination", "tun0", [far("10.8.0.2", "10.8.0.1"), inet("10.8.0.1/24")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: destination 10.8.0.1 is an address of tun0 itself")),
        row("address that was a destination", "tun0", [far("10.8.0.2", "10.8.0.1"), gone("10.8.0.2"), inet("10.8.0.1/24")],
            Ok("+up = true +inet = [\"10.8.0.1/24\"]")),

        row("peers", "tun0", [peer("10.0.0.0/24"), peer("10.0.0.7"), peer("fd00::/64")],
            Ok("+peer = [\"10.0.0.0/24\", \"10.0.0.7\", \"fd00::/64\"]")),
        row("peer again", "tun0", [peer("10.0.0.7"), peer("10.0.0.7")],
            Err("peer 10.0.0.7: File exists: tun0 has the peer 10.0.0.7 already")),
        row("peer is everybody", "tun0", [peer("0.0.0.0/0")],
            Err("peer 0.0.0.0/0: Invalid argument: 0.0.0.0/0 is everybody; name the addresses and networks beyond the link")),
        row("peer is a group", "tun0", [peer("224.0.0.0/4")],
            Err("peer 224.0.0.0/4: Invalid argument: 224.0.0.0/4 can not be the address of another host")),
        row("peer is a group, IPv6", "tun0", [peer("ff02::1")],
            Err("peer ff02::1: Invalid argument: ff02::1 can not be the address of another host")),
        row("peer is nobody", "tun0", [peer("0.0.0.0")],
            Err("peer 0.0.0.0: Invalid argument: 0.0.0.0 can not be the address of another host")),
        row("peer is all hosts", "tun0", [peer("255.255.255.255")],
            Err("peer 255.255.255.255: Invalid argument: 255.255.255.255 can not be the address of another host")),
        row("peer is the loopback", "tun0", [peer("127.0.0.0/8")],
            Err("peer 127.0.0.0/8: Invalid argument: 127.0.0.0/8 can not be the address of another host")),
        row("peer is the loopback, IPv6", "tun0", [peer("::1")],
            Err("peer ::1: Invalid argument: ::1 can not be the address of another host")),
        row("peer is the host", "tun0", [inet("10.8.0.2/24"), peer("10.8.0.2")],
            Err("peer 10.8.0.2: Invalid argument: peer 10.8.0.2 is an address of tun0 itself; a peer is beyond the link")),
        row("host is a peer", "tun0", [peer("10.8.0.2"), inet("10.8.0.2/24")],
            Err("ioctl (SIOCAIFADDR): Invalid argument: peer 10.8.0.2 is an address of tun0 itself; a peer is beyond the link")),
        row("host is in a network of peers", "tun0", [peer("10.8.0.0/24"), inet("10.8.0.2/24")],
            Ok("+up = true +inet = [\"10.8.0.2/24\"] +peer = [\"10.8.0.0/24\"]")),
        row("-peer", "tun0", [peer("10.0.0.7"), peer("10.0.0.8"), no_peer("10.0.0.7")], Ok("+peer = [\"10.0.0.8\"]")),
        row("-peer of none", "tun0", [peer("10.0.0.0/24"), no_peer("10.0.0.7")],
            Err("-peer 10.0.0.7: No such file or directory: tun0 does not have the peer 10.0.0.7")),

        row("topology p2p", "tun0", [Topology { topology: Some(P2p) }], Ok("+topology = \"p2p\"")),
        row("topology net30 before any address", "tun0", [Topology { topology: Some(Net30) }], Ok("+topology = \"net30\"")),
        row("topology subnet", "tun0", [Topology { topology: Some(Subnet) }], Ok("+topology = \"subnet\"")),
        row("-topology", "tun0", [Topology { topology: Some(Subnet) }, Topology { topology: None }], Ok("")),

        row("mss", "tun0", [segments(1300)], Ok("+mss = 1300")),
        row("mss auto", "tun0", [Mss { mss: Segments::Auto }], Ok("+mss = \"auto\"")),
        row("-mss", "tun0", [segments(88), Mss { mss: Segments::Off }], Ok("")),
        row("mss at most", "tun0", [segments(65495)], Ok("+mss = 65495")),
        row("mss 87", "tun0", [segments(87)], Err("mss 87: Invalid argument: 87 is outside 88..65495")),
        row("mss 65496", "tun0", [segments(65496)], Err("mss 65496: Invalid argument: 65496 is outside 88..65495")),

        row("gateway", "tun0", [gateway("192.168.1.1"), gateway("fe80::1")], Ok("+gateway = [\"192.168.1.1\", \"fe80::1\"]")),
        row("gateway, another of its family", "tun0", [gateway("192.168.1.1"), gateway("fe80::1"), gateway("192.168.1.2")],
            Ok("+gateway = [\"fe80::1\", \"192.168.1.2\"]")),
        row("gateway of many", "tun0", [gateway("ff02::2")],
            Err("gateway ff02::2: Invalid argument: ff02::2 can not be the address of another host")),
        row("gateway within the peers", "tun0", [peer("192.168.1.0/25"), gateway("192.168.1.1")],
            Err("gateway 192.168.1.1: Invalid argument: tun0 itself stands for the gateway 192.168.1.1, by peer 192.168.1.0/25; the router is another host")),
        row("peers around the gateway", "tun0", [gateway("192.168.1.1"), peer("192.168.1.1")],
            Err("peer 192.168.1.1: Invalid argument: tun0 itself stands for the gateway 192.168.1.1, by peer 192.168.1.1; the router is another host")),
        row("gateway elsewhere", "tun0", [onlink("192.168.1.0/24"), gateway("192.168.2.1")],
            Err("gateway 192.168.2.1: Invalid argument: the gateway 192.168.2.1 is in no network that is on the LAN; add its network: onlink P/N")),
        row("gateway, then its network", "tun0", [onlink("10.0.0.0/8"), gateway("192.168.1.1"), onlink("192.168.1.0/24")],
            Ok("+gateway = [\"192.168.1.1\"] +onlink = [\"10.0.0.0/8\", \"192.168.1.0/24\"]")),
        row("gateway beside networks of the other family", "tun0", [onlink("192.168.1.0/24"), gateway("fd00::1")],
            Ok("+gateway = [\"fd00::1\"] +onlink = [\"192.168.1.0/24\"]")),
        row("gateway on every link", "tun0", [onlink("fd00::/64"), gateway("fe80::1")],
            Ok("+gateway = [\"fe80::1\"] +onlink = [\"fd00::/64\"]")),
        row("-gateway", "tun0", [gateway("192.168.1.1"), no_gateway("192.168.1.1")], Ok("")),
        row("-gateway of none", "tun0", [gateway("192.168.1.1"), no_gateway("192.168.1.2")],
            Err("-gateway 192.168.1.2: No such file or directory: tun0 does not have the gateway 192.168.1.2")),

        row("onlink", "tun0", [onlink("192.168.1.0/24"), onlink("fd00::/64")], Ok("+onlink = [\"192.168.1.0/24\", \"fd00::/64\"]")),
        row("onlink, everything", "tun0", [onlink("0.0.0.0/0"), gateway("192.168.1.1")],
            Ok("+gateway = [\"192.168.1.1\"] +onlink = [\"0.0.0.0/0\"]")),
        row("onlink again", "tun0", [onlink("192.168.1.0/24"), onlink("192.168.1.0/24")],
            Err("onlink 192.168.1.0/24: File exists: tun0 has 192.168.1.0/24 on its LAN already")),
        row("onlink of groups", "tun0", [onlink("224.0.0.0/4")],
            Err("onlink 224.0.0.0/4: Invalid argument: 224.0.0.0/4 can not be the address of another host")),
        row("-onlink", "tun0", [onlink("192.168.1.0/24"), no_onlink("192.168.1.0/24")], Ok("")),
        row("-onlink of none", "tun0", [no_onlink("192.168.1.0/24")],
            Err("-onlink 192.168.1.0/24: No such file or directory: tun0 does not have 192.168.1.0/24 on its LAN")),
        row("-onlink of the gateway's", "tun0",
            [onlink("192.168.1.0/24"), onlink("10.0.0.0/8"), gateway("10.0.0.1"), no_onlink("10.0.0.0/8")],
            Err("-onlink 10.0.0.0/8: Invalid argument: the gateway 10.0.0.1 is in no network that is on the LAN; add its network: onlink P/N")),

        row("dhcp", "tun0", [Dhcp { on: true }], Ok("+dhcp = true")),
        row("-dhcp", "tun0", [Dhcp { on: true }, Dhcp { on: false }], Ok("")),
        row("what is destroyed owes nothing", "tun0", [far("10.8.0.2", "10.8.0.1"), inet("10.8.0.1/24"), Destroy],
            Ok("-[tun.tun0]")),
    ];
    rows.extend(on_a_bridge());
    rows.extend(only_of_a_tun());
    rows
}

#[rustfmt::skip]
fn on_a_bridge() -> Vec<Row> {
    const MAC: frame::Mac = super::fixture::A;
    vec![
        row("addm of a tun", "bridge0", [add("tun0")], Ok("+[[bridge.bridge0.member]] +interface = \"tun0\" +port = 4")),
        row("addm of a tun, the first, gives no MTU", "bridge2", [add("tun0")],
            Ok("-[bridge.bridge2] +[[bridge.bridge2.member]] +interface = \"tun0\" +port = 1")),
        row("addm of a tun, then of the first to give one", "bridge2", [add("tun0"), add("jumbo")],
            Ok("+mtu = 9000 +[[bridge.bridge2.member]] +interface = \"tun0\" +port = 1 +[[bridge.bridge2.member]] +interface = \"jumbo\" +port = 2")),
        row("addm of a tun to a bridge of jumbo frames", "bridge1", [add("tun0")],
            Ok("+[[bridge.bridge1.member]] +interface = \"tun0\" +port = 2 +qinq = true +untagged = 7")),
        row("addm of a tun again", "bridge0", [add("tun0"), add("tun0")],
            Err("BRDGADD tun0: File exists: tun0 is already a member of bridge0")),
        row("addm of no tun", "bridge0", [add("tun6")],
            Err("BRDGADD tun6: No such file or directory: there is no interface tun6; create it first: ifconfig tun6 create")),
        row("mtu of a bridge is not that of its tun", "bridge2", [add("tun0"), mtu(9000)],
            Ok("+mtu = 9000 +[[bridge.bridge2.member]] +interface = \"tun0\" +port = 1")),
        row("deletem of the last but tuns frees the MTU", "bridge2", [add("jumbo"), add("tun0"), delete("jumbo")],
            Ok("-[bridge.bridge2] +[[bridge.bridge2.member]] +interface = \"tun0\" +port = 2")),
        row("deletem of a tun frees none", "bridge1", [add("tun0"), delete("tun0")], Ok("")),
        row("static on a tun", "bridge2", [add("tun0"), fixed("tun0", MAC, None)],
            Ok("-[bridge.bridge2] +[[bridge.bridge2.member]] +interface = \"tun0\" +port = 1 +[[bridge.bridge2.static]] +address = \"02:00:00:00:00:0a\" +interface = \"tun0\"")),
    ]
}

/// Other interfaces have stations at their ends, not a peer.
fn only_of_a_tun() -> Vec<Row> {
    let address = || "10.8.0.1".parse().unwrap();
    let prefix = || "10.8.0.1".parse().unwrap();
    let verbs = [
        (AddPeer { prefix: prefix() }, "peer 10.8.0.1"),
        (DeletePeer { prefix: prefix() }, "-peer 10.8.0.1"),
        (Topology { topology: Some(P2p) }, "topology p2p"),
        (Topology { topology: Some(Net30) }, "topology net30"),
        (Topology { topology: Some(Subnet) }, "topology subnet"),
        (Topology { topology: None }, "-topology"),
        (segments(1300), "mss 1300"),
        (Mss { mss: Segments::Auto }, "mss auto"),
        (Mss { mss: Segments::Off }, "-mss"),
        (SetGateway { address: address() }, "gateway 10.8.0.1"),
        (DeleteGateway { address: address() }, "-gateway 10.8.0.1"),
        (AddOnLink { prefix: prefix() }, "onlink 10.8.0.1"),
        (DeleteOnLink { prefix: prefix() }, "-onlink 10.8.0.1"),
        (Dhcp { on: true }, "dhcp"),
        (Dhcp { on: false }, "-dhcp"),
    ];
    let mut rows = Vec::new();
    for name in ["bridge0", "vport0", "tap0", "tap1"] {
        for (verb, operation) in &verbs {
            let want = std::format!(
                "{operation}: Invalid argument: the verb is for tunN, and {name} is no point-to-point link; make one: ifconfig tun create"
            );
            rows.push(row("of a tun", name, [verb.clone()], Err(String::leak(want))));
        }
        let want = std::format!(
            "ioctl (SIOCAIFADDR): Invalid argument: destination 10.8.0.1: {name} is no point-to-point link; give it the network that both ends are in: inet 10.8.0.2/N"
        );
        rows.push(row("destination", name, [far("10.8.0.2", "10.8.0.1")], Err(String::leak(want))));
    }
    rows
}
