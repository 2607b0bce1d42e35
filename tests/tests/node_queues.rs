//! What devices do with many packets: bursts, full queues, several queues, counters.

use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tests::nodes::{App, Face, Rig, hex, numbered, numbered_ip, numbers};
use tests::{EtherFrame, Limit, Wire, mac, within};

tests::on_faces! {
    defect_07_several_programs_share_a_device_by_flow: kernel node exec;
    defect_07_whoever_does_not_share_is_refused: kernel node exec;
    defect_09_a_tun_carries_ipv6: kernel node exec;
    defect_10_an_ipv6_packet_is_announced_as_ipv6: kernel node exec;
    defect_11_frames_are_as_long_as_ethernet_has_them: kernel node exec;
    defect_13_a_full_queue_drops_what_comes_last_and_counts_it: kernel node exec;
    defect_13_a_writer_waits_for_room_and_is_woken: exec;
    defect_23_counters_tell_what_passed: node exec;
    defect_23_what_was_dropped_is_not_counted_as_sent: node exec;
    a_burst_by_select: kernel node exec;
    a_burst_by_poll: kernel node exec;
    a_burst_by_level_triggered_epoll: kernel node exec;
    a_burst_by_edge_triggered_epoll: kernel node exec;
    a_burst_the_other_way: kernel node exec;
    a_burst_through_a_tun: kernel node exec;
    single_packets_wake_every_time: kernel node exec;
    what_waited_at_the_close_is_not_read_at_the_next_open: kernel node exec;
}

const SOON: Duration = Duration::from_secs(3);
/// More than any queue holds.
const BURST: u32 = 3000;

/// 150 conversations of three packets each: both programs hear some, and none is torn apart.
fn defect_07_several_programs_share_a_device_by_flow(rig: &Rig) {
    rig.create("tun0 multiqueue");
    let apps = [rig.app(), rig.app()];
    let fds = apps.each_ref().map(|app| rig.open_with(app, "tun0", "IFF_NO_PI | IFF_MULTI_QUEUE"));
    let wire = rig.packets("tun0");
    apps.iter().zip(fds).for_each(|(app, fd)| drop(app.value(&format!("read_all({fd})"))));
    for n in 0..450_u32 {
        wire.send(&numbered_ip(4, n, 100, 1000 + u16::try_from(n % 150).unwrap()));
        std::thread::sleep(Duration::from_micros(200));
    }
    let mut readers: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
    let mut heard = 0;
    for (index, (app, fd)) in apps.iter().zip(fds).enumerate() {
        let numbers = list(&app.value(&format!("drain({fd}, 'poll', 0.5)")));
        assert!(numbers.len() > 45, "program {index} heard {} of 450", numbers.len());
        heard += numbers.len();
        for n in numbers {
            readers.entry(n % 150).or_default().insert(index);
        }
    }
    assert_eq!(heard, 450);
    assert!(readers.values().all(|readers| readers.len() == 1), "{readers:?}");
    drop(apps);
}

fn defect_07_whoever_does_not_share_is_refused(rig: &Rig) {
    let (app, other) = (rig.app(), rig.app());
    rig.create("tap0");
    rig.open_device(&app, "tap0");
    assert_eq!(other.error(&rig.opening("tap0", "IFF_NO_PI")), "EBUSY", "one has it");
    let sharing = other.error(&rig.opening("tap0", "IFF_NO_PI | IFF_MULTI_QUEUE"));
    assert!(["EBUSY", "EINVAL"].contains(&sharing.as_str()), "one has it alone: {sharing}");
    rig.create("tap1 multiqueue");
    rig.open_with(&app, "tap1", "IFF_NO_PI | IFF_MULTI_QUEUE");
    let alone = other.error(&rig.opening("tap1", "IFF_NO_PI"));
    assert!(["EBUSY", "EINVAL"].contains(&alone.as_str()), "others share it: {alone}");
    rig.open_with(&other, "tap1", "IFF_NO_PI | IFF_MULTI_QUEUE");
}

