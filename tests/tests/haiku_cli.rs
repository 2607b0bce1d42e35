//! The command line, by ioctl, with the add-on in the kernel.

use kernelland::Config;
use tests::haiku::{Program, boot, sound};

#[test]
fn a_bridge_is_created_shown_and_destroyed() {
    kernelland::test(|| {
        let Some(kernel) = boot("a_bridge_is_created_shown_and_destroyed", Config::default()) else { return };
        let root = Program::root();
        assert_eq!(root.ifconfig("bridge0 create"), Ok(String::new()));
        assert_eq!(root.ifconfig("tap0 create"), Ok(String::new()));
        assert_eq!(root.ifconfig("bridge0 addm tap0 up"), Ok(String::new()));
        let shown = root.ifconfig("bridge0").unwrap();
        assert!(shown.starts_with("bridge0: flags=") && shown.contains("member: tap0"), "{shown}");
        let shown = root.ifconfig("tap0").unwrap();
        assert!(shown.starts_with("tap0: flags="), "{shown}");
        assert!(kernel.nodes().iter().any(|node| node == "tap/0"), "{:?}", kernel.nodes());
        assert_eq!(root.ifconfig("tap0 destroy"), Ok(String::new()));
        assert_eq!(root.ifconfig("bridge0 destroy"), Ok(String::new()));
        sound(&kernel);
    });
}

#[test]
fn the_self_test_holds() {
    kernelland::test(|| {
        let Some(kernel) = boot("the_self_test_holds", Config::default()) else { return };
        let options = trestle::selftest::Options { nic: None, cycles: 20 };
        let mut failed = Vec::new();
        trestle::selftest::run(&Program::root(), &options, &mut |line| {
            println!("{line}");
            failed.extend(line.result.is_err().then(|| line.to_string()));
        });
        sound(&kernel);
        assert!(failed.is_empty(), "{failed:#?}");
    });
}
