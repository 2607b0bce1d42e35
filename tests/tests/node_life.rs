//! How devices come and go, and what their holders see of it.

use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tests::nodes::{Answer, App, Face, Pending, Rig, hex, numbered, numbers, unhex};
use tests::{Limit, within};

tests::on_faces! {
    defect_02_destroy_while_open_ends_the_descriptor_and_frees_the_name: kernel node exec;
    defect_02_destroy_with_a_blocked_reader_is_instant: kernel node exec;
    defect_03_destroy_wakes_whoever_waits: kernel node exec;
    defect_04_down_leaves_a_reader_waiting: kernel node exec;
    defect_04_down_and_up_again_loses_no_wake_up: kernel node exec;
    defect_05_a_creation_that_fails_leaves_nothing: node;
    defect_06_an_open_that_fails_leaves_nothing: kernel node exec;
    defect_06_a_program_that_dies_leaves_the_device_free: kernel node exec;
    defect_08_sixty_four_devices_at_once: kernel node exec;
    defect_14_what_is_written_while_down_is_not_delivered_later: kernel node exec;
    defect_15_carrier_follows_open_and_close: kernel node exec;
    defect_15_carrier_can_be_overridden: node exec;
    defect_17_a_dead_device_says_so_to_whoever_asks: kernel node exec;
    defect_17_a_dead_device_costs_no_processor_time: node exec;
    defect_19_the_address_is_stable_and_settable: node;
    defect_21_names_that_are_none_are_refused: node;
    defect_21_no_name_makes_a_device_elsewhere: kernel exec;
    defect_22_a_clone_lives_as_long_as_its_descriptor: kernel node exec;
    defect_22_a_clone_that_is_made_persistent_stays: kernel exec;
    defect_22_a_name_that_is_not_there_is_made_for_its_descriptor: kernel exec;
    an_open_is_enough: node;
    the_first_open_brings_the_interface_up_unless_told_otherwise: node exec;
}

const SOON: Duration = Duration::from_secs(3);
const WHILE: Duration = Duration::from_millis(200);

fn defect_02_destroy_while_open_ends_the_descriptor_and_frees_the_name(rig: &Rig) {
    let app = rig.app();
    for _ in 0..5 {
        rig.create("tap0");
        let fd = rig.open_device(&app, "tap0");
        rig.destroy("tap0");
        assert!(!rig.exists("tap0"));
        app.run(&format!("blocking({fd}, False)"));
        assert!(is_over(rig, &app.call(&format!("os.read({fd}, 2000)"))));
        assert!(is_over(rig, &app.call(&format!("os.write({fd}, bytes(60))"))));
        app.run(&format!("os.close({fd})"));
    }
    rig.create("tap0");
    let dead = rig.open_device(&app, "tap0");
    rig.destroy("tap0");
    rig.create("tap0");
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    wire.send(&numbered(1, 60));
    assert_eq!(app.value(&format!("wait({fd}, 'poll')")), json!(["IN"]));
    assert!(is_over(rig, &app.call(&format!("os.read({dead}, 2000)"))), "the old descriptor");
    assert_eq!(app.value(&format!("read_all({fd})")), json!([1]), "the new one");
}

fn defect_02_destroy_with_a_blocked_reader_is_instant(rig: &Rig) {
    for _ in 0..5 {
        rig.create("tap0");
        let app = rig.app();
        let fd = rig.open_device(&app, "tap0");
        let read = blocked(&app, fd);
        let limit = Limit::after(Duration::from_secs(1));
        rig.destroy("tap0");
        assert!(!limit.passed(), "longer than a second");
        assert!(is_over(rig, &read.within(Duration::from_secs(1))));
        let again = app.start(&format!("os.read({fd}, 2000)"));
        assert!(is_over(rig, &again.within(SOON)), "asked again");
    }
}

