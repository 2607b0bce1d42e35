use super::*;
use crate::link::{LinkConfig, Place};
use crate::linux::lab::{
    Host, Lab, PLAIN, Wire as Cable, essence, in_namespace, ones_sum, super_frame, unsummed, verified,
};
use crate::linux::netlink::{Netlink, Up};
use crate::linux::{BridgeId, LinkPort, Plane, PlaneEvent, PlaneOptions, TapDevice, Wire};
use bridge::{Bridge, Config, PortConfig, PortFlags};
use frame::offload::VNET_BYTES;
use frame::{Mac, PortId, Vid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::time::Duration;
use tap::{Families, VnetBytes};

mod face;
mod links;
mod load;
mod offload;

const W: BridgeId = BridgeId(7);
const B: BridgeId = BridgeId(1);
/// A link that stands for everybody but the host.
fn link_config(place: Place) -> LinkConfig {
    LinkConfig { scope: arp::Scope::All, ..LinkConfig::new(place, Mac([2, 0, 0, 0, 9, 9]), [1; 4]) }
}

const ALL: [u8; 6] = [0xff; 6];

fn start(workers: usize) -> Plane {
    Plane::start(PlaneOptions { workers, nice: 0, spin: Duration::ZERO }).unwrap()
}

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn wait(fd: &impl AsFd, milliseconds: i64) -> bool {
    let time = Timespec { tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000 };
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&time)).unwrap() == 1
}

fn next_event(plane: &Plane) -> Option<PlaneEvent> {
    plane.poll_event().or_else(|| wait(&plane.event_fd(), 4_000).then(|| plane.poll_event()).flatten())
}

/// Waits until the workers have done something.
fn until(done: impl Fn() -> bool) {
    let never = crate::linux::worker::bell().unwrap();
    assert!((0..800).any(|_| done() || wait(&never, 5)), "not done in time");
}

/// The end of a program.
struct Program(OwnedFd);

impl Program {
    fn write(&self, bytes: &[u8]) {
        assert_eq!(rustix::io::write(&self.0, bytes), Ok(bytes.len()));
    }

    /// Returns what one read brings, `None` if nothing comes in time.
    fn read(&self) -> Option<Vec<u8>> {
        wait(&self.0, 400).then(|| {
            let mut packet = vec![0; 70_000];
            let bytes = rustix::io::read(&self.0, &mut packet).unwrap();
            packet.truncate(bytes);
            packet
        })
    }

    fn reads(&self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map_while(|_| self.read()).collect()
    }
}

/// Seats a program, which the caller has the plane serve.
fn seat(node: &NodePort, id: u64, header: Header) -> Program {
    let (ours, theirs) = seat_pair(QUEUE_PACKETS).unwrap();
    node.seat(id, ours, header).unwrap();
    Program(theirs)
}

fn mac(station: u8) -> [u8; 6] {
    [2, 0, 0, 0, 0, station]
}

