//! Taps and tuns of the kernel add-on, by their interfaces and nodes, in a kernel in user space.

use haiku_abi::{
    B_BAD_VALUE, B_BUSY, B_INTERRUPTED, B_PERMISSION_DENIED, B_WOULD_BLOCK, EIO, EMSGSIZE, ENXIO, IFF_BROADCAST,
    IFF_LINK, IFF_POINTOPOINT, IFF_UP, O_NONBLOCK, O_RDWR, SIOCSIFMTU,
};
use kernelland::user::{CallingThread, DISCONNECTED, ERROR, Interest, Interface, Process, READ, Status, WRITE, poll};
use kernelland::{Config, Kernel};
use std::sync::mpsc;
use std::time::Duration;
use tests::haiku::settled;
use tests::within;

/// Runs a test in a kernel of its own, and in the end looks for faults with the add-on in them.
fn with_kernel(test: &str, body: impl FnOnce(&Kernel)) {
    let limit = Some(Duration::from_secs(240));
    tests::haiku::with_kernel(test, Config { time_limit: limit, ..Config::default() }, body);
}

/// Makes an interface and takes it up.
fn up(name: &str) -> Interface {
    let interface = Interface::named(Process::root(), name);
    interface.create().unwrap();
    interface.up().unwrap();
    interface
}

#[test]
fn a_name_makes_an_interface_and_nothing_else() {
    kernelland::test(|| {
        with_kernel("a_name_makes_an_interface_and_nothing_else", |kernel| {
            let root = Process::root();
            for name in ["tap0", "tun/3", "bridge32767"] {
                let nodes = kernel.nodes();
                let interface = Interface::named(root, name);
                interface.create().unwrap();
                assert_eq!(kernel.nodes(), nodes, "{name}");
                assert!(!kernel.threads().contains("trestle housekeeper"), "{name}");
                interface.delete().unwrap();
            }
            for name in ["tap", "tap/", "tap/../x", "tap32768", "bridge", "bridge/0", "trestle0", "tap00"] {
                assert!(Interface::named(root, name).create().is_err(), "{name}");
            }
            let tap = Interface::named(root, "tap0");
            tap.create().unwrap();
            assert!(Interface::named(root, "tap/0").create().is_err(), "the unit has an interface");
            tap.delete().unwrap();
            Interface::named(root, "tap/0").create().unwrap();
        });
    });
}

#[test]
fn a_node_is_there_while_its_interface_has_been_up() {
    kernelland::test(|| {
        with_kernel("a_node_is_there_while_its_interface_has_been_up", |kernel| {
            let tap = up("tap0");
            let tun = up("tun/7");
            let nodes = kernel.nodes();
            for node in ["tap/0", "tun/7", "tap/clone", "tun/clone"] {
                assert!(nodes.iter().any(|there| there == node), "{node}: {nodes:?}");
            }
            let flags = tap.flags().unwrap();
            assert_eq!(flags & (IFF_BROADCAST | IFF_POINTOPOINT), IFF_BROADCAST);
            let flags = tun.flags().unwrap();
            assert_eq!(flags & (IFF_BROADCAST | IFF_POINTOPOINT), IFF_POINTOPOINT, "a peer is no broadcast address");
            tap.down().unwrap();
            assert!(kernel.nodes().iter().any(|there| there == "tap/0"), "who has it open keeps it");
            tap.delete().unwrap();
            tun.delete().unwrap();
            assert!(!kernel.nodes().iter().any(|there| there == "tap/0" || there == "tun/7"));
        });
    });
}

/// Haiku's driver never set, and never took back, the state of the link, and told nobody (defect 15).
#[test]
fn the_carrier_follows_who_has_the_node_open() {
    kernelland::test(|| {
        with_kernel("the_carrier_follows_who_has_the_node_open", |kernel| {
            let tap = up("tap0");
            assert_eq!(tap.flags().unwrap() & IFF_LINK, 0);
            let before = kernel.network_notices();
            let node = Process::root().open("tap/0", O_RDWR).unwrap();
            assert_eq!(tap.flags().unwrap() & IFF_LINK, IFF_LINK);
            assert_eq!(kernel.network_notices(), before + 1);
            assert_eq!(Process::root().open("tap/0", O_RDWR).err(), Some(Status(B_BUSY)));
            drop(node);
            assert_eq!(tap.flags().unwrap() & IFF_LINK, 0);
            assert_eq!(kernel.network_notices(), before + 2);
            Process::root().open("tap/0", O_RDWR).unwrap();
        });
    });
}

