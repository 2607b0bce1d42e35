//! What the add-on does in Haiku's kernel when there is no memory.
#![cfg(not(feature = "linked"))] // Linked, the add-on takes its memory as this program does.

use haiku_abi::{IFF_UP, O_RDWR};
use kernelland::Kernel;
use kernelland::user::{Interface, Process};
use std::ffi::OsString;
use std::time::Duration;
use tests::haiku::{Bridged, Program, boot_for_long, sound};
use tests::{EtherFrame, within};
use trestle::administer::execute;
use trestle::haiku::AddOn;

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x20];
const ALL: [u8; 6] = [0xff; 6];
const MOMENT: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(10);

fn is_up(name: &str) -> bool {
    Interface::named(Process::root(), name).flags().is_ok_and(|flags| flags & IFF_UP != 0)
}

#[test]
fn a_tap_that_is_opened_comes_up_whichever_allocation_failed() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("a_tap_that_is_opened_comes_up_whichever_allocation_failed") else { return };
        let root = Program::root();
        for n in 1.. {
            root.ok("tap0 create");
            let before = kernel.allocations();
            kernel.fail_allocation(n);
            let opened = Process::root().open("tap/0", O_RDWR);
            kernel.fail_allocation(0);
            let made = kernel.allocations() - before;
            let _again = opened.or_else(|_| Process::root().open("tap/0", O_RDWR)).unwrap();
            assert!(within(PATIENCE, || is_up("tap0")), "{n}: {}\n{}", root.ok("tap0"), kernel.syslog());
            root.ok("tap0 destroy");
            if made < n {
                break;
            }
        }
        sound(&kernel);
    });
}

#[test]
fn an_address_is_the_new_one_or_the_former_whichever_allocation_failed() {
    kernelland::test(|| {
        let test = "an_address_is_the_new_one_or_the_former_whichever_allocation_failed";
        let Some(kernel) = boot_for_long(test) else { return };
        let root = Program::root();
        let (mut address, mut refused) = ("02:00:00:00:00:01", 0);
        root.ok(&format!("tap0 create ether {address} up"));
        for n in 1.. {
            let other = if address.ends_with('1') { "02:00:00:00:00:02" } else { "02:00:00:00:00:01" };
            let before = kernel.allocations();
            kernel.fail_allocation(n);
            let set = root.ifconfig(&format!("tap0 ether {other}"));
            kernel.fail_allocation(0);
            let made = kernel.allocations() - before;
            match set {
                Ok(_) => address = other,
                Err(_) => refused += 1,
            }
            let shown = root.ok("tap0");
            assert!(shown.contains(&format!("ether {address}")), "{n}: {shown}");
            assert!(is_up("tap0"), "{n}: {shown}\n{}", kernel.syslog());
            if made < n {
                break;
            }
        }
        assert!(refused > 0);
        sound(&kernel);
    });
}

#[test]
fn two_hundred_taps_are_administered_and_go_again() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("two_hundred_taps_are_administered_and_go_again") else { return };
        let root = Program::root();
        root.ok("bridge0 create");
        for unit in 0..200 {
            root.ok(&format!("tap{unit} create"));
            root.ok(&format!("bridge0 addm tap{unit}"));
        }
        assert!(root.ok("-a").contains("tap199: "));
        for unit in 0..100 {
            root.ok(&format!("tap{unit} destroy"));
        }
        for unit in 100..150 {
            Interface::named(Process::root(), &format!("tap{unit}")).delete().unwrap();
        }
        let left = || root.ok("-g tap").matches(": flags=").count();
        assert!(within(PATIENCE, || left() == 50), "{}\n{}", left(), kernel.syslog());
        for unit in 150..200 {
            root.ok(&format!("tap{unit} destroy"));
        }
        root.ok("bridge0 destroy");
        sound(&kernel);
    });
}

/// Tries a line with ever more allocations before none succeeds, until it is as if none failed. Each time it is carried out
/// or refused, and `undo` makes it as before.
fn starve(kernel: &Kernel, root: Program, line: &str, undo: impl Fn()) {
    let (mut n, mut refused) = (1, 0);
    loop {
        let before = kernel.allocations();
        kernel.fail_allocations_from(n);
        let done = root.ifconfig(line);
        kernel.fail_allocations_from(0);
        let made = kernel.allocations() - before;
        if let Err(error) = &done {
            refused += 1;
            assert!(!error.contains("did not answer: Buffer overflow"), "{n}: {error}");
        }
        undo();
        if made < n {
            done.unwrap_or_else(|error| panic!("{line}: {error}"));
            println!("{line}: {refused} refused");
            assert!(refused > 0, "{line}");
            return;
        }
        n += 1 + n / 16;
    }
}

