use super::*;
use crate::linux::lab::{Host, Lab, PLAIN, Wire, essence, in_namespace, super_frame};
use crate::linux::memory::{MemoryHost, memory_port};
use crate::linux::netlink::Up;
use bridge::{Config, PortConfig, PortFlags};
use frame::offload::Gso;
use frame::{DropReason, Vid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const B: BridgeId = BridgeId(1);
const ALL: [u8; 6] = [0xff; 6];
fn start(workers: usize) -> Plane {
    Plane::start(PlaneOptions { workers, nice: 0, spin: Duration::ZERO }).unwrap()
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn open() -> PortConfig {
    PortConfig { flags: PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER, ..PortConfig::default() }
}

fn serve(plane: &Plane, ports: &[PortConfig]) -> Arc<Bridge> {
    let ports = (1..).map(port).zip(ports.iter().cloned()).collect();
    let config = Config { own_mac: Mac([2, 0, 0, 0, 0, 0xfe]), ports, ..Config::default() };
    let bridge = Arc::new(Bridge::new(config, plane.workers(), [1, 2, 3, 4]));
    plane.add_bridge(B, &bridge).unwrap();
    bridge
}

fn mac(station: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, station]
}

/// A frame of 60 bytes or more of an experimental type, with `tags` as they stand on the wire.
fn tagged(dst: [u8; 6], src: [u8; 6], tags: &[u8], text: &str) -> Vec<u8> {
    let mut frame = [&dst[..], &src[..], tags, &[0x88, 0xb5], text.as_bytes()].concat();
    frame.resize(frame.len().max(60 + tags.len()), 0);
    frame
}

fn frame(dst: [u8; 6], src: [u8; 6], text: &str) -> Vec<u8> {
    tagged(dst, src, &[], text)
}

fn wait(fd: &impl AsFd, milliseconds: i64) -> bool {
    let time = Timespec { tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000 };
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&time)).unwrap() == 1
}

fn receive(host: &MemoryHost) -> Option<Vec<u8>> {
    wait(host, 400).then(|| {
        let mut frame = vec![0; 2_000];
        let bytes = host.receive(&mut frame).unwrap();
        frame.truncate(bytes);
        frame
    })
}

fn next_event(plane: &Plane) -> Option<PlaneEvent> {
    // The descriptor stays readable until the queue was found empty.
    plane.poll_event().or_else(|| wait(&plane.event_fd(), 4_000).then(|| plane.poll_event()).flatten())
}

/// Waits until the workers have done something.
fn until(done: impl Fn() -> bool) {
    let never = crate::linux::worker::bell().unwrap();
    assert!((0..400).any(|_| done() || wait(&never, 5)), "not done in time");
}

/// A bridge with a port of each kind, and who is behind them.
struct Mixed {
    plane: Plane,
    bridge: Arc<Bridge>,
    wire: Wire,
    host: Host,
    memory: MemoryHost,
    _tap: TapDevice,
}

impl Mixed {
    fn new(lab: &mut Lab, workers: usize, ports: &[PortConfig; 3]) -> Self {
        let plane = start(workers);
        let bridge = serve(&plane, ports);
        let (interface, wire) = lab.wire("wire0");
        let (tap, host) = lab.host("tap0", workers);
        let (near, memory) = memory_port(64, 1_600).unwrap();
        plane.add_packet_port(B, port(1), interface).unwrap();
        plane.add_tap_port(B, port(2), &tap).unwrap();
        plane.add_memory_port(B, port(3), &near).unwrap();
        Self { plane, bridge, wire, host, memory, _tap: tap }
    }
}

