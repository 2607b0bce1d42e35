#![cfg(not(loom))]

extern crate std;
use super::*;
use crate::worker::tests::{A, B, bridge, bytes, config, of, outcome, plain, tagged, vid};
use crate::{Config, PortConfig};
use frame::{Mac, Tpid, VidSet};
use std::string::String;
use std::vec::Vec;

const KEEP: TagEdit = TagEdit::Keep;
const STRIP: TagEdit = TagEdit::Strip;

fn set(tpid: u16, tci: u16) -> TagEdit {
    TagEdit::Set(Tag { tpid: EtherType(tpid), tci })
}

fn vids(text: &str) -> VidSet {
    text.parse().unwrap()
}

/// Ports: 1 access of 10, 2 trunk of 10, 20 and 30, 3 access of 10 that stacks, 4 PVID 20 and tagged 10.
fn access_and_trunk(filter: Filter) -> Config {
    let mut config = config();
    config.vlan_filter = filter == Filter::On;
    of(&mut config, 1).pvid = vid(10);
    of(&mut config, 2).tagged = vids("10,20,30");
    of(&mut config, 3).pvid = vid(10);
    of(&mut config, 3).flags |= PortFlags::QINQ;
    of(&mut config, 4).pvid = vid(20);
    of(&mut config, 4).tagged = vids("10");
    config
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Filter {
    On,
    Off,
}

#[test]
fn broadcast_table() {
    use DropReason::*;
    use Filter::{Off, On};
    let frame = plain(Mac::BROADCAST, A);
    let tag = |tci| tagged(Mac::BROADCAST, A, tci);
    let service = Frame { tag: Some(Tag { tpid: EtherType::QINQ, tci: 10 }), ..frame };
    type Row<'a> = (&'a str, Filter, u16, Frame, Result<&'a [(u16, TagEdit)], DropReason>);
    let p10 = set(0x8100, 10);
    #[rustfmt::skip]
    let rows: &[Row<'_>] = &[
        // name                         filter in frame        out
        ("untagged into access",          On,  1, frame,       Ok(&[(0, p10), (2, p10), (3, KEEP), (4, p10)])),
        ("untagged into access",          Off, 1, frame,       Ok(&[(0, p10), (2, p10), (3, KEEP), (4, p10)])),
        ("untagged into trunk",           On,  2, frame,       Err(VlanUntagged)),
        ("untagged into trunk",           Off, 2, frame,       Ok(&[(0, KEEP), (1, KEEP), (3, KEEP), (4, KEEP)])),
        ("tagged into trunk",             On,  2, tag(10),     Ok(&[(0, KEEP), (1, STRIP), (3, STRIP), (4, KEEP)])),
        ("tagged into trunk",             Off, 2, tag(10),     Ok(&[(0, KEEP), (1, STRIP), (3, STRIP), (4, KEEP)])),
        ("the priority stays",            On,  2, tag(0xb00a), Ok(&[(0, KEEP), (1, STRIP), (3, STRIP), (4, KEEP)])),
        ("service tag into trunk",        On,  2, service,     Ok(&[(0, KEEP), (1, STRIP), (3, STRIP), (4, KEEP)])),
        ("of another vlan",               On,  2, tag(20),     Ok(&[(0, KEEP), (4, STRIP)])),
        ("of another vlan",               Off, 2, tag(20),     Ok(&[(0, KEEP), (1, KEEP), (3, KEEP), (4, STRIP)])),
        ("of a vlan of nobody else",      On,  2, tag(30),     Ok(&[(0, KEEP)])),
        ("of a vlan of nobody",           On,  2, tag(40),     Err(VlanIngress)),
        ("of a vlan of nobody",           Off, 2, tag(40),     Ok(&[(0, KEEP), (1, KEEP), (3, KEEP), (4, KEEP)])),
        ("tagged with the pvid",          On,  1, tag(10),     Err(VlanIngress)),
        ("tagged with the pvid",          Off, 1, tag(10),     Ok(&[(0, KEEP), (2, KEEP), (3, STRIP), (4, KEEP)])),
        ("tagged beside the pvid",        On,  4, tag(10),     Ok(&[(0, KEEP), (1, STRIP), (2, KEEP), (3, STRIP)])),
        ("reserved",                      On,  2, tag(4095),   Err(VlanInvalid)),
        ("reserved",                      Off, 2, tag(4095),   Err(VlanInvalid)),
        ("priority tag into access",      On,  1, tag(0xe000), Ok(&[(0, set(0x8100, 0xe00a)), (2, set(0x8100, 0xe00a)), (3, STRIP), (4, set(0x8100, 0xe00a))])),
        ("priority tag into access",      Off, 1, tag(0xe000), Ok(&[(0, set(0x8100, 0xe00a)), (2, set(0x8100, 0xe00a)), (3, STRIP), (4, set(0x8100, 0xe00a))])),
        ("priority tag into trunk",       On,  2, tag(0xe000), Err(VlanUntagged)),
        ("priority tag into trunk",       Off, 2, tag(0xe000), Ok(&[(0, KEEP), (1, KEEP), (3, KEEP), (4, KEEP)])),
        ("host, untagged",                On,  0, frame,       Err(VlanUntagged)),
        ("host, untagged",                Off, 0, frame,       Ok(&[(1, KEEP), (2, KEEP), (3, KEEP), (4, KEEP)])),
        ("host, tagged",                  On,  0, tag(10),     Ok(&[(1, STRIP), (2, KEEP), (3, STRIP), (4, KEEP)])),
        ("host, of a vlan of nobody",     On,  0, tag(40),     Err(NoPort)),
    ];
    for &(name, filter, from, frame, want) in rows {
        let (_bridge, mut worker) = bridge(access_and_trunk(filter));
        let got = outcome(&mut worker, from, &frame, &bytes(64), 1);
        assert_eq!(got, want.map(Vec::from), "{name}, filter {filter:?}");
    }
}

#[test]
fn the_pvid_of_the_host_makes_it_an_access_port() {
    let mut config = access_and_trunk(Filter::On);
    of(&mut config, 0).pvid = vid(10);
    let (_bridge, mut worker) = bridge(config);
    let mut play = |from, frame| outcome(&mut worker, from, &frame, &bytes(64), 1);
    let p10 = set(0x8100, 10);
    assert_eq!(play(0, plain(Mac::BROADCAST, A)), Ok([(1, KEEP), (2, p10), (3, KEEP), (4, p10)].into()));
    assert_eq!(play(2, tagged(Mac::BROADCAST, B, 10)).map(|t| t[0]), Ok((0, STRIP)));
    assert_eq!(play(2, tagged(Mac::BROADCAST, B, 20)).map(|t| t[0]), Ok((0, KEEP)), "still in all others");
}

#[test]
fn the_protocol_of_the_port_is_put_in() {
    let mut config = access_and_trunk(Filter::On);
    of(&mut config, 1).tpid = Tpid::Dot1ad;
    let (_bridge, mut worker) = bridge(config);
    let got = outcome(&mut worker, 1, &plain(Mac::BROADCAST, A), &bytes(64), 1).unwrap();
    assert_eq!(got, [(0, set(0x88a8, 10)), (2, set(0x88a8, 10)), (3, KEEP), (4, set(0x88a8, 10))]);
    let priority = Frame { tag: Some(Tag { tpid: EtherType::VLAN, tci: 0x2000 }), ..plain(Mac::BROADCAST, A) };
    let got = outcome(&mut worker, 1, &priority, &bytes(64), 1).unwrap();
    assert_eq!(got[0], (0, set(0x8100, 0x200a)), "but a priority tag keeps its own");
}

#[test]
fn unicast_leaves_as_a_flood_would() {
    for filter in [Filter::On, Filter::Off] {
        for to in 1..=4 {
            let (bridge, mut worker) = bridge(access_and_trunk(filter));
            for (from, frame) in
                [(1, plain(B, A)), (2, tagged(B, A, 10)), (0, tagged(B, A, 0xe00a)), (2, tagged(B, A, 20))]
            {
                let vlan = frame.tag.map_or(10, Tag::vid_field);
                bridge.remove(None, B);
                let group = Frame { dst: Mac::BROADCAST, ..frame };
                let flood = outcome(&mut worker, from, &group, &bytes(64), 1).unwrap();
                let want: Vec<_> = flood.into_iter().filter(|&(port, _)| port == to).collect();
                bridge.insert_static(vlan, B, PortId::from_low_bits(u64::from(to))).unwrap();
                let got = outcome(&mut worker, from, &frame, &bytes(64), 1);
                let why = if from == to { DropReason::SamePort } else { DropReason::VlanEgress };
                let want = if want.is_empty() { Err(why) } else { Ok(want) };
                assert_eq!(got, want, "{filter:?} {from} -> {to}, VLAN {vlan}");
            }
        }
    }
}

/// Every stack of up to three tags of every protocol, into an access port or a trunk, past each kind of port: what
/// leaves never reads as another VLAN than the one that the bridge decided on, on a port that does not stack.
#[test]
fn no_stack_of_tags_hops_into_another_vlan() {
    const TPIDS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
    let mut stacks: Vec<Vec<(u16, u16)>> = [Vec::new()].into();
    for depth in 0..3 {
        let longer: Vec<Vec<_>> = stacks.iter().filter(|stack| stack.len() == depth).cloned().collect();
        for stack in longer {
            for tpid in TPIDS {
                for number in [0, 10, 20] {
                    stacks.push([&stack[..], &[(tpid, number)]].concat());
                }
            }
        }
    }
    assert_eq!(stacks.len(), 1 + 9 + 81 + 729);
    let (mut sent, mut kept_back) = (0, 0);
    for filter in [Filter::On, Filter::Off] {
        for from in [1, 2, 3, 4] {
            let config = access_and_trunk(filter);
            let port_of = |id: u16| -> PortConfig { of(&mut config.clone(), id).clone() };
            let (_bridge, mut worker) = bridge(config.clone());
            for stack in &stacks {
                let mut octets: Vec<u8> = [Mac::BROADCAST.0, A.0].concat();
                for (tpid, number) in stack {
                    octets.extend(tpid.to_be_bytes().into_iter().chain(number.to_be_bytes()));
                }
                octets.extend([8, 0, 0x45]);
                let frame = Frame::parse(&octets, None).unwrap();
                let name = || -> String { std::format!("{filter:?}, from {from}, {stack:x?}") };
                let nested = frame.ether_type.is_tag();
                let got = match outcome(&mut worker, from, &frame, &bytes(64), 1) {
                    Ok(got) => got,
                    Err(why) => {
                        let stacks_here = port_of(from).flags.contains(PortFlags::QINQ);
                        let early = filter == Filter::On && nested && !stacks_here;
                        assert_eq!(why == DropReason::VlanNested, early, "{}: {why}", name());
                        kept_back += 1;
                        continue;
                    }
                };
                let field = frame.tag.map_or(0, Tag::vid_field);
                let vlan = if field != 0 { field } else { port_of(from).pvid.map_or(0, |vid| vid.get()) };
                for (to, edit) in got {
                    let port = port_of(to);
                    let access = vlan != 0 && port.pvid.is_some_and(|pvid| pvid.get() == vlan);
                    let tags_left = match edit {
                        TagEdit::Keep => stack.len(),
                        TagEdit::Strip => stack.len() - 1,
                        TagEdit::Set(tag) => {
                            assert_eq!(tag.vid_field(), vlan, "{} to {to}", name());
                            stack.len() + usize::from(frame.tag.is_none())
                        }
                    };
                    if access && !port.flags.contains(PortFlags::QINQ) {
                        assert_eq!(tags_left, 0, "{} to {to}: a tag leaves untagged", name());
                    }
                    sent += 1;
                }
            }
        }
    }
    assert!(sent > 2000 && kept_back > 2000, "{sent} sent, {kept_back} kept back: one of the two was not tested");
}
