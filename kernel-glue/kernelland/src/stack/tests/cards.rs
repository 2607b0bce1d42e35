//! The protocols, over a network card: with a host that is a cable's other end, and with Linux.

use super::{arp, boot, echo_request, end, eventually, frame, internet_checksum, ipv4, status};
use crate::Kernel;
use crate::user::{self, Interface, Process, READ, from_inet, inet, inet6, poll};
use crate::wire::{Cable, Nic};
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::process::Command;
use std::time::Duration;

const MAC: [u8; 6] = [0x52, 0x54, 0, 1, 2, 3];
const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
const HOST: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const HOST_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xaa];

/// A card with an address, up, and the cable's other end.
fn card() -> (Nic, Cable, Interface) {
    let (nic, cable) = Nic::on_cable("wire/0", MAC).unwrap();
    let card = Interface::named(Process::root(), &nic.path());
    card.create().unwrap();
    card.set_address(IpAddr::V4(OURS), 24).unwrap();
    card.up().unwrap();
    (nic, cable, card)
}

/// Runs a test with a card, and ends both.
fn with_card(body: impl FnOnce(&Kernel, &Nic, &Cable, &Interface)) {
    let (kernel, _) = boot();
    let (nic, cable, card) = card();
    body(&kernel, &nic, &cable, &card);
    close(nic, &card);
    end(kernel);
}

/// A piece of an ICMP packet that begins at that byte, with options of that many words that do nothing.
fn piece(start: u16, more: bool, options: usize, payload: &[u8]) -> Vec<u8> {
    let (header, fragment) = (20 + 4 * options, (start / 8) | if more { 0x2000 } else { 0 });
    let mut packet = ipv4(1, HOST, OURS, &[&vec![1; 4 * options][..], payload].concat());
    packet[0] = 0x40 | (header / 4) as u8;
    packet[6..8].copy_from_slice(&fragment.to_be_bytes());
    packet[10..12].fill(0);
    let sum = internet_checksum(&packet[..header]);
    packet[10..12].copy_from_slice(&sum);
    frame(MAC, HOST_MAC, 0x800, &packet)
}

/// The next frame from the card, within seconds.
fn next(cable: &Cable) -> Vec<u8> {
    cable.receive(Duration::from_secs(5)).unwrap().expect("a frame")
}

fn quiet(cable: &Cable) -> bool {
    cable.receive(Duration::from_millis(100)).unwrap().is_none()
}

fn ask(cable: &Cable, operation: u8, from: [u8; 6]) {
    cable.send(&frame([0xff; 6], from, 0x806, &arp(operation, (from, HOST), ([0; 6], OURS)))).unwrap();
}

fn udp(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let length = 8 + payload.len() as u16;
    [&ports[0].to_be_bytes()[..], &ports[1].to_be_bytes(), &length.to_be_bytes(), &[0, 0], payload].concat()
}

fn close(nic: Nic, card: &Interface) {
    card.down().unwrap();
    card.delete().unwrap();
    drop(nic);
}

#[test]
fn a_neighbour_that_is_known_keeps_its_address() {
    crate::test(|| {
        with_card(|kernel, _, cable, _| {
            ask(cable, 1, HOST_MAC);
            assert_eq!(next(cable), frame(HOST_MAC, MAC, 0x806, &arp(2, (MAC, OURS), (HOST_MAC, HOST))));
            // Who claims the host's address from elsewhere is answered, and not believed.
            let other = [2, 0, 0, 0, 0, 0xbb];
            ask(cable, 1, other);
            assert_eq!(next(cable)[..6], other);
            cable.send(&frame(MAC, other, 0x800, &ipv4(1, HOST, OURS, &echo_request(b"who")))).unwrap();
            let echo = next(cable);
            assert_eq!((&echo[..14], &echo[34..36]), (&frame(HOST_MAC, MAC, 0x800, b"")[..], &[0, 0][..]));
            assert!(kernel.syslog().contains("updated with different hardware address"));
        });
    });
}