fn defect_09_a_tun_carries_ipv6(rig: &Rig) {
    rig.create("tun0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tun0");
    let wire = rig.packets("tun0");
    app.value(&format!("read_all({fd})"));
    for (n, version, bytes) in [(1, 6, 60), (2, 4, 60), (3, 6, 1500), (4, 4, 1500)] {
        let packet = numbered_ip(version, n, bytes, 1);
        app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&packet)));
        assert!(wire.hears(&packet), "IPv{version}, {bytes} bytes, from the application");
        wire.send(&packet);
        assert_eq!(
            app.bytes(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)][1]")),
            packet,
            "IPv{version}, {bytes}"
        );
    }
}

fn defect_10_an_ipv6_packet_is_announced_as_ipv6(rig: &Rig) {
    rig.create("tun0");
    let app = rig.app();
    let fd = rig.open_with(&app, "tun0", "0");
    let wire = rig.packets("tun0");
    app.value(&format!("read_all({fd})"));
    for (version, ether_type) in [(4, [0x08, 0x00]), (6, [0x86, 0xdd])] {
        let packet = numbered_ip(version, 1, 100, 1);
        let behind = [&[0, 0], &ether_type[..], &packet].concat();
        app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&behind)));
        assert!(wire.hears(&packet), "IPv{version} from the application");
        wire.send(&packet);
        assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)][1]")), behind, "IPv{version}");
    }
}

/// An MTU of 1500 says what lies behind the header: 1514 bytes, and 1518 with a tag.
fn defect_11_frames_are_as_long_as_ethernet_has_them(rig: &Rig) {
    rig.create("tap0");
    assert_eq!(rig.ns().link("tap0").mtu, 1500);
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    let tagged = EtherFrame::new(mac(9), mac(8), "TRST....").payload_bytes(1500).vlan(5).bytes();
    for frame in [numbered(1, 60), numbered(2, 1514), tagged] {
        let bytes = frame.len();
        assert_eq!(app.number(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&frame))), bytes as i64);
        // A packet socket hides the tag of what is received.
        if bytes <= 1514 {
            assert!(wire.hears(&frame), "{bytes} bytes from the application");
        }
        wire.send(&frame);
        assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), os.read({fd}, 4000)][1]")), frame, "{bytes} bytes");
    }
    assert_eq!(rig.statistics("tap0")["rx"]["packets"], json!(3));
}

