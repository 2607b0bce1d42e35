//! Several forwarding threads: what one carries is carried once, in order, whoever carries it.

use std::sync::atomic::{AtomicBool, Ordering};
use tests::{Daemon, Kind, Lab, Offloads, Switch, plug, scenario, transfer};

/// Starts a daemon with four workers, more than a small machine has by itself.
fn start(lab: &Lab) -> Daemon {
    let daemon = Daemon::stopped(lab, lab.ns("switch"));
    let mut command = daemon.command();
    command.args(["--workers", "4"]);
    daemon.run_as(command);
    daemon
}

#[test]
fn all_kinds_reach_each_other() {
    let Some(lab) = Lab::open("all_kinds_reach_each_other") else { return };
    let kinds = [Kind::Veth, Kind::Vport, Kind::Tap, Kind::Host];
    scenario::everyone_reaches_everyone(&lab, &start(&lab), &kinds);
}

#[test]
fn a_flood_reaches_everyone_once() {
    let Some(lab) = Lab::open("a_flood_reaches_everyone_once") else { return };
    scenario::a_flood_reaches_everyone_once(&start(&lab), 16, 8);
}

#[test]
fn many_streams_at_once_while_members_come_and_go() {
    let Some(lab) = Lab::open("many_streams_at_once_while_members_come_and_go") else { return };
    let daemon = start(&lab);
    daemon.create();
    let stations = [Kind::Veth, Kind::Vport, Kind::Veth, Kind::Host].into_iter().zip(1..);
    let stations: Vec<_> = stations.map(|(kind, n)| plug(&lab, &daemon, kind, n)).collect();
    stations[2].kernel().offloads(Offloads::Off);
    let _spare = plug(&lab, &daemon, Kind::Veth, 9);
    daemon.ok("bridge0 deletem eth9");
    let descriptors = daemon.descriptors();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let coming_and_going = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                daemon.ok("bridge0 addm eth9");
                daemon.ok("bridge0 deletem eth9");
            }
        });
        let pairs = [(0, 1), (1, 0), (0, 2), (2, 3), (3, 1), (1, 2)];
        let streams = pairs.map(|(from, to)| {
            let (from, to) = (stations[from].kernel(), stations[to].kernel());
            scope.spawn(move || transfer(from, to, 24))
        });
        let ended = streams.map(|stream| stream.join().is_ok());
        done.store(true, Ordering::Relaxed);
        coming_and_going.join().expect("every line is done");
        assert_eq!(ended, [true; 6]);
    });
    assert!(stations.iter().all(|station| station.kernel().bad_checksums() == 0));
    daemon.settles_to(&descriptors);
}

#[test]
fn a_killed_daemon_comes_back() {
    let Some(lab) = Lab::open("a_killed_daemon_comes_back") else { return };
    let daemon = start(&lab);
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Veth, 2));
    assert!(a.reaches(&b));
    daemon.kill();
    daemon.run();
    assert!(a.reaches(&b));
    transfer(a.kernel(), b.kernel(), 32);
}
