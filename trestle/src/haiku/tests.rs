use super::*;
use frame::{Mac, PortId};
use kernel_glue::admin::{
    AdminError, Condition, Errno, Facts, Interface, Live, Outcome, OwnLink, SystemInterface, TapLive,
};
use kernel_glue::haiku_user::testkit::{Driver, FakeStack};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the add-on does with requests, short of forwarding frames: by the rules that it has too.
#[derive(Default)]
struct Rules {
    state: Mutex<State>,
    /// How many changes came.
    changes: Mutex<usize>,
    /// What every change is answered instead.
    failing: Mutex<Option<Status>>,
}

impl Rules {
    fn answer(&self, asked: Asked, request: &[u8]) -> Result<Vec<u8>, Status> {
        let request: Request = serde_json::from_slice(request).unwrap();
        let reply = match (asked, request) {
            (Asked::Change, Request::Change(change)) => {
                *self.changes.lock().unwrap() += 1;
                if let Some(status) = *self.failing.lock().unwrap() {
                    return Err(status);
                }
                self.change(&change)
            }
            (Asked::Question, Request::Ask(question)) => self.tell(&question),
            (asked, request) => panic!("{asked:?} with {request:?}"),
        };
        Ok(serde_json::to_vec(&reply).unwrap())
    }

    fn change(&self, change: &Change) -> Reply {
        let mut state = self.state.lock().unwrap();
        match state.apply(change, &NOTHING) {
            Ok((next, Outcome { created, .. })) => {
                *state = next;
                Reply::Changed { created }
            }
            Err(error) => Reply::Refused(error),
        }
    }

    fn tell(&self, question: &Question) -> Reply {
        let state = self.state.lock().unwrap();
        let mac = |_: &str| Mac([2; 6]);
        let picture = Picture::of(&state, &NOTHING, &mac, &|_| false);
        let interfaces: BTreeMap<String, Interface> = picture.interfaces.clone();
        assert_eq!(interfaces.len(), state.interfaces().count());
        let engine = bridge::Bridge::new(bridge::Config::default(), 1, [7; 4]);
        answer(&state, &picture, &Running(engine), question, Instant::default())
    }
}

/// A system whose every bridge has an engine.
struct Running(bridge::Bridge);

impl Facts for Running {
    fn platform(&self) -> Platform {
        Platform::Haiku
    }

    fn interface(&self, _name: &str) -> Option<SystemInterface> {
        None
    }

    fn has_address(&self, _bridge: &str, _address: Mac, _vlan: u16) -> bool {
        false
    }
}

impl Live for Running {
    fn engine(&self, _bridge: &str) -> Option<&bridge::Bridge> {
        Some(&self.0)
    }

    fn condition(&self, _bridge: &str, _port: PortId) -> Condition {
        Condition::Running
    }

    fn bits_per_second(&self, _bridge: &str, _port: PortId) -> Option<u64> {
        None
    }

    fn own_link(&self, _interface: &str) -> OwnLink {
        OwnLink::Running
    }

    fn device(&self, name: &str) -> Option<TapLive> {
        (!name.starts_with("bridge")).then(TapLive::default)
    }
}

struct Scene {
    rules: Arc<Rules>,
    stack: FakeStack,
}

impl Scene {
    /// A machine with the loopback and a card.
    fn new(installed: bool) -> Self {
        let rules = Arc::new(Rules::default());
        let answering = Arc::clone(&rules);
        let driver = Driver {
            makes: if installed { is_ours } else { |_| false },
            answers: Box::new(move |_, asked, request| answering.answer(asked, request)),
        };
        Self { rules, stack: FakeStack::new(&["loop", "/dev/net/virtio/0"], driver) }
    }

    fn run(&self, line: &str) -> Result<String, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        ifconfig(&self.stack, &words)
    }

    /// The interfaces of the stack that are not there from the beginning.
    fn made(&self) -> Vec<String> {
        self.stack.interfaces().split_off(2)
    }

    fn changes(&self) -> usize {
        *self.rules.changes.lock().unwrap()
    }
}

#[test]
fn an_interface_lives_from_create_to_destroy() {
    let scene = Scene::new(true);
    assert_eq!(scene.run("-l").unwrap(), "\n");
    assert_eq!(scene.run("tap create").unwrap(), "tap0\n");
    assert_eq!(scene.run("tap create").unwrap(), "tap1\n");
    assert_eq!(scene.run("bridge0 create addm tap0 up").unwrap(), "");
    assert_eq!(scene.made(), ["tap0", "tap1", "bridge0"]);
    assert_eq!(scene.run("-l").unwrap(), "bridge0 tap0 tap1\n");
    assert_eq!(scene.run("tap0 destroy").unwrap(), "");
    assert_eq!(scene.made(), ["tap1", "bridge0"]);
    assert!(scene.run("bridge0").unwrap().starts_with("bridge0: flags="));
    assert!(scene.run("tap0").unwrap_err().contains("interface tap0 does not exist"));
    assert_eq!(scene.run("tap create").unwrap(), "tap0\n", "the lowest that is free");
}

