//! Administration inside Haiku's kernel: the real command line, by the ioctl, to the add-on's file.

use haiku_abi::admin::EXCHANGE_V1;
use haiku_abi::{AF_INET, IFF_UP, SIOCGDRVSPEC, SIOCSDRVSPEC, SOCK_DGRAM};
use kernelland::Config;
use kernelland::user::{Interface, Process, Socket};
use std::time::Duration;
use tests::haiku::{Program, boot, boot_for_long, settled, sound};
use tests::within;

/// Waits for what the administration follows by itself.
#[track_caller]
fn soon(what: &str, is_so: impl FnMut() -> bool) {
    assert!(within(Duration::from_secs(20), is_so), "not within 20 seconds: {what}");
}

#[test]
fn a_line_whose_last_verb_fails_changes_nothing() {
    kernelland::test(|| {
        let Some(kernel) = boot("a_line_whose_last_verb_fails_changes_nothing", Config::default()) else { return };
        let root = Program::root();
        root.ok("bridge0 create");
        root.ok("tap0 create");
        root.ok("bridge0 addm tap0 maxaddr 100");
        let before = (root.ok("-j bridge0"), root.ok("-j tap0"));
        for line in [
            "bridge0 up deletem tap0 addm nosuch",
            "bridge0 inet 10.0.0.1/24 mtu 1400 maxaddr 99 deletem tap7",
            "bridge0 addm tap0",
            "tap0 mtu 1400",
            "tap0 carrier up queue 1",
        ] {
            let refused = root.ifconfig(line);
            assert!(refused.is_err(), "{line}: {refused:?}");
            assert_eq!((root.ok("-j bridge0"), root.ok("-j tap0")), before, "{line}");
        }
        let error = root.ifconfig("bridge0 create").unwrap_err();
        assert!(error.contains("bridge0 already exists"), "{error}");
        root.ok("bridge0 deletem tap0 up");
        root.ok("tap0 destroy");
        root.ok("bridge0 destroy");
        assert!(root.ifconfig("bridge0").unwrap_err().contains("does not exist"));
        sound(&kernel);
    });
}

#[test]
fn addresses_are_those_of_the_machine_that_the_settings_name() {
    kernelland::test(|| {
        let test = "addresses_are_those_of_the_machine_that_the_settings_name";
        let Some(kernel) = boot(test, Config::default()) else { return };
        kernel.set_driver_settings("trestle", "machine 00112233445566778899aabbccddeeff\n");
        let root = Program::root();
        for (name, line) in [("bridge0", "bridge0 create"), ("tap3", "tap3 create")] {
            root.ok(line);
            let want = tap::stable_mac(b"00112233445566778899aabbccddeeff", name).to_string();
            assert!(root.ok(name).contains(&format!("ether {want}")), "{want}: {}", root.ok(name));
        }
        sound(&kernel);
    });
}

#[test]
fn who_is_not_root_may_look_and_not_change() {
    kernelland::test(|| {
        let Some(kernel) = boot("who_is_not_root_may_look_and_not_change", Config::default()) else { return };
        let (root, user) = (Program::root(), Program::of_user(1000));
        root.ok("bridge0 create");
        let before = root.ok("-j bridge0");
        let refused = user.ifconfig("bridge0 up").unwrap_err();
        assert!(refused.contains("user 1000 may only read; root may change"), "{refused}");
        assert_eq!(user.ok("-j bridge0"), before);
        sound(&kernel);
    });
}

/// The stack counts an interface twice that two bring up at once, and its device and reader stay when it goes down.
#[test]
fn an_interface_that_somebody_is_just_bringing_up_goes_down_again() {
    kernelland::test(|| {
        let test = "an_interface_that_somebody_is_just_bringing_up_goes_down_again";
        let Some(kernel) = boot(test, Config::default()) else { return };
        let root = Program::root();
        let tap = Interface::named(Process::root(), "tap0");
        tap.create().unwrap();
        let held = kernel.hold_spawns_of("tap0 reader");
        std::thread::scope(|scope| {
            let other = scope.spawn(|| tap.up().unwrap());
            // The device is up by now, and the interface is not.
            soon("a node", || kernel.nodes().iter().any(|node| node == "tap/0"));
            assert_eq!(tap.flags().unwrap() & IFF_UP, 0);
            // The request finds it so, and waits for the flag.
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                drop(held);
            });
            root.ok("tap0 up");
            other.join().unwrap();
        });
        for _ in 0..2 {
            let shown = root.ok("tap0");
            assert!(shown.contains("<UP,"), "{shown}");
            assert!(kernel.threads().contains("tap0 reader"), "{}", kernel.threads());
            root.ok("tap0 down");
            assert!(!kernel.threads().contains("tap0 reader"), "{}", kernel.threads());
            root.ok("tap0 up");
        }
        sound(&kernel);
    });
}

#[test]
fn what_haikus_own_ifconfig_makes_is_administered_and_what_it_deletes_is_forgotten() {
    kernelland::test(|| {
        let test = "what_haikus_own_ifconfig_makes_is_administered_and_what_it_deletes_is_forgotten";
        let Some(kernel) = boot(test, Config::default()) else { return };
        let root = Program::root();
        root.ok("bridge0 create");
        let theirs = Interface::named(Process::root(), "tap/3");
        theirs.create().unwrap();
        theirs.set_address("10.3.0.1".parse().unwrap(), 24).unwrap();
        theirs.up().unwrap();
        let shown = root.ok("tap3");
        assert!(shown.contains("inet 10.3.0.1") && shown.contains("UP"), "{shown}");
        root.ok("bridge0 addm tap/3");
        assert!(root.ok("bridge0").contains("member: tap3"), "{}", root.ok("bridge0"));
        theirs.delete().unwrap();
        soon("the bridge has lost its member", || !root.ok("bridge0").contains("member: tap3"));
        assert!(root.ifconfig("tap3").is_err());
        sound(&kernel);
    });
}

