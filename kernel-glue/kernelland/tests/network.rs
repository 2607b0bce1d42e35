//! The network stack that is there, built in or of `TRESTLE_KERNELLAND_MODULES`, in the kernel: loopback, and a card on a real
//! wire.

#![expect(clippy::unwrap_used, reason = "a test")]

use haiku_abi::{AF_INET, SOCK_DGRAM};
use kernelland::user::{Interface, Process, from_inet, inet};
use kernelland::wire::Nic;
use kernelland::{Config, Counts, Flavour, Kernel};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::process::Command;
use std::time::Duration;

#[test]
fn udp_goes_round_the_loopback() {
    kernelland::test(|| {
        let kernel = Kernel::boot(Config::default());
        kernel.start_network().unwrap();
        let process = Process::root();
        let loopback = Interface::named(process, "loop");
        loopback.create().unwrap();
        loopback.set_address(Ipv4Addr::LOCALHOST.into(), 8).unwrap();
        loopback.up().unwrap();

        let server = process.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        let address = inet(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4000));
        server.bind(&address).unwrap();
        let client = process.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        assert_eq!(client.send_to(b"round", 0, &address), Ok(5));
        let mut from = inet(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
        let mut data = [0; 64];
        assert_eq!(server.recv_from(&mut data, 0, &mut from), Ok(5));
        assert_eq!(&data[..5], b"round");
        assert_eq!(*from_inet(&from).ip(), Ipv4Addr::LOCALHOST);

        server.close().unwrap();
        client.close().unwrap();
        loopback.down().unwrap();
        loopback.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn linux_pings_and_talks_to_a_card() {
    kernelland::test(|| {
        let Some(()) = own_network("linux_pings_and_talks_to_a_card") else { return };
        let kernel = Kernel::boot(Config::default());
        let nic = Nic::on_tap("wire/0", [0x52, 0x54, 0, 1, 2, 3], "wire0").unwrap();
        ip("addr add 10.9.0.1/24 dev wire0");
        ip("link set wire0 up");
        kernel.start_network().unwrap();
        let process = Process::root();
        let card = Interface::named(process, &nic.path());
        card.create().unwrap();
        card.set_address(Ipv4Addr::new(10, 9, 0, 2).into(), 24).unwrap();
        card.up().unwrap();

        let ping = Command::new("ping").args(["-c", "3", "-i", "0.2", "-W", "2", "10.9.0.2"]).output().unwrap();
        assert!(ping.status.success(), "{}", String::from_utf8_lossy(&ping.stdout));

        let linux = UdpSocket::bind("10.9.0.1:5000").unwrap();
        linux.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let socket = process.socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        socket.bind(&inet(SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 2), 6000))).unwrap();
        let sent = socket.send_to(&[7; 1400], 0, &inet(SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 1), 5000)));
        assert_eq!(sent, Ok(1400));
        let mut data = [0; 2000];
        let (bytes, from) = linux.recv_from(&mut data).unwrap();
        assert_eq!((bytes, from.to_string().as_str()), (1400, "10.9.0.2:6000"));
        linux.send_to(b"back", from).unwrap();
        assert_eq!(socket.recv(&mut data, 0), Ok(4));

        drop(socket);
        card.down().unwrap();
        card.delete().unwrap();
        drop(nic);
        end(kernel);
    });
}

/// Ends the kernel; of the stack, nothing but memory may be left, which Haiku's own leaves.
fn end(kernel: Kernel) {
    if kernel.flavour() == Flavour::Kdebug {
        // Haiku's stack asserts when it ends after it has learnt an address.
        return;
    }
    let report = kernel.shutdown();
    assert_eq!(Counts { blocks: 0, ..report.counts.clone() }, Counts::default(), "{report}");
    println!("{report}");
}

/// Moves this process into a network of its own; says so in one line when that is not allowed.
fn own_network(test: &str) -> Option<()> {
    match kernelland::wire::own_network() {
        Ok(()) => Some(()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: {error}");
            eprintln!("skipped: {test}: needs a network namespace: {error}");
            None
        }
    }
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
