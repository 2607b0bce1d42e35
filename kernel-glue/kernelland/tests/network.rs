//! The network stack that is there, built in or of `TRESTLE_KERNELLAND_MODULES`, in the kernel: loopback, and cards on real wires.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use haiku_abi::{
    AF_INET, B_OK, EPROTONOSUPPORT, EPROTOTYPE, ETIMEDOUT, IFF_LINK, SOCK_DGRAM, SOCK_STREAM, module_info, status_t,
};
use kernelland::user::{Interest, Interface, Process, READ, Socket, Status, from_inet, inet, poll};
use kernelland::wire::{Cable, Nic};
use kernelland::{Config, Counts, Flavour, Kernel};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

const MAC: [u8; 6] = [0x52, 0x54, 0, 1, 2, 3];

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
        assert_eq!(poll(&[Interest::Socket(&server, READ)], 1000), Ok(vec![0]));
        assert_eq!(client.send_to(b"round", 0, &address), Ok(5));
        assert_eq!(poll(&[Interest::Socket(&server, READ)], 5_000_000), Ok(vec![READ]));
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
        let (nic, card) = wired(&kernel);
        let process = Process::root();
        ping("10.9.0.2");

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

#[test]
fn linux_pings_a_card_by_ipv6() {
    kernelland::test(|| {
        let Some(()) = own_network("linux_pings_a_card_by_ipv6") else { return };
        let kernel = Kernel::boot(Config::default());
        let nic = Nic::on_tap("wire/0", MAC, "wire0").unwrap();
        ip("addr add fd00::1/64 dev wire0 nodad");
        ip("link set wire0 up");
        let card = up(&kernel, &nic, "fd00::2".parse().unwrap());
        ping("fd00::2");
        card.delete().unwrap();
        drop(nic);
        end(kernel);
    });
}

#[test]
fn linux_sends_by_tcp_where_the_stack_has_it() {
    kernelland::test(|| {
        let Some(()) = own_network("linux_sends_by_tcp_where_the_stack_has_it") else { return };
        let kernel = Kernel::boot(Config::default());
        let (nic, card) = wired(&kernel);
        let server = match Process::root().socket(AF_INET, SOCK_STREAM, 0) {
            Ok(server) => server,
            Err(status) => return assert!([EPROTONOSUPPORT, EPROTOTYPE].contains(&status.0), "{status}"),
        };
        server.bind(&inet(SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 2), 7000))).unwrap();
        server.listen(1).unwrap();
        let echo = std::thread::spawn(move || echo(&server.accept().unwrap()));
        let total = 8 << 20;
        let mut linux = TcpStream::connect("10.9.0.2:7000").unwrap();
        let mut back = linux.try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            let mut data = vec![0; 65_536];
            let mut got = 0;
            while got < total {
                got += back.read(&mut data).unwrap();
            }
            got
        });
        for _ in 0..total / 65_536 {
            linux.write_all(&[9; 65_536]).unwrap();
        }
        assert_eq!(reader.join().unwrap(), total);
        linux.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(echo.join().unwrap(), total);
        card.down().unwrap();
        drop((nic, card));
        assert_eq!(kernel.report().faults, []);
    });
}

#[test]
fn a_card_can_be_pulled_out_under_load() {
    kernelland::test(|| {
        let kernel = Kernel::boot(Config::default());
        let (nic, cable) = Nic::on_cable("wire/0", MAC).unwrap();
        let card = up(&kernel, &nic, Ipv4Addr::new(10, 9, 0, 2).into());
        std::thread::scope(|scope| {
            let flood = scope.spawn(|| flood(&cable));
            while nic.counts().received < 1000 {
                std::thread::yield_now();
            }
            nic.unplug();
            flood.join().unwrap();
        });
        let gone = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            !kernel.thread_names().iter().any(|name| name.contains("wire/0"))
        });
        assert!(gone, "{}", kernel.threads());
        assert!(card.flags().is_err());
        assert!(kernel.nodes().is_empty());
        // The same name works again.
        let (nic, _cable) = Nic::on_cable("wire/0", MAC).unwrap();
        let card = up(&kernel, &nic, Ipv4Addr::new(10, 9, 0, 2).into());
        card.delete().unwrap();
    });
}

#[test]
fn a_card_takes_what_is_for_it() {
    kernelland::test(|| {
        let kernel = Kernel::boot(Config::default());
        let (nic, cable) = Nic::on_cable("wire/0", MAC).unwrap();
        nic.filter_groups();
        let card = up(&kernel, &nic, Ipv4Addr::new(10, 9, 0, 2).into());
        let before = nic.counts().received;
        for destination in [[2, 0, 0, 0, 0, 7], [0x33, 0x33, 1, 2, 3, 4], MAC, [0xff; 6]] {
            cable.send(&frame(destination)).unwrap();
        }
        while nic.counts().received + nic.counts().filtered < before + 4 {
            std::thread::yield_now();
        }
        assert_eq!((nic.counts().received - before, nic.is_promiscuous()), (2, false));
        card.delete().unwrap();
        assert_eq!(cable.receive(Duration::ZERO).unwrap(), None);
    });
}

