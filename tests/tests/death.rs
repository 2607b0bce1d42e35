//! Programs that die at any point, and a daemon that does: nothing hangs, nothing spins, and the device goes on.

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use std::time::Duration;
use tests::{Attachment, Bytes, Lab, Role, Running, Site, Tunnel, transfer, within};

const SOON: Duration = Duration::from_secs(15);

/// How fast whatever can end must end.
const AT_ONCE: Duration = Duration::from_secs(3);

fn open(name: &str) -> Option<Lab> {
    Lab::with_programs(name, &["openvpn", "openssl", "nsenter"])
}

/// Fails the test if `program`, whose device is dead, takes more than a fifth of a processor, writes more than 100 lines a
/// second into its log, or if any process of the test hangs in the kernel.
#[track_caller]
fn bears_it(lab: &Lab, program: &Running) {
    let lines = || program.log().lines().count();
    let before = lines();
    let ticks = program.ticks_over_two_seconds();
    let said = lines() - before;
    println!("with a dead device, in two seconds: {ticks} ticks, {said} lines");
    assert!(ticks <= 40, "{ticks} ticks in two seconds");
    assert!(said <= 200, "{said} lines in two seconds");
    let stuck = || lab.processes().into_iter().filter(|process| process.state() == Some('D')).collect::<Vec<_>>();
    assert!(within(AT_ONCE, || stuck().is_empty()), "in D state: {:?}", stuck());
}

/// Wherever the program is when a signal ends it, the device can be used, and destroyed at once.
fn programs_die(lab: &Lab, attachment: Attachment) {
    let no_cores = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, no_cores).expect("less is always allowed");
    let site = Site::new(lab, attachment);
    site.create("tap0");
    let (processes, tunnel) = (lab.processes(), Tunnel::new(lab, &site, "tap0", Role::Peer));
    let mut far = tunnel.start_far();
    far.says("UDPv4 link remote", SOON);
    let pings = tunnel.pings();
    let mut random = Bytes::new(20);
    let kills = [Signal::KILL; 20].into_iter();
    for (round, signal) in kills.chain([Signal::INT; 5]).chain([Signal::SEGV; 5]).enumerate() {
        let mut near = tunnel.start_near();
        let mut number = [0; 8];
        random.fill(&mut number);
        // Half of them while it starts, half of them at work.
        let longest = if round % 2 == 0 { 50_000 } else { 250_000 };
        let pause = Duration::from_micros(u64::from_le_bytes(number) % longest);
        if signal == Signal::SEGV {
            // Not before: a program in Rust, as `trestle exec` is one until then, survives one that no fault caused.
            near.says("library versions", SOON);
        }
        std::thread::sleep(pause);
        if signal == Signal::INT {
            near.signal_group(signal);
            // One that comes while OpenVPN sets itself up is forgotten by it, now and then; who sits there presses again.
            if !within(Duration::from_secs(1), || near.ended().is_some()) {
                near.signal_group(signal);
            }
        } else {
            near.signal(signal);
        }
        near.ends(AT_ONCE);
        assert!(site.exists("tap0"), "round {round}: {signal:?} after {pause:?}");
        if attachment != Attachment::Kernel {
            site.daemon().report("tap0");
        }
        if round % 5 == 4 {
            site.destroy("tap0");
            site.create("tap0");
        }
    }
    let settled = within(AT_ONCE, || lab.processes() == processes);
    assert!(settled, "left behind: {:?}", lab.processes().iter().map(|process| process.line()).collect::<Vec<_>>());
    // The far end anew as well: it takes the packets of one that starts within a second of another for a replay.
    drop((pings, far));
    drop(tunnel.start());
    site.destroy("tap0");
    site.ends(lab);
}

#[test]
fn control_programs_die_on_a_kernel_tap() {
    let Some(lab) = open("control_programs_die_on_a_kernel_tap") else { return };
    programs_die(&lab, Attachment::Kernel);
}

#[test]
fn programs_die_on_a_node() {
    let Some(lab) = open("programs_die_on_a_node") else { return };
    programs_die(&lab, Attachment::Node);
}