/// Makes the ioctl with an argument of any shape.
fn raw(socket: &Socket, operation: u32, name: &str, command: u64, bytes: u64, data: u64) -> bool {
    let mut argument = [0_u8; 56];
    argument[..name.len()].copy_from_slice(name.as_bytes());
    argument[32..40].copy_from_slice(&command.to_ne_bytes());
    argument[40..48].copy_from_slice(&bytes.to_ne_bytes());
    argument[48..].copy_from_slice(&data.to_ne_bytes());
    socket.ioctl_bytes(operation, &mut argument).is_ok()
}

#[test]
fn whatever_a_program_passes_is_refused_and_nothing_happens() {
    kernelland::test(|| {
        let test = "whatever_a_program_passes_is_refused_and_nothing_happens";
        let Some(kernel) = boot(test, Config::default()) else { return };
        let root = Program::root();
        root.ok("bridge0 create");
        let before = root.ok("-j bridge0");
        let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        let kernel_address = 0xffff_ffff_8000_0000;
        for operation in [SIOCGDRVSPEC, SIOCSDRVSPEC] {
            for (command, bytes, data) in [
                (0, 32, 0x10_0000),
                (EXCHANGE_V1 + 1, 32, 0x10_0000),
                (EXCHANGE_V1, 31, 0x10_0000),
                (EXCHANGE_V1, u64::MAX, 0x10_0000),
                (EXCHANGE_V1, 32, 0),
                (EXCHANGE_V1, 32, 0x10_0000),
                (EXCHANGE_V1, 32, kernel_address),
                (EXCHANGE_V1, 32, u64::MAX - 8),
            ] {
                assert!(!raw(&socket, operation, "bridge0", command, bytes, data), "{command:#x} {bytes} {data:#x}");
            }
        }
        let deep = format!(r#"{{"change":{{"interface":"bridge0","verbs":[{{"verb":"up","x":{}"#, "[".repeat(60_000));
        let long = format!(r#"{{"change":{{"interface":"bridge0","verbs":[{}"#, r#"{"verb":"up"},"#.repeat(4600));
        for request in [
            "",
            "{",
            "null",
            r#"{"change":{"interface":"bridge0","verbs":[{"verb":"up"}"#,
            r#"{"change":{"interface":"bridge0","verbs":[{"verb":"fly"}]}}"#,
            r#"{"change":{"interface":"","verbs":[]}}"#,
            deep.as_str(),
            long.as_str(),
        ] {
            if let Ok(reply) = socket.exchange(SIOCSDRVSPEC, "bridge0", request.as_bytes(), 4096) {
                let reply = String::from_utf8(reply).unwrap();
                assert!(reply.contains("refused"), "{:.40}: {reply}", request);
            }
            assert_eq!(root.ok("-j bridge0"), before, "{:.40}", request);
        }
        // A change whose reply would not fit is not made.
        let up = r#"{"change":{"interface":"bridge0","verbs":[{"verb":"up"}]}}"#;
        assert!(socket.exchange(SIOCSDRVSPEC, "bridge0", up.as_bytes(), 4095).is_err());
        assert_eq!(root.ok("-j bridge0"), before);
        sound(&kernel);
    });
}

/// One life of a bridge with a tap.
fn life(root: Program) {
    root.ok("bridge0 create");
    root.ok("tap0 create");
    root.ok("bridge0 addm tap0 up");
    root.ok("tap0 destroy");
    root.ok("bridge0 destroy");
}

#[test]
fn a_thousand_lives_leave_nothing() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("a_thousand_lives_leave_nothing") else { return };
        let root = Program::root();
        for _ in 0..5 {
            life(root);
        }
        let before = settled(&kernel);
        for _ in 0..1000 {
            life(root);
        }
        let after = settled(&kernel);
        assert_eq!(
            (after.threads, after.semaphores, after.nodes, after.descriptors, after.images, after.module_references),
            (
                before.threads,
                before.semaphores,
                before.nodes,
                before.descriptors,
                before.images,
                before.module_references
            ),
        );
        assert!(after.blocks <= before.blocks + 16, "{} blocks of the heap, then {}", before.blocks, after.blocks);
        sound(&kernel);
    });
}

#[test]
fn whichever_allocation_fails_the_next_try_works() {
    kernelland::test(|| {
        let test = "whichever_allocation_fails_the_next_try_works";
        let Some(kernel) = boot_for_long(test) else { return };
        let root = Program::root();
        life(root);
        let start = kernel.allocations();
        life(root);
        let all = kernel.allocations() - start;
        for n in 1..=all {
            kernel.fail_allocation(n);
            for line in ["bridge0 create", "tap0 create", "bridge0 addm tap0 up", "tap0 destroy", "bridge0 destroy"] {
                // Either it works, or it is refused.
                let _ = root.ifconfig(line);
            }
            kernel.fail_allocation(0);
            let _ = root.ifconfig("tap0 destroy");
            let _ = root.ifconfig("bridge0 destroy");
            soon("both are gone", || root.ifconfig("tap0").is_err() && root.ifconfig("bridge0").is_err());
            life(root);
        }
        sound(&kernel);
    });
}
