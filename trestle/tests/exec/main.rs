//! Programs under `trestle exec`, and `trestle plug`, at a daemon that is a table of answers.
//!
//! Each process of a scene is the program, or this test program started again in a role.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test ends where it goes wrong")]

mod fake;
mod roles;
mod scene;

use scene::Scene;

#[test]
fn a_program_opens_attaches_reads_and_writes() {
    let scene = Scene::new();
    let daemon = scene.serve();
    scene.exec("", "talks").passes();
    let log = daemon.log();
    assert_eq!(log[0], "open net/tun - by the program", "{log:?}");
    for call in ["TUNSETIFF tap%d 0x1002", "TUNSETPERSIST 1", "TUNGETIFF", "SIOCGIFHWADDR", "TUNGETFEATURES"] {
        assert!(log.iter().any(|line| line == call), "{call} in {log:?}");
    }
    daemon.wait_for("closed");
    scene.wait_until_empty();
}

#[test]
fn the_operators_device_goes_with_every_open() {
    let scene = Scene::new();
    let daemon = scene.serve();
    scene.exec("--tap tap3", "talks").passes();
    assert_eq!(daemon.log()[0], "open net/tun tap3 by the program");
}

#[test]
fn descriptors_are_known_however_they_are_passed_on() {
    let scene = Scene::new();
    let _daemon = scene.serve();
    scene.exec("", "passes_on").passes();
    scene.wait_until_empty();
}

#[test]
fn every_path_and_way_of_opening() {
    let scene = Scene::new();
    let daemon = scene.serve();
    scene.exec("", "opens_by_many_ways").passes();
    let opens: Vec<_> = daemon.log().into_iter().filter(|line| line.starts_with("open")).collect();
    let nodes: Vec<_> = opens.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(nodes, ["net/tun", "tap5", "tun3", "tap", "tun", "tap0", "net/tun", "tap4", "net/tun"]);
}

#[test]
fn an_inherited_descriptor_is_attached_already() {
    let scene = Scene::new();
    let daemon = scene.serve();
    scene.exec("--tap tap3 --fd 9", "inherits").passes();
    assert_eq!(daemon.log()[..2], ["open net/tun tap3 by the program", "TUNSETIFF tap3 0x1002"]);
}

#[test]
fn a_refusal_reaches_the_program_and_standard_error_says_why() {
    let scene = Scene::new();
    let _daemon = scene.serve();
    let outcome = scene.exec("", "is_refused");
    outcome.passes();
    assert!(outcome.output.contains("busy0") && outcome.output.contains("another has it"), "{}", outcome.output);
    let lines = outcome.output.lines().filter(|line| line.starts_with("trestle: ")).count();
    assert!((1..=10).contains(&lines), "50 refusals, {lines} lines");
}

#[test]
fn a_daemon_that_dies_is_silence_and_one_that_returns_is_told_everything() {
    let scene = Scene::new();
    let first = scene.start_daemon();
    let program = scene.start("", "outlives_a_daemon");
    program.wait_for("attached");
    first.kill();
    program.wait_for("silence");
    let _second = scene.start_daemon();
    program.finish().passes();
    let log = scene.log();
    let second = log.iter().rposition(|line| line == "ready").unwrap();
    let calls = ["open net/tun - by the program", "TUNSETIFF tap7 0x1002", "TUNSETPERSIST 1"];
    assert_eq!(log[second + 1..][..3], calls, "{log:?}");
}

#[test]
fn a_destroyed_device_is_the_end_of_the_file() {
    let scene = Scene::new();
    let daemon = scene.serve();
    let program = scene.start("", "is_hung_up");
    program.wait_for("attached");
    daemon.destroy();
    program.finish().passes();
    scene.wait_until_empty();
}

#[test]
fn a_killed_program_leaves_nothing() {
    let scene = Scene::new();
    let daemon = scene.serve();
    let program = scene.start("", "waits");
    program.wait_for("attached");
    assert!(scene.processes() >= 2, "the program and its supervisor");
    program.kill();
    daemon.wait_for("closed");
    scene.wait_until_empty();
}

