//! Devices with a link between their programs and their port: what a link keeps, sends of its own and refuses.

use super::face::Desk;
use super::*;
use arp::{Prefix, Scope};
use core::net::{IpAddr, Ipv4Addr};

fn address(number: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, number).into()
}

/// A device on a bridge whose application has the address of that number.
fn tun(plane: &Plane, number: u8) -> NodePort {
    let scope = Scope::List([Prefix::single(address(number))].into_iter().collect());
    let place = Place::Lan { mtu_bytes: 1_500 };
    let config = LinkConfig { scope, ..LinkConfig::new(place, Mac(mac(number)), [number.into(); 4]) };
    NodePort::with_link(Arc::new(LinkPort::new(config, plane)), None)
}

/// A packet between two of them.
fn between(from: u8, to: u8) -> Vec<u8> {
    let mut packet = ip(1);
    (packet[15], packet[19]) = (from, to);
    packet
}

/// Two devices on a bridge, a program at each.
struct Pair {
    plane: Plane,
    programs: [Program; 2],
}

impl Pair {
    fn new(workers: usize) -> Self {
        let plane = start(workers);
        let ports = (1..).map(port).zip([open(), open()]).collect();
        let config = Config { own_mac: Mac(mac(0xfe)), ports, ..Config::default() };
        plane.add_bridge(B, &Arc::new(Bridge::new(config, workers, [1, 2, 3, 4]))).unwrap();
        let programs = [1, 2].map(|number: u8| {
            let node = tun(&plane, number);
            let program = seat(&node, number.into(), Header::None);
            plane.add_node_port(B, port(number.into()), &node).unwrap();
            program
        });
        Self { plane, programs }
    }
}

/// The first packet waits for an answer of the other link, which the same worker has given already.
#[test]
fn the_first_packet_between_two_links_of_a_bridge_waits_for_no_timer() {
    in_namespace(|_lab| {
        for (name, workers, from, to) in
            [("to the later", 1, 1, 2), ("to the earlier", 1, 2, 1), ("to the later, two workers", 2, 1, 2)]
        {
            let Pair { plane, programs } = Pair::new(workers);
            let packet = between(from, to);
            programs[usize::from(from) - 1].write(&packet);
            let reader = &programs[usize::from(to) - 1];
            assert!(wait(&reader.0, 300), "{name}: nothing within 300 ms");
            assert_eq!(reader.read(), Some(packet), "{name}");
            assert_eq!(plane.poll_event(), None, "{name}");
        }
    });
}

/// The control side asks a link while a packet is taken, which may take system calls.
#[derive(Debug)]
struct Curious {
    desk: Arc<Desk>,
    link: Arc<LinkPort>,
    refused: AtomicUsize,
}

impl Face for Curious {
    fn take(&self, stored: &mut [u8]) -> Option<usize> {
        let (link, (told, answer)) = (self.link.clone(), std::sync::mpsc::channel());
        std::thread::spawn(move || told.send(link.report().counters.len()));
        if answer.recv_timeout(Duration::from_millis(500)).is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        self.desk.take(stored)
    }

    fn give(&self, flow: u32, packet: &[u8]) -> Result<(), DropReason> {
        self.desk.give(flow, packet)
    }

    fn bell(&self) -> BorrowedFd<'_> {
        self.desk.bell()
    }
}

/// A link at an interface of the host.
fn at_host(plane: &Plane) -> Arc<LinkPort> {
    Arc::new(LinkPort::new(link_config(Place::Host(Mac(mac(7)))), plane))
}

#[test]
fn a_link_is_free_while_a_face_is_asked() {
    in_namespace(|_lab| {
        let plane = start(1);
        let (link, desk) = (at_host(&plane), Desk::new(0));
        desk.write(&ip(1));
        let face = Arc::new(Curious { desk, link: link.clone(), refused: AtomicUsize::new(0) });
        let node = NodePort::with_link(link, Some(face.clone()));
        plane.add_wire(W).unwrap();
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        until(|| node.counts().from_app.frames == 1);
        // Nobody is in the face once its port is closed.
        plane.remove_port(W, Wire::NODE);
        assert_eq!(face.refused.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn what_a_link_refuses_counts_for_the_device_however_it_was_written() {
    in_namespace(|_lab| {
        let mut cut = ip(2);
        // One byte more than there are.
        cut[3] += 1;
        for (name, desk) in [("socket", None), ("node", Some(Desk::new(0)))] {
            let plane = start(1);
            let node = NodePort::with_link(at_host(&plane), desk.clone().map(|desk| -> Arc<dyn Face> { desk }));
            let wire = plane.add_wire(W).unwrap();
            plane.add_node_port(W, Wire::NODE, &node).unwrap();
            let program = seat(&node, 1, Header::None);
            plane.sync_node(W, Wire::NODE, &node).unwrap();
            for packet in [ip(1), cut.clone()] {
                match &desk {
                    Some(desk) => desk.write(&packet),
                    None => program.write(&packet),
                }
            }
            until(|| wire.port_counters(Wire::NODE).rx_frames == 2);
            let Passed { frames, bytes, drops } = node.counts().from_app;
            assert_eq!((frames, bytes), (2, 120), "{name}");
            assert_eq!(drops.nonzero().collect::<Vec<_>>(), [(DropReason::Malformed, 1)], "{name}");
        }
    });
}