fn defect_03_destroy_wakes_whoever_waits(rig: &Rig) {
    for how in ["select", "poll", "level", "edge"] {
        rig.create("tap0");
        let app = rig.app();
        let fd = rig.open_device(&app, "tap0");
        app.value(&format!("read_all({fd})"));
        let waits = app.start(&format!("wait({fd}, '{how}', 'IN', 60)"));
        assert!(waits.blocks_for(WHILE), "{how}");
        rig.destroy("tap0");
        let told = words(&waits.within(Duration::from_secs(1)));
        // A socket has nothing to read, again and again, and no hang-up, which would keep a program busy.
        let by_end = how == "select" || rig.face == Face::Exec;
        let wanted: &[&str] = if by_end { &["IN"] } else { &["ERR", "HUP"] };
        assert!(told.iter().any(|word| wanted.contains(&word.as_str())), "{how}: {told:?}");
    }
}

fn defect_04_down_leaves_a_reader_waiting(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let read = blocked(&app, fd);
    let limit = Limit::after(Duration::from_secs(1));
    rig.set("tap0", "down");
    assert!(!limit.passed(), "down took longer than a second");
    assert!(read.blocks_for(WHILE));
    rig.set("tap0", "up");
    assert!(rig.runs("tap0"));
    assert!(read.blocks_for(WHILE));
    rig.wire("tap0").send(&numbered(1, 60));
    assert_eq!(unhex(&read.value()), numbered(1, 60));
}

/// Between the test and the wait of a reader there is no moment in which it can be missed.
fn defect_04_down_and_up_again_loses_no_wake_up(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let before = rig.statistics("tap0")["rx"]["errors"].clone();
    for n in 0..30 {
        let read = app.start(&format!("read_numbered({fd})"));
        rig.set("tap0", "down");
        rig.set("tap0", "up");
        assert!(rig.runs("tap0"));
        rig.wire("tap0").send(&numbered(n, 60));
        assert_eq!(unhex(&read.value()), numbered(n, 60));
    }
    assert_eq!(rig.statistics("tap0")["rx"]["errors"], before, "down is no error");
}

fn defect_05_a_creation_that_fails_leaves_nothing(rig: &Rig) {
    let daemon = rig.daemon();
    rig.ns().ip("link add tap5 type veth peer name far5");
    let descriptors = daemon.descriptors();
    for _ in 0..20 {
        daemon.refuses("tap5 create");
    }
    assert_eq!(daemon.ok("-l").split_whitespace().find(|name| *name == "tap5"), None);
    assert!(!rig.nodes().join("tap5").exists());
    daemon.settles_to(&descriptors);
    rig.ns().ip("link del tap5");
    rig.create("tap5");
    daemon.refuses("tap5 create");
    let app = rig.app();
    rig.open_device(&app, "tap5");
}

fn defect_06_an_open_that_fails_leaves_nothing(rig: &Rig) {
    rig.create("tap0");
    let (app, other) = (rig.app(), rig.app());
    for _ in 0..50 {
        let wrong_kind = format!("open_device({}, 'tap0', IFF_TUN | IFF_NO_PI)", rig.path("tap0"));
        assert_eq!(app.error(&wrong_kind), "EINVAL");
        let fd = rig.open_device(&app, "tap0");
        assert_eq!(other.error(&rig.opening("tap0", "IFF_NO_PI")), "EBUSY");
        app.run(&format!("os.close({fd})"));
        assert!(within(SOON, || !rig.has_flags("tap0", &["LOWER_UP"])));
    }
    let opened = |app: &App| app.value("len(os.listdir('/proc/self/fd'))");
    let before = opened(&other);
    rig.open_device(&other, "tap0");
    assert_eq!(opened(&other), json!(before.as_i64().unwrap() + 1));
}

fn defect_06_a_program_that_dies_leaves_the_device_free(rig: &Rig) {
    rig.create("tap0");
    for delay in [0, 1, 3, 10, 30, 100] {
        let app = rig.app();
        let _opening = app.start(&format!("os.read({}, 2000)", rig.opening("tap0", "IFF_NO_PI")));
        std::thread::sleep(Duration::from_millis(delay));
        drop(app);
        let again = rig.app();
        let opened = within(SOON, || matches!(again.call(&rig.opening("tap0", "IFF_NO_PI")), Answer::Value(_)));
        assert!(opened, "killed after {delay} ms");
    }
}

