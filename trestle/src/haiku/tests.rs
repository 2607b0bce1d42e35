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
    fn answer(&self, stack: &FakeStack, asked: Asked, request: &[u8]) -> Result<Vec<u8>, Status> {
        let request: Request = serde_json::from_slice(request).unwrap();
        let reply = match (asked, request) {
            (Asked::Change, Request::Change(change)) => {
                *self.changes.lock().unwrap() += 1;
                if let Some(status) = *self.failing.lock().unwrap() {
                    return Err(status);
                }
                let before = self.state.lock().unwrap().clone();
                let reply = self.change(&change);
                let state = self.state.lock().unwrap();
                for (ended, _) in before.interfaces().filter(|(name, _)| state.kind_of(name).is_none()) {
                    let is_of_it = |name: &String| Platform::Haiku.own_name(name).as_deref().unwrap_or(name) == ended;
                    stack.interfaces().iter().filter(|name| is_of_it(name)).for_each(|name| stack.remove(name));
                }
                reply
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
        answer(&state, &picture, &Running(NOTHING, engine), question, Instant::default())
    }
}

/// A system whose every bridge has an engine.
struct Running(Blank, bridge::Bridge);

impl Facts for Running {
    fn platform(&self) -> Platform {
        self.0.platform()
    }

    fn interface(&self, name: &str) -> Option<SystemInterface> {
        self.0.interface(name)
    }

    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool {
        self.0.has_address(bridge, address, vlan)
    }
}

impl Live for Running {
    fn engine(&self, _bridge: &str) -> Option<&bridge::Bridge> {
        Some(&self.1)
    }

    fn condition(&self, _bridge: &str, _port: PortId) -> Condition {
        Condition::Running
    }

    fn bits_per_second(&self, bridge: &str, port: PortId) -> Option<u64> {
        self.0.bits_per_second(bridge, port)
    }

    fn own_link(&self, _interface: &str) -> OwnLink {
        OwnLink::Running
    }

    fn device(&self, name: &str) -> Option<TapLive> {
        (!name.starts_with("bridge")).then(TapLive::default)
    }
}

/// Interfaces of other drivers: the loopback and a card.
const OTHERS: [&str; 2] = ["loop", "/dev/net/virtio/0"];

struct Scene {
    rules: Arc<Rules>,
    stack: FakeStack,
}

impl Scene {
    fn new(installed: bool) -> Self {
        Self::of(&OTHERS, if installed { is_ours } else { |_| false })
    }

    /// A machine with interfaces of other drivers.
    fn of(others: &[&str], makes: fn(&str) -> bool) -> Self {
        let rules = Arc::new(Rules::default());
        let answering = Arc::clone(&rules);
        let driver = Driver {
            makes,
            answers: Box::new(move |stack, _, asked, request| answering.answer(stack, asked, request)),
        };
        Self { rules, stack: FakeStack::new(others, driver) }
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
    assert!(error.contains("it is removed: /bin/ifconfig --delete tap/0"), "{error}");
}

#[test]
fn an_interface_of_haikus_own_driver_is_no_way_to_the_add_on() {
    let scene = Scene::of(&["loop", "tun/0"], is_ours);
    let error = scene.run("-l").unwrap_err();
    assert!(
        error.starts_with("the driver of tun/0 did not answer: Invalid argument; if it is not Trestle's"),
        "{error}"
    );
    assert_eq!(scene.run("bridge0 create"), Ok(String::new()));
    assert_eq!(scene.run("-l").unwrap(), "bridge0\n");
    assert!(scene.run("bridge0").unwrap().starts_with("bridge0: flags="));
    assert_eq!(scene.run("tun create").unwrap(), "tun1\n");
    assert_eq!(scene.stack.interfaces(), ["loop", "tun/0", "bridge0", "tun1"]);
}

#[test]
fn what_is_wrong_with_ours_is_said_rather_than_what_another_driver_does_not_know() {
    let driver = Driver { makes: is_ours, answers: Box::new(|_, _, _, _| Err(Status::NO_MEMORY)) };
    let stack = FakeStack::new(&["tun/0"], driver);
    stack.add("bridge0");
    let error = ifconfig(&stack, &["-l".into()]).unwrap_err();
    assert_eq!(error, "the driver of bridge0 did not answer: Out of memory");
}

#[test]
fn remedies_of_neighbours_are_called_as_they_are() {
    let scene = Scene::new(true);
    let error = neighbours(&scene.stack, vec!["bridge0".into()]).unwrap_err();
    assert!(error.contains("trestle ifconfig -l"), "{error}");
}

#[test]
fn an_interface_that_somebody_brings_up_is_awaited() {
    let scene = Scene::new(true);
    scene.run("tap0 create").unwrap();
    scene.stack.keep_busy("tap0", 3);
    assert_eq!(scene.run("tap0 up"), Ok(String::new()));
    scene.stack.keep_busy("tap0", 3);
    assert_eq!(scene.run("-l").unwrap(), "tap0\n");
    scene.stack.keep_busy("tap0", usize::MAX);
    let busy = Err("tap0 is being brought up, or taken away; try again".to_owned());
    for line in ["tap0 up", "tap0 create", "-l"] {
        assert_eq!(scene.run(line), busy, "{line}");
    }
    assert_eq!(scene.run("tap create").unwrap(), "tap1\n");
    assert_eq!(scene.made(), ["tap0", "tap1"]);
}

#[test]
fn a_name_that_is_not_free_yet_is_awaited() {
    let scene = Scene::new(true);
    scene.stack.keep_busy("tap0", 3);
    assert_eq!(scene.run("tap0 create"), Ok(String::new()));
    scene.stack.keep_busy("tap1", usize::MAX);
    assert_eq!(scene.run("tap1 create"), Err("tap1 is being brought up, or taken away; try again".into()));
    assert_eq!(scene.run("tap create").unwrap(), "tap2\n");
    assert_eq!(scene.made(), ["tap0", "tap2"]);
}

#[test]
fn what_the_add_on_destroys_it_removes_itself() {
    // Somebody makes another one as soon as the interface is gone.
    let driver = Driver {
        makes: is_ours,
        answers: Box::new(|stack, interface, _, _| {
            stack.remove(interface);
            stack.add(interface);
            Ok(serde_json::to_vec(&Reply::Changed { created: None }).unwrap())
        }),
    };
    let stack = FakeStack::new(&[], driver);
    stack.add("tap0");
    assert_eq!(ifconfig(&stack, &["tap0".into(), "destroy".into()]), Ok(String::new()));
    assert_eq!(stack.interfaces(), ["tap0"]);
}

#[test]
fn a_device_that_the_add_on_does_not_make_is_no_add_on_that_is_missing() {
    let scene = Scene::of(&OTHERS, |name| is_ours(name) && name != "tap0");
    let missing = scene.run("tap0 create").unwrap_err();
    assert!(missing.starts_with("no kernel add-on makes tap0"), "{missing}");
    scene.run("bridge0 create").unwrap();
    let refused = "the add-on makes no tap0 for now: memory is short, or the last tap0 is not gone yet; try again";
    assert_eq!(scene.run("tap0 create").unwrap_err(), refused);
    assert_eq!(scene.run("tap create").unwrap(), "tap1\n");
    scene.run("tap1 destroy").unwrap();
    scene.run("bridge0 destroy").unwrap();
    scene.stack.add_node(CLONE_NODE);
    assert_eq!(scene.run("tap0 create").unwrap_err(), refused);
    assert_eq!(scene.made(), [""; 0]);
}

#[test]
fn a_line_that_creates_and_destroys_leaves_nothing() {
    let scene = Scene::new(true);
    assert_eq!(scene.run("tap0 create destroy"), Ok(String::new()));
    assert_eq!(scene.made(), [""; 0]);
}

#[test]
fn a_reply_to_something_else_is_no_success() {
    let driver = Driver { makes: is_ours, answers: Box::new(|_, _, _, _| Ok(b"{\"interfaces\":[]}".to_vec())) };
    let stack = FakeStack::new(&[], driver);
    let error = ifconfig(&stack, &["tap0".into(), "create".into()]).unwrap_err();
    assert!(error.starts_with("the answer was a reply to another call"), "{error}");
    assert_eq!(stack.interfaces(), [""; 0]);
    let refused = AdminError { operation: "x".into(), errno: Some(Errno::Io), detail: String::new() };
    assert!(!refused.is_taken("tap0"));
}