fn ethernet(dst: [u8; 6], src: u8, text: &str) -> Vec<u8> {
    let mut frame = [&dst[..], &mac(src), &[0x88, 0xb5], text.as_bytes()].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

/// A wire between a kernel TAP and one seat.
struct Net {
    plane: Plane,
    wire: Wire,
    node: NodePort,
    program: Program,
    host: Host,
    tap: TapDevice,
}

impl Net {
    fn new(lab: &mut Lab, workers: usize, header: Header) -> Self {
        let plane = start(workers);
        let (tap, host) = lab.host("tap0", workers);
        let wire = plane.add_wire(W).unwrap();
        plane.add_tap_port(W, PortId::HOST, &tap).unwrap();
        let node = NodePort::new(Kind::Tap, None);
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        let program = seat(&node, 1, header);
        plane.sync_node(W, Wire::NODE, &node).unwrap();
        Self { plane, wire, node, program, host, tap }
    }
}

/// A bridge with the node as port 1 and a kernel interface as port 2.
fn bridged(lab: &mut Lab, plane: &Plane, node: &NodePort, config: [PortConfig; 2]) -> (Arc<Bridge>, Cable) {
    let ports = (1..).map(port).zip(config).collect();
    let config = Config { own_mac: Mac(mac(0xfe)), ports, ..Config::default() };
    let bridge = Arc::new(Bridge::new(config, plane.workers(), [1, 2, 3, 4]));
    let (interface, cable) = lab.wire("wire0");
    plane.add_bridge(B, &bridge).unwrap();
    plane.add_node_port(B, port(1), node).unwrap();
    plane.add_packet_port(B, port(2), interface).unwrap();
    (bridge, cable)
}

fn open() -> PortConfig {
    PortConfig { flags: PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER, ..PortConfig::default() }
}

fn passes_both_ways(mut lab: Lab, workers: usize) {
    let mut net = Net::new(&mut lab, workers, Header::None);
    let there: Vec<_> = (0..50).map(|number| ethernet(ALL, 1, &format!("{number}"))).collect();
    there.iter().for_each(|frame| net.program.write(frame));
    assert_eq!(net.host.frames(50), there);
    let back: Vec<_> = (0..50).map(|number| ethernet(mac(1), 2, &format!("{number}"))).collect();
    back.iter().for_each(|frame| net.host.send(frame, PLAIN));
    assert_eq!(net.program.reads(50), back);

    let passed = Passed { frames: 50, bytes: 3_000, ..Passed::default() };
    let counts = FaceCounts { from_app: passed, to_app: passed };
    until(|| net.node.counts() == counts);
    assert_eq!(net.node.seat_counts(1), Some(counts));
    for side in [PortId::HOST, Wire::NODE] {
        let sum = net.wire.port_counters(side);
        let got = (sum.rx_frames, sum.rx_bytes, sum.tx_frames, sum.tx_bytes, sum.drops.total());
        assert_eq!(got, (50, 3_000, 50, 3_000, 0), "port {side}");
    }
}

#[test]
fn frames_pass_between_a_program_and_a_kernel_interface() {
    in_namespace(|lab| passes_both_ways(lab, 1));
}

#[test]
fn frames_pass_a_wire_with_two_workers() {
    in_namespace(|lab| passes_both_ways(lab, 2));
}

#[test]
fn frames_pass_between_a_program_and_a_bridge() {
    in_namespace(|mut lab| {
        let plane = start(1);
        let node = NodePort::new(Kind::Tap, None);
        let program = seat(&node, 1, Header::None);
        let access = PortConfig { pvid: Vid::new(10), ..open() };
        let trunk = PortConfig { tagged: "10".parse().unwrap(), ..open() };
        let (bridge, cable) = bridged(&mut lab, &plane, &node, [access, trunk]);
        let tagged = |frame: &[u8]| [&frame[..12], &[0x81, 0, 0, 10], &frame[12..]].concat();
        let there = ethernet(ALL, 1, "there");
        program.write(&there);
        assert_eq!(cable.frames(1), [tagged(&there)]);
        let back = ethernet(mac(1), 2, "back");
        cable.send(&tagged(&back), PLAIN);
        assert_eq!(program.reads(1), [back]);
        let sums = || [1, 2].map(|number| bridge.port_counters(port(number)));
        until(|| sums().map(|sum| (sum.rx_frames, sum.tx_frames, sum.drops.total())) == [(1, 1, 0); 2]);
    });
}

#[test]
fn a_datagram_socket_is_a_seat() {
    in_namespace(|mut lab| {
        let mut net = Net::new(&mut lab, 1, Header::None);
        net.node.unseat(1);
        let flags = rustix::net::SocketFlags::empty();
        let kind = rustix::net::SocketType::DGRAM;
        let (ours, theirs) = rustix::net::socketpair(rustix::net::AddressFamily::UNIX, kind, flags, None).unwrap();
        net.node.seat(2, ours, Header::None).unwrap();
        net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        let program = Program(theirs);
        let hello = ethernet(ALL, 1, "hello");
        program.write(&hello);
        assert_eq!(net.host.frames(1), std::slice::from_ref(&hello));
        net.host.send(&hello, PLAIN);
        assert_eq!(program.read().as_ref(), Some(&hello));
        // Its end is noticed when something is sent there: such a socket tells nobody else.
        drop(program);
        net.host.send(&hello, PLAIN);
        assert_eq!(next_event(&net.plane), Some(PlaneEvent::SeatClosed { id: 2 }));
        until(|| net.node.counts().to_app.drops.get(DropReason::PortDown) == 1);
    });
}

#[test]
fn sockets_of_other_kinds_are_refused() {
    let node = NodePort::new(Kind::Tap, None);
    let (stream, _) = std::os::unix::net::UnixStream::pair().unwrap();
    assert_eq!(node.seat(1, stream.into(), Header::None), Err(Errno::PROTOTYPE));
    assert_eq!(
        node.seat(1, std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into(), Header::None),
        Err(Errno::PROTOTYPE)
    );
    let _program = seat(&node, 1, Header::None);
    assert_eq!(node.seat(1, seat_pair(16).unwrap().0, Header::None), Err(Errno::EXIST));
}

/// An IPv4 packet for which the host has no use.
fn ip(number: u8) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 60, 0, number, 0, 0, 64, 253, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
    packet.resize(60, number);
    packet
}