#[test]
fn programs_die_under_exec() {
    let Some(lab) = open("programs_die_under_exec") else { return };
    programs_die(&lab, Attachment::Exec);
}

/// A device that is destroyed under a program is gone at once; the program does not hang and ends when told, and a device
/// of the same name serves the next one. On a node the program does not spin either; under exec it reads end of file, and
/// what it does then is its own affair.
fn a_device_is_destroyed_in_use(lab: &Lab, attachment: Attachment) {
    let site = Site::new(lab, attachment);
    site.create("tap0");
    let tunnel = Tunnel::new(lab, &site, "tap0", Role::Peer);
    for signal in [Signal::TERM, Signal::KILL] {
        let (mut near, far) = tunnel.start();
        let pings = tunnel.pings();
        site.destroy("tap0");
        bears_it(lab, &near);
        site.create("tap0");
        near.signal(signal);
        near.ends(AT_ONCE);
        drop((pings, far));
        drop(tunnel.start());
    }
    site.ends(lab);
}

#[test]
fn a_node_is_destroyed_in_use() {
    let Some(lab) = open("a_node_is_destroyed_in_use") else { return };
    a_device_is_destroyed_in_use(&lab, Attachment::Node);
}

#[test]
fn a_device_is_destroyed_in_use_under_exec() {
    let Some(lab) = open("a_device_is_destroyed_in_use_under_exec") else { return };
    a_device_is_destroyed_in_use(&lab, Attachment::Exec);
}

/// Programs with an open node see the daemon die: they bear it, can be ended, and the next daemon serves the same path.
#[test]
fn the_daemon_dies_under_nodes() {
    let Some(lab) = open("the_daemon_dies_under_nodes") else { return };
    let site = Site::new(&lab, Attachment::Node);
    site.create("tap0");
    let tunnel = Tunnel::new(&lab, &site, "tap0", Role::BridgedServer);
    for signal in [Signal::TERM, Signal::KILL] {
        let (mut near, far) = tunnel.start();
        let _pings = tunnel.pings();
        site.daemon().kill();
        bears_it(&lab, &near);
        site.restart();
        bears_it(&lab, &near);
        near.signal(signal);
        near.ends(AT_ONCE);
        drop(far);
    }
    // Nobody waits for the next daemon.
    let (mut near, far) = tunnel.start();
    site.daemon().kill();
    near.signal(Signal::KILL);
    near.ends(AT_ONCE);
    assert!(within(AT_ONCE, || lab.remains().is_empty()), "left behind: {:?}", lab.remains());
    drop(far);
    site.restart();
    let (near, _far) = tunnel.start();
    drop(near);
    site.destroy("tap0");
    site.ends(&lab);
}

/// Programs under exec outlive the daemon: streams stand still, and go on when the next one runs.
#[test]
fn the_daemon_dies_under_exec() {
    let Some(lab) = open("the_daemon_dies_under_exec") else { return };
    let site = Site::new(&lab, Attachment::Exec);
    site.create("tap0");
    let tunnel = Tunnel::new(&lab, &site, "tap0", Role::BridgedServer);
    let (mut near, mut far) = tunnel.start();
    let ends = tunnel.ends();
    {
        let _pings = tunnel.pings();
        site.daemon().kill();
        bears_it(&lab, &near);
        site.restart();
        tunnel.joins(&mut near, &mut far);
    }
    for round in 0..3 {
        std::thread::scope(|scope| {
            let stream = scope.spawn(|| match round % 2 {
                0 => transfer(&ends.near, &ends.far, 24),
                _ => transfer(&ends.far, &ends.near, 24),
            });
            std::thread::sleep(Duration::from_millis(200));
            site.daemon().kill();
            site.restart();
            stream.join().expect("the stream goes on");
        });
    }
    let ticks = near.ticks_over_two_seconds();
    assert!(ticks <= 1, "idle, and yet busy for {ticks} ticks");
    // A program that ends while there is no daemon leaves nothing for the next one.
    site.daemon().kill();
    near.signal(Signal::TERM);
    near.ends(SOON);
    assert!(within(AT_ONCE, || lab.remains().is_empty()), "left behind: {:?}", lab.remains());
    site.restart();
    site.destroy("tap0");
    site.ends(&lab);
}