#[test]
fn a_neighbour_is_asked_for_five_times_and_then_given_up() {
    crate::test(|| {
        with_card(|_, _, cable, _| {
            let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            let host = inet(SocketAddrV4::new(HOST, 7));
            socket.send_to(b"first", 0, &host).unwrap();
            let question = frame([0xff; 6], MAC, 0x806, &arp(1, (MAC, OURS), ([0; 6], HOST)));
            assert_eq!(next(cable), question);
            // What waits goes out with the answer.
            socket.send_to(b"second", 0, &host).unwrap();
            ask(cable, 2, HOST_MAC);
            for text in ["first", "second"] {
                let datagram = next(cable);
                assert_eq!((&datagram[..6], &datagram[42..]), (&HOST_MAC[..], text.as_bytes()));
            }
            // Nobody has this one.
            let nobody = inet(SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 77), 7));
            socket.send_to(b"lost", 0, &nobody).unwrap();
            for _ in 0..5 {
                assert_eq!(next(cable)[38..42], [10, 9, 0, 77]);
            }
            eventually("it is given up", || status(socket.send_to(b"lost", 0, &nobody)) == EHOSTUNREACH);
            assert!(quiet(cable));
        });
    });
}

#[test]
fn what_is_for_somebody_else_is_complained_about() {
    crate::test(|| {
        with_card(|_, _, cable, _| {
            ask(cable, 1, HOST_MAC);
            next(cable);
            // The card lets it through only because the frame is for it.
            let elsewhere = Ipv4Addr::new(10, 9, 0, 77);
            let packet = ipv4(17, HOST, elsewhere, &udp([1, 2], b"12345678"));
            cable.send(&frame(MAC, HOST_MAC, 0x800, &packet)).unwrap();
            let complaint = next(cable);
            assert_eq!((complaint[23], &complaint[34..36]), (1, &[3, 1][..]), "host unreachable");
            assert_eq!(complaint[26..30], elsewhere.octets(), "in the name of the one that was meant");
            assert_eq!(complaint[42..], packet[..28]);
            // What went to all of the link is not complained about.
            cable.send(&frame([0xff; 6], HOST_MAC, 0x800, &packet)).unwrap();
            assert!(quiet(cable));
            // A protocol that nobody has, and one that is not whole.
            cable.send(&frame(MAC, HOST_MAC, 0x800, &ipv4(200, HOST, OURS, &[1; 30]))).unwrap();
            assert_eq!(next(cable)[34..36], [3, 2]);
            let mut broken = ipv4(200, HOST, OURS, &[1; 30]);
            broken[10] ^= 1;
            cable.send(&frame(MAC, HOST_MAC, 0x800, &broken)).unwrap();
            assert!(quiet(cable));
        });
    });
}

#[test]
fn pieces_of_a_packet_may_have_options_of_their_own() {
    crate::test(|| {
        with_card(|_, _, cable, _| {
            ask(cable, 1, HOST_MAC);
            next(cable);
            let request = echo_request(b"in two halves");
            let (first, second) = request.split_at(8);
            // Words of options in the first piece and in the second, and which one comes last.
            for (options, last_is_first) in [([0, 10], true), ([10, 0], true), ([1, 1], false), ([0, 0], false)] {
                let mut pieces = [piece(0, true, options[0], first), piece(8, false, options[1], second)];
                if last_is_first {
                    pieces.reverse();
                }
                pieces.iter().for_each(|piece| cable.send(piece).unwrap());
                let echo = next(cable);
                assert_eq!((&echo[34..36], &echo[38..]), (&[0, 0][..], &request[4..]), "{options:?}");
            }
            // Whose header comes off is the one that came last, which is too long here: nothing goes out.
            [piece(0, true, 0, first), piece(8, false, 10, second)].iter().for_each(|piece| cable.send(piece).unwrap());
            assert!(quiet(cable));
        });
    });
}