#[test]
fn every_header_is_put_and_stripped() {
    let vnet = |bytes: usize| vec![0; bytes];
    #[rustfmt::skip]
    let rows: &[(&str, Header, Kind, Vec<u8>)] = &[
        ("none",           Header::None,                                   Kind::Tap, vec![]),
        ("packet info",    Header::PacketInfo,                             Kind::Tap, vec![0, 0, 0x88, 0xb5]),
        ("vnet 10",        Header::Vnet(VnetBytes::Ten),                   Kind::Tap, vnet(10)),
        ("vnet 12",        Header::Vnet(VnetBytes::Twelve),                Kind::Tap, vnet(12)),
        ("both",           Header::PacketInfoVnet(VnetBytes::Twelve),      Kind::Tap, [vec![0, 0, 0x88, 0xb5], vnet(12)].concat()),
        ("none",           Header::None,                                   Kind::Tun, vec![]),
        ("packet info",    Header::PacketInfo,                             Kind::Tun, vec![0, 0, 8, 0]),
        ("family",         Header::AddressFamily(Families::OpenBsd),       Kind::Tun, vec![0, 0, 0, 2]),
        ("vnet 10",        Header::Vnet(VnetBytes::Ten),                   Kind::Tun, vnet(10)),
        ("both",           Header::PacketInfoVnet(VnetBytes::Ten),         Kind::Tun, [vec![0, 0, 8, 0], vnet(10)].concat()),
    ];
    in_namespace(|_lab| {
        for (name, header, kind, before) in rows {
            let plane = start(1);
            // Two programs on one wire: what one writes the other reads.
            plane.add_wire(W).unwrap();
            let nodes = [NodePort::new(*kind, None), NodePort::new(*kind, None)];
            let programs = [seat(&nodes[0], 1, *header), seat(&nodes[1], 2, Header::None)];
            plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
            plane.add_node_port(W, Wire::NODE, &nodes[1]).unwrap();
            let packet = match kind {
                Kind::Tap => ethernet(ALL, 1, "hello"),
                Kind::Tun => ip(7),
            };
            programs[0].write(&[&before[..], &packet].concat());
            assert_eq!(programs[1].read().as_ref(), Some(&packet), "{name}, {kind:?}: stripped");
            programs[1].write(&packet);
            assert_eq!(programs[0].read(), Some([&before[..], &packet].concat()), "{name}, {kind:?}: put");
            // A header that changes is that of the next packet.
            nodes[0].set_header(1, Header::None);
            programs[1].write(&packet);
            assert_eq!(programs[0].read(), Some(packet), "{name}, {kind:?}: changed");
        }
    });
}

