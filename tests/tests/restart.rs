//! The daemon dies, ends, and starts again.

use std::collections::BTreeSet;
use std::time::Duration;
use tests::{Daemon, Host, Kind, Lab, Ns, Switch, plug, transfer, within};

const SOON: Duration = Duration::from_secs(10);

fn names(ns: &Ns) -> BTreeSet<String> {
    ns.links().into_keys().collect()
}

#[test]
fn a_killed_daemon_comes_back_under_load() {
    let Some(lab) = Lab::open("a_killed_daemon_comes_back_under_load") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Veth, 2));
    daemon.ok("vport7 create description spare up");
    daemon.ok("bridge0 inet 10.0.0.9/24 private eth1 ifmaxaddr eth2 50 static eth2 02:00:00:00:00:77 timeout 600");
    daemon.ok("bridge0 addm vport7 storm vport7 broadcast 100");
    assert!(a.reaches(&b));
    let (configuration, interfaces) = (daemon.configuration(), names(daemon.ns()));
    let ether = daemon.ns().link("bridge0").mac;
    for round in 0..3 {
        std::thread::scope(|scope| {
            let stream = scope.spawn(|| transfer(a.kernel(), b.kernel(), 192));
            std::thread::sleep(Duration::from_millis(150));
            daemon.kill();
            assert!(!daemon.ns().links().contains_key("bridge0"), "a bridge without its daemon");
            assert_eq!(daemon.ns().link("eth1").promiscuity, 0);
            daemon.run();
            stream.join().expect("the stream goes on");
        });
        assert_eq!(daemon.configuration(), configuration, "round {round}");
        assert_eq!(names(daemon.ns()), interfaces);
        assert_eq!(daemon.ns().link("bridge0").mac, ether);
        assert!(daemon.ok("bridge0 addr").contains("02:00:00:00:00:77 Vlan0 eth2 0 flags=1<STATIC>"));
        assert!(within(SOON, || a.kernel().reaches(Host::address(9))), "the host's own address");
        assert!(a.reaches(&b) && b.reaches(&a));
    }
}

#[test]
fn sigterm_leaves_the_host_as_it_was() {
    let Some(lab) = Lab::open("sigterm_leaves_the_host_as_it_was") else { return };
    let daemon = Daemon::stopped(&lab, lab.ns("switch"));
    let lan = Host::by_veth(lab.ns("lan"), daemon.ns(), "eth1", 2);
    let other = Host::by_veth(lab.ns("other"), daemon.ns(), "eth2", 3);
    daemon.ns().ip("link set eth2 mtu 1400");
    let before = daemon.ns().links();
    daemon.run();
    daemon.ok("bridge0 create addm eth1 addm eth2 inet 10.0.0.1/24 up");
    daemon.ok("vport0 create up");
    daemon.ok("bridge0 addm vport0");
    assert!(lan.reaches(other.address));
    assert_eq!(daemon.ns().link("eth2").mtu, 1500);
    assert!(daemon.stop().success(), "{}", daemon.log());
    assert_eq!(daemon.ns().links(), before);
    assert!(!daemon.socket().exists(), "its socket");
    assert!(lan.is_cut_from(other.address));

    daemon.run();
    assert!(within(SOON, || lan.reaches(other.address)), "restored");
    assert!(lan.reaches(Host::address(1)));
    assert!(daemon.stop().success());
    assert_eq!(daemon.ns().links(), before);
}

/// A virtual port in a container goes with the daemon that holds it, and is back in the daemon's namespace afterwards.
#[test]
fn a_vport_in_a_container_goes_and_comes_with_the_daemon() {
    let Some(lab) = Lab::open("a_vport_in_a_container_goes_and_comes_with_the_daemon") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    assert!(a.reaches(&b));
    for end in [Daemon::kill, |daemon: &Daemon| {
        let _ = daemon.stop();
    }] {
        end(&daemon);
        let container = &b.kernel().ns;
        assert!(within(SOON, || !container.links().contains_key("vport2")), "left in the container");
        daemon.run();
        assert!(daemon.ns().links().contains_key("vport2"));
        let again = Host::by_move(lab.ns("again"), daemon.ns(), "vport2", 3);
        assert!(within(SOON, || again.reaches(a.address())));
    }
}

