use super::*;
use crate::daemon::memory::Memory;
use kernel_glue::admin::{Facts, InetAddress, InterfaceReport, Live, Question, Verb, Which};
use std::path::PathBuf;

const NOW: Instant = Instant::from_secs(1);

fn mac(name: &str) -> Mac {
    let [.., last] = name.as_bytes() else { return Mac([2; 6]) };
    Mac([2, 0, 0, 0, name.len() as u8, *last])
}

fn start(state: State, store: Option<Store<State>>) -> Controller<Memory> {
    let mut system = Memory::start().unwrap();
    for (n, interface) in ["eth1", "tap0"].into_iter().enumerate() {
        let last = n as u8 + 2;
        system.plug(interface, Mac([2, 1, 0, 0, 0, last]), ([10, 0, 0, last].into(), 24)).unwrap();
    }
    Controller::start(system, state, store, Box::new(mac)).unwrap()
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("trestle-controller-{}-{name}", std::process::id())).join("state.toml")
}

fn add(member: &str) -> Verb {
    Verb::AddMember { member: member.into(), untagged: None, tagged: None }
}

fn inet(text: &str) -> Verb {
    Verb::AddAddress { address: InetAddress::new(text.parse().unwrap(), 24) }
}

fn change(controller: &mut Controller<Memory>, interface: &str, verbs: Vec<Verb>) -> Reply {
    let change = Change { interface: interface.into(), verbs };
    controller.handle(Call::Admin(Request::Change(change)), None, Peer::this_process(), NOW)
}

fn done(created: Option<&str>) -> Reply {
    Reply::Admin(admin::Reply::Changed { created: created.map(str::to_owned) })
}

fn show(controller: &mut Controller<Memory>) -> Vec<InterfaceReport> {
    let Reply::Admin(admin::Reply::Interfaces(interfaces)) =
        controller.handle(Call::ask(Question::Show(Which::All)), None, Peer::this_process(), NOW)
    else {
        panic!("not a list of interfaces")
    };
    interfaces
}

fn refusal(reply: Reply) -> AdminError {
    let Reply::Admin(admin::Reply::Refused(error)) = reply else { panic!("not refused: {reply:?}") };
    error
}

#[test]
fn a_line_makes_a_bridge_and_destroy_leaves_nothing() {
    let mut controller = start(State::default(), None);
    let verbs = vec![Verb::Create, add("eth1"), add("tap0"), inet("10.0.0.1"), Verb::Up];
    assert_eq!(change(&mut controller, "bridge", verbs), done(Some("bridge0")));
    let [bridge0] = &show(&mut controller)[..] else { panic!() };
    let members: Vec<_> = bridge0.bridge.as_ref().unwrap().members.iter().map(|m| m.interface.as_str()).collect();
    assert_eq!(members, ["tap0", "eth1"], "newest first");
    let hosts = controller.system().hosts();
    let (host, eth1) = (hosts.get("bridge0").unwrap(), hosts.get("eth1").unwrap());
    assert!(host.ping([10, 0, 0, 2].into(), 1)[0].is_some(), "the host reaches eth1's");
    assert!(eth1.ping([10, 0, 0, 3].into(), 1)[0].is_some(), "eth1's host reaches tap0's");
    drop(host);
    assert_eq!(change(&mut controller, "bridge0", vec![Verb::Destroy]), done(None));
    assert_eq!(show(&mut controller), []);
    assert!(hosts.get("bridge0").is_none());
    assert_eq!(controller.picture, Picture::default());
}

