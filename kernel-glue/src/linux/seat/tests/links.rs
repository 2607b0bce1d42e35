//! Devices with a link between their programs and their port: what a link keeps, sends of its own and refuses.

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
