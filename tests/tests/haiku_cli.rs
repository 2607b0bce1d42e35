//! The command line, by ioctl, with the add-on in the kernel.

use kernelland::Config;
use tests::haiku::{Program, boot};

#[test]
fn a_bridge_is_created_shown_and_destroyed() {
    kernelland::test(|| {
        let Some(kernel) = boot("a_bridge_is_created_shown_and_destroyed", Config::default()) else { return };
        let root = Program::root();
        assert_eq!(root.ifconfig("bridge0 create"), Ok(String::new()));
        assert_eq!(root.ifconfig("tap0 create"), Ok(String::new()));
        assert_eq!(root.ifconfig("bridge0 addm tap0 up"), Ok(String::new()));
        println!("{}", root.ifconfig("bridge0").unwrap());
        println!("{}", root.ifconfig("tap0").unwrap());
        println!("{:?}", kernel.nodes());
        assert_eq!(root.ifconfig("tap0 destroy"), Ok(String::new()));
        assert_eq!(root.ifconfig("bridge0 destroy"), Ok(String::new()));
        println!("{}", kernel.shutdown());
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
        println!("{}", kernel.shutdown());
        assert!(failed.is_empty(), "{failed:#?}");
    });
}