/// A member whose interface is not there at the start is waited for.
#[test]
fn a_member_that_is_missing_at_the_start_joins_later() {
    let Some(lab) = Lab::open("a_member_that_is_missing_at_the_start_joins_later") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Veth, 2));
    assert!(a.reaches(&b));
    daemon.stop();
    daemon.ns().ip("link del eth1");
    drop(a);
    daemon.run();
    assert_eq!(daemon.member("eth1").trouble, "interface removed");
    let late = Host::by_veth(lab.ns("late"), daemon.ns(), "eth1", 4);
    assert!(within(SOON, || late.reaches(b.address())), "{:?}", daemon.member("eth1"));
}

/// Killed in the middle of changes, at moments spread over several of them.
#[test]
fn what_was_answered_is_kept_and_what_was_not_is_whole() {
    let Some(lab) = Lab::open("what_was_answered_is_kept_and_what_was_not_is_whole") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create");
    let mut description = 0;
    for round in 0..6_u64 {
        let start = description + 1;
        let last = std::thread::scope(|scope| {
            let changing = scope.spawn(|| {
                // Two verbs a line: after a restart both hold the same number, or the line was never applied.
                let apply =
                    |n: &u32| daemon.ifconfig(&format!("bridge0 description {n} timeout {n}")).status == Some(0);
                (start..).take_while(apply).last().unwrap_or(description)
            });
            std::thread::sleep(Duration::from_millis(40 + 17 * round));
            daemon.kill();
            changing.join().expect("it counts")
        });
        daemon.run();
        let shown = daemon.report("bridge0");
        let kept: u32 = shown.description.parse().unwrap_or(0);
        assert!(kept == last || kept == last + 1, "round {round}: answered {last}, kept {kept}");
        if kept > 0 {
            assert_eq!(daemon.bridge().timeout, kept, "round {round}");
        }
        description = kept;
    }
}

#[test]
fn a_damaged_state_is_refused_and_left_alone() {
    let Some(lab) = Lab::open("a_damaged_state_is_refused_and_left_alone") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create description kept up");
    daemon.stop();
    let whole = std::fs::read_to_string(daemon.state()).expect("the state");
    for (name, text) in
        [("cut off", &whole[..whole.len() / 2]), ("a word too many", &format!("{whole}\nnonsense = 1\n"))]
    {
        std::fs::write(daemon.state(), text).expect("ours");
        let said = tests::run(daemon.command(), SOON).refused();
        assert!(said.contains("state.toml"), "{name}: {said}");
        assert_eq!(std::fs::read_to_string(daemon.state()).expect("the state"), text, "{name}");
    }
    std::fs::write(daemon.state(), &whole).expect("ours");
    daemon.run();
    assert_eq!(daemon.report("bridge0").description, "kept");
}

/// A configuration that belongs to somebody else is read, and never written.
#[test]
fn a_configuration_file_is_left_alone() {
    let Some(lab) = Lab::open("a_configuration_file_is_left_alone") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create description kept timeout 77 up");
    daemon.stop();
    let file = lab.directory().join("trestle.toml");
    std::fs::rename(daemon.state(), &file).expect("ours");
    let text = std::fs::read_to_string(&file).expect("ours");
    for _ in 0..2 {
        let mut command = daemon.ns().command(&tests::trestle().to_string_lossy());
        command.args(["run", "--config"]).arg(&file).env("TRESTLE_SOCKET", daemon.socket());
        daemon.run_as(command);
        assert_eq!((daemon.report("bridge0").description, daemon.bridge().timeout), ("kept".to_owned(), 77));
        daemon.ok("bridge0 description forgotten timeout 78");
        daemon.stop();
    }
    assert_eq!(std::fs::read_to_string(&file).expect("ours"), text);
    assert!(!daemon.state().exists());
}