#[test]
fn a_bridge_without_memory_is_refused_and_not_the_kernels_end() {
    kernelland::test(|| {
        let test = "a_bridge_without_memory_is_refused_and_not_the_kernels_end";
        let Some(kernel) = boot_for_long(test) else { return };
        let root = Program::root();
        starve(&kernel, root, "bridge0 create", || {
            let gone = || {
                let _ = root.ifconfig("bridge0 destroy");
                root.ifconfig("bridge0").is_err()
            };
            assert!(within(PATIENCE, gone));
        });
        root.ok("bridge0 create");
        root.ok("tap0 create");
        root.ok("bridge0 addm tap0 up");
        for addresses in [100_000, 1_048_576] {
            starve(&kernel, root, &format!("bridge0 maxaddr {addresses}"), || drop(root.ok("bridge0 maxaddr 2000")));
        }
        starve(&kernel, root, "bridge0 suppress tap0", || drop(root.ok("bridge0 -suppress tap0")));
        let tagged = (1..4094).step_by(2).map(|vid| vid.to_string()).collect::<Vec<_>>().join(",");
        starve(&kernel, root, &format!("bridge0 iftagged tap0 {tagged}"), || {
            drop(root.ok("bridge0 -iftagged tap0 1-4094"))
        });
        starve(&kernel, root, "bridge0 deletem tap0 addm tap0 tagged 1-100", || {
            let _ = root.ifconfig("bridge0 deletem tap0");
            root.ok("bridge0 addm tap0");
        });
        root.ok("bridge0");
        sound(&kernel);
    });
}

#[test]
fn a_table_is_listed_or_refused() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("a_table_is_listed_or_refused") else { return };
        let root = Program::root();
        for line in ["bridge0 create maxaddr 100000", "tap0 create up", "bridge0 addm tap0 up suppress tap0"] {
            root.ok(line);
        }
        let tap = Process::root().open("tap/0", O_RDWR).unwrap();
        let speak = |stations: std::ops::Range<u32>| {
            for station in stations {
                let [_, a, b, c] = station.to_be_bytes();
                let frame = [&[0xff; 6][..], &[2, 0, 0, a, b, c], &[0x88, 0xb5], &[0; 46]].concat();
                tap.write(&frame).unwrap();
                if station % 128 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        };
        speak(0..3000);
        let lines = || root.ok("bridge0 addr").lines().count();
        assert!(within(PATIENCE, || lines() > 2500), "{}", lines());
        starve(&kernel, root, "bridge0 addr", || ());
        // More than a reply holds.
        speak(0..40_000);
        let refused = || root.ifconfig("bridge0 addr").err().unwrap_or_default();
        assert!(
            within(PATIENCE, || refused().contains("and a reply holds 32768; let it forget some")),
            "{}",
            refused()
        );
        root.ok("bridge0");
        root.ok("bridge0 flush");
        assert!(within(PATIENCE, || root.ifconfig("bridge0 addr").is_ok()));
        sound(&kernel);
    });
}

#[test]
fn a_failed_allocation_leaves_a_working_bridge() {
    kernelland::test(|| {
        Bridged::run("a_failed_allocation_leaves_a_working_bridge", |lan| {
            let card = lan.card("wire/0", CARD);
            let path = card.nic.path();
            let works = |text: &str| {
                let frame = EtherFrame::new(ALL, FAR, text).bytes();
                within(PATIENCE, || {
                    card.cable.send(&frame).unwrap();
                    lan.tap_hears(&frame, Duration::from_millis(100))
                })
            };
            let (mut number, mut refused) = (0, 0);
            loop {
                number += 1;
                // The socket is made before: what Haiku's stack does without memory is not in question.
                let socket = AddOn::open(&lan.root).unwrap();
                let words = format!("bridge0 addm {path}").split(' ').map(OsString::from).collect::<Vec<_>>();
                let before = lan.kernel.allocations();
                lan.kernel.fail_allocation(number);
                let added = execute(&words, || Ok(socket));
                lan.kernel.fail_allocation(0);
                let made = lan.kernel.allocations() - before;
                match &added {
                    Ok(_) => assert!(works(&format!("added {number}")), "{number}\n{}", lan.kernel.syslog()),
                    Err(_) => refused += 1,
                }
                // Whatever came of it, it can be undone, and done.
                if added.is_err() {
                    lan.ifconfig(&format!("bridge0 addm {path}"));
                    assert!(works(&format!("added after {number}")), "{number} {added:?}\n{}", lan.kernel.syslog());
                }
                lan.ifconfig(&format!("bridge0 deletem {path}"));
                if made < number {
                    break;
                }
            }
            println!("{number} allocations failed, one by one; {refused} refused the change");
            assert!(number > 10);
            // Frames may be lost without memory, and others come with it.
            lan.ifconfig(&format!("bridge0 addm {path}"));
            assert!(works("with memory"));
            lan.kernel.fail_allocations_from(1);
            let frame = EtherFrame::new(ALL, FAR, "without").bytes();
            card.cable.send(&frame).unwrap();
            let _ = lan.tap_hears(&frame, MOMENT);
            lan.kernel.fail_allocations_from(0);
            assert!(works("with memory again"), "{}", lan.kernel.syslog());
        });
    });
}