fn passes_between_every_kind(mut lab: Lab, workers: usize) {
    let mut net = Mixed::new(&mut lab, workers, &[open(), open(), open()]);
    let hello = [1, 2, 3].map(|station| frame(ALL, mac(station), "hello"));
    net.wire.send(&hello[0], PLAIN);
    assert_eq!(net.host.frames(1), [hello[0].clone()]);
    assert_eq!(receive(&net.memory), Some(hello[0].clone()));
    net.host.send(&hello[1], PLAIN);
    assert_eq!(net.wire.frames(1), [hello[1].clone()]);
    assert_eq!(receive(&net.memory), Some(hello[1].clone()));
    net.memory.send(&hello[2], &PLAIN).unwrap();
    assert_eq!(net.wire.frames(1), [hello[2].clone()]);
    assert_eq!(net.host.frames(1), [hello[2].clone()]);

    // Each is known: a frame to one reaches no other.
    let direct = frame(mac(2), mac(1), "direct");
    net.wire.send(&direct, PLAIN);
    assert_eq!(net.host.frames(1), [direct]);
    let back = frame(mac(1), mac(3), "back");
    net.memory.send(&back, &PLAIN).unwrap();
    assert_eq!(net.wire.frames(1), [back]);
    assert_eq!(receive(&net.memory), None);
    assert_eq!(net.host.frames(1), [] as [Vec<u8>; 0]);

    let sums = [1, 2, 3].map(|number| net.bridge.port_counters(port(number)));
    assert_eq!(sums.map(|sum| (sum.rx_frames, sum.tx_frames)), [(2, 3), (1, 3), (2, 2)]);
    assert_eq!(sums.map(|sum| (sum.rx_bytes, sum.tx_bytes)), [(120, 180), (60, 180), (120, 120)]);
    assert_eq!(net.plane.events_lost(), 0);
}

#[test]
fn frames_pass_between_every_kind_of_port() {
    in_namespace(|lab| passes_between_every_kind(lab, 1));
}

#[test]
fn frames_pass_with_two_workers() {
    in_namespace(|lab| passes_between_every_kind(lab, 2));
}

#[test]
fn bursts_keep_their_order() {
    in_namespace(|mut lab| {
        let mut net = Mixed::new(&mut lab, 1, &[open(), open(), open()]);
        for station in 1..=2 {
            let hello = frame(ALL, mac(station), "hello");
            if station == 1 { net.wire.send(&hello, PLAIN) } else { net.host.send(&hello, PLAIN) }
        }
        net.host.frames(1);
        net.wire.frames(1);
        let there: Vec<_> = (0..50).map(|number| frame(mac(2), mac(1), &format!("{number}"))).collect();
        let back: Vec<_> = (0..50).map(|number| frame(mac(1), mac(2), &format!("{number}"))).collect();
        there.iter().for_each(|frame| net.wire.send(frame, PLAIN));
        assert_eq!(net.host.frames(50), there);
        back.iter().for_each(|frame| net.host.send(frame, PLAIN));
        assert_eq!(net.wire.frames(50), back);
    });
}

#[test]
fn tags_change_on_the_way() {
    let tag10 = [0x81, 0, 0xa0, 10];
    let access = |vid| PortConfig { pvid: Vid::new(vid), ..open() };
    let trunk = || PortConfig { tagged: "10,20".parse().unwrap(), ..open() };
    in_namespace(|mut lab| {
        // The packet socket gets the tag beside the bytes, the tap within.
        let mut net = Mixed::new(&mut lab, 1, &[trunk(), trunk(), access(10)]);
        let from_wire = tagged(ALL, mac(1), &tag10, "from wire");
        net.wire.send(&from_wire, PLAIN);
        assert_eq!(net.host.frames(1), [from_wire]);
        assert_eq!(receive(&net.memory), Some(tagged(ALL, mac(1), &[], "from wire")[..60].to_vec()));
        let from_host = tagged(ALL, mac(2), &tag10, "from host");
        net.host.send(&from_host, PLAIN);
        assert_eq!(net.wire.frames(1), [from_host]);
        assert_eq!(receive(&net.memory), Some(tagged(ALL, mac(2), &[], "from host")));
        // Untagged to tagged, on both ways out.
        net.memory.send(&frame(ALL, mac(3), "from memory"), &PLAIN).unwrap();
        let want = tagged(ALL, mac(3), &[0x81, 0, 0, 10], "from memory");
        let want = [want];
        assert_eq!(net.wire.frames(1), want);
        assert_eq!(net.host.frames(1), want);
    });
}

