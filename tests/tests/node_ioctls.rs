//! The ioctls of a device, as programs for Linux make them.

use serde_json::json;
use std::time::Duration;
use tests::nodes::{Answer, Face, Rig, hex, numbered};
use tests::within;

tests::on_faces! {
    defect_18_a_device_answers_what_it_is_asked: kernel node exec;
    defect_18_values_passed_by_value: kernel node exec;
    defect_18_carrier_is_set_by_the_program: kernel node exec;
    defect_18_a_descriptor_before_it_has_a_device: kernel exec;
    defect_18_one_descriptor_has_one_device: kernel exec;
    defect_18_a_queue_can_be_detached: kernel exec;
    a_virtio_net_header_both_ways: kernel exec;
    a_virtio_net_header_is_neither_offered_nor_given: node;
}

const SOON: Duration = Duration::from_secs(3);

fn defect_18_a_device_answers_what_it_is_asked(rig: &Rig) {
    for name in ["tap0", "tun0"] {
        rig.create(name);
        let app = rig.app();
        let fd = rig.open_device(&app, name);
        let asked = app.value(&format!("asked({fd})"));
        assert_eq!(asked[0], json!(name));
        let flags = asked[1].as_i64().unwrap();
        let kind = if name == "tap0" { 2 } else { 1 };
        assert_eq!(flags & 0x5103, 0x1000 | kind, "{name}: {flags:x}: kind, NO_PI, no MULTI_QUEUE, no VNET_HDR");
        let features = app.number(&format!("number({fd}, TUNGETFEATURES)"));
        assert_eq!(features & 0x1003, 0x1003, "{name}: {features:x}");
        if name == "tap0" {
            let mac = rig.ns().link(name).mac.replace(':', "");
            assert_eq!(app.value(&format!("hardware_address({fd})")), json!(mac));
        }
        let number = |code: &str| app.number(&format!("number({fd}, {code})"));
        assert_eq!(number("TUNGETVNETHDRSZ"), 10, "{name}");
        app.run(&format!("number({fd}, TUNSETVNETHDRSZ, 12)"));
        assert_eq!(number("TUNGETVNETHDRSZ"), 12, "{name}");
        assert_eq!(app.error(&format!("number({fd}, TUNSETVNETHDRSZ, 5)")), "EINVAL", "{name}");
        app.run(&format!("number({fd}, TUNSETSNDBUF, 65536)"));
        assert_eq!(number("TUNGETSNDBUF"), 65_536, "{name}");
        assert_eq!(app.error(&format!("number({fd}, TUNSETSNDBUF, 0)")), "EINVAL", "{name}");
        app.run(&format!("number({fd}, TUNSETSNDBUF, 0x7fffffff)"));
        let unknown = app.error(&format!("fcntl.ioctl({fd}, 0x54ff, bytes(8))"));
        assert!(["EINVAL", "ENOTTY"].contains(&unknown.as_str()), "{name}: {unknown}");
    }
}

/// Linux encodes these as if they passed a pointer; FUSE believes that, and follows it before it asks anybody.
fn defect_18_values_passed_by_value(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    let rows = [
        ("TUNSETPERSIST, 1", Ok(())),
        ("TUNSETOWNER, 0", Ok(())),
        ("TUNSETGROUP, 0", Ok(())),
        ("TUNSETOFFLOAD, 0", Ok(())),
        ("TUNSETOFFLOAD, 0x1000", Err("EINVAL")),
    ];
    for (call, wanted) in rows {
        let answer = app.call(&format!("fcntl.ioctl({fd}, {call})"));
        match (rig.face, wanted) {
            (Face::Node, _) => assert_eq!(answer, Answer::Errno("EFAULT".to_owned()), "{call}"),
            (Face::Kernel | Face::Exec, Ok(())) => assert_eq!(answer, Answer::Value(json!(0)), "{call}"),
            (Face::Kernel | Face::Exec, Err(name)) => assert_eq!(answer, Answer::Errno(name.to_owned()), "{call}"),
        }
    }
    let wire = rig.wire("tap0");
    wire.send(&numbered(1, 60));
    assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), read_numbered({fd})][1]")), numbered(1, 60));
}

