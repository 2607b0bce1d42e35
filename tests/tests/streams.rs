//! TCP with the offloads of real stacks, and frames of every size.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::{
    BROADCAST, Daemon, EtherFrame, Host, Kind, Lab, Limit, Offloads, Pings, Station, Switch, Wire, echo, mac, plug,
    scenario, set_offloads, transfer,
};

fn pairing(name: &str, kinds: [Kind; 2]) {
    let Some(lab) = Lab::open(name) else { return };
    for offloads in [Offloads::On, Offloads::Off] {
        let daemon = Daemon::start(&lab, lab.ns("switch"));
        let machine = kinds.contains(&Kind::Tap) || kinds.contains(&Kind::TapWithOffloads);
        let mebibytes = if machine { 16 } else { 64 };
        scenario::streams_arrive_intact(&lab, &daemon, kinds, offloads, mebibytes);
        let drops = daemon.bridge().total.drops;
        let whole = |reason: &str| ["offload", "too-big", "malformed", "truncated", "transmit-error"].contains(&reason);
        assert!(!drops.keys().any(|reason| whole(reason)), "{kinds:?} {offloads:?}: {drops:?}");
        std::fs::remove_file(daemon.state()).expect("the state of this pairing");
    }
}

#[test]
fn veth_and_veth() {
    pairing("veth_and_veth", [Kind::Veth, Kind::Veth]);
}

#[test]
fn veth_and_vport() {
    pairing("veth_and_vport", [Kind::Veth, Kind::Vport]);
}

#[test]
fn vport_and_vport() {
    pairing("vport_and_vport", [Kind::Vport, Kind::Vport]);
}

#[test]
fn veth_and_host() {
    pairing("veth_and_host", [Kind::Veth, Kind::Host]);
}

#[test]
fn vport_and_host() {
    pairing("vport_and_host", [Kind::Vport, Kind::Host]);
}

#[test]
fn veth_and_tap() {
    pairing("veth_and_tap", [Kind::Veth, Kind::Tap]);
}

#[test]
fn vport_and_tap() {
    pairing("vport_and_tap", [Kind::Vport, Kind::Tap]);
}

#[test]
fn host_and_tap() {
    pairing("host_and_tap", [Kind::Host, Kind::Tap]);
}

#[test]
fn veth_and_tap_with_offloads() {
    pairing("veth_and_tap_with_offloads", [Kind::Veth, Kind::TapWithOffloads]);
}

#[test]
fn vport_and_tap_with_offloads() {
    pairing("vport_and_tap_with_offloads", [Kind::Vport, Kind::TapWithOffloads]);
}

#[test]
fn one_end_with_offloads_and_one_without() {
    let Some(lab) = Lab::open("one_end_with_offloads_and_one_without") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2));
    a.kernel().offloads(Offloads::Off);
    transfer(a.kernel(), b.kernel(), 64);
    transfer(b.kernel(), a.kernel(), 64);
    assert_eq!(a.kernel().bad_checksums() + b.kernel().bad_checksums(), 0);
}

/// A virtual machine without offloads gets segments, not what a kernel leaves to its device.
#[test]
fn no_frame_above_the_mtu_reaches_a_plain_tap() {
    let Some(lab) = Lab::open("no_frame_above_the_mtu_reaches_a_plain_tap") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let hosts = [plug(&lab, &daemon, Kind::Veth, 1), plug(&lab, &daemon, Kind::Vport, 2)];
    let Station::Machine(vm) = plug(&lab, &daemon, Kind::Tap, 3) else { unreachable!() };
    for host in &hosts {
        echo(host.kernel(), vm.address, 4);
        assert_eq!(vm.largest_frame(), 1514, "from {}", host.address());
    }
}

/// An interface whose segmentation is switched off gets complete frames, no larger than its MTU.
#[test]
fn no_frame_above_the_mtu_leaves_an_interface_without_offloads() {
    let Some(lab) = Lab::open("no_frame_above_the_mtu_leaves_an_interface_without_offloads") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let (a, b) = (plug(&lab, &daemon, Kind::Vport, 1), plug(&lab, &daemon, Kind::Veth, 2));
    let (from, to) = (a.kernel(), b.kernel());
    to.offloads(Offloads::Off);
    set_offloads(daemon.ns(), "eth2", Offloads::Off);
    let cable = Wire::tapping(&to.ns, &to.interface);
    let done = AtomicBool::new(false);
    let sender: Vec<u8> = from.mac().split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect();
    let largest = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut largest = 0;
            while !done.load(Ordering::Relaxed) {
                while let Some(frame) = cable.receive(Limit::after(Duration::from_millis(20))) {
                    if frame[6..12] == sender {
                        largest = largest.max(frame.len());
                    }
                }
            }
            largest
        });
        transfer(from, to, 16);
        done.store(true, Ordering::Relaxed);
        watch.join().expect("it counts")
    });
    assert_eq!(largest, 1514);
    assert_eq!(to.bad_checksums(), 0);
}