fn defect_08_sixty_four_devices_at_once(rig: &Rig) {
    let app = rig.app();
    let names: Vec<String> = (0..32).flat_map(|n| [format!("tap{n}"), format!("tun{n}")]).collect();
    for name in &names {
        rig.create(name);
    }
    let fds: Vec<i64> = names.iter().map(|name| rig.open_device(&app, name)).collect();
    for ((name, fd), n) in names.iter().zip(fds).zip(0..).filter(|((name, _), _)| name.starts_with("tap")) {
        let wire = rig.wire(name);
        app.value(&format!("read_all({fd})"));
        wire.send(&numbered(n, 60));
        assert_eq!(app.value(&format!("[wait({fd}, 'poll'), read_all({fd})]")), json!([["IN"], [n]]), "{name}");
    }
}

/// The kernel says EIO, and so does a node; a socket cannot, and its packets are dropped.
fn defect_14_what_is_written_while_down_is_not_delivered_later(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    rig.set("tap0", "down");
    let write = format!("write_numbered({fd}, bytes(60), range(20))");
    match rig.face {
        Face::Kernel | Face::Node => {
            let refused = || app.call(&write) == Answer::Errno("EIO".to_owned());
            assert!(within(SOON, refused), "{:?}", app.call(&write));
        }
        Face::Exec => assert_eq!(app.value(&write), json!(0)),
    }
    std::thread::sleep(WHILE);
    rig.set("tap0", "up");
    assert!(rig.runs("tap0"));
    let wire = rig.wire("tap0");
    let last = numbered(77, 60);
    app.run(&format!("write_numbered({fd}, bytes.fromhex('{}'), [77])", hex(&last)));
    assert_eq!(numbers(&wire.until(&last)), Vec::<u32>::new());
}

fn defect_15_carrier_follows_open_and_close(rig: &Rig) {
    rig.create("tap0");
    rig.set("tap0", "up");
    let app = rig.app();
    for _ in 0..10 {
        assert!(within(SOON, || rig.has_flags("tap0", &["UP", "NO-CARRIER"])), "{:?}", rig.ns().link("tap0"));
        let fd = rig.open_device(&app, "tap0");
        app.run(&format!("os.close({fd})"));
    }
}

fn defect_15_carrier_can_be_overridden(rig: &Rig) {
    rig.create("tap0");
    rig.set("tap0", "up carrier up");
    assert!(rig.runs("tap0"), "without anybody who has it open");
    let app = rig.app();
    rig.set("tap0", "carrier down");
    app.number(&rig.opening("tap0", "IFF_NO_PI"));
    assert!(within(SOON, || rig.has_flags("tap0", &["NO-CARRIER"])));
    rig.set("tap0", "carrier auto");
    assert!(rig.runs("tap0"));
}

fn defect_17_a_dead_device_says_so_to_whoever_asks(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    rig.destroy("tap0");
    for (how, want, wanted) in [
        ("select", "IN", &["IN"][..]),
        ("select", "OUT", &["OUT"]),
        ("poll", "IN", &["ERR", "HUP"]),
        ("level", "IN", &["ERR", "HUP"]),
        ("edge", "IN", &["ERR", "HUP"]),
        ("poll", "OUT", &["ERR", "HUP"]),
    ] {
        let wanted = if rig.face == Face::Exec { &[want][..] } else { wanted };
        let told = app.words(&format!("wait({fd}, '{how}', '{want}', 1)"));
        assert!(told.iter().any(|word| wanted.contains(&word.as_str())), "{how} for {want}: {told:?}");
    }
}

/// A program that goes on reading a dead descriptor, as OpenVPN does, is slowed down, and can still be ended.
fn defect_17_a_dead_device_costs_no_processor_time(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    rig.destroy("tap0");
    app.run(
        "def insist(fd, seconds):\n end = time.monotonic() + seconds\n n = 0\n while time.monotonic() < end:\n  n += 1\n  \
         try: wait(fd, 'poll'); os.read(fd, 2000)\n  except OSError: pass\n return n\n",
    );
    let tries = app.number(&format!("insist({fd}, 2.0)"));
    assert!((2..100).contains(&tries), "{tries} tries in two seconds");
    let _insists = app.start(&format!("insist({fd}, 60)"));
    app.signal(rustix::process::Signal::TERM);
    assert!(app.ends(Duration::from_secs(1)));
}

