//! Reference §3 and §4: VLANs of members, of the host's port, and of members to come.

use super::super::super::request::Verb::*;
use super::fixture::{name, set, vid};
use super::{Row, row};
use frame::Tpid;
use std::vec;
use std::vec::Vec;

const NO_MEMBER: &str = "BRDGSIFVLANSET 20: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2";

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let of = |member: &str| name(member);
    vec![
        row("ifuntagged", "bridge0", [IfUntagged { member: of("eth1"), vid: Some(vid(4094)) }], Ok("+untagged = 4094")),
        row("-ifuntagged", "bridge0", [IfUntagged { member: of("eth1"), vid: Some(vid(1)) }, IfUntagged { member: of("eth1"), vid: None }], Ok("")),
        row("ifuntagged of the host", "bridge0", [IfUntagged { member: of("bridge0"), vid: Some(vid(20)) }], Ok("+hostuntagged = 20")),
        row("ifuntagged of no member", "bridge0", [IfUntagged { member: of("eth2"), vid: Some(vid(20)) }],
            Err("BRDGSIFPVID 20: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("-ifuntagged of a span port", "bridge0", [IfUntagged { member: of("eth3"), vid: None }],
            Err("BRDGSIFPVID: Invalid argument: eth3 is a span port of bridge0, which has no settings")),
        row("ifuntagged of a vport by itself", "vport0", [IfUntagged { member: of("vport0"), vid: Some(vid(20)) }],
            Err("BRDGSIFPVID 20: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("iftagged", "bridge0", [IfTagged { member: of("eth1"), set: set("5") }], Ok("-tagged = \"20,100-199\" +tagged = \"5\"")),
        row("iftagged none", "bridge0", [IfTagged { member: of("eth1"), set: set("none") }], Ok("-tagged = \"20,100-199\"")),
        row("+iftagged", "bridge0", [IfTaggedAdd { member: of("eth1"), set: set("21,99") }], Ok("-tagged = \"20,100-199\" +tagged = \"20-21,99-199\"")),
        row("-iftagged", "bridge0", [IfTaggedRemove { member: of("eth1"), set: set("1-150") }], Ok("-tagged = \"20,100-199\" +tagged = \"151-199\"")),
        row("iftagged of no member", "bridge0", [IfTagged { member: of("eth2"), set: set("20") }], Err(NO_MEMBER)),
        row("+iftagged of no member", "bridge0", [IfTaggedAdd { member: of("eth2"), set: set("20") }], Err(NO_MEMBER)),
        row("-iftagged of no member", "bridge0", [IfTaggedRemove { member: of("eth2"), set: set("20") }], Err(NO_MEMBER)),
        row("iftagged of the host", "bridge0", [IfTagged { member: of("bridge0"), set: set("20") }],
            Err("BRDGSIFVLANSET 20: Invalid argument: bridge0 is the host's own port, which is a tagged member of every VLAN")),
        row("ifvlanproto", "bridge0", [IfVlanProtocol { member: of("eth1"), protocol: Tpid::Dot1ad }], Ok("+vlanproto = \"802.1ad\"")),
        row("ifvlanproto back", "bridge0", [IfVlanProtocol { member: of("eth1"), protocol: Tpid::Dot1ad }, IfVlanProtocol { member: of("eth1"), protocol: Tpid::Dot1q }], Ok("")),
        row("ifvlanproto of no member", "bridge0", [IfVlanProtocol { member: of("eth2"), protocol: Tpid::Dot1ad }],
            Err("BRDGSIFVLANPROTO: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("ifvlanproto of the host", "bridge0", [IfVlanProtocol { member: of("bridge0"), protocol: Tpid::Dot1ad }],
            Err("BRDGSIFVLANPROTO: Invalid argument: bridge0 is the host's own port, which tags with 802.1q")),

        row("vlanfilter", "bridge0", [VlanFilter { on: true }], Ok("+vlanfilter = true")),
        row("vlanfilter -vlanfilter", "bridge0", [VlanFilter { on: true }, VlanFilter { on: false }], Ok("")),
        row("vlanfilter on a vport", "vport0", [VlanFilter { on: true }], Err("BRDGSFLAGS: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("defuntagged", "bridge0", [DefaultUntagged { vid: Some(vid(10)) }], Ok("+defuntagged = 10")),
        row("-defuntagged leaves members as they are", "bridge1", [DefaultUntagged { vid: None }], Ok("-defuntagged = 7")),
        row("defuntagged on a vport", "vport0", [DefaultUntagged { vid: None }], Err("BRDGSDEFPVID: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("defqinq", "bridge0", [DefaultQinq { on: true }], Ok("+defqinq = true")),
        row("-defqinq", "bridge1", [DefaultQinq { on: false }], Ok("-defqinq = true")),
        row("defqinq on a vport", "vport0", [DefaultQinq { on: true }], Err("BRDGSFLAGS: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
    ]
}