fn defect_13_a_full_queue_drops_what_comes_last_and_counts_it(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    let before = rig.drops("tap0");
    for n in 0..BURST {
        wire.send(&numbered(n, 60));
        if n % 20 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(app.value(&format!("wait({fd}, 'poll')")), json!(["IN"]));
    // Nobody reads before all is sent, so that whatever was not dropped waits.
    let numbers = list(&app.value(&format!("read_all({fd})")));
    let first = (0..numbers.len() as u64).collect::<Vec<_>>();
    assert!(numbers.len() >= 256, "only {} waited", numbers.len());
    assert!(numbers.len() < BURST as usize, "no bound");
    assert_eq!(numbers.get(..256), first.get(..256), "the first stay");
    accounts(rig, "tap0", before, BURST as usize - numbers.len());
    assert_eq!(app.error(&format!("os.read({fd}, 2000)")), "EAGAIN");
    assert_eq!(app.value(&format!("wait({fd}, 'poll', 'IN', 0.1)")), json!([]));
    wire.send(&numbered(BURST, 60));
    assert_eq!(app.value(&format!("[wait({fd}, 'poll'), read_all({fd})]")), json!([["IN"], [BURST]]));
}

/// With the daemon stopped the socket fills; what it took arrives when the daemon goes on.
fn defect_13_a_writer_waits_for_room_and_is_woken(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.run(&format!("blocking({fd}, False)"));
    let received = || rig.statistics("tap0")["rx"]["packets"].as_u64().unwrap();
    let (before, drops) = (received(), rig.drops("tap0").1);
    let daemon = rig.daemon().process();
    let signal = |signal| {
        let pid = rustix::process::Pid::from_raw(daemon.0.cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    };
    signal(Signal::STOP);
    app.run("packet = bytes(1400)");
    app.run(&format!(
        "def fill():\n n = 0\n try:\n  while n < 100000: os.write({fd}, packet); n += 1\n except BlockingIOError: return n\n"
    ));
    let taken = app.number("fill()");
    assert!((1..100_000).contains(&taken), "{taken} packets taken");
    assert_eq!(app.value(&format!("wait({fd}, 'poll', 'OUT', 0.1)")), json!([]));
    let waits = ["select", "poll", "level", "edge"].map(|how| app.start(&format!("wait({fd}, '{how}', 'OUT', 9)")));
    assert!(waits[0].blocks_for(Duration::from_millis(300)));
    signal(Signal::CONT);
    for wait in waits {
        assert_eq!(wait.value(), json!(["OUT"]));
    }
    let accounted = || received() - before + rig.drops("tap0").1 - drops;
    assert!(within(SOON, || accounted() == taken as u64), "{} of {taken}", accounted());
}

fn defect_23_counters_tell_what_passed(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    let counts = || rig.report("tap0")["tap"]["counts"].clone();
    let count = |counts: &Value, name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("no {name}: {counts}"));
    let (before, kernel) = (counts(), rig.statistics("tap0"));
    app.run(&format!("write_numbered({fd}, bytes(100), range(100))"));
    (0..50).for_each(|n| wire.send(&numbered(n, 200)));
    let waiting = || rig.report("tap0")["tap"]["queued"].as_u64();
    if rig.face == Face::Node {
        assert!(within(SOON, || waiting() == Some(50)), "{:?}", rig.report("tap0"));
    }
    app.value(&format!("drain({fd}, 'poll', 0.3)"));
    assert_eq!(waiting(), Some(0));
    let wanted = [("rx_frames", 100), ("rx_bytes", 10_000), ("tx_frames", 50), ("tx_bytes", 10_000)];
    let gained = |name| count(&counts(), name) - count(&before, name);
    assert!(within(SOON, || wanted.iter().all(|&(name, n)| gained(name) == n)), "{before} to {}", counts());
    let now = rig.statistics("tap0");
    let kernel = |way: &str| now[way]["packets"].as_u64().unwrap() - kernel[way]["packets"].as_u64().unwrap();
    assert_eq!((kernel("rx"), kernel("tx")), (100, 50), "the kernel's own");
    let opens = rig.report("tap0")["tap"]["opens"].clone();
    assert_eq!(opens[0]["pid"], json!(app.pid()), "{opens}");
    assert!(opens[0]["program"].as_str().is_some_and(|program| program.contains("python3")), "{opens}");
    assert_eq!(opens[0]["by"], json!(if rig.face == Face::Node { "node" } else { "socket" }));
    assert!(rig.has_flags("tap0", &["MULTICAST", "BROADCAST"]));
}

fn defect_23_what_was_dropped_is_not_counted_as_sent(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    let sent = || rig.report("tap0")["tap"]["counts"]["tx_frames"].as_u64().unwrap();
    let before = (sent(), rig.drops("tap0"));
    (0..BURST).for_each(|n| wire.send(&numbered(n, 60)));
    let read = list(&app.value(&format!("drain({fd}, 'poll', 0.5)"))).len();
    accounts(rig, "tap0", before.1, BURST as usize - read);
    assert_eq!(sent() - before.0, read as u64, "sent");
}

fn a_burst_by_select(rig: &Rig) {
    burst(rig, "select");
}

fn a_burst_by_poll(rig: &Rig) {
    burst(rig, "poll");
}

fn a_burst_by_level_triggered_epoll(rig: &Rig) {
    burst(rig, "level");
}

fn a_burst_by_edge_triggered_epoll(rig: &Rig) {
    burst(rig, "edge");
}

/// Sends as fast as it can while the application reads, and holds what came against the counters.
fn burst(rig: &Rig, how: &str) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    let frame = |n| numbered(n, 60 + (n as usize * 7) % 1400);
    let heard = received(rig, "tap0", (&app, fd), how, || (0..BURST).for_each(|n| wire.send(&frame(n))));
    println!("{:?}, {how}: {heard} of {BURST}", rig.face);
}

