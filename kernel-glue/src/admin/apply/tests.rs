extern crate std;
use super::super::facts::{SystemInterface, SystemKind};
use super::*;
use std::collections::BTreeMap;

#[test]
fn one_line_makes_a_bridge() {
    struct Two(BTreeMap<&'static str, SystemInterface>);
    impl Facts for Two {
        fn interface(&self, name: &str) -> Option<SystemInterface> {
            self.0.get(name).cloned()
        }
        fn has_address(&self, _: &str, _: Mac, _: u16) -> bool {
            false
        }
    }
    let eth = |mtu_bytes| SystemInterface {
        kind: SystemKind::Ethernet,
        mtu_bytes,
        min_mtu_bytes: 68,
        max_mtu_bytes: 9216,
        ether: Mac([2, 0, 0, 0, 0, 1]),
        addresses: Vec::new(),
        master: None,
    };
    let facts = Two(BTreeMap::from([("eth1", eth(9000)), ("eth2", eth(1500))]));
    let add = |member: &str| Verb::AddMember { member: member.into(), untagged: None, tagged: None };
    let change =
        Change { interface: "bridge".into(), verbs: [Verb::Create, add("eth1"), add("eth2"), Verb::Up].into() };
    let (state, outcome) = State::default().apply(&change, &facts).unwrap();
    assert_eq!(outcome.created.as_deref(), Some("bridge0"));
    let bridge = &state.bridges["bridge0"];
    assert_eq!((bridge.mtu_bytes(), bridge.up, bridge.members.len()), (9000, true, 2));
}