#[test]
fn datagrams_find_their_socket_or_the_sender_is_told() {
    crate::test(|| {
        with_card(|_, _, cable, _| {
            ask(cable, 1, HOST_MAC);
            next(cable);
            let process = Process::root();
            let to_port = |port: u16, payload: &[u8]| {
                let packet = ipv4(17, HOST, OURS, &udp([5000, port], payload));
                cable.send(&frame(MAC, HOST_MAC, 0x800, &packet)).unwrap();
            };
            // While nobody has a socket at all, nobody is told of a closed port.
            to_port(6000, b"early");
            assert!(quiet(cable));
            let socket = process.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            socket.bind(&inet(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 6000))).unwrap();
            let second = process.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            assert_eq!(status(second.bind(&inet(SocketAddrV4::new(OURS, 6000)))), EADDRINUSE);
            assert_eq!(status(second.bind(&inet(SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 3), 7000)))), EADDRNOTAVAIL);
            to_port(6001, b"closed");
            let complaint = next(cable);
            assert_eq!((complaint[34..36].to_vec(), complaint[26..30].to_vec()), (vec![3, 3], OURS.octets().to_vec()));
            to_port(6000, b"open");
            let mut from = inet(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
            let mut data = [0; 64];
            assert_eq!(socket.recv_from(&mut data, MSG_PEEK, &mut from), Ok(4));
            assert_eq!(socket.recv_from(&mut data, 0, &mut from), Ok(4));
            assert_eq!((&data[..4], from_inet(&from)), (&b"open"[..], SocketAddrV4::new(HOST, 5000)));
            assert_eq!(status(socket.recv(&mut data, MSG_DONTWAIT)), B_WOULD_BLOCK);
            // What does not fit is cut off.
            to_port(6000, b"too long");
            assert_eq!(socket.recv(&mut data[..3], 0), Ok(3));
            // A connected socket hears of what became of what it sent.
            second.connect(&inet(SocketAddrV4::new(HOST, 9))).unwrap();
            assert_eq!(status(second.send_to(b"x", 0, &inet(SocketAddrV4::new(HOST, 9)))), EISCONN);
            second.send(b"refused", 0).unwrap();
            let sent = next(cable);
            let refusal = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &sent[14..42]].concat();
            let sum = internet_checksum(&refusal);
            let refusal = [&refusal[..2], &sum, &refusal[4..]].concat();
            cable.send(&frame(MAC, HOST_MAC, 0x800, &ipv4(1, HOST, OURS, &refusal))).unwrap();
            eventually("the error", || status(second.recv(&mut data, MSG_DONTWAIT)) == ECONNREFUSED);
            assert_eq!(status(second.recv(&mut data, MSG_DONTWAIT)), B_WOULD_BLOCK, "once");
        });
    });
}

#[test]
fn select_and_a_blocked_reader_wake_for_a_datagram() {
    crate::test(|| {
        with_card(|_, nic, cable, _| {
            let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
            socket.bind(&inet(SocketAddrV4::new(OURS, 6000))).unwrap();
            let packet = frame(MAC, HOST_MAC, 0x800, &ipv4(17, HOST, OURS, &udp([5000, 6000], b"wake")));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..2 {
                        std::thread::sleep(Duration::from_millis(100));
                        cable.send(&packet).unwrap();
                    }
                });
                let interest = user::Interest::Socket(&socket, READ);
                assert_eq!(poll(&[interest], 5_000_000), Ok(vec![READ]));
                let mut data = [0; 16];
                assert_eq!((socket.recv(&mut data, 0), socket.recv(&mut data, 0)), (Ok(4), Ok(4)));
            });
            // Nobody reads: what does not fit is lost, and the socket goes on.
            let large = frame(MAC, HOST_MAC, 0x800, &ipv4(17, HOST, OURS, &udp([5000, 6000], &[1; 1400])));
            (0..60).for_each(|_| cable.send(&large).unwrap());
            eventually("all are read off", || nic.counts().received >= 62);
            std::thread::sleep(Duration::from_millis(50));
            let mut data = [0; 1500];
            let waiting = (0..60).take_while(|_| socket.recv(&mut data, MSG_DONTWAIT).is_ok()).count();
            assert_eq!(waiting, 65_535 / 1400);
        });
    });
}

#[test]
fn a_capture_shows_what_comes_and_goes_until_the_device_goes_down() {
    crate::test(|| {
        let (kernel, _) = boot();
        let (nic, cable, card) = card();
        let capture = Process::root().socket(AF_LINK, SOCK_DGRAM, 0).unwrap();
        let mut request = [0_u8; 88];
        request[..nic.path().len()].copy_from_slice(nic.path().as_bytes());
        let user = Process::of_user(7).socket(AF_LINK, SOCK_DGRAM, 0).unwrap();
        assert_eq!(status(user.ioctl_bytes(SIOCSPACKETCAP, &mut request)), B_NOT_ALLOWED);
        drop(user);
        capture.ioctl_bytes(SIOCSPACKETCAP, &mut request).unwrap();
        assert_eq!(status(capture.ioctl_bytes(SIOCSPACKETCAP, &mut request)), B_BUSY);
        ask(&cable, 1, HOST_MAC);
        let answer = next(&cable);
        let mut data = [0; 2000];
        // What is captured is shared with the stack: the question has become the answer in the same bytes.
        for _ in 0..2 {
            assert_eq!((capture.recv(&mut data, 0), &data[..42]), (Ok(42), &answer[..]));
        }
        let ping = frame(MAC, HOST_MAC, 0x800, &ipv4(1, HOST, OURS, &echo_request(b"1234567890")));
        cable.send(&ping).unwrap();
        let echo = next(&cable);
        assert_eq!((capture.recv(&mut data, 0), &data[..52]), (Ok(52), &ping[..]));
        assert_eq!((capture.recv(&mut data, 0), &data[..52]), (Ok(52), &echo[..]));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| status(capture.recv(&mut [0; 100], 0)));
            std::thread::sleep(Duration::from_millis(100));
            card.down().unwrap();
            assert_eq!(reader.join().unwrap(), B_DEVICE_NOT_FOUND);
        });
        card.delete().unwrap();
        drop((nic, capture));
        end(kernel);
    });
}

