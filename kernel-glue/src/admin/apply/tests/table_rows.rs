//! Reference §5: the address table.

use super::super::super::request::Verb::*;
use super::fixture::{A, B, C, fixed, vid};
use super::{Row, row};
use frame::Mac;
use std::vec;
use std::vec::Vec;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row("static", "bridge0", [fixed("vport0", C, None)],
            Ok("+[[bridge.bridge0.static]] +address = \"02:00:00:00:00:0c\" +interface = \"vport0\"")),
        row("static vlan", "bridge0", [fixed("eth1", A, Some(vid(20)))],
            Ok("+[[bridge.bridge0.static]] +address = \"02:00:00:00:00:0a\" +interface = \"eth1\" +vlan = 20")),
        row("static on another member moves", "bridge0", [fixed("vport0", A, None)],
            Ok("-interface = \"eth1\" +interface = \"vport0\"")),
        row("static on no member", "bridge0", [fixed("eth2", C, None)],
            Err("BRDGSADDR: No such file or directory: eth2 is not a member of bridge0; add it first: ifconfig bridge0 addm eth2")),
        row("static multicast", "bridge0", [fixed("eth1", Mac([1, 0, 0x5e, 0, 0, 1]), None)],
            Err("BRDGSADDR: Invalid argument: 01:00:5e:00:00:01 is a group address; only a single station's can be set")),
        row("static zero", "bridge0", [fixed("eth1", Mac::ZERO, None)],
            Err("BRDGSADDR: Invalid argument: 00:00:00:00:00:00 names no station")),
        row("static in a full table", "bridge0", [MaxAddresses { addresses: 1 }, fixed("eth1", C, None)],
            Err("BRDGSADDR: No space left on device: 2 static addresses do not fit into maxaddr 1; raise maxaddr or remove some: deladdr MAC")),

        row("deladdr of a static one", "bridge0", [DeleteMac { address: A, vid: None }],
            Ok("-[[bridge.bridge0.static]] -address = \"02:00:00:00:00:0a\" -interface = \"eth1\"")),
        row("deladdr of a learned one", "bridge0", [DeleteMac { address: B, vid: Some(vid(20)) }], Ok("")),
        row("deladdr of what was set on the line", "bridge0", [fixed("eth1", C, None), DeleteMac { address: C, vid: None }], Ok("")),
        row("deladdr of no address", "bridge0", [DeleteMac { address: C, vid: Some(vid(20)) }],
            Err("BRDGDADDR: No such file or directory: 02:00:00:00:00:0c is not in the table for VLAN 20")),
        row("deladdr names one VLAN", "bridge0", [DeleteMac { address: A, vid: Some(vid(20)) }],
            Err("BRDGDADDR: No such file or directory: 02:00:00:00:00:0a is not in the table for VLAN 20")),
        row("deladdr outside any VLAN", "bridge0", [DeleteMac { address: C, vid: None }],
            Err("BRDGDADDR: No such file or directory: 02:00:00:00:00:0c is not in the table outside any VLAN; name its VLAN if it has one: deladdr 02:00:00:00:00:0c vlan VID")),
        row("deladdr twice", "bridge0", [DeleteMac { address: B, vid: Some(vid(20)) }, DeleteMac { address: B, vid: Some(vid(20)) }],
            Err("BRDGDADDR: No such file or directory: 02:00:00:00:00:0b is not in the table for VLAN 20")),
        row("deladdr after flushall", "bridge0", [FlushAll, DeleteMac { address: B, vid: Some(vid(20)) }],
            Err("BRDGDADDR: No such file or directory: 02:00:00:00:00:0b is not in the table for VLAN 20")),

        row("flush leaves what is set", "bridge0", [Flush], Ok("")),
        row("flush on a vport", "vport0", [Flush], Err("BRDGFLUSH: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
        row("flushall", "bridge0", [FlushAll],
            Ok("-[[bridge.bridge0.static]] -address = \"02:00:00:00:00:0a\" -interface = \"eth1\"")),
        row("flushall on a vport", "vport0", [FlushAll], Err("BRDGFLUSH: Invalid argument: vport0 is not a bridge; say it of the bridge whose port it is: ifconfig bridge0 ...")),
    ]
}