#[test]
fn super_frames_pass_whole_and_reach_memory_in_pieces() {
    in_namespace(|mut lab| {
        let mut net = Mixed::new(&mut lab, 1, &[open(), open(), open()]);
        for (kind, segment) in [(Gso::TcpV4, 1_054), (Gso::UdpSegment, 1_042)] {
            let (frame, offload) = super_frame(kind, ALL, mac(1), &[]);
            net.wire.send(&frame, offload);
            let got = net.host.receive();
            assert_eq!(got.len(), 1, "{kind:?}");
            assert_eq!((essence(got[0].0), &got[0].1), (essence(offload), &frame));
            for _ in 0..40 {
                assert_eq!(receive(&net.memory).map(|segment| segment.len()), Some(segment));
            }
            let (frame, offload) = super_frame(kind, ALL, mac(2), &[]);
            net.host.send(&frame, offload);
            let (state, got) = net.wire.receive().unwrap();
            assert_eq!((essence(state), got), (essence(offload), frame));
            while receive(&net.memory).is_some() {}
        }
    });
}

#[test]
fn the_offsets_of_a_super_frame_follow_its_tag() {
    let access = PortConfig { pvid: Vid::new(10), ..open() };
    in_namespace(|mut lab| {
        let mut net = Mixed::new(&mut lab, 1, &[open(), access, open()]);
        let (tagged, tagged_offload) = super_frame(Gso::TcpV4, ALL, mac(2), &[0x81, 0, 0, 10]);
        let (plain, plain_offload) = super_frame(Gso::TcpV4, ALL, mac(2), &[]);
        net.host.send(&plain, plain_offload);
        let (state, got) = net.wire.receive().unwrap();
        assert_eq!((essence(state), got), (essence(tagged_offload), tagged.clone()));
        net.wire.send(&tagged, tagged_offload);
        // A station cannot be in two places; the answer is what counts.
        let got = net.host.receive();
        assert_eq!(got.iter().map(|(state, _)| essence(*state)).collect::<Vec<_>>(), [essence(plain_offload)]);
        assert_eq!(got[0].1, plain);
    });
}

#[test]
fn a_removed_port_is_closed_when_the_call_returns() {
    in_namespace(|mut lab| {
        let plane = start(2);
        serve(&plane, &[open(), open()]);
        let (tap, host) = lab.host("tap0", 2);
        let (interface, wire) = lab.wire("wire0");
        plane.add_tap_port(B, port(1), &tap).unwrap();
        plane.add_packet_port(B, port(2), interface).unwrap();
        let promiscuous = |lab: &mut Lab| lab.link("wire0").unwrap().promiscuity > 0;
        drop((tap, host));
        assert!(lab.link("tap0").is_some(), "the workers hold it");
        plane.remove_port(B, port(1));
        assert_eq!(lab.link("tap0"), None);
        plane.remove_bridge(B);
        assert!(!promiscuous(&mut lab), "promiscuous mode ends with the port");
        drop(wire);
    });
}

#[test]
fn a_port_of_no_bridge_is_refused() {
    in_namespace(|mut lab| {
        let plane = start(1);
        let (interface, _wire) = lab.wire("wire0");
        let error = plane.add_packet_port(B, port(1), interface).unwrap_err();
        assert_eq!(error, PlaneError::Port { bridge: B, port: port(1), errno: Errno::NOENT });
        let gone = super::Interface { index: 4711, ..interface };
        let error = plane.add_packet_port(B, port(1), gone).unwrap_err();
        assert_eq!(error.to_string(), "wire0: bind packet socket: No such device (os error 19)");
    });
}