#[test]
fn a_card_that_is_pulled_out_takes_its_interface_along() {
    crate::test(|| {
        let (kernel, _) = boot();
        let (nic, cable, card) = card();
        ask(&cable, 1, HOST_MAC);
        next(&cable);
        std::thread::sleep(Duration::from_millis(50));
        nic.unplug();
        eventually("the interface is gone", || status(card.flags()) == B_BAD_VALUE);
        let in_use = || crate::modules::references().iter().any(|(name, _)| name == "network/devices/ethernet/v1");
        eventually("the device is gone", || !in_use());
        // The thread that took it away was its reader.
        eventually("its threads have ended", || kernel.counts().threads == 1);
        drop(nic);
        end(kernel);
    });
}

/// Begins a network of the test's own; a machine may refuse that, where the test is skipped.
fn has_own_network(test: &str) -> bool {
    let Err(error) = crate::wire::own_network() else { return true };
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: {error}");
    eprintln!("skipped: {test}: needs a network namespace: {error}");
    false
}

/// Runs a test in a network of its own, with a card on a TAP of Linux's.
fn with_linux(test: &str, body: impl FnOnce(&Nic, &Interface)) {
    if !has_own_network(test) {
        return;
    }
    let (kernel, _) = boot();
    let nic = Nic::on_tap("wire/0", MAC, "wire0").unwrap();
    ip("addr add 10.9.0.1/24 dev wire0");
    ip("addr add fd00:9::1/64 dev wire0 nodad");
    ip("link set wire0 up");
    let card = Interface::named(Process::root(), &nic.path());
    card.create().unwrap();
    card.set_address(IpAddr::V4(OURS), 24).unwrap();
    card.set_address(IpAddr::V6("fd00:9::2".parse().unwrap()), 64).unwrap();
    card.up().unwrap();
    body(&nic, &card);
    close(nic, &card);
    end(kernel);
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn ping(arguments: &[&str]) -> bool {
    Command::new("ping").args(["-c", "2", "-i", "0.2", "-W", "2"]).args(arguments).output().unwrap().status.success()
}

#[test]
fn linux_pings_with_packets_that_are_longer_than_a_frame() {
    crate::test(|| {
        with_linux("linux_pings_with_packets_that_are_longer_than_a_frame", |_, _| {
            assert!(ping(&["10.9.0.2"]) && ping(&["-s", "1472", "10.9.0.2"]), "in one piece");
            assert!(ping(&["-s", "8000", "10.9.0.2"]), "in pieces, there and back");
            assert!(!ping(&["10.9.0.3"]));
        });
    });
}

#[test]
fn linux_talks_ipv6_to_it() {
    crate::test(|| {
        with_linux("linux_talks_ipv6_to_it", |nic, _| {
            // The group that its address is asked for in is joined when the address is set on an interface that is up,
            // not when an interface with an address goes up: so a card that filters does not hear the question.
            assert_eq!(nic.groups(), [[0_u8; 6]; 0]);
            ip("neigh add fd00:9::2 lladdr 52:54:00:01:02:03 dev wire0");
            let linux = UdpSocket::bind("[fd00:9::1]:5000").unwrap();
            linux.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let socket = Process::root().socket(AF_INET6, SOCK_DGRAM, 0).unwrap();
            let ours: Ipv6Addr = "fd00:9::2".parse().unwrap();
            socket.bind(&inet6(SocketAddrV6::new(ours, 6000, 0, 0))).unwrap();
            linux.send_to(b"there", "[fd00:9::2]:6000").unwrap();
            let mut data = [0; 2000];
            // A reader that is just about to wait may miss the datagram that comes then, in Haiku too.
            eventually("a datagram", || socket.recv(&mut data, MSG_DONTWAIT) == Ok(5));
            // Without a route for groups it cannot ask who Linux is.
            let host = inet6(SocketAddrV6::new("fd00:9::1".parse().unwrap(), 5000, 0, 0));
            assert_eq!(status(socket.send_to(b"back", 0, &host)), ENETUNREACH);
        });
    });
}

#[test]
fn an_ipv6_address_that_is_set_on_a_card_that_is_up_is_heard_of_and_keeps_the_card_for_ever() {
    crate::test(|| {
        let test = "an_ipv6_address_that_is_set_on_a_card_that_is_up_is_heard_of_and_keeps_the_card_for_ever";
        if !has_own_network(test) {
            return;
        }
        let (kernel, _) = boot();
        let nic = Nic::on_tap("wire/0", MAC, "wire0").unwrap();
        ip("addr add fd00:9::1/64 dev wire0 nodad");
        ip("link set wire0 up");
        let card = Interface::named(Process::root(), &nic.path());
        card.create().unwrap();
        card.up().unwrap();
        card.set_address(IpAddr::V6("fd00:9::2".parse().unwrap()), 64).unwrap();
        assert_eq!(nic.groups(), [[0x33, 0x33, 0xff, 0, 0, 2]]);
        assert!(ping(&["-6", "fd00:9::2"]) && ping(&["-6", "-s", "1400", "fd00:9::2"]));
        // By its question it knows the host.
        let linux = UdpSocket::bind("[fd00:9::1]:5000").unwrap();
        linux.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let socket = Process::root().socket(AF_INET6, SOCK_DGRAM, 0).unwrap();
        let host = inet6(SocketAddrV6::new("fd00:9::1".parse().unwrap(), 5000, 0, 0));
        assert_eq!(socket.send_to(b"six", 0, &host), Ok(3));
        let mut data = [0; 16];
        let (bytes, from) = linux.recv_from(&mut data).unwrap();
        assert_eq!((bytes, from.ip()), (3, "fd00:9::2".parse::<IpAddr>().unwrap()));
        // A closed port of IPv6 is not answered, a foreign address neither.
        linux.connect("[fd00:9::2]:7").unwrap();
        linux.send(b"closed").unwrap();
        linux.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        assert_eq!(linux.recv(&mut data).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        card.down().unwrap();
        card.delete().unwrap();
        drop((socket, nic));
        let in_use = crate::modules::references().iter().any(|(name, _)| name == "network/devices/ethernet/v1");
        assert!(in_use, "the group's membership holds the interface");
        assert_eq!(super::ours(&kernel.faults()), [""; 0]);
    });
}

#[test]
fn frames_go_out_and_come_in_by_a_socket_that_is_bound_to_a_link() {
    crate::test(|| {
        with_card(|_, nic, cable, _| {
            let socket = Process::root().socket(AF_LINK, SOCK_DGRAM, 0).unwrap();
            let mut request = [0_u8; 128];
            request[..nic.path().len()].copy_from_slice(nic.path().as_bytes());
            socket.ioctl_bytes(SIOCGIFADDR, &mut request).unwrap();
            let link = &request[32..];
            assert_eq!((link[1], link[8], usize::from(link[9]), link[10]), (4, 6, nic.path().len(), 6));
            assert_eq!(link[12 + nic.path().len()..][..6], MAC);
            socket.ioctl_bytes(SIOCGIFINDEX, &mut request).unwrap();
            let index = u32::from_ne_bytes(request[32..36].try_into().unwrap());
            // By hardware address, for frames of one type.
            let mut ours = sockaddr_dl {
                sdl_len: 60,
                sdl_family: AF_LINK as u8,
                sdl_e_type: 0x88b5_u16.to_be(),
                sdl_index: index,
                sdl_type: IFT_ETHER as u8,
                sdl_nlen: 0,
                sdl_alen: 6,
                sdl_slen: 0,
                sdl_data: [0; 46],
            };
            ours.sdl_data[..6].copy_from_slice(&MAC);
            socket.bind(&ours).unwrap();
            cable.send(&frame(MAC, HOST_MAC, 0x88b5, b"to the socket, with padding to the least length...")).unwrap();
            let mut data = [0; 100];
            let mut from = ours;
            eventually("the frame", || socket.recv_from(&mut data, MSG_DONTWAIT, &mut from) == Ok(50));
            assert_eq!((&data[..13], &from.sdl_data[..6]), (&b"to the socket"[..], &HOST_MAC[..]));
            let mut to = ours;
            to.sdl_data[..6].copy_from_slice(&HOST_MAC);
            assert_eq!(socket.send_to(b"from the socket", 0, &to), Ok(15));
            assert_eq!(next(cable), frame(HOST_MAC, MAC, 0x88b5, b"from the socket"));
        });
    });
}