#[test]
fn jumbo_frames_pass_from_end_to_end() {
    let Some(lab) = Lab::open("jumbo_frames_pass_from_end_to_end") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.create();
    let lan = plug(&lab, &daemon, Kind::Veth, 1);
    lan.kernel().ns.ip("link set eth0 mtu 9000");
    daemon.ok("vport2 create up");
    daemon.ok("bridge0 addm vport2 mtu 9000");
    for member in ["bridge0", "eth1", "vport2"] {
        assert_eq!(daemon.ns().link(member).mtu, 9000, "{member}");
    }
    assert_eq!(daemon.report("bridge0").mtu, 9000);
    let container = Host::by_move(lab.ns("container"), daemon.ns(), "vport2", 2);
    let host = plug(&lab, &daemon, Kind::Host, 3);
    let hosts = [lan.kernel(), &container, host.kernel()];
    let jumbo = Pings { count: 3, payload: 8972, interval: Duration::from_millis(50) };
    for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 1)] {
        assert_eq!(hosts[from].ping(hosts[to].address, jumbo), 3, "{from} to {to}");
    }
    transfer(hosts[0], hosts[1], 32);
    transfer(hosts[1], hosts[2], 32);
    assert!(hosts.iter().all(|host| host.bad_checksums() == 0));
}

#[test]
fn a_member_takes_the_mtu_of_its_bridge() {
    let Some(lab) = Lab::open("a_member_takes_the_mtu_of_its_bridge") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let _taps: Vec<_> = ["tap0", "tap1"].iter().map(|name| Wire::tap(daemon.ns(), name)).collect();
    daemon.ns().ip("link set tap0 mtu 1400");
    daemon.ok("bridge0 create addm tap0 addm tap1 up");
    let mtu = |name: &str| daemon.ns().link(name).mtu;
    assert_eq!((mtu("bridge0"), mtu("tap0"), mtu("tap1")), (1400, 1400, 1400));
    daemon.ok("bridge0 mtu 2000");
    assert_eq!((mtu("bridge0"), mtu("tap0"), mtu("tap1")), (2000, 2000, 2000));
}

#[test]
fn a_frame_that_is_too_big_is_dropped_and_counted() {
    let Some(lab) = Lab::open("a_frame_that_is_too_big_is_dropped_and_counted") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let wires: Vec<_> = (0..2).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create addm tap0 addm tap1 up");
    scenario::settle(&wires.iter().collect::<Vec<_>>());
    let frame = |bytes| EtherFrame::new(BROADCAST, mac(1), "").payload_bytes(bytes);
    let full = [frame(1500).bytes(), frame(1500).vlan(7).bytes()];
    let too_big = [frame(1501).bytes(), frame(1501).vlan(7).bytes(), frame(9000).bytes(), frame(60_000).bytes()];
    full.iter().chain(&too_big).for_each(|frame| wires[0].send(frame));
    let last = EtherFrame::new(BROADCAST, mac(1), "last").bytes();
    wires[0].send(&last);
    let heard = wires[1].until(&last);
    assert_eq!(heard.iter().map(Vec::len).collect::<Vec<_>>(), [1514, 1518]);
    assert_eq!(heard, full);
    assert_eq!(daemon.drops("tap0", "too-big"), 4);
}

/// The smallest frames, and some shorter than any Ethernet sends, pass as they are.
#[test]
fn frames_keep_their_length() {
    let Some(lab) = Lab::open("frames_keep_their_length") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let wires: Vec<_> = (0..2).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create addm tap0 addm tap1 up");
    scenario::settle(&wires.iter().collect::<Vec<_>>());
    let last = EtherFrame::new(BROADCAST, mac(1), "last").bytes();
    let frames: Vec<_> = [1, 2, 45, 46, 47, 200, 1499, 1500]
        .map(|bytes| EtherFrame::new(BROADCAST, mac(1), "").payload_bytes(bytes).bytes())
        .into();
    frames.iter().chain([&last]).for_each(|frame| wires[0].send(frame));
    assert_eq!(wires[1].until(&last), frames);
}

/// What a sender emits without a pause, no more than the queue of any interface holds (1,000 frames), is not lost.
#[test]
fn a_burst_arrives_whole() {
    let Some(lab) = Lab::open("a_burst_arrives_whole") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let wires: Vec<_> = (0..2).map(|n| Wire::tap(daemon.ns(), &format!("tap{n}"))).collect();
    daemon.ok("bridge0 create addm tap0 addm tap1 up");
    scenario::settle(&wires.iter().collect::<Vec<_>>());
    for round in 0..5 {
        let burst: Vec<_> =
            (0..500).map(|n| EtherFrame::new(mac(2), mac(1), &format!("{round} {n}")).bytes()).collect();
        burst.iter().for_each(|frame| wires[0].send(frame));
        let last = EtherFrame::new(mac(2), mac(1), "last").bytes();
        std::thread::sleep(Duration::from_millis(100));
        wires[0].send(&last);
        let heard = wires[1].until(&last);
        assert_eq!(heard.len(), burst.len(), "round {round}: {:?}", daemon.member("tap0").counts);
        assert_eq!(heard, burst, "in order");
    }
}