fn defect_19_the_address_is_stable_and_settable(rig: &Rig) {
    let mac = |name: &str| rig.ns().link(name).mac;
    rig.create("tap0");
    rig.create("tap1");
    let (first, second) = (mac("tap0"), mac("tap1"));
    assert_ne!(first, second);
    let bits = u8::from_str_radix(&first[..2], 16).unwrap();
    assert_eq!(bits & 3, 2, "{first} is not a local unicast address");
    rig.destroy("tap0");
    rig.create("tap0");
    assert_eq!(mac("tap0"), first, "made again");
    rig.daemon().stop();
    rig.serve();
    assert_eq!((mac("tap0"), mac("tap1")), (first.clone(), second), "after a restart");
    rig.set("tap0", "ether 02:00:00:00:77:01");
    assert_eq!(mac("tap0"), "02:00:00:00:77:01");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let asked = || app.value(&format!("hardware_address({fd})"));
    assert_eq!(asked(), json!("020000007701"));
    rig.ns().ip("link set dev tap0 address 02:00:00:00:77:02");
    assert!(within(SOON, || asked() == json!("020000007702")), "set by another: {}", asked());
    app.run(&format!("set_hardware_address({fd}, bytes.fromhex('020000007703'))"));
    assert!(within(SOON, || mac("tap0") == "02:00:00:00:77:03"), "{}", mac("tap0"));
}

fn defect_21_names_that_are_none_are_refused(rig: &Rig) {
    let links: BTreeSet<String> = rig.ns().links().into_keys().collect();
    for name in ["tap/", "tap/../x", "tap00", "tap-1", "tap32768", "tap4294967296", "tap0x", "tap1/2", "tap0%d", "TAP0"]
    {
        rig.daemon().refuses(&format!("{name} create"));
    }
    assert_eq!(rig.ns().links().into_keys().collect::<BTreeSet<_>>(), links);
    let nodes = std::fs::read_dir(rig.nodes()).unwrap().flatten().map(|node| node.file_name());
    let nodes: BTreeSet<_> = nodes.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(nodes.iter().all(|name| name == "tap" || name == "tun"), "{nodes:?}");
    let app = rig.app();
    for path in ["tap0", "tap00", "tap/0", "tapx", "../tap0", "tap32768"] {
        assert!(matches!(app.error(&format!("os.open(DEV + '/{path}', os.O_RDWR)")).as_str(), "ENOENT" | "ENOTDIR"));
    }
}

fn defect_21_no_name_makes_a_device_elsewhere(rig: &Rig) {
    let app = rig.app();
    let links: BTreeSet<String> = rig.ns().links().into_keys().collect();
    for name in ["a/b", "..", ".", "tap/../x", "a b"] {
        assert_eq!(
            app.error(&format!("open_device('/dev/net/tun', '{name}', IFF_TAP | IFF_NO_PI)")),
            "EINVAL",
            "{name}"
        );
    }
    assert_eq!(rig.ns().links().into_keys().collect::<BTreeSet<_>>(), links);
}

fn defect_22_a_clone_lives_as_long_as_its_descriptor(rig: &Rig) {
    let app = rig.app();
    let open = match rig.face {
        Face::Node => "os.open(DEV + '/tap', os.O_RDWR)",
        Face::Kernel | Face::Exec => "open_device('/dev/net/tun', '', IFF_TAP | IFF_NO_PI)",
    };
    let (first, second) = (app.number(open), app.number(open));
    let name = |fd: i64| app.value(&format!("asked({fd})"))[0].as_str().unwrap().to_owned();
    let (one, two) = (name(first), name(second));
    assert!(one != two && one.starts_with("tap") && two.starts_with("tap"), "{one} and {two}");
    assert!(rig.exists(&one) && rig.exists(&two));
    rig.ns().ip(&format!("link set {one} up"));
    let wire = rig.wire(&one);
    wire.send(&numbered(1, 60));
    assert_eq!(app.value(&format!("[wait({first}, 'poll')]")), json!([["IN"]]));
    app.run(&format!("copy = os.dup({first}); os.close({first})"));
    assert!(rig.exists(&one), "a copy is open");
    app.run("os.close(copy)");
    assert!(within(SOON, || !rig.exists(&one)));
    assert!(rig.exists(&two));
    drop(app);
    assert!(within(SOON, || !rig.exists(&two)), "its holder is dead");
    if rig.face != Face::Kernel {
        assert!(!rig.daemon().ok("-l").contains("tap"), "{}", rig.daemon().ok("-l"));
        rig.daemon().stop();
        rig.serve();
        assert!(!rig.daemon().ok("-l").contains("tap"), "{}", rig.daemon().ok("-l"));
    }
}

