//! What read, write and their kin do on a device, call by call.

use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use tests::nodes::{Answer, Face, Rig, hex, numbered, numbered_ip, numbers, unhex};
use tests::{EtherFrame, Limit, mac, within};

tests::on_faces! {
    defect_01_without_blocking_an_empty_queue_is_eagain: kernel node exec;
    defect_01_the_mode_follows_fcntl_at_once: kernel node exec;
    defect_12_a_packet_of_the_largest_mtu_passes: kernel node exec;
    defect_16_a_short_read_drops_the_rest_of_its_packet_only: kernel node exec;
    defect_16_packet_information_tells_of_a_cut: kernel node;
    defect_16_a_read_into_a_bad_address_leaks_nothing: kernel node exec;
    defect_20_sizes_are_checked: kernel node exec;
    defect_20_what_is_no_ip_packet_is_refused: kernel node exec;
    defect_24_readv_and_writev_are_one_packet: kernel node exec;
    defect_25_interrupted_waits_leave_nothing_behind: kernel node exec;
    a_signal_ends_a_blocked_read: kernel node exec;
    a_kill_frees_a_blocked_reader: kernel node exec;
    a_write_passes_while_a_read_waits: kernel node exec;
    packets_keep_their_bytes_and_order: kernel node exec;
}

const SOON: Duration = Duration::from_secs(3);
/// Long enough that a call which has not returned is taken to wait.
const WHILE: Duration = Duration::from_millis(200);

fn defect_01_without_blocking_an_empty_queue_is_eagain(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.run(&format!("blocking({fd}, False)"));
    app.value(&format!("read_all({fd})"));
    for n in 0..20 {
        wire.send(&numbered(n, 60));
        assert_eq!(app.value(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)[-1]]")), json!([["IN"], n]));
        assert_eq!(app.error(&format!("os.read({fd}, 2000)")), "EAGAIN");
    }
}

fn defect_01_the_mode_follows_fcntl_at_once(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let read = app.start(&format!("os.read({fd}, 2000)"));
    assert!(read.blocks_for(WHILE));
    wire.send(&numbered(1, 60));
    assert_eq!(unhex(&read.value()), numbered(1, 60));
    app.run(&format!("blocking({fd}, False)"));
    assert_eq!(app.error(&format!("os.read({fd}, 2000)")), "EAGAIN");
    app.run(&format!("fcntl.ioctl({fd}, FIONBIO, struct.pack('i', 0))"));
    let read = app.start(&format!("os.read({fd}, 2000)"));
    assert!(read.blocks_for(WHILE));
    wire.send(&numbered(2, 60));
    assert_eq!(unhex(&read.value()), numbered(2, 60));
}

/// 65,521 bytes is the most that the kernel lets a TAP have: 65,535 with the Ethernet header.
fn defect_12_a_packet_of_the_largest_mtu_passes(rig: &Rig) {
    rig.create("tap0");
    for mtu in [9000, 65_521] {
        rig.set("tap0", &format!("mtu {mtu}"));
        let app = rig.app();
        let fd = rig.open_device(&app, "tap0");
        let wire = rig.wire("tap0");
        assert!(within(SOON, || rig.ns().link("tap0").mtu == mtu), "{:?}", rig.ns().link("tap0"));
        let frame = numbered(1, mtu as usize + 14);
        app.run(&format!("frame = bytes.fromhex('{}')", hex(&frame)));
        assert_eq!(app.number(&format!("os.write({fd}, frame)")), i64::try_from(frame.len()).unwrap());
        assert!(wire.hears(&frame), "{mtu} bytes from the application");
        wire.send(&frame);
        let read = app.start(&format!("read_numbered({fd}, 70000) == frame"));
        assert_eq!(read.value(), json!(true), "{mtu} bytes to the application");
        app.run(&format!("os.close({fd})"));
    }
}

fn defect_16_a_short_read_drops_the_rest_of_its_packet_only(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    let frames: Vec<_> = (0..4).map(|n| numbered(n, 1000)).collect();
    frames.iter().for_each(|frame| wire.send(frame));
    app.run(&format!("blocking({fd}, True)"));
    assert_eq!(app.bytes(&format!("os.read({fd}, 100)")), frames[0][..100]);
    assert_eq!(app.bytes(&format!("os.read({fd}, 1000)")), frames[1]);
    assert_eq!(app.bytes(&format!("os.read({fd}, 1)")), frames[2][..1]);
    assert_eq!(app.bytes(&format!("os.read({fd}, 2000)")), frames[3]);
}

