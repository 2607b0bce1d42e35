//! What the add-on does in Haiku's kernel when there is no memory.
#![cfg(not(feature = "linked"))] // Linked, the add-on takes its memory as this program does.

use haiku_abi::{IFF_UP, O_RDWR};
use kernelland::user::{Interface, Process};
use kernelland::{Config, Kernel};
use std::time::Duration;
use tests::haiku::{Program, boot};
use tests::within;

const PATIENCE: Duration = Duration::from_secs(10);

/// Boots for a test that may take some minutes.
fn boot_for_long(test: &str) -> Option<Kernel> {
    boot(test, Config { time_limit: Some(Duration::from_secs(240)), ..Config::default() })
}

/// Runs a command that is to succeed.
#[track_caller]
fn ok(root: Program, line: &str) -> String {
    root.ifconfig(line).unwrap_or_else(|error| panic!("ifconfig {line}: {error}"))
}

fn is_up(name: &str) -> bool {
    Interface::named(Process::root(), name).flags().is_ok_and(|flags| flags & IFF_UP != 0)
}

#[test]
fn a_tap_that_is_opened_comes_up_whichever_allocation_failed() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("a_tap_that_is_opened_comes_up_whichever_allocation_failed") else { return };
        let root = Program::root();
        for n in 1.. {
            ok(root, "tap0 create");
            let before = kernel.allocations();
            kernel.fail_allocation(n);
            let opened = Process::root().open("tap/0", O_RDWR);
            kernel.fail_allocation(0);
            let made = kernel.allocations() - before;
            let _again = opened.or_else(|_| Process::root().open("tap/0", O_RDWR)).unwrap();
            assert!(within(PATIENCE, || is_up("tap0")), "{n}: {}\n{}", ok(root, "tap0"), kernel.syslog());
            ok(root, "tap0 destroy");
            if made < n {
                break;
            }
        }
    });
}

#[test]
fn an_address_is_the_new_one_or_the_former_whichever_allocation_failed() {
    kernelland::test(|| {
        let test = "an_address_is_the_new_one_or_the_former_whichever_allocation_failed";
        let Some(kernel) = boot_for_long(test) else { return };
        let root = Program::root();
        let (mut address, mut refused) = ("02:00:00:00:00:01", 0);
        ok(root, &format!("tap0 create ether {address} up"));
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
            let shown = ok(root, "tap0");
            assert!(shown.contains(&format!("ether {address}")), "{n}: {shown}");
            assert!(is_up("tap0"), "{n}: {shown}\n{}", kernel.syslog());
            if made < n {
                break;
            }
        }
        assert!(refused > 0);
    });
}

#[test]
fn two_hundred_taps_are_administered_and_go_again() {
    kernelland::test(|| {
        let Some(kernel) = boot_for_long("two_hundred_taps_are_administered_and_go_again") else { return };
        let root = Program::root();
        ok(root, "bridge0 create");
        for unit in 0..200 {
            ok(root, &format!("tap{unit} create"));
            ok(root, &format!("bridge0 addm tap{unit}"));
        }
        assert!(ok(root, "-a").contains("tap199: "));
        for unit in 0..100 {
            ok(root, &format!("tap{unit} destroy"));
        }
        for unit in 100..150 {
            Interface::named(Process::root(), &format!("tap{unit}")).delete().unwrap();
        }
        let left = || ok(root, "-g tap").matches(": flags=").count();
        assert!(within(PATIENCE, || left() == 50), "{}\n{}", left(), kernel.syslog());
        for unit in 150..200 {
            ok(root, &format!("tap{unit} destroy"));
        }
        ok(root, "bridge0 destroy");
    });
}
