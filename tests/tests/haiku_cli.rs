//! The command line, by ioctl, with the add-on in the kernel.

use kernelland::Config;
use kernelland::user::{Process, Program};
use std::ffi::OsString;
use tests::haiku::boot;

#[test]
fn a_bridge_is_created_shown_and_destroyed() {
    kernelland::test(|| {
        let Some(kernel) = boot("a_bridge_is_created_shown_and_destroyed", Config::default()) else { return };
        let program = Program::of(Process::root());
        let ifconfig = |line: &str| {
            let words: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
            trestle::haiku::ifconfig(&program, &words)
        };
        assert_eq!(ifconfig("bridge0 create"), Ok(String::new()));
        assert_eq!(ifconfig("tap0 create"), Ok(String::new()));
        assert_eq!(ifconfig("bridge0 addm tap0 up"), Ok(String::new()));
        println!("{}", ifconfig("bridge0").unwrap());
        println!("{}", ifconfig("tap0").unwrap());
        println!("{:?}", kernel.nodes());
        assert_eq!(ifconfig("tap0 destroy"), Ok(String::new()));
        assert_eq!(ifconfig("bridge0 destroy"), Ok(String::new()));
        println!("{}", kernel.shutdown());
    });
}

#[test]
fn the_self_test_holds() {
    kernelland::test(|| {
        let Some(kernel) = boot("the_self_test_holds", Config::default()) else { return };
        let program = Program::of(Process::root());
        let options = trestle::selftest::Options { nic: None, cycles: 20 };
        let mut failed = Vec::new();
        trestle::selftest::run(&program, &options, &mut |line| {
            println!("{line}");
            failed.extend(line.result.is_err().then(|| line.to_string()));
        });
        println!("{}", kernel.shutdown());
        assert!(failed.is_empty(), "{failed:#?}");
    });
}
