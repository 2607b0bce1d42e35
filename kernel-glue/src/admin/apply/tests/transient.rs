//! Devices that live as long as somebody has them open: the daemon alone makes them, and no file knows them.

use super::super::super::request::{Change, Verb, Verb::*};
use super::super::super::state::State;
use super::fixture::{B, Machine, add, fixed, inet, mtu, span, state};
use std::string::ToString;
use std::vec::Vec;

fn after(state: &State, interface: &str, verbs: impl Into<Vec<Verb>>) -> State {
    let change = Change { interface: interface.into(), verbs: verbs.into() };
    state.apply(&change, &Machine::new()).unwrap().0
}

#[test]
fn no_file_holds_them_and_no_bridge_of_a_file_has_them() {
    let before = state();
    let mut live = after(&before, "tap5", [CreateTransient, Up, Owner { uid: 9 }, inet("10.9.0.1/24")]);
    live = after(&live, "tap6", [CreateTransient]);
    live = after(&live, "tap7", [CreateTransient, mtu(1400)]);
    live = after(&live, "tun5", [CreateTransient, mtu(1400)]);
    assert_eq!(live.validate(crate::admin::Platform::Linux), Ok(()));
    assert_eq!(live.saved(), before);

    live = after(&live, "bridge0", [add("tap5"), fixed("tap5", B, None), span("tap6")]);
    live = after(&live, "bridge2", [add("tap7")]);
    assert_eq!(live.validate(crate::admin::Platform::Linux), Ok(()));
    assert_eq!((live.bridges["bridge0"].ports().count(), live.bridges["bridge2"].mtu_bytes), (6, Some(1400)));
    assert_eq!(live.saved(), before);
    let text = toml::to_string(&live.saved()).unwrap();
    assert_eq!(toml::from_str::<State>(&text).unwrap(), before);
}

#[test]
fn persist_writes_it_with_its_place_in_a_bridge() {
    let live = after(&state(), "tap5", [CreateTransient, Queue { packets: 64 }]);
    let live = after(&live, "bridge2", [add("tap5")]);
    let kept = after(&live, "tap5", [Persist { on: true }]);
    assert_eq!(kept.saved(), kept);
    assert_eq!(kept.bridges["bridge2"].members.len(), 1);
    assert_eq!(after(&kept, "tap5", [Persist { on: false }]), live);
}

#[test]
fn as_create_it_takes_the_lowest_unit() {
    let change = Change { interface: "tun".into(), verbs: [CreateTransient].into() };
    let (next, outcome) = state().apply(&change, &Machine::new()).unwrap();
    assert_eq!(outcome.created.as_deref(), Some("tun1"));
    assert!(next.tuns["tun1"].transient && !next.tuns["tun0"].transient);
}

#[test]
fn what_nobody_opens_can_not_be_transient() {
    #[rustfmt::skip]
    let rows = [
        ("bridge7", "SIOCIFCREATE2 (bridge7): Invalid argument: nobody opens bridge7, so it can not live as long as it is open; create a tap or tun"),
        ("vport",   "SIOCIFCREATE2 (vport2): Invalid argument: nobody opens vport2, so it can not live as long as it is open; create a tap or tun"),
        ("tap0",    "interface tap0 already exists"),
        ("tap9",    "interface tap9 already exists: it is the system's own; take another unit, or remove it: ip link delete tap9"),
    ];
    for (interface, want) in rows {
        let change = Change { interface: interface.into(), verbs: [CreateTransient].into() };
        assert_eq!(state().apply(&change, &Machine::new()).unwrap_err().to_string(), want);
    }
}

#[test]
fn no_message_can_ask_for_one() {
    for text in [r#"{"verb":"create-transient"}"#, r#"{"verb":"CreateTransient"}"#] {
        assert!(serde_json::from_str::<Verb>(text).unwrap_err().to_string().starts_with("unknown variant"), "{text}");
    }
    assert!(serde_json::to_string(&CreateTransient).is_err());
}
