//! Reference §3 and §4: numbers of members and of the bridge.

use super::super::super::request::{StormClass::*, StpProtocol::*, Verb::*};
use super::fixture::{C, fixed, name};
use super::{Row, row};
use std::vec;
use std::vec::Vec;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    let of = |member: &str| name(member);
    vec![
        row("protected", "bridge0", [Protected { member: of("eth1"), groups: vec![31, 1, 31] }], Ok("+protected = [1, 31]")),
        row("-protected", "bridge0", [Protected { member: of("eth1"), groups: vec![1] }, Protected { member: of("eth1"), groups: vec![] }], Ok("")),
        row("protected 0", "bridge0", [Protected { member: of("eth1"), groups: vec![1, 0] }],
            Err("BRDGSIFPROT eth1: Invalid argument: 0 is outside 1..31")),
        row("protected 32", "bridge0", [Protected { member: of("eth1"), groups: vec![32] }],
            Err("BRDGSIFPROT eth1: Invalid argument: 32 is outside 1..31")),
        row("ifmaxaddr", "bridge0", [IfMaxAddresses { member: of("eth1"), addresses: u32::MAX }], Ok("+maxaddr = 4294967295")),
        row("ifmaxaddr of no member", "bridge0", [IfMaxAddresses { member: of("eth2"), addresses: 5 }],
            Err("BRDGSIFAMAX 5: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("ifpriority", "bridge0", [IfPriority { member: of("eth1"), priority: 240 }], Ok("+priority = 240")),
        row("ifpriority rounds down", "bridge0", [IfPriority { member: of("eth1"), priority: 31 }], Ok("+priority = 16")),
        row("ifpriority at its default", "bridge0", [IfPriority { member: of("eth1"), priority: 143 }], Ok("")),
        row("ifpriority 241", "bridge0", [IfPriority { member: of("eth1"), priority: 241 }],
            Err("BRDGSIFPRIO 241: Invalid argument: 241 is outside 0..240")),
        row("ifpathcost", "bridge0", [IfPathCost { member: of("eth1"), cost: 200_000_000 }], Ok("+pathcost = 200000000")),
        row("ifpathcost 0", "bridge0", [IfPathCost { member: of("eth1"), cost: 0 }], Ok("")),
        row("ifpathcost 200000001", "bridge0", [IfPathCost { member: of("eth1"), cost: 200_000_001 }],
            Err("BRDGSIFCOST 200000001: Invalid argument: 200000001 is outside 0..200000000")),
        row("storm", "bridge0", [Storm { member: of("eth1"), class: Unknown, frames_per_second: Some(0) }],
            Ok("+[bridge.bridge0.member.storm] +unknown = 0")),
        row("-storm", "bridge0", [Storm { member: of("eth1"), class: Broadcast, frames_per_second: None }], Ok("")),
        row("storm of no member", "bridge0", [Storm { member: of("eth2"), class: Multicast, frames_per_second: Some(9) }],
            Err("BRDGSIFSTORM eth2: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),

        row("maxaddr", "bridge0", [MaxAddresses { addresses: 1_048_576 }], Ok("+maxaddr = 1048576")),
        row("maxaddr 0 learns nothing", "bridge1", [MaxAddresses { addresses: 0 }], Ok("+maxaddr = 0")),
        row("maxaddr 1048577", "bridge0", [MaxAddresses { addresses: 1_048_577 }],
            Err("BRDGSCACHE 1048577: Invalid argument: 1048577 is outside 0..1048576")),
        row("maxaddr under the static addresses", "bridge0", [fixed("eth1", C, None), MaxAddresses { addresses: 1 }],
            Err("BRDGSCACHE 1: No space left on device: 2 static addresses do not fit into maxaddr 1; raise maxaddr or remove some: deladdr MAC")),
        row("timeout", "bridge0", [Timeout { seconds: 0 }], Ok("+timeout = 0")),
        row("timeout, the most", "bridge0", [Timeout { seconds: u32::MAX }], Ok("+timeout = 4294967295")),
        row("timeout on a vport", "vport0", [Timeout { seconds: 9 }], Err("BRDGSTO 9: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("priority", "bridge0", [Priority { priority: 61440 }], Ok("+priority = 61440")),
        row("priority rounds down", "bridge0", [Priority { priority: 8191 }], Ok("+priority = 4096")),
        row("priority 61441", "bridge0", [Priority { priority: 61441 }],
            Err("BRDGSPRI 61441: Invalid argument: 61441 is outside 0..61440")),
        row("hellotime", "bridge0", [Protocol { protocol: Stp }, HelloTime { seconds: 1 }], Ok("+hellotime = 1 +proto = \"stp\"")),
        row("hellotime in rstp", "bridge0", [HelloTime { seconds: 2 }],
            Err("BRDGSHT 2: Operation not permitted: proto rstp fixes the hello time at 2 seconds; choose proto stp first")),
        row("hellotime 0", "bridge0", [Protocol { protocol: Stp }, HelloTime { seconds: 0 }],
            Err("BRDGSHT 0: Invalid argument: 0 is outside 1..2")),
        row("hellotime 3", "bridge0", [Protocol { protocol: Stp }, HelloTime { seconds: 3 }],
            Err("BRDGSHT 3: Invalid argument: 3 is outside 1..2")),
        row("proto resets hellotime", "bridge0", [Protocol { protocol: Stp }, HelloTime { seconds: 1 }, Protocol { protocol: Rstp }], Ok("")),
        row("proto on a vport", "vport0", [Protocol { protocol: Rstp }], Err("BRDGSPROTO rstp: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("proto against maxage", "bridge0", [Protocol { protocol: Stp }, HelloTime { seconds: 1 }, ForwardDelay { seconds: 4 }, MaxAge { seconds: 6 }, Protocol { protocol: Stp }],
            Ok("+fwddelay = 4 +maxage = 6 +proto = \"stp\"")),
        row("fwddelay 4 with its maxage, in any order", "bridge0", [ForwardDelay { seconds: 4 }, MaxAge { seconds: 6 }], Ok("+fwddelay = 4 +maxage = 6")),
        row("fwddelay, the most", "bridge0", [ForwardDelay { seconds: 30 }], Ok("+fwddelay = 30")),
        row("fwddelay 3", "bridge0", [ForwardDelay { seconds: 3 }], Err("BRDGSFD 3: Invalid argument: 3 is outside 4..30")),
        row("fwddelay 31", "bridge0", [ForwardDelay { seconds: 31 }], Err("BRDGSFD 31: Invalid argument: 31 is outside 4..30")),
        row("fwddelay against maxage", "bridge0", [ForwardDelay { seconds: 10 }],
            Err("BRDGSFD 10: Invalid argument: maxage 20 is outside 6..18, which is 2(hellotime+1)..2(fwddelay-1) for hellotime 2 and fwddelay 10; set those that belong together on one line")),
        row("maxage", "bridge0", [MaxAge { seconds: 6 }], Ok("+maxage = 6")),
        row("maxage, the most", "bridge0", [MaxAge { seconds: 40 }, ForwardDelay { seconds: 21 }], Ok("+fwddelay = 21 +maxage = 40")),
        row("maxage 5", "bridge0", [MaxAge { seconds: 5 }], Err("BRDGSMA 5: Invalid argument: 5 is outside 6..40")),
        row("maxage 41", "bridge0", [MaxAge { seconds: 41 }], Err("BRDGSMA 41: Invalid argument: 41 is outside 6..40")),
        row("maxage against fwddelay", "bridge0", [MaxAge { seconds: 29 }],
            Err("BRDGSMA 29: Invalid argument: maxage 29 is outside 6..28, which is 2(hellotime+1)..2(fwddelay-1) for hellotime 2 and fwddelay 15; set those that belong together on one line")),
        row("holdcnt", "bridge0", [HoldCount { frames: 10 }], Ok("+holdcnt = 10")),
        row("holdcnt 0", "bridge0", [HoldCount { frames: 0 }], Err("BRDGSTXHC 0: Invalid argument: 0 is outside 1..10")),
        row("holdcnt 11", "bridge0", [HoldCount { frames: 11 }], Err("BRDGSTXHC 11: Invalid argument: 11 is outside 1..10")),
    ]
}