#[test]
fn a_deleted_device_is_reported() {
    in_namespace(|mut lab| {
        let plane = start(1);
        let bridge = serve(&plane, &[open(), open(), open()]);
        let (tap, _) = lab.host("tap0", 1);
        let (interface, wire) = lab.wire("wire0");
        let (near, memory) = memory_port(8, 1_600).unwrap();
        plane.add_tap_port(B, port(1), &tap).unwrap();
        plane.add_packet_port(B, port(2), interface).unwrap();
        plane.add_memory_port(B, port(3), &near).unwrap();

        Lab::ip("link del tap0");
        let failed = |number, errno| Some(PlaneEvent::PortFailed { bridge: B, port: port(number), errno });
        assert_eq!(next_event(&plane), failed(1, Errno::BADFD));
        drop(wire);
        assert_eq!(next_event(&plane), failed(2, Errno::NODEV));

        // What is sent there is dropped, and each way out says so once.
        for _ in 0..3 {
            memory.send(&frame(ALL, mac(3), "anyone"), &PLAIN).unwrap();
            assert_eq!(receive(&memory), None);
        }
        assert_eq!([next_event(&plane), next_event(&plane)].iter().flatten().count(), 2);
        assert_eq!(plane.poll_event(), None);
        let lost = bridge.port_counters(port(1)).drops;
        assert_eq!(lost.total(), 3, "{lost:?}");
        plane.remove_port(B, port(1));
        plane.remove_port(B, port(2));
    });
}

#[test]
fn a_link_that_comes_back_carries_frames_again() {
    in_namespace(|mut lab| {
        let mut net = Mixed::new(&mut lab, 1, &[open(), open(), open()]);
        for name in ["wire0", "tap0"] {
            let interface = lab.interface(name);
            lab.set_up(interface, Up::No);
        }
        net.memory.send(&frame(ALL, mac(3), "lost"), &PLAIN).unwrap();
        assert_eq!(receive(&net.memory), None);
        for number in [1, 2] {
            let drops = net.bridge.port_counters(port(number)).drops;
            assert_eq!((drops.get(DropReason::PortDown), drops.total()), (1, 1), "port {number}: {drops:?}");
        }
        for name in ["wire0", "tap0"] {
            lab.up(name);
        }
        let hello = frame(ALL, mac(3), "again");
        net.memory.send(&hello, &PLAIN).unwrap();
        let want = [hello];
        assert_eq!(net.wire.frames(1), want);
        assert_eq!(net.host.frames(1), want);
        let answer = frame(mac(3), mac(1), "answer");
        net.wire.send(&answer, PLAIN);
        assert_eq!(receive(&net.memory), Some(answer));
        assert_eq!(net.plane.poll_event(), None, "no port has failed");
    });
}

#[test]
fn a_moved_station_is_told() {
    in_namespace(|mut lab| {
        let net = Mixed::new(&mut lab, 1, &[open(), open(), open()]);
        net.wire.send(&frame(ALL, mac(9), "here"), PLAIN);
        assert!(receive(&net.memory).is_some());
        net.memory.send(&frame(ALL, mac(9), "there"), &PLAIN).unwrap();
        let moved = PlaneEvent::AddressMoved { bridge: B, vid: 0, mac: Mac(mac(9)), from: port(1), to: port(3) };
        assert_eq!(next_event(&net.plane), Some(moved));
    });
}

#[test]
fn frames_that_find_no_room_are_counted() {
    let plane = start(1);
    let bridge = serve(&plane, &[open(), open()]);
    let ends = [memory_port(64, 1_600).unwrap(), memory_port(4, 1_000).unwrap()];
    plane.add_memory_port(B, port(1), &ends[0].0).unwrap();
    plane.add_memory_port(B, port(2), &ends[1].0).unwrap();
    ends[0].1.send(&[frame(ALL, mac(1), "large"), vec![0; 1_000]].concat(), &PLAIN).unwrap();
    for _ in 0..10 {
        ends[0].1.send(&frame(ALL, mac(1), "flood"), &PLAIN).unwrap();
    }
    until(|| bridge.port_counters(port(2)).drops.total() == 7);
    let counters = bridge.port_counters(port(2));
    assert_eq!((counters.tx_frames, counters.drops.get(DropReason::QueueFull)), (4, 6));
    assert_eq!(counters.drops.get(DropReason::TooBig), 1);
}
