//! Reference §1 and §2: ports and their flags.

use super::super::super::request::{MemberFlag::*, Verb};
use super::fixture::{add, delete, flag, name, set, span, suppress, unspan, vid};
use super::{Row, row};
use std::vec;
use std::vec::Vec;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let with = |member: &str, untagged, tagged| Verb::AddMember { member: name(member), untagged, tagged };
    let mut rows = vec![
        row("addm", "bridge0", [add("eth2")], Ok("+[[bridge.bridge0.member]] +interface = \"eth2\" +port = 4")),
        row("addm, the first, gives its MTU", "bridge2", [add("jumbo")],
            Ok("+mtu = 9000 +[[bridge.bridge2.member]] +interface = \"jumbo\" +port = 1")),
        row("addm, the second, takes the MTU", "bridge2", [add("jumbo"), add("eth2")],
            Ok("+mtu = 9000 +[[bridge.bridge2.member]] +interface = \"jumbo\" +port = 1 +[[bridge.bridge2.member]] +interface = \"eth2\" +port = 2 +mtubefore = 1500")),
        row("addm of a vport", "bridge2", [add("vport1")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"vport1\" +port = 1")),
        row("addm takes the defaults", "bridge1", [add("eth2")],
            Ok("+[[bridge.bridge1.member]] +interface = \"eth2\" +port = 2 +qinq = true +untagged = 7 +mtubefore = 1500")),
        row("addm untagged tagged", "bridge1", [with("eth2", Some(vid(9)), Some(set("3,4")))],
            Ok("+[[bridge.bridge1.member]] +interface = \"eth2\" +port = 2 +qinq = true +untagged = 9 +tagged = \"3-4\" +mtubefore = 1500")),
        row("addm of a VLAN", "bridge2", [add("eth2.20")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"eth2.20\" +port = 1")),
        row("addm with a link-local address", "bridge2", [add("ll")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"ll\" +port = 1")),
        row("addm of VLANs in a circle ends", "bridge2", [add("loop0")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"loop0\" +port = 1")),
        row("addm of nothing", "bridge0", [add("eth9")],
            Err("BRDGADD eth9: No such file or directory: there is no interface eth9; ip link lists what there is")),
        row("addm of no vport", "bridge0", [add("vport9")],
            Err("BRDGADD vport9: No such file or directory: there is no interface vport9; create it first: ifconfig vport9 create")),
        row("addm again", "bridge0", [add("eth1")],
            Err("BRDGADD eth1: File exists: eth1 is already a member of bridge0")),
        row("addm of another's", "bridge0", [add("eth4")],
            Err("BRDGADD eth4: Device busy: eth4 is a member of bridge1; remove it there first: ifconfig bridge1 deletem eth4")),
        row("addm of a span port", "bridge0", [add("eth3")],
            Err("BRDGADD eth3: Device busy: eth3 is a span port of bridge0; remove it there first: ifconfig bridge0 -span eth3")),
        row("addm of another's span port", "bridge1", [add("eth3")],
            Err("BRDGADD eth3: Device busy: eth3 is a span port of bridge0; remove it there first: ifconfig bridge0 -span eth3")),
        row("addm of a bridge", "bridge0", [add("bridge1")],
            Err("BRDGADD bridge1: Invalid argument: bridge1 is a bridge, which can not be a member; add its members to bridge0 instead")),
        row("addm of itself", "bridge0", [add("bridge0")],
            Err("BRDGADD bridge0: Invalid argument: bridge0 is a bridge, which can not be a member; add its members to bridge0 instead")),
        row("addm of the kernel's bridge", "bridge0", [add("br9")],
            Err("BRDGADD br9: Invalid argument: br9 is a bridge of the system; add its members to bridge0 instead")),
        row("addm of the loopback", "bridge0", [add("lo")],
            Err("BRDGADD lo: Invalid argument: lo is the loopback; a member carries Ethernet frames")),
        row("addm of a tunnel", "bridge0", [add("tun9")],
            Err("BRDGADD tun9: Invalid argument: tun9 is point-to-point and carries no Ethernet frames; route to it instead")),
        row("addm of something else", "bridge0", [add("can0")],
            Err("BRDGADD can0: Invalid argument: can0 is not an Ethernet interface")),
        row("addm of a VLAN on the bridge", "bridge0", [add("bridge0.20")],
            Err("BRDGADD bridge0.20: Invalid argument: bridge0.20 is a VLAN of bridge0, so its frames would come back; remove it: ip link delete bridge0.20")),
        row("addm of a VLAN on a VLAN on the bridge", "bridge1", [add("bridge0.20.5")],
            Err("BRDGADD bridge0.20.5: Invalid argument: bridge0.20.5 is a VLAN of bridge0, so its frames would come back; remove it: ip link delete bridge0.20.5")),
        row("addm of an enslaved one", "bridge0", [add("slave")],
            Err("BRDGADD slave: Device busy: slave belongs to bond0; release it first: ip link set slave nomaster")),
        row("addm with an IPv4 address", "bridge0", [add("v4")],
            Err("BRDGADD v4: Invalid argument: v4 has the address 192.0.2.1; move it to the bridge: ip addr flush dev v4, then ifconfig bridge0 inet 192.0.2.1/N")),
        row("addm with an IPv6 address", "bridge0", [add("v6")],
            Err("BRDGADD v6: Invalid argument: v6 has the address 2001:db8::1; move it to the bridge: ip addr flush dev v6, then ifconfig bridge0 inet6 2001:db8::1/N")),
        row("addm of one too small", "bridge1", [add("old")],
            Err("BRDGADD old: Invalid argument: bridge1 has MTU 9000 and old takes 72..1500; change it first: ifconfig bridge1 mtu 1500")),
        row("addm to a vport", "vport0", [add("eth2")],
            Err("BRDGADD eth2: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),

        row("deletem takes the settings along", "bridge0", [delete("eth1")],
            Ok("-interface = \"eth1\" -tagged = \"20,100-199\" -[[bridge.bridge0.member]] -[[bridge.bridge0.static]] -address = \"02:00:00:00:00:0a\" -interface = \"eth1\" -port = 1")),
        row("deletem of the last frees the MTU", "bridge1", [delete("eth4")],
            Ok("-mtu = 9000 -[[bridge.bridge1.member]] -interface = \"eth4\" -port = 1")),
        row("deletem of no member", "bridge0", [delete("eth2")],
            Err("BRDGDEL eth2: No such file or directory: eth2 is not a member of bridge0")),
        row("deletem of a span port", "bridge0", [delete("eth3")],
            Err("BRDGDEL eth3: No such file or directory: eth3 is a span port of bridge0; remove it so: ifconfig bridge0 -span eth3")),
        row("deletem twice", "bridge0", [delete("eth1"), delete("eth1")],
            Err("BRDGDEL eth1: No such file or directory: eth1 is not a member of bridge0")),
        row("deletem on a vport", "vport0", [delete("eth1")],
            Err("BRDGDEL eth1: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),

        row("span", "bridge0", [span("eth2")], Ok("+[[bridge.bridge0.span]] +interface = \"eth2\" +port = 4")),
        row("span needs no MTU and may have addresses", "bridge1", [span("v4")],
            Ok("+[[bridge.bridge1.span]] +interface = \"v4\" +port = 2")),
        row("span of nothing", "bridge0", [span("eth9")],
            Err("BRDGADDS eth9: No such file or directory: there is no interface eth9; ip link lists what there is")),
        row("span again", "bridge0", [span("eth3")],
            Err("BRDGADDS eth3: Device busy: eth3 is a span port of bridge0; remove it there first: ifconfig bridge0 -span eth3")),
        row("span of a member", "bridge0", [span("eth1")],
            Err("BRDGADDS eth1: File exists: eth1 is already a member of bridge0; remove it there first: ifconfig bridge0 deletem eth1")),
        row("span of another's member", "bridge0", [span("eth4")],
            Err("BRDGADDS eth4: Device busy: eth4 is a member of bridge1; remove it there first: ifconfig bridge1 deletem eth4")),
        row("span of a tunnel", "bridge0", [span("tun9")],
            Err("BRDGADDS tun9: Invalid argument: tun9 is point-to-point and carries no Ethernet frames; route to it instead")),

        row("-span", "bridge0", [unspan("eth3")], Ok("-[[bridge.bridge0.span]] -interface = \"eth3\" -port = 3")),
        row("-span of none", "bridge0", [unspan("eth2")],
            Err("BRDGDELS eth2: No such file or directory: eth2 is not a span port of bridge0")),
        row("-span of a member", "bridge0", [unspan("eth1")],
            Err("BRDGDELS eth1: No such file or directory: eth1 is a member of bridge0; remove it so: ifconfig bridge0 deletem eth1")),

        row("-learn", "bridge0", [flag("eth1", Learn, false)], Ok("+learn = false")),
        row("learn, which is the default", "bridge0", [flag("eth1", Learn, true)], Ok("")),
        row("-discover", "bridge0", [flag("eth1", Discover, false)], Ok("+discover = false")),
        row("sticky", "bridge0", [flag("eth1", Sticky, true)], Ok("+sticky = true")),
        row("sticky -sticky", "bridge0", [flag("eth1", Sticky, true), flag("eth1", Sticky, false)], Ok("")),
        row("private", "bridge0", [flag("eth1", Private, true)], Ok("+private = true")),
        row("locked", "bridge0", [flag("eth1", Locked, true)], Ok("+locked = true")),
        row("hostaddr", "bridge0", [flag("eth1", HostAddress, true)],
            Err("unable to set bridge flags: Operation not supported: a member has no address of the host here; put it on the bridge: inet A/N")),
        row("-hostaddr, which is the default", "bridge0", [flag("eth1", HostAddress, false)], Ok("")),
        row("hostaddr of no member", "bridge0", [flag("eth2", HostAddress, true)],
            Err("unable to get bridge flags: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("qinq", "bridge0", [flag("eth1", Qinq, true)], Ok("+qinq = true")),
        row("suppress", "bridge0", [suppress("eth1", None, true)], Ok("+suppress = \"all\"")),
        row("suppress in VLANs", "bridge0", [suppress("eth1", Some("20"), true), suppress("eth1", Some("30-40"), true)],
            Ok("+suppress = \"20,30-40\"")),
        row("suppress but in VLANs", "bridge0", [suppress("eth1", None, true), suppress("eth1", Some("2-4094"), false)],
            Ok("+suppress = \"untagged,1\"")),
        row("suppress outside any VLAN", "bridge0", [suppress("eth1", None, true), suppress("eth1", Some("all"), false)],
            Ok("+suppress = \"untagged\"")),
        row("suppress in none", "bridge0", [suppress("eth1", Some("none"), true)], Ok("")),
        row("-suppress", "bridge0", [suppress("eth1", None, true), suppress("eth1", None, false)], Ok("")),
        row("-suppress in VLANs", "bridge0", [suppress("eth1", Some("20,30"), true), suppress("eth1", Some("20"), false)],
            Ok("+suppress = \"30\"")),
        row("-suppress, which is the default", "bridge0", [suppress("eth1", None, false)], Ok("")),
        row("suppress of no member", "bridge0", [suppress("eth2", None, true)],
            Err("unable to get bridge flags: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("suppress of a span port", "bridge0", [suppress("eth3", None, true)],
            Err("unable to set bridge flags: Invalid argument: eth3 is a span port of bridge0, which has no settings")),
        row("suppress on a vport", "vport0", [suppress("eth1", None, true)],
            Err("unable to set bridge flags: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("a flag of no member", "bridge0", [flag("eth2", Learn, false)],
            Err("unable to get bridge flags: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("a flag of a span port", "bridge0", [flag("eth3", Learn, false)],
            Err("unable to set bridge flags: Invalid argument: eth3 is a span port of bridge0, which has no settings")),
        row("a flag on a vport", "vport0", [flag("eth1", Learn, false)],
            Err("unable to set bridge flags: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
    ];
    for it in [Stp, Edge, Ptp] {
        rows.push(row("spanning tree off", "bridge0", [flag("eth1", it, false)], Ok("")));
        rows.push(row("spanning tree on", "bridge0", [flag("eth1", it, true)], Err(NO_STP)));
    }
    for it in [Autoedge, Autoptp] {
        rows.push(row("spanning tree finds out", "bridge0", [flag("eth1", it, true)], Ok("")));
        rows.push(row("spanning tree is told", "bridge0", [flag("eth1", it, false)], Err(NO_STP)));
    }
    rows
}

const NO_STP: &str = "unable to set bridge flags: Operation not supported: spanning tree is not available; leave the \
                      flag as it is and keep the wiring free of loops";
