//! Another implementation of ARP and neighbour discovery at the other end of the wire: smoltcp's interface.

use super::*;
use smoltcp::iface::{Config, Interface, SocketSet, SocketStorage};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{EthernetAddress, IpCidr};
use std::collections::VecDeque;
use std::vec;

const HOST_MAC: Mac = Mac([2, 0, 0, 0, 0, 0x50]);

/// The wire: what the host has sent, and what it is to receive.
#[derive(Default)]
struct Wire {
    to_host: VecDeque<List<u8>>,
    from_host: VecDeque<List<u8>>,
}

struct Arriving(List<u8>);
struct Leaving<'a>(&'a mut VecDeque<List<u8>>);

impl RxToken for Arriving {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.0)
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let mut frame = vec![0; length];
        let result = fill(&mut frame);
        self.0.push_back(frame);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Arriving;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Arriving, Leaving<'_>)> {
        Some((Arriving(self.to_host.pop_front()?), Leaving(&mut self.from_host)))
    }

    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Leaving<'_>> {
        Some(Leaving(&mut self.from_host))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        (capabilities.max_transmission_unit, capabilities.medium) = (1514, Medium::Ethernet);
        capabilities
    }
}

/// A link and a host that sends a datagram to an address the link stands for. Returns the IP frames that the link
/// got, and the link.
fn talk(host_address: &str, link_address: &str) -> (List<List<u8>>, Link) {
    let mut link = on_lan(&["192.0.2.5", "2001:db8::5"]);
    let mut wire = Wire::default();
    let config = Config::new(EthernetAddress(HOST_MAC.0).into());
    let mut host = Interface::new(config, &mut wire, smoltcp::time::Instant::ZERO);
    let prefix = if ip(host_address).is_ipv4() { 24 } else { 64 };
    host.update_ip_addrs(|addresses| addresses.push(IpCidr::new(ip(host_address).into(), prefix)).unwrap());

    let (mut sending, mut receiving) = ([PacketMetadata::EMPTY; 4], [PacketMetadata::EMPTY; 4]);
    let (mut sent, mut received) = ([0; 512], [0; 512]);
    let mut socket = Socket::new(
        PacketBuffer::new(&mut receiving[..], &mut received[..]),
        PacketBuffer::new(&mut sending[..], &mut sent[..]),
    );
    socket.bind(7).unwrap();
    socket.send_slice(b"hello", (ip(link_address), 7)).unwrap();
    let mut storage = [SocketStorage::EMPTY; 1];
    let mut sockets = SocketSet::new(&mut storage[..]);
    sockets.add(socket);

    let mut packets = List::new();
    for tick in 1..=40 {
        let now = Instant::from_micros(tick * 50_000);
        host.poll(smoltcp::time::Instant::from_micros(tick as i64 * 50_000), &mut wire, &mut sockets);
        while let Some(frame) = wire.from_host.pop_front() {
            let src = Mac(frame[6..12].try_into().unwrap());
            let kind = EtherType(u16::from_be_bytes([frame[12], frame[13]]));
            match parse(src, kind, &frame[14..]).expect("smoltcp keeps the rules") {
                Some(message) => {
                    link.receive(src, &message, now);
                }
                None if frame[..6] == PEER.0 => packets.push(frame),
                None => {}
            }
        }
        if tick == 20 {
            link.remove(ip(host_address));
            assert_eq!(link.resolve(ip(host_address), ip(link_address), now), Resolution::Pending);
            assert_eq!(link.hold(ip(host_address), 1), None);
        }
        for output in core::iter::from_fn(|| link.poll(now)) {
            match output {
                Output::Transmit(frame) => wire.to_host.push_back(frame.to_vec()),
                Output::Release { packet, to } => assert_eq!((packet, to), (1, HOST_MAC)),
                Output::Unreachable { packet } => panic!("{packet}"),
            }
        }
    }
    (packets, link)
}

#[test]
fn smoltcp_finds_the_link_and_is_found_by_it() {
    for (host, link) in [("192.0.2.80", "192.0.2.5"), ("2001:db8::80", "2001:db8::5")] {
        let (packets, neighbours) = talk(host, link);
        assert_eq!(packets.len(), 1, "{link}: the datagram goes to the link's MAC");
        let found: List<_> = neighbours.iter(secs(2)).filter(|found| found.address == ip(host)).collect();
        assert!(matches!(found[..], [Neighbour { mac: Some(HOST_MAC), state: State::Reachable, .. }]), "{found:?}");
        let counters = neighbours.counters();
        let (answered, asked) = if ip(host).is_ipv4() {
            (Count::AnsweredArp, Count::AskedArp)
        } else {
            (Count::AnsweredNd, Count::AskedNd)
        };
        assert_eq!((counters.get(answered), counters.get(asked)), (1, 1), "{host}");
    }
}
