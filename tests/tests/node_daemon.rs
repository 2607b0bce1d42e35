//! The daemon ends, dies and starts again under programs that hold devices; and what very many opens leave.

use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;
use tests::nodes::{Answer, Rig, numbered};
use tests::{Limit, Process, within};

tests::on_faces! {
    a_killed_daemon_hangs_nobody: node;
    a_daemon_that_ends_hangs_nobody: node;
    a_program_outlives_the_daemon_and_goes_on: exec;
    a_program_is_killed_while_the_daemon_is_dead: node exec;
    a_restarted_daemon_serves_the_same_paths: node exec;
    an_ended_daemon_leaves_nothing: node exec;
    a_thousand_opens_leave_nothing: node exec;
    opens_that_fail_leave_nothing: node exec;
    two_hundred_devices_one_after_another_leave_nothing: node exec;
    an_idle_holder_costs_nothing: node exec;
}

const SOON: Duration = Duration::from_secs(5);
const WHILE: Duration = Duration::from_millis(200);

fn a_killed_daemon_hangs_nobody(rig: &Rig) {
    hangs_nobody(rig, || rig.daemon().kill());
}

fn a_daemon_that_ends_hangs_nobody(rig: &Rig) {
    hangs_nobody(rig, || assert!(rig.daemon().stop().success()));
}

/// A reader and those who poll are told; a program that goes on trying does not spin, and can be ended.
fn hangs_nobody(rig: &Rig, end: impl FnOnce()) {
    rig.create("tap0");
    rig.create("tap1");
    let (app, other) = (rig.app(), rig.app());
    let (fd, polled) = (rig.open_device(&app, "tap0"), rig.open_device(&other, "tap1"));
    app.value(&format!("read_all({fd})"));
    other.value(&format!("read_all({polled})"));
    app.run(&format!("blocking({fd}, True)"));
    let read = app.start(&format!("os.read({fd}, 2000)"));
    let wait = other.start(&format!("wait({polled}, 'poll', 'IN', 60)"));
    assert!(read.blocks_for(WHILE) && wait.blocks_for(WHILE));
    end();
    let answer = read.within(SOON);
    assert!(matches!(&answer, Answer::Errno(name) if name != "EAGAIN"), "{answer:?}");
    let answer = wait.within(SOON);
    let Answer::Value(told) = &answer else { panic!("{answer:?}") };
    let told = tests::nodes::words(told);
    assert!(told.iter().any(|word| word == "ERR" || word == "HUP"), "{told:?}");
    assert_eq!(stuck(rig), Vec::<String>::new());
    other.run(INSIST);
    let tries = other.number(&format!("insist({polled}, 2.0)"));
    assert!((1..100).contains(&tries), "{tries} tries in two seconds");
    let _insisting = other.start(&format!("insist({polled}, 60)"));
    for (app, signal) in [(&app, Signal::TERM), (&other, Signal::KILL)] {
        app.signal(signal);
        assert!(app.ends(Duration::from_secs(1)), "{signal:?}");
    }
    let gone = || std::fs::read_dir(rig.nodes()).map_or(0, Iterator::count) == 0;
    assert!(within(SOON, gone), "nodes of a daemon that is gone");
    assert!(within(SOON, || !is_mounted(rig)), "mounted still");
    rig.serve();
    rig.open_device(&rig.app(), "tap0");
}

/// What OpenVPN does on a dead descriptor: it tries again.
const INSIST: &str = "def insist(fd, seconds):
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        n += 1
        try:
            wait(fd, 'poll')
            os.read(fd, 2000)
        except OSError:
            pass
    return n
";

fn a_program_outlives_the_daemon_and_goes_on(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let ends: [&dyn Fn(); 2] = [&|| rig.daemon().kill(), &|| assert!(rig.daemon().stop().success())];
    for (end, n) in ends.into_iter().zip(0..) {
        let read = app.start(&format!("read_numbered({fd})"));
        assert!(read.blocks_for(WHILE));
        end();
        assert!(read.blocks_for(WHILE), "silence, not an end");
        rig.serve();
        assert!(rig.runs("tap0"), "opened again: {:?}", rig.ns().links().get("tap0"));
        rig.wire("tap0").send(&numbered(n, 60));
        let Answer::Value(heard) = read.within(SOON) else { panic!("an error") };
        assert_eq!(heard, json!(tests::nodes::hex(&numbered(n, 60))));
        assert_eq!(app.value(&format!("asked({fd})"))[0], json!("tap0"));
    }
}

fn a_program_is_killed_while_the_daemon_is_dead(rig: &Rig) {
    rig.create("tap0");
    for signal in [Signal::TERM, Signal::KILL] {
        let app = rig.app();
        let fd = rig.open_device(&app, "tap0");
        app.value(&format!("read_all({fd})"));
        app.run(&format!("blocking({fd}, True)"));
        let read = app.start(&format!("[os.read({fd}, 2000) for _ in range(1000)]"));
        assert!(read.blocks_for(WHILE));
        rig.daemon().kill();
        app.signal(signal);
        assert!(app.ends(Duration::from_secs(1)), "{signal:?}: {:?}", stuck(rig));
        assert_eq!(stuck(rig), Vec::<String>::new());
        rig.serve();
    }
    rig.open_device(&rig.app(), "tap0");
}

fn a_restarted_daemon_serves_the_same_paths(rig: &Rig) {
    rig.create("tap0 mtu 1400");
    for round in 0..4 {
        if round % 2 == 0 {
            rig.daemon().kill()
        } else {
            assert!(rig.daemon().stop().success());
        }
        rig.serve();
        let app = rig.app();
        let fd = rig.open_device(&app, "tap0");
        assert_eq!(rig.ns().link("tap0").mtu, 1400);
        app.value(&format!("read_all({fd})"));
        rig.wire("tap0").send(&numbered(round, 60));
        assert_eq!(app.value(&format!("[wait({fd}, 'poll'), read_all({fd})]")), json!([["IN"], [round]]));
        app.run(&format!("os.close({fd})"));
    }
}