#[test]
fn who_may_open_a_node() {
    kernelland::test(|| {
        with_kernel("who_may_open_a_node", |_| {
            up("tap0");
            let user = Process::of_user(1000);
            for node in ["tap/0", "tap/clone", "tun/clone"] {
                assert_eq!(user.open(node, O_RDWR).err(), Some(Status(B_PERMISSION_DENIED)), "{node}");
            }
            Process::root().open("tap/0", O_RDWR).unwrap();
        });
    });
}

/// Haiku's driver ignored O_NONBLOCK (defect 1).
#[test]
fn a_call_waits_or_not_as_the_descriptor_says() {
    kernelland::test(|| {
        with_kernel("a_call_waits_or_not_as_the_descriptor_says", |_| {
            up("tap0");
            let node = Process::root().open("tap/0", O_RDWR | O_NONBLOCK).unwrap();
            let mut frame = [0; 2000];
            assert_eq!(node.read(&mut frame), Err(Status(B_WOULD_BLOCK)));
            node.set_blocking().unwrap();
            let (thread_is, thread) = mpsc::channel();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    thread_is.send(CallingThread::this()).unwrap();
                    node.read(&mut [0; 2000])
                });
                let thread = thread.recv().unwrap();
                assert!(within(Duration::from_secs(5), || thread.waits()));
                thread.interrupt();
                assert_eq!(reader.join().unwrap(), Err(Status(B_INTERRUPTED)));
            });
            node.set_nonblocking().unwrap();
            assert_eq!(node.read(&mut frame), Err(Status(B_WOULD_BLOCK)));
        });
    });
}

/// Haiku's driver queued anything, and queued it while down (defects 14 and 20).
#[test]
fn what_is_no_frame_is_refused() {
    kernelland::test(|| {
        with_kernel("what_is_no_frame_is_refused", |_| {
            let tap = up("tap0");
            let tun = up("tun0");
            let frame = Process::root().open("tap/0", O_RDWR).unwrap();
            let packet = Process::root().open("tun/0", O_RDWR).unwrap();
            let mut v4 = [0; 1500];
            v4[0] = 0x45;
            #[rustfmt::skip]
            let rows = [
                ("13 bytes",          frame.write(&[0; 13]),       Err(Status(B_BAD_VALUE))),
                ("a header",          frame.write(&[2; 14]),       Ok(14)),
                ("the MTU",           frame.write(&[2; 1514]),     Ok(1514)),
                ("one more",          frame.write(&[2; 1515]),     Err(Status(EMSGSIZE))),
                ("far more",          frame.write(&[2; 100_000]),  Err(Status(EMSGSIZE))),
                ("IP version 0",      packet.write(&[0; 60]),      Err(Status(B_BAD_VALUE))),
                ("a packet",          packet.write(&v4),           Ok(1500)),
                ("a kernel address",  frame.write_from_kernel_address(60), Err(Status(haiku_abi::B_BAD_ADDRESS))),
                ("read to one",       frame.read_to_kernel_address(60), Err(Status(haiku_abi::B_BAD_ADDRESS))),
            ];
            for (name, have, want) in rows {
                assert_eq!(have, want, "{name}");
            }
            tap.down().unwrap();
            tun.down().unwrap();
            assert_eq!(frame.write(&[2; 60]), Err(Status(EIO)));
            assert_eq!(packet.write(&v4), Err(Status(EIO)));
        });
    });
}

#[test]
fn an_mtu_that_the_interface_cannot_have_is_refused_at_the_node_too() {
    kernelland::test(|| {
        with_kernel("an_mtu_that_the_interface_cannot_have_is_refused_at_the_node_too", |_| {
            let tun = up("tun0");
            let node = Process::root().open("tun/0", O_RDWR).unwrap();
            let set = |bytes: i32| {
                let mut request = [0; 88];
                request[32..36].copy_from_slice(&bytes.to_ne_bytes());
                node.ioctl_bytes(SIOCSIFMTU, &mut request)
            };
            for bytes in [-1, 0, 71, 65_522, 65_535, 70_000] {
                assert_eq!(set(bytes), Err(Status(B_BAD_VALUE)), "{bytes}");
                assert_eq!(tun.mtu().unwrap(), 1500);
            }
            for bytes in [72, 1400, 65_521] {
                assert_eq!((set(bytes), tun.mtu().unwrap()), (Ok(()), bytes as u32));
            }
        });
    });
}