/// TUN_PKT_STRIP (`linux/if_tun.h`), the lowest flag of `struct tun_pi`. Of a datagram that did not fit into the
/// buffer only its reader knows, so that this is not for `trestle exec`.
fn defect_16_packet_information_tells_of_a_cut(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_with(&app, "tap0", "0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let frame = numbered(1, 1000);
    wire.send(&frame);
    wire.send(&frame);
    let cut = app.bytes(&format!("os.read({fd}, 104)"));
    assert_eq!((&cut[..4], &cut[4..]), ([1, 0, 0x88, 0xb5].as_slice(), &frame[..100]));
    let whole = app.bytes(&format!("os.read({fd}, 1004)"));
    assert_eq!((&whole[..4], &whole[4..]), ([0, 0, 0x88, 0xb5].as_slice(), &frame[..]));
}

/// More often than any queue or pool is long.
fn defect_16_a_read_into_a_bad_address_leaks_nothing(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.run(&format!("blocking({fd}, False)"));
    app.run("def bad(fd):\n try: read_to_nowhere(fd)\n except OSError as error: return errno.errorcode[error.errno]\n");
    let mut told = Vec::new();
    for n in 0..1500 {
        wire.send(&numbered(n, 60));
        told.extend(app.words(&format!("[wait({fd}, 'poll')[0], bad({fd})]")));
        app.value(&format!("read_all({fd})"));
    }
    assert!(told.iter().all(|word| word == "IN" || word == "EFAULT"), "{told:?}");
    wire.send(&numbered(5000, 60));
    assert_eq!(unhex(&app.start(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)][1]")).value()), numbered(5000, 60));
}

/// A write that is too short is refused where the call can be: a socket takes what it is given, and the device
/// drops it.
fn defect_20_sizes_are_checked(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    let before = rig.drops("tap0").1;
    let write = |bytes: usize| app.call(&format!("os.write({fd}, bytes({bytes}))"));
    let refused = |bytes: usize| match rig.face {
        Face::Kernel | Face::Node => Answer::Errno("EINVAL".to_owned()),
        Face::Exec => Answer::Value(json!(bytes)),
    };
    assert_eq!(write(13), refused(13));
    match rig.face {
        // The kernel does not ask a node about no bytes.
        Face::Node => assert_eq!(write(0), Answer::Value(json!(0))),
        Face::Kernel | Face::Exec => assert_eq!(write(0), refused(0)),
    }
    let too_long = EtherFrame::new(mac(9), mac(8), "too long").payload_bytes(3000).bytes();
    let answer = app.call(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&too_long)));
    match rig.face {
        Face::Kernel | Face::Exec => assert_eq!(answer, Answer::Value(json!(too_long.len()))),
        Face::Node => assert_eq!(answer, Answer::Errno("EMSGSIZE".to_owned())),
    }
    let last = numbered(1, 1514);
    app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&last)));
    let heard = wire.until(&last);
    // The kernel's own TAP takes what it is given.
    assert_eq!(heard.contains(&too_long), rig.face == Face::Kernel);
    if rig.face == Face::Exec {
        // Of no bytes and of 13, and of too many.
        let counted = || rig.drops("tap0").1 - before;
        assert!(within(SOON, || counted() >= 2), "{} dropped and counted", counted());
    }
}

fn defect_20_what_is_no_ip_packet_is_refused(rig: &Rig) {
    rig.create("tun0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tun0");
    let wire = rig.packets("tun0");
    let before = rig.drops("tun0").1;
    for first in [0x00, 0x35, 0x75, 0xf5] {
        let answer = app.call(&format!("os.write({fd}, bytes([{first}] + [0] * 59))"));
        match rig.face {
            Face::Kernel | Face::Node => assert_eq!(answer, Answer::Errno("EINVAL".to_owned()), "{first:02x}"),
            Face::Exec => assert_eq!(answer, Answer::Value(json!(60)), "{first:02x}"),
        }
    }
    let packet = numbered_ip(4, 7, 60, 1);
    app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&packet)));
    let limit = Limit::after(SOON);
    let heard: Vec<_> = std::iter::from_fn(|| wire.receive(limit)).take(1).collect();
    assert_eq!(numbers(&heard), [7]);
    if rig.face == Face::Exec {
        let counted = || rig.drops("tun0").1 - before;
        assert!(within(SOON, || counted() == 4), "{} dropped and counted", counted());
    }
}