#[test]
fn a_blocked_call_can_be_interrupted() {
    kernelland::test(|| {
        let kernel = Kernel::boot(Config::default());
        kernel.start_network().unwrap();
        let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        let (to, from) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                to.send(kernelland::user::CallingThread::this()).unwrap();
                socket.recv(&mut [0; 8], 0)
            });
            // The call that comes next is interrupted too.
            from.recv().unwrap().interrupt();
            let status = reader.join().unwrap().unwrap_err();
            assert!(status == Status(haiku_abi::B_INTERRUPTED) || status == Status(ETIMEDOUT), "{status}");
        });
    });
}

#[test]
fn a_test_that_hangs_shows_every_thread() {
    kernelland::test_that_fails("waits for Semaphore", || {
        let config = Config { time_limit: Some(Duration::from_millis(500)), ..Config::default() };
        let kernel = Kernel::boot(config);
        let (nic, _cable) = Nic::on_cable("wire/0", MAC).unwrap();
        let _card = up(&kernel, &nic, Ipv4Addr::new(10, 9, 0, 2).into());
        let _ = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap().recv(&mut [0; 8], 0);
    });
}

/// Plugs a card into a TAP device of this network namespace: 10.9.0.1 is Linux, 10.9.0.2 is Haiku.
fn wired(kernel: &Kernel) -> (Nic, Interface) {
    let nic = Nic::on_tap("wire/0", MAC, "wire0").unwrap();
    ip("addr add 10.9.0.1/24 dev wire0");
    ip("link set wire0 up");
    let card = up(kernel, &nic, Ipv4Addr::new(10, 9, 0, 2).into());
    (nic, card)
}

fn up(kernel: &Kernel, nic: &Nic, address: IpAddr) -> Interface {
    kernel.start_network().unwrap();
    let card = Interface::named(Process::root(), &nic.path());
    card.create().unwrap();
    card.set_address(address, if address.is_ipv4() { 24 } else { 64 }).unwrap();
    card.up().unwrap();
    // The stack sends by no route to an interface without a link, and a thread looks for that.
    while card.flags().unwrap() & IFF_LINK == 0 {
        std::thread::yield_now();
    }
    card
}

fn echo(client: &Socket) -> usize {
    let mut data = vec![0; 65_536];
    let mut total = 0;
    loop {
        let got = client.recv(&mut data, 0).unwrap();
        if got == 0 {
            return total;
        }
        let mut sent = 0;
        while sent < got {
            sent += client.send(&data[sent..got], 0).unwrap();
        }
        total += got;
    }
}

/// Sends to the card until its wire is cut.
fn flood(cable: &Cable) {
    for _ in 0..1_000_000 {
        if cable.send(&frame(MAC)).is_err() {
            return;
        }
    }
}

/// An IPv4 packet that nobody wants.
fn frame(destination: [u8; 6]) -> Vec<u8> {
    let mut frame = [&destination[..], &[2, 0, 0, 0, 0, 9, 8, 0]].concat();
    frame.resize(60, 0);
    frame
}

fn ping(address: &str) {
    let ping = Command::new("ping").args(["-c", "3", "-i", "0.2", "-W", "2", address]).output().unwrap();
    assert!(ping.status.success(), "{}", String::from_utf8_lossy(&ping.stdout));
}

/// Ends the kernel; of the stack, nothing but memory may be left, which Haiku's own leaves.
fn end(kernel: Kernel) {
    if kernel.flavour() == Flavour::Kdebug {
        // Haiku's stack asserts when it ends after it has learnt an address.
        return;
    }
    let report = kernel.shutdown();
    assert_eq!(Counts { blocks: 0, ..report.counts.clone() }, Counts::default(), "{report}");
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

/// What a module of this program's does when it begins and ends: nothing.
unsafe extern "C" fn operations(_operation: i32) -> status_t {
    B_OK
}

#[test]
fn what_a_linked_crate_does_concerns_the_file_that_it_stands_for() {
    kernelland::test(|| {
        let kernel = Kernel::boot(Config::default());
        // SAFETY: a variadic function may look at its first argument alone.
        let operations = unsafe { std::mem::transmute::<*const (), Variadic>(operations as *const ()) };
        let module = module_info { name: c"linked/file/v1".as_ptr(), flags: 0, std_ops: Some(operations) };
        kernelland::modules::provide("linked/file", &[Box::leak(Box::new(module))]);
        let mut lock = 0;
        // SAFETY: a lock that lives.
        unsafe { kernelland::symbols::acquire_spinlock(&raw mut lock) };
        // SAFETY: takes no memory.
        unsafe { kernelland::symbols::malloc(16) };
        let (report, others) = (kernel.report().concerning("file"), kernel.report().concerning("other"));
        assert_eq!((report.faults.len(), report.left.len()), (1, 1), "{report}");
        assert!(others.is_clean(), "{others}");
    });
}

type Variadic = unsafe extern "C" fn(i32, ...) -> status_t;
