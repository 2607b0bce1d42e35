//! What is different on Haiku.

use super::fixture::{add, delete, flag, inet, span};
use super::{Row, row};
use crate::admin::request::{MemberFlag, Verb};

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    use MemberFlag::{HostAddress, Learn};
    let (free, used) = ("/dev/net/virtio/0", "/dev/net/virtio/1");
    vec![
        row("a card", "bridge2", [add(free)],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"/dev/net/virtio/0\" +port = 1")),
        row("a card that has an address", "bridge2", [add(used)],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"/dev/net/virtio/1\" +port = 1 +hostaddr = true")),
        row("a card that had one", "bridge2", [add(used), flag(used, HostAddress, false)],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"/dev/net/virtio/1\" +port = 1")),
        row("a link-local address is no reason", "bridge2", [add("ll")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"ll\" +port = 1")),
        row("hostaddr", "bridge0", [flag("eth1", HostAddress, true)], Ok("+hostaddr = true")),
        row("hostaddr of a tap", "bridge0", [flag("tap1", HostAddress, true)],
            Err("unable to set bridge flags: Operation not supported: tap1 is no card; put the host's address on the bridge: inet A/N")),
        row("a span port keeps what it has", "bridge2", [span(used)],
            Ok("-[bridge.bridge2] +[[bridge.bridge2.span]] +interface = \"/dev/net/virtio/1\" +port = 1")),
        row("Haiku's spelling of a tap", "bridge2", [add("tap/0")],
            Ok("+mtu = 1500 +[[bridge.bridge2.member]] +interface = \"tap0\" +port = 1")),
        row("and of a member", "bridge0", [flag("tap/1", Learn, false), delete("tap/1")],
            Ok("-[[bridge.bridge0.member]] -interface = \"tap1\" -port = 9")),
        row("and of the interface", "tun/0", [inet("10.8.0.2/24")], Ok("+up = true +inet = [\"10.8.0.2/24\"]")),
        row("and of one that is made", "tap/7", [Verb::Create], Ok("+[tap.tap7]")),
        row("bridges are not spelled so", "bridge/0", [Verb::Up], Err("interface bridge/0 does not exist")),
        row("a vport", "vport", [Verb::Create],
            Err("SIOCIFCREATE2 (vport2): Operation not supported: there are no vports here; use a tap: ifconfig tap create")),
        row("a name of others", "eth1", [Verb::Create],
            Err("SIOCIFCREATE2 (eth1): Invalid argument: only bridge, tap and tun interfaces can be created; name one bridge0, tap0 or tun0")),
        row("a verb on a card", free, [Verb::Up],
            Err("interface /dev/net/virtio/0 is the system's own: only bridge, tap and tun interfaces are administered here; see /bin/ifconfig --help, or make it a member: ifconfig bridge0 addm /dev/net/virtio/0")),
        row("no such card", "bridge0", [add("/dev/net/e/9")],
            Err("BRDGADD /dev/net/e/9: No such file or directory: there is no interface /dev/net/e/9; /bin/ifconfig lists what there is")),
        row("a group", "tap0", [Verb::Group { gid: Some(100) }],
            Err("TUNSETGROUP 100: Operation not supported: the system tells nobody a program's groups; let a user open it: owner USER, or everybody: mode 666")),
        row("no group", "tap0", [Verb::Group { gid: None }], Ok("")),
        row("a name that is taken", "tap9", [Verb::Create],
            Err("interface tap9 already exists: it is the system's own; take another unit, or remove it: /bin/ifconfig --delete tap9")),
    ]
}
