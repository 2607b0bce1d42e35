//! Taps and tuns of the kernel add-on, by their interfaces and nodes, in a kernel in user space.

use kernelland::user::{Interface, Process};
use kernelland::{Config, Kernel};
use tests::haiku::boot;

/// Runs a test in a kernel of its own, and in the end looks for faults with the add-on in them.
fn with_kernel(test: &str, body: impl FnOnce(&Kernel)) {
    let Some(kernel) = boot(test, Config::default()) else { return };
    body(&kernel);
    let report = kernel.report().concerning("trestle");
    assert!(report.faults.is_empty(), "{report}");
    println!("{report}");
}

#[test]
fn a_name_makes_an_interface_and_nothing_else() {
    kernelland::test(|| {
        with_kernel("a_name_makes_an_interface_and_nothing_else", |kernel| {
            let root = Process::root();
            for name in ["tap0", "tun/3", "bridge32767"] {
                let (nodes, threads) = (kernel.nodes(), kernel.counts().threads);
                let interface = Interface::named(root, name);
                interface.create().unwrap();
                // The stack's own consumer.
                assert_eq!((kernel.nodes(), kernel.counts().threads), (nodes, threads + 1), "{name}");
                interface.delete().unwrap();
            }
            for name in ["tap", "tap/", "tap/../x", "tap32768", "bridge", "bridge/0", "trestle0", "tap00"] {
                assert!(Interface::named(root, name).create().is_err(), "{name}");
            }
            let tap = Interface::named(root, "tap0");
            tap.create().unwrap();
            assert!(Interface::named(root, "tap/0").create().is_err(), "the unit has an interface");
            tap.delete().unwrap();
            Interface::named(root, "tap/0").create().unwrap();
        });
    });
}