fn defect_18_carrier_is_set_by_the_program(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_device(&app, "tap0");
    for _ in 0..3 {
        app.run(&format!("number({fd}, TUNSETCARRIER, 0)"));
        assert!(within(SOON, || rig.has_flags("tap0", &["NO-CARRIER"])));
        app.run(&format!("number({fd}, TUNSETCARRIER, 1)"));
        assert!(rig.runs("tap0"));
    }
}

fn defect_18_a_descriptor_before_it_has_a_device(rig: &Rig) {
    let app = rig.app();
    app.run("fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)");
    for code in ["asked(fd)", "number(fd, TUNGETVNETHDRSZ)", "number(fd, TUNGETSNDBUF)"] {
        assert_eq!(app.error(code), "EBADFD", "{code}");
    }
    assert!(["EBADFD", "EAGAIN"].contains(&app.error("os.read(fd, 2000)").as_str()));
    assert_eq!(app.number("number(fd, TUNGETFEATURES)") & 0x1003, 0x1003);
    assert_eq!(app.error("attach(fd, 'tap0', IFF_NO_PI)"), "EINVAL", "neither TUN nor TAP");
    assert_eq!(app.value("attach(fd, 'tap0', IFF_TAP | IFF_NO_PI)"), json!("tap0"));
    app.run("os.close(fd)");
}

fn defect_18_one_descriptor_has_one_device(rig: &Rig) {
    let app = rig.app();
    app.run("fd = open_device('/dev/net/tun', 'tap0', IFF_TAP | IFF_NO_PI)");
    assert_eq!(app.error("attach(fd, 'tap1', IFF_TAP | IFF_NO_PI)"), "EEXIST");
    assert_eq!(app.value("asked(fd)")[0], json!("tap0"));
    assert!(!rig.exists("tap1"));
}

fn defect_18_a_queue_can_be_detached(rig: &Rig) {
    rig.create("tap0 multiqueue");
    let app = rig.app();
    let first = rig.open_with(&app, "tap0", "IFF_NO_PI | IFF_MULTI_QUEUE");
    let second = rig.open_with(&app, "tap0", "IFF_NO_PI | IFF_MULTI_QUEUE");
    let queue = |flag: &str| format!("fcntl.ioctl({second}, TUNSETQUEUE, struct.pack('16sH22x', b'', {flag}))");
    app.value(&queue("IFF_DETACH_QUEUE"));
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({first})"));
    (0..50).for_each(|n| wire.send(&numbered(n, 60)));
    assert_eq!(app.value(&format!("drain({first}, 'poll', 0.3)")), json!((0..50).collect::<Vec<_>>()));
    app.value(&queue("IFF_ATTACH_QUEUE"));
    assert_eq!(app.error(&queue("IFF_ATTACH_QUEUE")), "EINVAL", "it is attached");
}

fn a_virtio_net_header_both_ways(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_with(&app, "tap0", "IFF_NO_PI | IFF_VNET_HDR");
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    for bytes in [10, 12] {
        app.run(&format!("number({fd}, TUNSETVNETHDRSZ, {bytes})"));
        let behind = [vec![0; bytes], numbered(1, 100)].concat();
        app.run(&format!("os.write({fd}, bytes.fromhex('{}'))", hex(&behind)));
        assert!(wire.hears(&numbered(1, 100)), "a header of {bytes} bytes from the application");
        wire.send(&numbered(1, 100));
        assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)][1]")), behind, "{bytes} bytes");
    }
}

/// A program that takes such headers goes on to say which offloads it takes, by a call that FUSE does not pass on.
fn a_virtio_net_header_is_neither_offered_nor_given(rig: &Rig) {
    rig.create("tap0");
    let app = rig.app();
    let fd = rig.open_with(&app, "tap0", "IFF_NO_PI | IFF_VNET_HDR");
    assert_eq!(app.number(&format!("number({fd}, TUNGETFEATURES)")) & 0x4000, 0);
    assert_eq!(app.number(&format!("asked({fd})[1]")) & 0x4000, 0);
    let wire = rig.wire("tap0");
    app.value(&format!("read_all({fd})"));
    wire.send(&numbered(1, 100));
    assert_eq!(app.bytes(&format!("[wait({fd}, 'poll'), os.read({fd}, 2000)][1]")), numbered(1, 100));
}