#[test]
fn what_is_refused_leaves_no_interface() {
    let scene = Scene::new(true);
    for (line, want) in [
        ("bridge create hellotime 9", "BRDGSHT 9"),
        ("bridge0 create addm tap9", "BRDGADD tap9: No such file or directory"),
        ("tap0 create owner 0 mtu 3", "ioctl SIOCSIFMTU (set mtu)"),
    ] {
        let error = scene.run(line).unwrap_err();
        assert!(error.starts_with(want), "{line}: {error}");
        assert_eq!(scene.made(), [""; 0], "{line}");
    }
    assert_eq!(scene.changes(), 3);
}

#[test]
fn a_line_about_what_is_not_there_makes_nothing() {
    let scene = Scene::new(true);
    for (line, want) in [
        ("bridge0 up", "interface bridge0 does not exist: create it first: trestle ifconfig bridge0 create"),
        ("tap destroy", "interface tap does not exist: name a unit, tap0, or create one: trestle ifconfig tap create"),
        ("bridge7", "interface bridge7 does not exist: trestle ifconfig -l lists those that do"),
        (
            "vport create",
            "SIOCIFCREATE2 (vport0): Operation not supported: there are no vports here; use a tap: trestle ifconfig tap create",
        ),
        ("bridge0x create", "SIOCIFCREATE2 (bridge0x): Invalid argument: the unit is a number"),
    ] {
        let error = scene.run(line).unwrap_err();
        assert!(error.starts_with(want), "{line}: {error}");
    }
    assert_eq!((scene.made(), scene.changes()), (vec![], 0));
}

#[test]
fn what_is_there_is_not_made_again() {
    let scene = Scene::new(true);
    scene.run("tap0 create").unwrap();
    let error = scene.run("tap0 create").unwrap_err();
    assert_eq!(error, "interface tap0 already exists");
    assert_eq!(scene.made(), ["tap0"]);
    // Haiku's own program made it; the first line about it brings it under our rules.
    scene.stack.add("bridge3");
    assert_eq!(scene.run("bridge3 create up"), Ok(String::new()));
    assert_eq!(scene.made(), ["tap0", "bridge3"]);
}

#[test]
fn either_spelling_is_one_interface() {
    let scene = Scene::new(true);
    scene.stack.add("tap/0");
    assert_eq!(scene.run("tap/0 create up"), Ok(String::new()));
    assert_eq!(scene.made(), ["tap/0"]);
    assert_eq!(scene.run("tap create").unwrap(), "tap1\n");
    assert_eq!(scene.run("bridge0 create addm tap/0"), Ok(String::new()));
    assert!(scene.run("bridge0").unwrap().contains("member: tap0 "));
    assert!(scene.run("tap/0").unwrap().starts_with("tap0: flags="));
    assert_eq!(scene.run("tap0 destroy"), Ok(String::new()));
    assert_eq!(scene.made(), ["tap1", "bridge0"]);
    assert_eq!(scene.run("tun/4 create"), Ok(String::new()));
    assert_eq!(scene.made(), ["tap1", "bridge0", "tun4"]);
}

#[test]
fn who_was_faster_keeps_the_unit() {
    let scene = Scene::new(true);
    // The state has the unit, and the stack does not yet show its interface.
    scene.rules.change(&Change { interface: "tap0".into(), verbs: vec![Verb::Create] });
    assert_eq!(scene.run("tap create").unwrap(), "tap1\n");
    assert_eq!(scene.made(), ["tap0", "tap1"], "the interface of the other is left alone");
}

#[test]
fn an_add_on_that_fails_is_asked_once() {
    let scene = Scene::new(true);
    *scene.rules.failing.lock().unwrap() = Some(Status::TIMED_OUT);
    let error = scene.run("tap create").unwrap_err();
    assert!(error.starts_with("the driver of tap0 did not answer: Operation timed out"), "{error}");
    assert_eq!((scene.changes(), scene.made()), (1, vec![]));
}

#[test]
fn without_the_add_on_it_says_what_is_missing() {
    let scene = Scene::new(false);
    for line in ["bridge0 create", "tap create"] {
        let error = scene.run(line).unwrap_err();
        assert!(error.starts_with("no kernel add-on makes ") && error.contains("network/devices"), "{error}");
    }
    // An interface of Haiku's own driver, whose name is like ours.
    scene.stack.add("tap/0");
    let error = scene.run("tap0 up").unwrap_err();
    assert!(error.contains("remove the interface: /bin/ifconfig --delete tap/0"), "{error}");
}

#[test]
fn a_reply_to_something_else_is_no_success() {
    let driver = Driver { makes: is_ours, answers: Box::new(|_, _, _| Ok(b"{\"interfaces\":[]}".to_vec())) };
    let stack = FakeStack::new(&[], driver);
    let error = ifconfig(&stack, &["tap0".into(), "create".into()]).unwrap_err();
    assert!(error.starts_with("the answer was a reply to another call"), "{error}");
    assert_eq!(stack.interfaces(), [""; 0]);
    let refused = AdminError { operation: "x".into(), errno: Some(Errno::Io), detail: String::new() };
    assert!(!refused.is_taken("tap0"));
}
