//! A line as a whole: what a refused one leaves, what an accepted one asks of the table, and the bounds.

use super::super::super::request::{Change, InetAddress, Verb, Verb::*};
use super::super::super::state::{MemberState, State, TapState, VportState};
use super::super::TableAction::{self, ForgetPort, Remove, SetStatic};
use super::fixture::{A, B, C, Machine, add, delete, fixed, inet, mtu, span, state, vid};
use frame::{Mac, PortId};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

fn line(interface: &str, verbs: impl Into<Vec<Verb>>) -> Change {
    Change { interface: interface.into(), verbs: verbs.into() }
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn refusal(state: &State, change: &Change) -> String {
    state.apply(change, &Machine::new()).map(drop).unwrap_err().to_string()
}

#[test]
fn a_line_whose_last_verb_is_refused_changes_nothing() {
    let before = state();
    let good = [add("eth2"), Up, mtu(2000), fixed("eth2", C, None), delete("eth1"), VlanFilter { on: true }, FlushAll];
    before.apply(&line("bridge0", good.clone()), &Machine::new()).unwrap();
    let bad = good.into_iter().chain([add("eth9")]).collect::<Vec<_>>();
    assert!(refusal(&before, &line("bridge0", bad)).starts_with("BRDGADD eth9: No such file or directory"));
    assert_eq!(before, state());
}

#[test]
fn what_the_table_has_to_do() {
    let set = |vlan, address, number| SetStatic { vlan, address, port: port(number) };
    #[rustfmt::skip]
    let rows: Vec<(&str, Vec<Verb>, Vec<TableAction>)> = vec![
        ("nothing",       vec![Up],                                            vec![]),
        ("in order",      vec![Flush, fixed("vport0", C, Some(vid(9))), FlushAll],
                                                                               vec![TableAction::Flush, set(9, C, 2), TableAction::FlushAll]),
        ("moved",         vec![fixed("vport0", A, None)],                      vec![set(0, A, 2)]),
        ("static gone",   vec![DeleteMac { address: A, vid: None }],           vec![Remove { vlan: 0, address: A }]),
        ("learned gone",  vec![DeleteMac { address: B, vid: Some(vid(20)) }],  vec![Remove { vlan: 20, address: B }]),
        ("port gone",     vec![delete("eth1")],                                vec![ForgetPort(port(1))]),
        ("span gone",     vec![DeleteSpan { member: "eth3".into() }],          vec![ForgetPort(port(3))]),
        ("number reused", vec![delete("eth1"), add("eth2"), fixed("eth2", A, None)],
                                                                               vec![ForgetPort(port(1)), set(0, A, 1)]),
        ("bridge gone",   vec![Flush, Destroy],                                vec![]),
    ];
    for (name, verbs, want) in rows {
        let (_, outcome) = state().apply(&line("bridge0", verbs), &Machine::new()).unwrap();
        assert_eq!(outcome.table, want, "{name}");
        assert_eq!(outcome.created, None, "{name}");
    }
}

#[test]
fn only_a_create_without_a_unit_reports_the_name() {
    let created = |interface| state().apply(&line(interface, [Create]), &Machine::new()).unwrap().1.created;
    assert_eq!(created("bridge").as_deref(), Some("bridge3"));
    assert_eq!(created("bridge3"), None);
    let mut gap = state();
    gap.bridges.remove("bridge1");
    let (after, outcome) = gap.apply(&line("bridge", [Create, add("eth2")]), &Machine::new()).unwrap();
    assert_eq!(outcome.created.as_deref(), Some("bridge1"));
    assert_eq!(after.bridges["bridge1"].members[0].interface, "eth2");
}

#[test]
fn ports_keep_their_numbers_over_a_restart() {
    let lines = [line("bridge2", [add("eth2"), add("jumbo"), span("ll")]), line("bridge2", [delete("eth2")])];
    let mut live = state();
    for change in &lines {
        live = live.apply(change, &Machine::new()).unwrap().0;
    }
    let restarted: State = toml::from_str(&toml::to_string(&live).unwrap()).unwrap();
    assert_eq!(restarted, live);
    let numbers = |state: &State| -> Vec<(String, u16)> {
        state.bridges["bridge2"].ports().map(|(name, port)| (name.to_string(), port.get())).collect()
    };
    assert_eq!(numbers(&restarted), [("jumbo".into(), 2), ("ll".into(), 3)]);
    let (next, _) = restarted.apply(&line("bridge2", [add("eth2")]), &Machine::new()).unwrap();
    assert_eq!(numbers(&next), [("jumbo".into(), 2), ("eth2".into(), 1), ("ll".into(), 3)]);
}

#[test]
fn bounds() {
    let mut full = state();
    full.bridges.extend((3..64).map(|unit| (format!("bridge{unit}"), Box::default())));
    full.vports.extend((2..1023).map(|unit| (format!("vport{unit}"), VportState::default())));
    let bridge = full.bridges.get_mut("bridge2").unwrap();
    let member = |unit: u16| MemberState::new(format!("vport{}", unit - 1), port(unit));
    bridge.members.extend((2..=1023).map(member));
    bridge.inet = (0..=255).map(|last| InetAddress::new([192, 0, 2, last].into(), 32)).collect();
    full.taps.extend((2..4096).map(|unit| (format!("tap{unit}"), TapState::default())));
    full.tuns.extend((1..4096).map(|unit| (format!("tun{unit}"), TapState::default())));
    full.bridges.get_mut("bridge1").unwrap().spans.clear();
    full.validate(crate::admin::Platform::Linux).unwrap();

    let (more, _) = full.apply(&line("bridge2", [span("eth2")]), &Machine::new()).unwrap();
    assert_eq!(more.bridges["bridge2"].spans[0].port, port(1));
    let rows = [
        (
            line("bridge", [Create]),
            "SIOCIFCREATE2 (bridge64): No space left on device: there are 64 bridges, which is the most; destroy one first",
        ),
        (
            line("vport2000", [Create]),
            "SIOCIFCREATE2 (vport2000): No space left on device: there are 1023 vports, which is the most; destroy one first",
        ),
        (
            line("tap", [Create]),
            "SIOCIFCREATE2 (tap4096): No space left on device: there are 4096 taps, which is the most; destroy one first",
        ),
        (
            line("tun5000", [Create]),
            "SIOCIFCREATE2 (tun5000): No space left on device: there are 4096 tuns, which is the most; destroy one first",
        ),
        (
            line("bridge2", [span("eth2"), add("jumbo")]),
            "BRDGADD jumbo: No space left on device: bridge2 has 1023 members and span ports, which is the most",
        ),
        (
            line("bridge2", [add("jumbo"), span("eth2")]),
            "BRDGADDS eth2: No space left on device: bridge2 has 1023 members and span ports, which is the most",
        ),
        (
            line("bridge2", [inet("198.51.100.1/32")]),
            "ioctl (SIOCAIFADDR): No space left on device: bridge2 has 256 addresses, which is the most",
        ),
    ];
    for (change, want) in rows {
        assert_eq!(refusal(&full, &change), want);
    }
    // A free unit is looked for among those that are taken, even if all of the lower ones are.
    full.vports.remove("vport1022");
    assert_eq!(full.apply(&line("vport", [Create]), &Machine::new()).unwrap().1.created.as_deref(), Some("vport1022"));
}

#[test]
fn a_member_that_was_unplugged_can_still_be_removed() {
    struct Bare;
    impl super::super::Facts for Bare {
        fn platform(&self) -> crate::admin::Platform {
            crate::admin::Platform::Linux
        }

        fn interface(&self, _: &str) -> Option<super::super::super::facts::SystemInterface> {
            None
        }
        fn has_address(&self, _: &str, _: Mac, _: u16) -> bool {
            false
        }
    }
    let (after, _) = state().apply(&line("bridge0", [mtu(9999), delete("eth1")]), &Bare).unwrap();
    assert_eq!(after.bridges["bridge0"].member("eth1"), None);
}