#[test]
fn what_the_system_refuses_takes_the_rest_of_the_line_back() {
    let path = file("refused");
    let mut controller = start(State::default(), Some(Store::at(path.clone())));
    assert_eq!(change(&mut controller, "bridge0", vec![Verb::Create, add("eth1")]), done(None));
    let (state, picture) = (controller.state.clone(), controller.picture.clone());
    let saved = std::fs::read_to_string(&path).unwrap();
    // Memory carries 1500 bytes, which shows only when the step is tried.
    let verbs = vec![Verb::Create, add("tap0"), inet("10.0.0.9"), Verb::DeleteMember { member: "tap0".into() }];
    let error =
        refusal(change(&mut controller, "bridge1", [verbs, vec![Verb::Mtu { bytes: 4000 }, Verb::Up]].concat()));
    assert!(error.to_string().contains("SIOCSIFMTU bridge1"), "{error}");
    assert!(controller.system().engine("bridge1").is_none() && controller.system().interface("bridge1").is_none());
    assert_eq!((&controller.state, &controller.picture), (&state, &picture));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), saved);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_state_that_cannot_be_saved_is_not_brought_about() {
    let path = file("unsaved");
    std::fs::create_dir_all(path.parent().unwrap().join("state.toml.new")).unwrap();
    let mut controller = start(State::default(), Some(Store::at(path.clone())));
    let error = refusal(change(&mut controller, "bridge0", vec![Verb::Create, add("eth1"), Verb::Up]));
    assert!(error.to_string().starts_with("nothing was changed"), "{error}");
    assert_eq!((show(&mut controller), &controller.picture), (vec![], &Picture::default()));
    assert!(controller.system().engine("bridge0").is_none());
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_restart_brings_the_state_back() {
    let path = file("restart");
    let mut controller = start(State::default(), Some(Store::at(path.clone())));
    let address = Mac([2, 9, 9, 9, 9, 9]);
    let fixed = Verb::Static { member: "eth1".into(), address, vid: None };
    change(&mut controller, "bridge0", vec![Verb::Create, add("tap0"), add("eth1"), fixed, inet("10.0.0.1"), Verb::Up]);
    let before = show(&mut controller);
    drop(controller);
    let store = Store::<State>::at(path.clone());
    let mut controller = start(store.load().unwrap(), Some(store));
    let members = |reports: &[InterfaceReport]| -> Vec<_> {
        reports[0].bridge.as_ref().unwrap().members.iter().map(|m| (m.interface.clone(), m.port)).collect()
    };
    let after = show(&mut controller);
    assert_eq!((members(&after), &after[0].addresses), (members(&before), &before[0].addresses));
    let table = controller.handle(Call::ask(Question::Addresses("bridge0".into())), None, Peer::this_process(), NOW);
    let Reply::Admin(admin::Reply::Addresses(entries)) = table else { panic!() };
    assert_eq!(entries.iter().map(|entry| (entry.address, &*entry.interface)).collect::<Vec<_>>(), [(address, "eth1")]);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_member_that_is_missing_is_waited_for() {
    let mut state = State::default();
    let facts = Memory::start().unwrap();
    let create = Change { interface: "bridge0".into(), verbs: vec![Verb::Create, Verb::Up] };
    state = state.apply(&create, &facts).unwrap().0;
    let text = format!("{}\n[[bridge.bridge0.member]]\ninterface = \"eth9\"\n", toml::to_string(&state).unwrap());
    let mut controller = start(toml::from_str(&text).unwrap(), None);
    let trouble =
        |controller: &mut Controller<Memory>| show(controller)[0].bridge.as_ref().unwrap().members[0].trouble.clone();
    assert_eq!(trouble(&mut controller), "interface removed");
    controller.system().plug("eth9", Mac([2, 1, 0, 0, 0, 9]), ([10, 0, 0, 9].into(), 24)).unwrap();
    controller.on_event(SystemEvent::LinksChanged, NOW);
    assert_eq!(trouble(&mut controller), "");
}

#[test]
fn a_renamed_member_stays_one() {
    let path = file("renamed");
    let mut controller = start(State::default(), Some(Store::at(path.clone())));
    change(&mut controller, "bridge0", vec![Verb::Create, add("eth1"), Verb::Up]);
    controller.on_event(SystemEvent::Renamed { from: "eth1".into(), to: "lan1".into() }, NOW);
    assert_eq!(controller.state.bridge_of("lan1").map(|(bridge, _)| bridge), Some("bridge0"));
    assert!(std::fs::read_to_string(&path).unwrap().contains("lan1"));
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn unknown_names_are_answered_by_what_they_are() {
    let mut controller = start(State::default(), None);
    change(&mut controller, "bridge0", vec![Verb::Create, add("eth1")]);
    change(&mut controller, "vport0", vec![Verb::Create]);
    let mut ask = |name: &str| {
        refusal(controller.handle(
            Call::ask(Question::Show(Which::Named(name.into()))),
            None,
            Peer::this_process(),
            NOW,
        ))
        .to_string()
    };
    assert!(ask("eth9").starts_with("interface eth9 does not exist"));
    assert!(ask("tap0").contains("the system's own"));
    assert!(ask("eth1").contains("port of bridge0"));
    let table =
        refusal(controller.handle(Call::ask(Question::Addresses("vport0".into())), None, Peer::this_process(), NOW))
            .to_string();
    let mut ask = |name: Option<&str>| {
        controller.handle(Call::ask(Question::Neighbours(name.map(str::to_owned))), None, Peer::this_process(), NOW)
    };
    assert!(refusal(ask(Some("eth9"))).to_string().starts_with("interface eth9 does not exist"));
    for known in [None, Some("bridge0"), Some("eth1"), Some("vport0")] {
        assert_eq!(ask(known), Reply::Admin(admin::Reply::Neighbours(vec![])), "{known:?}");
    }
    assert!(table.starts_with("unable to get address cache: vport0 is not a bridge"), "{table}");
}
