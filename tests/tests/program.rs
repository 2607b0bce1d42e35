//! The program as it is called.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;
use tests::{Daemon, Lab, run, trestle};

const SOON: Duration = Duration::from_secs(60);

fn call(arguments: &[&str]) -> tests::Ran {
    let mut command = Command::new(trestle());
    command.args(arguments).env("TRESTLE_SOCKET", "/nonexistent/control");
    run(command, SOON)
}

#[test]
fn called_ifconfig_it_is_ifconfig() {
    let Some(lab) = Lab::open("called_ifconfig_it_is_ifconfig") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let link = lab.directory().join("ifconfig");
    symlink(trestle(), &link).expect("ours");
    let mut ifconfig = Command::new(link);
    ifconfig.args(["bridge", "create"]).env("TRESTLE_SOCKET", daemon.socket());
    assert_eq!(run(ifconfig, SOON).ok(), "bridge0\n");
    assert_eq!(daemon.ok("-l"), "bridge0\n");
}

#[test]
fn mistakes_are_answered_without_a_daemon() {
    for (arguments, words) in [
        (&["ifconfig", "bridge0", "addm"][..], "ifconfig: "),
        (&["ifconfig", "bridge0", "nosuchverb"], "nosuchverb"),
        (&["ifconfig", "bridge0", "ifuntagged", "eth1", "4095"], "invalid VLAN identifier: 4095"),
        (&["ifconfig", "bridge0", "static", "eth1", "02:00"], "invalid address: 02:00"),
        (&["run", "--nonsense"], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&[], "usage"),
    ] {
        let said = call(arguments).refused();
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn without_a_daemon_ifconfig_says_how_to_start_one() {
    let said = call(&["ifconfig", "bridge0"]).refused();
    assert!(said.starts_with("ifconfig: ") && said.contains("/nonexistent/control"), "{said}");
    assert!(said.contains("trestle run"), "{said}");
}

#[test]
fn help_and_version() {
    assert!(call(&["help"]).ok().contains("trestle run"));
    assert!(call(&["--version"]).ok().starts_with("trestle "));
    assert!(call(&["ifconfig", "help"]).ok().contains("addm"));
}

/// The demo needs no setup and no rights, and leaves nothing.
#[test]
fn the_demo_runs_for_everyone() {
    let mut demo = Command::new(trestle());
    demo.args(["demo", "--memory"]);
    assert!(!run(demo, SOON).ok().is_empty());
    let Some(lab) = Lab::open("the_demo_runs_for_everyone") else { return };
    let program = lab.directory().join("trestle");
    std::fs::copy(trestle(), &program).expect("room for a copy");
    let mut demo = Command::new("setpriv");
    demo.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program).arg("demo");
    demo.current_dir("/");
    assert!(!run(demo, SOON).ok().is_empty());
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure_and_a_full_disk_is_one() {
    for arguments in [&["help"][..], &["--version"], &["ifconfig", "help"]] {
        let (reader, writer) = std::io::pipe().expect("descriptors");
        drop(reader);
        let mut command = Command::new(trestle());
        let left = command.args(arguments).stdout(writer).output().expect("ours");
        assert!(left.status.success() && left.stderr.is_empty(), "{arguments:?}: {left:?}");
        let full = std::fs::File::options().write(true).open("/dev/full").expect("of Linux");
        let mut command = Command::new(trestle());
        let full = command.args(arguments).stdout(full).output().expect("ours");
        let said = String::from_utf8_lossy(&full.stderr);
        assert_eq!((full.status.code(), said.contains("No space left")), (Some(1), true), "{arguments:?}: {said}");
    }
}