/// Haiku's driver told select of neither errors nor the end, and of room to write always (defects 13 and 17).
#[test]
fn poll_tells_what_a_descriptor_can_do() {
    kernelland::test(|| {
        with_kernel("poll_tells_what_a_descriptor_can_do", |_| {
            let tap = up("tap0");
            let node = Process::root().open("tap/0", O_RDWR | O_NONBLOCK).unwrap();
            let events = |timeout| poll(&[Interest::Node(&node, READ | WRITE)], timeout).unwrap();
            assert_eq!(events(0), [WRITE]);
            assert_eq!(poll(&[Interest::Node(&node, READ)], 20_000).unwrap(), [0]);
            std::thread::scope(|scope| {
                let poller = scope.spawn(|| poll(&[Interest::Node(&node, READ)], 5_000_000).unwrap());
                std::thread::sleep(Duration::from_millis(50));
                tap.delete().unwrap();
                let told = poller.join().unwrap();
                assert_ne!(told, [0], "who waits is told at once, by the first event that comes");
            });
            assert_eq!(node.read(&mut [0; 60]), Err(Status(ENXIO)), "the device is gone");
            assert_eq!(poll(&[Interest::Node(&node, READ)], -1).unwrap(), [READ | ERROR | DISCONNECTED]);
        });
    });
}

/// Haiku's driver hung in one of some thousand rounds (defect 4).
#[test]
fn an_interface_goes_down_while_it_is_read() {
    kernelland::test(|| {
        with_kernel("an_interface_goes_down_while_it_is_read", |_| {
            let tap = up("tap0");
            let node = Process::root().open("tap/0", O_RDWR).unwrap();
            std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    // Broadcasts of a type that nobody asks for, until the node is cut off.
                    let frame = [[0xff; 6], [2; 6], [0x88; 6]].concat();
                    while node.write(&frame).is_ok_and(|_| true) || tap.flags().is_ok() {}
                });
                for _ in 0..200 {
                    tap.down().unwrap();
                    tap.up().unwrap();
                }
                assert_eq!(tap.flags().unwrap() & IFF_UP, IFF_UP);
                tap.delete().unwrap();
                writer.join().unwrap();
            });
        });
    });
}

/// Haiku's driver let the kernel fault when an interface went whose node was open (defect 2).
#[test]
fn a_device_is_destroyed_while_it_is_open() {
    kernelland::test(|| {
        with_kernel("a_device_is_destroyed_while_it_is_open", |_| {
            let tap = up("tap0");
            let node = Process::root().open("tap/0", O_RDWR).unwrap();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| node.read(&mut [0; 2000]));
                std::thread::sleep(Duration::from_millis(50));
                tap.delete().unwrap();
                let read = reader.join().unwrap();
                assert_eq!(read, Err(Status(ENXIO)));
            });
            assert_eq!(node.write(&[2; 60]), Err(Status(ENXIO)));
            // The name is free again, for another node.
            let again = up("tap0");
            let other = Process::root().open("tap/0", O_RDWR).unwrap();
            assert_eq!(other.write(&[2; 60]), Ok(60));
            again.delete().unwrap();
        });
    });
}

#[test]
fn a_clone_node_makes_a_device_that_goes_with_it() {
    kernelland::test(|| {
        with_kernel("a_clone_node_makes_a_device_that_goes_with_it", |kernel| {
            up("tap0");
            let root = Process::root();
            let node = root.open("tap/clone", O_RDWR).unwrap();
            let tap = Interface::named(root, "tap1");
            assert_eq!(tap.flags().unwrap() & (IFF_UP | IFF_LINK), IFF_UP | IFF_LINK);
            let tun = root.open("tun/clone", O_RDWR).unwrap();
            let peer = Interface::named(root, "tun0");
            assert_eq!(peer.flags().unwrap() & IFF_UP, IFF_UP);
            assert_eq!(node.write(&[2; 60]), Ok(60));
            drop((node, tun));
            assert!(within(Duration::from_secs(5), || tap.flags().is_err() && peer.flags().is_err()));
            let nodes = || kernel.nodes().iter().any(|node| node == "tap/1" || node == "tun/0");
            assert!(within(Duration::from_secs(5), || !nodes()));
        });
    });
}

#[test]
fn a_thousand_devices_leave_nothing() {
    kernelland::test(|| {
        with_kernel("a_thousand_devices_leave_nothing", |kernel| {
            // One stays, with what the first makes for all.
            up("tap0");
            let round = |number: u32| {
                let name = if number.is_multiple_of(2) { "tap5" } else { "tun5" };
                let interface = up(name);
                let node = Process::root().open(&format!("{}/5", &name[..3]), O_RDWR).unwrap();
                // After a frame an interface ends only when the stack has had a moment for it.
                if number.is_multiple_of(10) {
                    let _ = node.write(&[2; 60]);
                }
                if number.is_multiple_of(3) {
                    drop(node);
                    interface.delete().unwrap();
                } else {
                    interface.delete().unwrap();
                    drop(node);
                }
            };
            (0..20).for_each(round);
            let before = settled(kernel);
            (0..1000).for_each(round);
            assert_eq!(settled(kernel), before);
        });
    });
}
