//! Operators and programs that make devices at the same time, in Haiku's kernel.

use haiku_abi::O_RDWR;
use kernelland::Config;
use kernelland::user::{Interface, Process};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tests::haiku::{Program, boot, boot_for_long, sound};
use tests::within;

const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn a_programs_device_is_there_for_an_operator_who_creates_it() {
    kernelland::test(|| {
        let test = "a_programs_device_is_there_for_an_operator_who_creates_it";
        let Some(kernel) = boot(test, Config::default()) else { return };
        let root = Program::root();
        // With the first device come the clone nodes.
        root.ifconfig("tun9 create").unwrap();
        let node = Process::root().open("tap/clone", O_RDWR).unwrap();
        let refused = root.ifconfig("tap0 create").unwrap_err();
        assert!(refused.contains("interface tap0 already exists"), "{refused}");
        assert_eq!(root.ifconfig("tap create").unwrap(), "tap1\n");
        drop(node);
        assert!(within(PATIENCE, || root.ifconfig("tap0").is_err()));
        root.ifconfig("tap1").unwrap();
        // What Haiku's own ifconfig made is taken over by a line that is right.
        Interface::named(Process::root(), "tap5").create().unwrap();
        root.ifconfig("tap5 create mtu 1").unwrap_err();
        root.ifconfig("tap5 create mtu 1400").unwrap();
        root.ifconfig("tap5 create").unwrap_err();
        for line in ["tap1 destroy", "tap5 destroy", "tun9 destroy"] {
            root.ifconfig(line).unwrap();
        }
        sound(&kernel);
    });
}

#[test]
fn an_interface_that_gets_the_device_of_another_begins_anew() {
    kernelland::test(|| {
        let test = "an_interface_that_gets_the_device_of_another_begins_anew";
        let Some(kernel) = boot(test, Config::default()) else { return };
        let root = Program::root();
        root.ifconfig("tun9 create").unwrap();
        let tap = Interface::named(Process::root(), "tap0");
        for round in 0..20 {
            let node = Process::root().open("tap/clone", O_RDWR).unwrap();
            root.ifconfig("tap0 mtu 1400 owner 7").unwrap();
            let seen = tap.refer().unwrap();
            drop(node);
            assert!(within(PATIENCE, || root.ifconfig("-l").unwrap() == "tun9\n"), "{round}");
            // While somebody holds on to the interface, no other can have the device; whoever tries holds on to that.
            let refused = AtomicU32::new(0);
            std::thread::scope(|scope| {
                let create = || tap.create().is_ok() || refused.fetch_add(1, Ordering::Relaxed) > 1_000_000;
                scope.spawn(move || while !create() {});
                let tried = within(PATIENCE, || refused.load(Ordering::Relaxed) > 0);
                drop(seen);
                assert!(tried, "{round}");
            });
            root.ifconfig("tap0 create").unwrap();
            let shown = root.ifconfig("tap0").unwrap();
            assert!(shown.contains("mtu 1500") && shown.contains("owner 0"), "{round}: {shown}");
            root.ifconfig("tap0 destroy").unwrap();
        }
        root.ifconfig("tun9 destroy").unwrap();
        sound(&kernel);
    });
}

/// Creates a tap, and tries again where the stack is just making or ending one of the name.
fn create(root: Program) -> String {
    let mut created = root.ifconfig("tap create");
    let done = within(PATIENCE, || {
        if created.is_err() {
            created = root.ifconfig("tap create");
        }
        created.is_ok()
    });
    assert!(done, "{created:?}");
    created.unwrap()
}

#[test]
fn each_gets_a_device_of_its_own_however_close_they_are() {
    kernelland::test(|| {
        let test = "each_gets_a_device_of_its_own_however_close_they_are";
        let Some(kernel) = boot_for_long(test) else { return };
        let root = Program::root();
        // With the first device come the clone nodes.
        root.ifconfig("tun9 create").unwrap();
        for round in 0..30 {
            let (node, name) = std::thread::scope(|scope| {
                let program = scope.spawn(|| Process::root().open("tap/clone", O_RDWR).unwrap());
                let created = create(root);
                (program.join().unwrap(), created.trim().to_owned())
            });
            drop(node);
            // The program's goes, and the operator's stays.
            let left = format!("{name} tun9");
            let others = (0..4).map(|unit| format!("tap{unit}")).filter(|other| *other != name).collect::<Vec<_>>();
            let is_gone = |name: &String| Interface::named(Process::root(), name).flags().is_err();
            let gone = || root.ifconfig("-l").unwrap().trim() == left && others.iter().all(is_gone);
            let seen = || (root.ifconfig("-l"), others.iter().map(is_gone).collect::<Vec<_>>(), kernel.syslog());
            assert!(within(PATIENCE, gone), "{round}: {name}: {:?}", seen());
            root.ifconfig(&format!("{name} destroy")).unwrap();
        }
        sound(&kernel);
    });
}