fn defect_24_readv_and_writev_are_one_packet(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let frame = numbered(1, 1000);
    app.run(&format!("frame = bytes.fromhex('{}')", hex(&frame)));
    let written = app.number(&format!("os.writev({fd}, [frame[:14], frame[14:40], frame[40:]])"));
    assert_eq!(written, 1000);
    assert!(wire.hears(&frame));
    wire.send(&frame);
    wire.send(&numbered(2, 1000));
    app.run("parts = [bytearray(14), bytearray(20), bytearray(4000)]");
    assert_eq!(app.number(&format!("os.readv({fd}, parts)")), 1000);
    assert_eq!(app.bytes("b''.join(parts)[:1000]"), frame);
    assert_eq!(app.bytes(&format!("os.read({fd}, 4000)")), numbered(2, 1000));
}

fn defect_25_interrupted_waits_leave_nothing_behind(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    for call in [format!("os.read({fd}, 2000)"), format!("wait({fd}, 'poll')"), format!("wait({fd}, 'level')")] {
        let rounds = app.value(&format!("[interrupted(0.005, lambda: {call}) for _ in range(100)]"));
        assert!(rounds.as_array().unwrap().iter().all(Value::is_number), "{call} returned: {rounds}");
    }
    for n in 0..10 {
        let read = app.start(&format!("os.read({fd}, 2000)"));
        assert!(read.blocks_for(Duration::from_millis(20)));
        wire.send(&numbered(n, 60));
        assert_eq!(unhex(&read.value()), numbered(n, 60));
    }
    app.run(&format!("blocking({fd}, False)"));
    assert_eq!(app.error(&format!("os.read({fd}, 2000)")), "EAGAIN");
}

fn a_signal_ends_a_blocked_read(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let after = app.value(&format!("interrupted(0.3, lambda: os.read({fd}, 2000))"));
    let after = after.as_f64().expect("interrupted");
    assert!((0.29..0.8).contains(&after), "interrupted after {after} s");
}

fn a_kill_frees_a_blocked_reader(rig: &Rig) {
    rig.create("tap0");
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let app = rig.app();
        app.run("signal.signal(signal.SIGINT, signal.SIG_DFL)");
        let fd = rig.open_device(&app, "tap0");
        app.value(&format!("read_all({fd})"));
        app.run(&format!("blocking({fd}, True)"));
        let read = app.start(&format!("os.read({fd}, 2000)"));
        assert!(read.blocks_for(WHILE));
        app.signal(signal);
        assert!(app.ends(Duration::from_secs(1)), "{signal:?}: state {}", tests::Process(app.pid()).status("State:"));
    }
    let app = rig.app();
    rig.open_device(&app, "tap0");
}

/// Where a descriptor has a position, the kernel lets one call at a time have it.
fn a_write_passes_while_a_read_waits(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let read = app.start(&format!("os.read({fd}, 2000)"));
    assert!(read.blocks_for(WHILE));
    let frame = numbered(1, 60);
    let write = app.start(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&frame)));
    assert_eq!(write.within(Duration::from_secs(1)), Answer::Value(json!(60)));
    assert!(wire.hears(&frame));
    assert!(read.blocks_for(WHILE));
    wire.send(&frame);
    assert_eq!(unhex(&read.value()), frame);
}

fn packets_keep_their_bytes_and_order(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    app.run(&format!("blocking({fd}, True)"));
    let frames: Vec<_> = (0..200).map(|n| numbered(n, 60 + 7 * n as usize)).collect();
    for some in frames.chunks(50) {
        for frame in some {
            app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(frame)));
        }
        assert_eq!(numbers(&wire.until(&some[49])), numbers(&some[..49]));
    }
    for frame in &frames {
        wire.send(frame);
        assert_eq!(app.bytes(&format!("os.read({fd}, 2000)")), *frame);
    }
}