fn a_burst_through_a_tun(rig: &Rig) {
    rig.create("tun0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tun0");
    let wire = rig.packets("tun0");
    let send = || (0..BURST).for_each(|n| wire.send(&numbered_ip(4, n, 1400, 1)));
    let heard = received(rig, "tun0", (&app, fd), "poll", send);
    println!("{:?}: {heard} of {BURST}", rig.face);
}

/// Returns how many of the packets that `send` sends, [`BURST`], the application hears by `how`; the others must have
/// been dropped and counted.
#[track_caller]
fn received(rig: &Rig, name: &str, (app, fd): (&App, i64), how: &str, send: impl FnOnce()) -> usize {
    app.value(&format!("read_all({fd})"));
    let before = rig.drops(name);
    let reading = app.start(&format!("drain({fd}, '{how}', 1.0)"));
    send();
    let numbers = list(&reading.value());
    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order or twice");
    accounts(rig, name, before, BURST as usize - numbers.len());
    assert_eq!(app.value(&format!("read_all({fd})")), json!([]), "left behind without a word");
    numbers.len()
}

/// Fails the test unless `missing` packets for the application on the device `name` were counted as dropped since `before`.
#[track_caller]
fn accounts(rig: &Rig, name: &str, before: (u64, u64), missing: usize) {
    let since = || {
        let now = rig.drops(name);
        (now.0 - before.0, now.1 - before.1)
    };
    let counted = || since().0 + since().1;
    assert!(within(SOON, || counted() == missing as u64), "{missing} missing; dropped by (kernel, own): {:?}", since());
}

fn a_burst_the_other_way(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.run(&format!("blocking({fd}, False)"));
    let statistics = || rig.statistics("tap0")["rx"].clone();
    let of = |rx: &Value| rx["packets"].as_u64().unwrap() + rx["dropped"].as_u64().unwrap();
    let (before, own) = (statistics(), rig.drops("tap0").1);
    let full = app.start(&format!("write_numbered({fd}, bytes(1400), range({BURST}))")).value();
    println!("{:?}: full {full} times", rig.face);
    let counted = || of(&statistics()) - of(&before) + rig.drops("tap0").1 - own;
    assert!(within(SOON, || counted() == u64::from(BURST)), "{} of {BURST}", counted());
}

/// Each packet comes to a reader that waits, so that one wake-up lost is one packet not read in time.
fn single_packets_wake_every_time(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    for how in ["select", "poll", "level", "edge"] {
        let reading = app.start(&format!("drain({fd}, '{how}', 0.5)"));
        spaced(&wire, 300);
        assert_eq!(list(&reading.value()), (0..300).collect::<Vec<_>>(), "{how}");
    }
    app.run(&format!("blocking({fd}, True)"));
    let reading = app.start(&format!("[number_of(os.read({fd}, 2048)) for _ in range(300)]"));
    spaced(&wire, 300);
    assert_eq!(list(&reading.value()), (0..300).collect::<Vec<_>>(), "blocking reads");
}

fn spaced(wire: &Wire, count: u32) {
    for n in 0..count {
        wire.send(&numbered(n, 60));
        std::thread::sleep(Duration::from_micros(500 + u64::from(n * 37 % 500)));
    }
}

fn what_waited_at_the_close_is_not_read_at_the_next_open(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    for round in 0..5 {
        let fd = rig.open_device(&app, "tap0");
        let wire = rig.wire("tap0");
        assert_eq!(app.value(&format!("read_all({fd})")), json!([]), "round {round}");
        (0..20).for_each(|n| wire.send(&numbered(n, 60)));
        assert_eq!(app.value(&format!("wait({fd}, 'poll')")), json!(["IN"]));
        let heard = wire.receive(Limit::after(Duration::ZERO)).into_iter().collect::<Vec<_>>();
        assert_eq!(numbers(&heard), Vec::<u32>::new(), "its own");
        app.run(&format!("os.close({fd})"));
        assert!(within(SOON, || !rig.has_flags("tap0", &["LOWER_UP"])));
    }
}

#[track_caller]
fn list(value: &Value) -> Vec<u64> {
    let numbers = value.as_array().unwrap_or_else(|| panic!("no list: {value}"));
    numbers.iter().map(|n| n.as_u64().expect("a number")).collect()
}