#[test]
fn opens_and_closes_leave_no_descriptor() {
    let scene = Scene::new();
    let daemon = scene.serve();
    let program = scene.start("", "opens_often");
    program.wait_for("opened often");
    assert_eq!(daemon.log().iter().filter(|line| line.starts_with("open ")).count(), 200);
    // Standard streams, listener, channel, the daemon's pidfd; directory handles of the count itself do not matter.
    scene.wait_until_supervisor_has_at_most(7);
    program.finish().passes();
    scene.wait_until_empty();
}

#[test]
fn what_cannot_be_run_has_its_exit_status() {
    let scene = Scene::new();
    let outcome = scene.exec_program("", "/bin/true");
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.output.contains("trestle run"), "{}", outcome.output);
    let _daemon = scene.serve();
    #[rustfmt::skip]
    let rows = [
        ("",                   "/bin/true",                    0,   ""),
        ("",                   "/bin/false",                   1,   ""),
        ("",                   "no-such-program",              127, "no-such-program"),
        ("",                   "/dev/null",                    126, "/dev/null"),
        ("--tap eth0",         "/bin/true",                    1,   "eth0"),
        ("--tap tap3 --fd 1",  "/bin/true",                    1,   "--fd 1: in use"),
        ("--tap tap99 --fd 5", "/bin/true",                    1,   "no tap99"),
    ];
    for (options, program, code, mention) in rows {
        let outcome = scene.exec_program(options, program);
        assert_eq!(outcome.code, Some(code), "{options} {program}: {}", outcome.output);
        assert!(outcome.output.contains(mention), "{options} {program}: {}", outcome.output);
    }
    scene.wait_until_empty();
}

#[test]
fn a_plugged_datagram_socket_carries_packets_until_it_is_interrupted() {
    let scene = Scene::new();
    let daemon = scene.serve();
    scene.run("plugs").passes();
    let log = daemon.log();
    let want = [
        "open net/tun tap3 by the program",
        "TUNSETIFF tap3 0x1002",
        "change tap3 [Mtu { bytes: 1400 }]",
        "change tap3 [AddAddress { address: InetAddress { address: 10.8.0.1, prefix: 24, broadcast: None, destination: None } }]",
        "change tap3 [DeleteAddress { address: 10.8.0.1 }]",
        "close",
    ];
    assert_eq!(log[..want.len()], want);
    scene.wait_until_empty();
}

#[test]
fn a_plug_ends_with_the_program_that_made_its_socket() {
    let scene = Scene::new();
    let daemon = scene.serve();
    let program = scene.start_role("plugs_and_waits");
    program.wait_for("plugged");
    assert!(scene.processes() >= 2, "the program and its plug");
    program.kill();
    daemon.wait_for("close");
    scene.wait_until_empty();
}

#[test]
fn a_plug_outlives_its_daemon() {
    let scene = Scene::new();
    let first = scene.start_daemon();
    let program = scene.start_role("plugs_twice");
    program.wait_for("plugged");
    first.kill();
    program.wait_for("silence");
    let _second = scene.start_daemon();
    program.finish().passes();
    let log = scene.log();
    let second = log.iter().rposition(|line| line == "ready").unwrap();
    let calls = ["open net/tun tap3 by the program", "TUNSETIFF tap3 0x1002", "change tap3 [Mtu { bytes: 1400 }]"];
    assert_eq!(log[second + 1..][..3], calls, "{log:?}");
}

#[test]
fn what_cannot_be_plugged_is_told() {
    let scene = Scene::new();
    let _daemon = scene.serve();
    #[rustfmt::skip]
    let rows = [
        ("unix --fd 0 --tap tap3",   "descriptor 0: not a Unix socket"),
        ("unix --fd 77 --tap tap3",  "descriptor 77: Bad file descriptor"),
        ("unix --fd 0",              "neither --tap, --tun"),
    ];
    for (arguments, mention) in rows {
        let outcome = scene.plug(arguments);
        assert_eq!(outcome.code, Some(1), "{arguments}");
        assert!(outcome.output.contains(mention), "{arguments}: {}", outcome.output);
    }
}
