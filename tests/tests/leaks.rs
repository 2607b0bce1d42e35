//! What remains after very many changes: nothing.

use tests::{Daemon, Lab, Switch, Wire};

/// KiB by which the daemon may grow over hundreds of cycles: allocators keep pages, leaks grow with every cycle.
const GROWTH_KIB: u64 = 1024;

/// Starts a daemon whose memory shows what it holds: its threads share one heap, for glibc gives each its own, which
/// come and go by megabytes; and a table keeps to pages of its own, for glibc moves what it saw freed once into the
/// heap, where a byte above it keeps the whole table's pages.
fn start(lab: &Lab) -> Daemon {
    let daemon = Daemon::stopped(lab, lab.ns("switch"));
    let mut command = daemon.command();
    command.env("MALLOC_ARENA_MAX", "1");
    command.env("MALLOC_MMAP_THRESHOLD_", "65536");
    command.env("MALLOC_TRIM_THRESHOLD_", "65536");
    daemon.run_as(command);
    daemon
}

/// Runs `cycle` a few times to fill caches, then `times` more, and compares.
fn nothing_remains(daemon: &Daemon, times: u32, mut cycle: impl FnMut(u32)) {
    (0..20).for_each(&mut cycle);
    let process = daemon.process();
    let (links, descriptors, memory) = (daemon.ns().links(), daemon.descriptors(), process.resident_kib());
    (20..20 + times).for_each(cycle);
    assert_eq!(daemon.ns().links(), links);
    daemon.settles_to(&descriptors);
    let grown = process.resident_kib().saturating_sub(memory);
    println!("{times} cycles: {grown} KiB over {memory}");
    assert!(grown < GROWTH_KIB, "grown by {grown} KiB from {memory} in {times} cycles");
}

#[test]
fn a_thousand_bridges() {
    let Some(lab) = Lab::open("a_thousand_bridges") else { return };
    let daemon = start(&lab);
    nothing_remains(&daemon, 1000, |_| {
        daemon.ok("bridge0 create");
        daemon.ok("bridge0 destroy");
    });
}

#[test]
fn two_hundred_memberships() {
    let Some(lab) = Lab::open("two_hundred_memberships") else { return };
    let daemon = start(&lab);
    let _tap = Wire::tap(daemon.ns(), "tap0");
    daemon.ns().ip("link add eth1 type veth peer name far1");
    daemon.ok("bridge0 create up");
    daemon.ok("vport0 create up");
    nothing_remains(&daemon, 200, |_| {
        daemon.ok("bridge0 addm tap0 addm eth1 addm vport0");
        daemon.ok("bridge0 deletem tap0 deletem eth1 deletem vport0");
    });
}

#[test]
fn a_hundred_bridges_full_of_members_and_settings() {
    let Some(lab) = Lab::open("a_hundred_bridges_full_of_members_and_settings") else { return };
    let daemon = start(&lab);
    let _taps: Vec<_> = (0..4).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    nothing_remains(&daemon, 100, |n| {
        daemon.ok(&format!(
            "bridge{} create addm tap0 addm tap1 addm tap2 span tap3 inet 10.9.0.1/24 vlanfilter ifuntagged tap0 10 \
             iftagged tap1 1-4094 static tap1 02:00:00:00:00:01 vlan 10 up",
            n % 8
        ));
        daemon.ok(&format!("bridge{} destroy", n % 8));
    });
}

#[test]
fn refused_lines_and_broken_calls() {
    let Some(lab) = Lab::open("refused_lines_and_broken_calls") else { return };
    let daemon = start(&lab);
    let _tap = Wire::tap(daemon.ns(), "tap0");
    daemon.ok("bridge0 create up");
    nothing_remains(&daemon, 200, |n| {
        use std::io::Write;
        daemon.ifconfig("bridge0 addm tap0 mtu 1400 addm nosuch0").refused();
        let mut stream = std::os::unix::net::UnixStream::connect(daemon.socket()).expect("it listens");
        let nonsense: &[u8] = match n % 3 {
            0 => b"{\"method\":\"org.trestle.Control.Show\"",
            1 => b"not json\0",
            _ => b"{\"method\":\"org.trestle.Nonsense\",\"parameters\":{}}\0",
        };
        stream.write_all(nonsense).expect("it takes it");
    });
}