/// Haiku's driver took anything at all (defect 20).
#[test]
fn what_is_no_packet_is_dropped_and_counted() {
    in_namespace(|_lab| {
        let plane = start(1);
        plane.add_wire(W).unwrap();
        let nodes = [NodePort::new(Kind::Tun, None), NodePort::new(Kind::Tun, None)];
        let programs = [seat(&nodes[0], 1, Header::None), seat(&nodes[1], 2, Header::None)];
        plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
        plane.add_node_port(W, Wire::NODE, &nodes[1]).unwrap();
        nodes[0].set_mtu(1_500);
        let long = |bytes: usize| [ip(1), vec![0; bytes - 60]].concat();
        for written in [&[][..], &[0x45; 19], &[0x55; 60], &long(1_501), &vec![0x45; 70_000], &long(1_500), &[], &ip(2)]
        {
            programs[0].write(written);
        }
        assert_eq!(programs[1].reads(2), [long(1_500), ip(2)]);
        let drops = |why| nodes[0].counts().from_app.drops.get(why);
        until(|| nodes[0].counts().from_app.drops.total() == 6);
        let got = [DropReason::Malformed, DropReason::TooBig, DropReason::Truncated].map(drops);
        assert_eq!(got, [4, 1, 1]);
        // An empty write is not the end, which comes when the descriptor is closed.
        programs[0].write(&[]);
        until(|| nodes[0].counts().from_app.drops.total() == 7);
        assert_eq!(plane.poll_event(), None);
        // Nor are as many of them as a burst holds, with something behind them and nobody to write more.
        plane.remove_port(W, PortId::HOST);
        (0..32).for_each(|_| programs[0].write(&[]));
        programs[0].write(&ip(3));
        programs[0].write(&[]);
        let [first, second] = programs;
        drop(first);
        plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
        assert_eq!(second.reads(1), [ip(3)], "what was written before the end");
        assert_eq!(next_event(&plane), Some(PlaneEvent::SeatClosed { id: 1 }));
    });
}

#[test]
fn packets_pass_between_a_program_and_an_ethernet_of_the_kernel() {
    in_namespace(|mut lab| {
        let plane = start(1);
        let tun = TapDevice::create(Lab::name("tun0"), 1).unwrap();
        Lab::ip("addr add 10.0.0.1/24 dev tun0");
        let interface = lab.up("tun0");
        plane.add_wire(W).unwrap();
        plane.add_tap_port(W, PortId::HOST, &tun).unwrap();
        let host = Netlink::open().unwrap().link(interface.index).unwrap().mac;
        let link = LinkPort::new(link_config(Place::Host(host)), &plane);
        let node = NodePort::with_link(Arc::new(link), None);
        let program = seat(&node, 1, Header::None);
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        // The kernel answers an echo request, and sums what its own sockets send.
        let mut request = vec![0x45, 0, 0, 32, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
        let sum = !ones_sum(&request);
        request[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut echo = vec![8, 0, 0, 0, 0, 9, 0, 1, b'p', b'i', b'n', b'g'];
        let sum = !ones_sum(&echo);
        echo[2..4].copy_from_slice(&sum.to_be_bytes());
        program.write(&[request, echo].concat());
        let answer = program.read().unwrap();
        assert_eq!(
            (answer.len(), &answer[12..21], &answer[24..]),
            (32, &[10, 0, 0, 1, 10, 0, 0, 2, 0][..], &b"\0\x09\0\x01ping"[..])
        );
        let socket = std::net::UdpSocket::bind("10.0.0.1:0").unwrap();
        socket.send_to(&[7; 100], "10.0.0.2:9").unwrap();
        let packet = program.read().unwrap();
        let pseudo = [&packet[12..20], &[0, 17], &packet[24..26], &packet[20..]].concat();
        assert_eq!((packet.len(), ones_sum(&pseudo)), (128, 0xffff), "a finished checksum");
        lab.set_up(interface, Up::No);
        program.write(&ip(1));
        until(|| plane.poll_event().is_none() && node.counts().from_app.frames == 2);
    });
}

#[test]
fn an_end_that_was_asked_for_is_seen_at_once() {
    in_namespace(|mut lab| {
        let net = Net::new(&mut lab, 1, Header::None);
        let waiting = ethernet(mac(1), 2, "waiting");
        net.host.send(&waiting, PLAIN);
        until(|| net.node.counts().to_app.frames == 1);
        let held = net.node.seats()[0].fd.try_clone().unwrap();
        net.node.unseat(1);
        assert_eq!(
            net.program.reads(2),
            [waiting, vec![]],
            "what was sent, then the end, whoever has a copy of our end"
        );
        assert_eq!(rustix::io::write(&net.program.0, b"x"), Err(Errno::PIPE));
        net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        assert_eq!((net.node.seat_counts(1), net.plane.poll_event()), (None, None));
        drop(held);
        net.host.send(&ethernet(ALL, 2, "nobody"), PLAIN);
        until(|| net.wire.port_counters(Wire::NODE).drops.get(DropReason::PortDown) == 1);
    });
}