fn an_ended_daemon_leaves_nothing(rig: &Rig) {
    let before = rig.ns().links();
    rig.create("tap0");
    rig.create("tun3");
    let app = rig.app();
    rig.open_device(&app, "tap0");
    let limit = Limit::after(SOON);
    assert!(rig.daemon().stop().success());
    assert!(!limit.passed(), "an open device held it up");
    assert_eq!(rig.ns().links().len() - before.len(), 0, "{:?}", rig.ns().links().keys());
    assert!(within(SOON, || !is_mounted(rig)));
    drop(app);
    let left = || processes(rig).into_iter().filter(|(_, name)| name == "trestle").collect::<Vec<_>>();
    assert!(within(SOON, || left().is_empty()), "{:?}", left());
}

fn a_thousand_opens_leave_nothing(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    app.run(OPENS);
    let opening = rig.opening("tap0", "IFF_NO_PI");
    leaves_nothing(rig, |times| drop(app.start(&format!("opens({times}, lambda: {opening})")).within(SOON * 12)));
    let fd = rig.open_device(&app, "tap0");
    rig.wire("tap0").send(&numbered(1, 60));
    assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), read_numbered({fd})][1]")), numbered(1, 60));
}

/// Opens and closes; a descriptor's end may reach the device a moment after the close.
const OPENS: &str = "def opens(times, open):
    for _ in range(times):
        for wait in range(1000):
            try:
                os.close(open())
                break
            except OSError as error:
                if error.errno != errno.EBUSY or wait == 999:
                    raise
                time.sleep(0.001)
";

/// Opened, refused the device, closed.
fn opens_that_fail_leave_nothing(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    app.run(REFUSALS);
    let path = rig.path("tap0");
    leaves_nothing(rig, |times| app.run(&format!("refusals({}, {path})", times / 10)));
}

const REFUSALS: &str = "def refusals(times, path):
    for _ in range(times):
        try:
            open_device(path, 'tap0', IFF_TUN | IFF_NO_PI)
        except OSError as error:
            assert error.errno in (errno.EINVAL, errno.EBUSY)
";

fn two_hundred_devices_one_after_another_leave_nothing(rig: &Rig) {
    let app = rig.app();
    let cycle = |_| {
        rig.create("tap0");
        let fd = app.number(&rig.opening("tap0", "IFF_NO_PI"));
        rig.destroy("tap0");
        app.run(&format!("os.close({fd})"));
    };
    leaves_nothing(rig, |times| (0..times / 5).for_each(cycle));
}

/// Does 100 things, looks at the daemon, and looks again after a thousand more.
fn leaves_nothing(rig: &Rig, work: impl Fn(u32)) {
    work(100);
    // The end of the last descriptor reaches the daemon a moment after the close.
    assert!(within(SOON, || !rig.has_flags("tap0", &["LOWER_UP"])));
    let daemon = rig.daemon();
    let (descriptors, memory) = (daemon.descriptors(), daemon.process().resident_kib());
    work(1000);
    daemon.settles_to(&descriptors);
    let grown = daemon.process().resident_kib().saturating_sub(memory);
    println!("{:?}: {grown} KiB over {memory}", rig.face);
    assert!(grown < 2048, "grown by {grown} KiB from {memory}");
    assert_eq!(stuck(rig), Vec::<String>::new());
}

fn an_idle_holder_costs_nothing(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.value(&format!("read_all({fd})"));
    let _waits = ["select", "poll", "level"].map(|how| app.start(&format!("wait({fd}, '{how}', 'IN', 60)")));
    std::thread::sleep(WHILE * 3);
    let all = || processes(rig).into_iter().map(|(pid, _)| Process(pid).ticks()).sum::<u64>();
    let before = all();
    std::thread::sleep(Duration::from_secs(2));
    assert!(all() - before <= 1, "{} ticks of 10 ms in two seconds", all() - before);
}

fn is_mounted(rig: &Rig) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("/proc is there");
    mounts.contains(&*rig.nodes().to_string_lossy())
}

/// Returns the processes of the test's namespace, with their names.
fn processes(rig: &Rig) -> Vec<(u32, String)> {
    use std::os::unix::fs::MetadataExt;
    let ours = std::fs::metadata(format!("/run/netns/{}", rig.ns().name())).expect("it is there").ino();
    let entries = std::fs::read_dir("/proc").expect("/proc is there").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let inside = pids.filter(|pid| std::fs::metadata(format!("/proc/{pid}/ns/net")).is_ok_and(|ns| ns.ino() == ours));
    let name = |pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned();
    inside.map(|pid| (pid, name(pid))).collect()
}

/// Returns the threads of the test's namespace that are in an uninterruptible wait, and are so a moment later.
fn stuck(rig: &Rig) -> Vec<String> {
    let now = || {
        let threads = processes(rig).into_iter().flat_map(|(pid, name)| {
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            tasks.map(move |task| (task.path(), name.clone()))
        });
        let state = |path: &std::path::Path| std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        let waits =
            threads.filter(|(path, _)| state(path).rsplit(')').next().is_some_and(|rest| rest.starts_with(" D")));
        waits.map(|(path, name)| format!("{name} {}", path.display())).collect::<Vec<_>>()
    };
    let before = now();
    std::thread::sleep(WHILE);
    now().into_iter().filter(|thread| before.contains(thread)).collect()
}