fn defect_22_a_clone_that_is_made_persistent_stays(rig: &Rig) {
    let app = rig.app();
    let fd = app.number("open_device('/dev/net/tun', 'tap7', IFF_TAP | IFF_NO_PI)");
    app.run(&format!("fcntl.ioctl({fd}, TUNSETPERSIST, 1); os.close({fd})"));
    std::thread::sleep(WHILE);
    assert!(rig.exists("tap7"));
    let fd = app.number("open_device('/dev/net/tun', 'tap7', IFF_TAP | IFF_NO_PI)");
    app.run(&format!("fcntl.ioctl({fd}, TUNSETPERSIST, 0)"));
    assert!(rig.exists("tap7"));
    app.run(&format!("os.close({fd})"));
    assert!(within(SOON, || !rig.exists("tap7")));
}

fn defect_22_a_name_that_is_not_there_is_made_for_its_descriptor(rig: &Rig) {
    let app = rig.app();
    for name in ["tap3", "tun9"] {
        let kind = if name.starts_with("tap") { "IFF_TAP" } else { "IFF_TUN" };
        app.run("fd = os.open('/dev/net/tun', os.O_RDWR)");
        assert_eq!(app.value(&format!("attach(fd, '{name}', {kind} | IFF_NO_PI)")), json!(name), "written back");
        assert!(rig.exists(name));
        app.run("os.close(fd)");
        assert!(within(SOON, || !rig.exists(name)), "{name}");
    }
    let name = app.value("[f := os.open('/dev/net/tun', os.O_RDWR), attach(f, 'tap%d', IFF_TAP)]");
    assert_eq!(name[1], json!("tap0"), "a template is filled in and written back");
}

fn the_first_open_brings_the_interface_up_unless_told_otherwise(rig: &Rig) {
    rig.create("tap0");
    assert!(!rig.has_flags("tap0", &["UP"]));
    let app = rig.app();
    rig.open_device(&app, "tap0");
    rig.create("tap1");
    rig.set("tap1", "down");
    app.number(&rig.opening("tap1", "IFF_NO_PI"));
    std::thread::sleep(WHILE);
    assert!(!rig.has_flags("tap1", &["UP"]));
    rig.set("tap1", "up");
    assert!(rig.runs("tap1"));
}

/// No ioctl is needed on a node that has a name.
fn an_open_is_enough(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    app.run("fd = os.open(DEV + '/tap0', os.O_RDWR)");
    assert!(rig.runs("tap0"), "{:?}", rig.ns().link("tap0"));
    assert_eq!(app.value("asked(fd)")[0], json!("tap0"));
    let wire = rig.wire("tap0");
    app.value("read_all(fd)");
    wire.send(&numbered(1, 60));
    assert_eq!(app.value("[wait(fd, 'poll'), read_all(fd)]"), json!([["IN"], [1]]));
    app.run(&format!("os.write(fd, bytes.fromhex('{}'))", hex(&numbered(2, 60))));
    assert!(wire.hears(&numbered(2, 60)));
}

/// Has `app` wait in a read, after what the interface's start had to say.
#[track_caller]
fn blocked(app: &App, fd: i64) -> Pending {
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let read = app.start(&format!("os.read({fd}, 2000)"));
    assert!(read.blocks_for(WHILE));
    read
}

/// Returns whether a call told that its device is gone: by an error other than "not yet", or by the end of a socket.
fn is_over(rig: &Rig, answer: &Answer) -> bool {
    match answer {
        Answer::Errno(name) => name != "EAGAIN" && name != "EINTR",
        Answer::Value(value) => rig.face == Face::Exec && *value == json!(""),
    }
}

#[track_caller]
fn words(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Value(value) => tests::nodes::words(value),
        Answer::Errno(name) => panic!("{name}"),
    }
}
