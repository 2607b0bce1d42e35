//! Frames and packets between applications on nodes of the kernel add-on and a network stack in its kernel.

use haiku_abi::{AF_INET, IFF_LINK, O_RDWR, SOCK_DGRAM};
use kernelland::user::{Interest, Interface, Node, Process, READ, inet, poll};
use kernelland::{Config, Kernel};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, IpProtocol, Ipv4Packet, Ipv4Repr, UdpPacket};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;
use tests::haiku::plug;
use tests::{Tagging, Vm, within};

fn with_kernel(test: &str, body: impl FnOnce(&Kernel)) {
    tests::haiku::with_kernel(test, Config::default(), body);
}

/// Makes an interface on which the host has an address, and takes it up.
fn up(name: &str, address: Ipv4Addr) -> Interface {
    let interface = Interface::named(Process::root(), name);
    interface.create().unwrap();
    interface.set_address(address.into(), 24).unwrap();
    interface.up().unwrap();
    interface
}

#[test]
fn a_station_on_a_tap_pings_the_stack() {
    kernelland::test(|| {
        with_kernel("a_station_on_a_tap_pings_the_stack", |_| {
            let root = Process::root();
            let tap = up("tap0", Ipv4Addr::new(10, 0, 0, 1));
            let station = Vm::start(plug(root.open("tap/0", O_RDWR).unwrap()), 2, Tagging::None);
            assert!(station.reaches(Ipv4Addr::new(10, 0, 0, 1)));
            tap.down().unwrap();
            assert!(station.is_cut_from(Ipv4Addr::new(10, 0, 0, 1)));
            tap.up().unwrap();
            assert!(station.reaches(Ipv4Addr::new(10, 0, 0, 1)));
            tap.delete().unwrap();
            assert!(station.is_cut_from(Ipv4Addr::new(10, 0, 0, 1)));
        });
    });
}

#[test]
fn a_tun_carries_packets_both_ways() {
    kernelland::test(|| {
        with_kernel("a_tun_carries_packets_both_ways", |_| {
            let root = Process::root();
            let tun = up("tun0", HOST);
            let node = root.open("tun/0", O_RDWR).unwrap();

            node.write(&echo_request()).unwrap();
            let answer = reads(&node, |packet| {
                let ip = Ipv4Packet::new_checked(packet).ok()?;
                let reply = Icmpv4Packet::new_checked(ip.payload()).ok()?;
                let reply = Icmpv4Repr::parse(&reply, &ChecksumCapabilities::default()).ok()?;
                (reply == Icmpv4Repr::EchoReply { ident: 7, seq_no: 1, data: DATA }).then(|| ip.dst_addr())
            });
            assert_eq!(answer, Some(PEER), "IPv4");

            // The stack speaks first; nobody but the shim tells it where the peer is.
            let socket = root.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            assert_eq!(socket.send_to(DATA, 0, &inet(SocketAddrV4::new(PEER, 4000))), Ok(DATA.len()));
            let heard = reads(&node, |packet| {
                let ip = Ipv4Packet::new_checked(packet).ok()?;
                let datagram = UdpPacket::new_checked(ip.payload()).ok().filter(|it| it.dst_port() == 4000)?;
                (datagram.payload() == DATA).then(|| ip.src_addr())
            });
            assert_eq!(heard, Some(HOST));
            tun.delete().unwrap();
        });
    });
}

/// A packet that is refused stays the sender's, however it lies in memory.
#[test]
fn what_nobody_takes_is_freed_once() {
    kernelland::test(|| {
        with_kernel("what_nobody_takes_is_freed_once", |_| {
            let root = Process::root();
            let tap = up("tap0", Ipv4Addr::new(10, 0, 0, 1));
            let station = Vm::start(plug(root.open("tap/0", O_RDWR).unwrap()), 2, Tagging::None);
            assert!(station.reaches(Ipv4Addr::new(10, 0, 0, 1)));
            let socket = root.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            let to = inet(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 4000));
            let datagram = [0x5a; 6000];
            // With somebody there, to see that it is sent in fragments that come.
            assert_eq!(socket.send_to(&datagram, 0, &to), Ok(datagram.len()));
            drop(station);
            // Its threads let go of the node one after the other.
            assert!(within(Duration::from_secs(5), || tap.flags().unwrap() & IFF_LINK == 0));
            for _ in 0..20 {
                assert!(socket.send_to(&datagram, 0, &to).is_err(), "nobody has the node open");
            }
            let node = root.open("tap/0", O_RDWR).unwrap();
            assert_eq!(socket.send_to(&datagram, 0, &to), Ok(datagram.len()));
            let last = reads(&node, |frame| (frame[20..22] == [0x02, 0xe4]).then_some(frame.len()));
            assert_eq!(last, Some(14 + 20 + 6000 + 8 - 4 * 1480));
            tap.delete().unwrap();
        });
    });
}

/// What nobody reads kept Haiku's interface alive when it was deleted, and let the kernel fault when it was read later.
#[test]
fn what_nobody_reads_keeps_no_interface() {
    kernelland::test(|| {
        with_kernel("what_nobody_reads_keeps_no_interface", |kernel| {
            let root = Process::root();
            let one = Interface::named(root, "tap1");
            one.create().unwrap();
            one.up().unwrap();
            // Who is asked for once is not asked for again soon, whatever interface it was on.
            for number in 2..5 {
                let before = kernel.counts();
                let tap = up("tap0", HOST);
                let node = root.open("tap/0", O_RDWR).unwrap();
                let socket = root.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
                // Its question for the address of the destination waits in the node, and the datagram for the answer.
                let to = inet(SocketAddrV4::new(Ipv4Addr::new(10, 8, 0, number), 4000));
                assert_eq!(socket.send_to(DATA, 0, &to), Ok(DATA.len()));
                assert_eq!(poll(&[Interest::Node(&node, READ)], 5_000_000).unwrap(), [READ]);
                drop(socket);
                tap.delete().unwrap();
                assert!(!kernel.nodes().iter().any(|node| node == "tap/0"));
                drop(node);
                assert_eq!(kernel.counts().nodes, before.nodes);
                // The stack's threads of the interface are named after it.
                let ended = within(Duration::from_secs(5), || !kernel.threads().contains("tap0"));
                assert!(ended, "{}", kernel.threads());
            }
        });
    });
}

/// Reads packets until `wanted` finds something in one, for five seconds at most.
fn reads<R>(node: &Node, wanted: impl Fn(&[u8]) -> Option<R>) -> Option<R> {
    let mut packet = [0; 2000];
    for _ in 0..100 {
        if poll(&[Interest::Node(node, READ)], 50_000).unwrap() != [READ] {
            continue;
        }
        let bytes = node.read(&mut packet).unwrap();
        if let Some(found) = wanted(&packet[..bytes]) {
            return Some(found);
        }
    }
    None
}

fn echo_request() -> Vec<u8> {
    let checksums = ChecksumCapabilities::default();
    let request = Icmpv4Repr::EchoRequest { ident: 7, seq_no: 1, data: DATA };
    let ip = Ipv4Repr {
        src_addr: PEER,
        dst_addr: HOST,
        next_header: IpProtocol::Icmp,
        payload_len: request.buffer_len(),
        hop_limit: 64,
    };
    let mut packet = Ipv4Packet::new_unchecked(vec![0; ip.buffer_len() + request.buffer_len()]);
    ip.emit(&mut packet, &checksums);
    request.emit(&mut Icmpv4Packet::new_unchecked(packet.payload_mut()), &checksums);
    packet.into_inner()
}

const HOST: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 2);
const DATA: &[u8] = b"through the tunnel";
