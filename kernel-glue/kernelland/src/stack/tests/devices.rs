//! Devices: who is asked for one, what its threads do, and who sees its packets.

use super::fake::{Fake, fake, mac};
use super::{Tables, arp, boot, echo_request, end, eventually, fake_up, frame, ipv4, status};
use crate::user::{Interface, Process, inet};
use haiku_abi::*;
use std::ffi::c_void;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ptr::null_mut;
use std::sync::Mutex;

pub(super) const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
pub(super) const HOST: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
pub(super) const HOST_MAC: [u8; 6] = [2, 0, 0, 0, 0, 0xaa];

/// A monitor that writes down what it saw.
struct Monitor {
    abi: net_device_monitor,
    seen: Mutex<Vec<Seen>>,
    events: Mutex<Vec<i32>>,
    buffers: &'static net_buffer_module_info,
    /// Packets that it cuts down to nothing.
    consumes: fn(&Seen) -> bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    source_length: u8,
    source_family: u8,
    bytes: Vec<u8>,
}

impl Monitor {
    /// Registers a monitor, which stays for ever.
    fn new(tables: Tables, fake: &Fake, consumes: fn(&Seen) -> bool) -> &'static Self {
        let (receive, event) = (Some(see as _), Some(hear as _));
        let this = Box::leak(Box::new(Self {
            abi: net_device_monitor { link: list_link::new(), cookie: null_mut(), receive, event },
            seen: Mutex::default(),
            events: Mutex::default(),
            buffers: tables.buffer,
            consumes,
        }));
        this.abi.cookie = std::ptr::from_ref(this).cast_mut().cast();
        // SAFETY: the device is there, the monitor for ever.
        let status = unsafe { tables.stack.register_device_monitor.unwrap()(fake.device(), &raw mut this.abi) };
        assert_eq!(status, B_OK);
        this
    }

    fn unregister(&self, tables: Tables, fake: &Fake) -> status_t {
        let monitor = std::ptr::from_ref(&self.abi).cast_mut();
        // SAFETY: the device is there.
        unsafe { tables.stack.unregister_device_monitor.unwrap()(fake.device(), monitor) }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn monitor_at<'m>(monitor: *mut net_device_monitor) -> &'m Monitor {
    // SAFETY: the stack gives the monitor that was registered.
    let cookie = unsafe { monitor.read() }.cookie;
    // SAFETY: the cookie is the monitor's own, which is there for ever.
    unsafe { &*cookie.cast() }
}

unsafe extern "C" fn see(monitor: *mut net_device_monitor, raw: *mut net_buffer) -> status_t {
    let this = monitor_at(monitor);
    // SAFETY: the packet is lent.
    let packet = unsafe { raw.read() };
    // SAFETY: its source leads to a storage of it.
    let source = unsafe { packet.source.read() };
    let mut bytes = vec![0; packet.size as usize];
    // SAFETY: the vector has that many bytes.
    unsafe { this.buffers.read.unwrap()(raw, 0, bytes.as_mut_ptr().cast(), bytes.len()) };
    let seen = Seen { source_length: source.sa_len, source_family: source.sa_family, bytes };
    if (this.consumes)(&seen) {
        // SAFETY: the packet is lent, and may be changed.
        assert_eq!(unsafe { this.buffers.trim.unwrap()(raw, 0) }, B_OK);
    }
    this.seen.lock().unwrap().push(seen);
    B_ERROR
}

unsafe extern "C" fn hear(monitor: *mut net_device_monitor, event: i32) {
    let this = monitor_at(monitor);
    this.events.lock().unwrap().push(event);
}

/// Puts a frame into a device's queue; the packet is the stack's, whatever it says.
fn inject(tables: Tables, fake: &Fake, frame: &[u8]) -> status_t {
    // SAFETY: the module is in use.
    let raw = unsafe { tables.buffer.create.unwrap()(256) };
    // SAFETY: the packet is ours, the frame may be read.
    assert_eq!(unsafe { tables.buffer.append.unwrap()(raw, frame.as_ptr().cast(), frame.len()) }, B_OK);
    // SAFETY: the device is there.
    unsafe { tables.stack.device_enqueue_buffer.unwrap()(fake.device(), raw) }
}

/// The request by which the host finds us, and our answer.
pub(super) fn question() -> Vec<u8> {
    frame([0xff; 6], HOST_MAC, 0x806, &arp(1, (HOST_MAC, HOST), ([0; 6], OURS)))
}

fn answer(name: &str) -> Vec<u8> {
    frame(HOST_MAC, mac(name), 0x806, &arp(2, (mac(name), OURS), (HOST_MAC, HOST)))
}

#[test]
fn every_module_is_asked_for_a_name_and_a_query_leaves_nothing() {
    crate::test(|| {
        let (kernel, _) = boot();
        let process = Process::root();
        // A name of nobody's.
        assert_eq!(status(Interface::named(process, "nobody0").create()), B_DEVICE_NOT_FOUND);
        // A query by the family of links makes the device for as long as it takes.
        let socket = process.socket(AF_LINK, SOCK_DGRAM, 0).unwrap();
        let mut request = [0_u8; 88];
        request[..5].copy_from_slice(b"fake1");
        socket.ioctl_bytes(SIOCGIFFLAGS, &mut request).unwrap();
        assert_eq!(request[32..36], (IFF_BROADCAST | IFF_LINK).to_ne_bytes());
        assert_eq!(fake("fake1").log(), ["init", "uninit"]);
        drop(socket);
        // An interface keeps it, by either family, until it is deleted.
        let interface = Interface::named(process, "fake2");
        interface.create().unwrap();
        interface.up().unwrap();
        assert_eq!(interface.flags(), Ok(IFF_UP | IFF_BROADCAST | IFF_LINK));
        interface.down().unwrap();
        interface.delete().unwrap();
        assert_eq!(fake("fake2").log(), ["init", "up", "down", "uninit"]);
        assert_eq!(status(interface.flags()), B_BAD_VALUE);
        end(kernel);
    });
}

#[test]
fn monitors_tell_frames_that_come_go_and_stay_apart() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let monitor = Monitor::new(tables, &fake, |_| false);
        fake.receive(question());
        eventually("an answer", || fake.sent() == [answer("fake1")]);
        // As it came: before the header was off, in a packet without addresses. As it goes: with link addresses.
        let came = Seen { source_length: 0, source_family: 0xcc, bytes: question() };
        let went = Seen { source_length: 60, source_family: AF_LINK as u8, bytes: answer("fake1") };
        assert_eq!(monitor.seen(), [came, went]);
        // What we send to ourselves: the datagram as IP, and that nobody takes it.
        let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        socket.send_to(b"self", 0, &inet(SocketAddrV4::new(OURS, 9))).unwrap();
        eventually("two more packets", || monitor.seen().len() == 4);
        let local = monitor.seen()[2..].to_vec();
        assert!(local.iter().all(|seen| seen.source_family == AF_INET as u8 && seen.bytes[0] == 0x45), "{local:?}");
        assert_eq!((local[0].bytes[9], local[1].bytes[9], local[1].bytes[20..22].to_vec()), (17, 1, vec![3, 3]));
        drop(socket);
        // What is put into the queue, and what is given to the device, they do not see.
        let injected = frame([0xff; 6], HOST_MAC, 0x88b5, b"nobody's");
        assert_eq!(inject(tables, &fake, &injected), B_OK);
        assert_eq!(monitor.seen().len(), 4);
        assert_eq!((monitor.unregister(tables, &fake), monitor.unregister(tables, &fake)), (B_OK, B_BAD_VALUE));
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn a_frame_that_a_monitor_cuts_down_goes_no_further() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let first = Monitor::new(tables, &fake, |seen| seen.bytes.get(12..14) == Some(&[8, 0]));
        let second = Monitor::new(tables, &fake, |_| false);
        fake.receive(question());
        eventually("an answer", || fake.sent().len() == 1);
        let dropped = fake.stats().receive.dropped;
        let ping = frame(mac("fake1"), HOST_MAC, 0x800, &ipv4(1, HOST, OURS, &echo_request(b"1")));
        fake.receive(ping.clone());
        eventually("the frame is dropped", || fake.stats().receive.dropped == dropped + 1);
        assert_eq!(second.seen().last().unwrap().bytes, [0_u8; 0]);
        assert_eq!(first.unregister(tables, &fake), B_OK);
        fake.receive(ping);
        eventually("an echo", || fake.sent().len() == 2);
        assert_eq!(fake.sent()[1][..14], frame(HOST_MAC, mac("fake1"), 0x800, b""));
        assert_eq!(fake.stats().receive.packets, 2);
        second.unregister(tables, &fake);
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

/// Leaves its device with the first packet.
unsafe extern "C" fn leave(monitor: *mut net_device_monitor, _raw: *mut net_buffer) -> status_t {
    // SAFETY: the stack gives the monitor that was registered.
    let cookie = unsafe { monitor.read() }.cookie;
    // SAFETY: the cookie is the table.
    let stack = unsafe { &*cookie.cast::<net_stack_module_info>() };
    // SAFETY: the device is there.
    assert_eq!(unsafe { stack.unregister_device_monitor.unwrap()(fake("fake1").device(), monitor) }, B_OK);
    B_ERROR
}

unsafe extern "C" fn hear_nothing(_monitor: *mut net_device_monitor, _event: i32) {}

#[test]
fn a_monitor_that_leaves_with_a_packet_leaves_the_packet_to_the_next_one() {
    crate::test(|| {
        let (_kernel, tables) = boot();
        fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let cookie = std::ptr::from_ref(tables.stack).cast_mut().cast();
        let (receive, event) = (Some(leave as _), Some(hear_nothing as _));
        let first = Box::leak(Box::new(net_device_monitor { link: list_link::new(), cookie, receive, event }));
        // SAFETY: the device is there, the monitor for ever.
        assert_eq!(unsafe { tables.stack.register_device_monitor.unwrap()(fake.device(), first) }, B_OK);
        let second = Monitor::new(tables, &fake, |_| false);
        fake.receive(question());
        eventually("an answer", || fake.sent().len() == 1);
        assert_eq!(second.seen().len(), 2);
        // It waits for the list of devices under the lock of monitors, which may lock up: that is not looked at.
    });
}

unsafe extern "C" fn refuse(_device: *mut net_device, _raw: *mut net_buffer) -> status_t {
    B_ERROR
}

static TAKEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());

unsafe extern "C" fn take(cookie: *mut c_void, _device: *mut net_device, raw: *mut net_buffer) -> status_t {
    // SAFETY: the packet is ours if we say so.
    TAKEN.lock().unwrap().push(unsafe { (*raw).size } as usize);
    // SAFETY: the cookie is the table of packets.
    let table = unsafe { cookie.cast::<net_buffer_module_info>().read() };
    // SAFETY: the packet is ours.
    unsafe { table.free.unwrap()(raw) };
    B_OK
}

#[test]
fn there_is_one_deframer_and_one_handler_of_a_type() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let cookie = std::ptr::from_ref(tables.buffer).cast_mut().cast();
        let register = |frame_type: u32| {
            let frame_type = net_frame_type(IFT_ETHER, frame_type);
            // SAFETY: the device is there, the function for ever.
            unsafe { tables.stack.register_device_handler.unwrap()(fake.device(), frame_type, Some(take), cookie) }
        };
        // SAFETY: as above.
        let deframer = unsafe { tables.stack.register_device_deframer.unwrap()(fake.device(), Some(refuse)) };
        assert_eq!(deframer, B_ERROR);
        assert_eq!((register(ETHER_TYPE_IP), register(ETHER_TYPE_ARP)), (B_ERROR, B_ERROR));
        assert_eq!((register(0x88b5), register(0x88b5)), (B_OK, B_ERROR));
        fake.receive(frame(mac("fake1"), HOST_MAC, 0x88b5, &[7; 46]));
        eventually("the handler has the packet", || *TAKEN.lock().unwrap() == [46]);
        let unregister = || {
            let frame_type = net_frame_type(IFT_ETHER, 0x88b5);
            // SAFETY: as above.
            unsafe { tables.stack.unregister_device_handler.unwrap()(fake.device(), frame_type) }
        };
        assert_eq!((unregister(), unregister()), (B_OK, B_BAD_VALUE));
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

#[test]
fn a_device_that_is_gone_takes_its_interface_along_and_monitors_hear_of_it() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let monitor = Monitor::new(tables, &fake, |_| false);
        // SAFETY: the module is in use.
        let domain = unsafe { tables.stack.get_domain.unwrap()(AF_INET) };
        // SAFETY: as above.
        let kept = unsafe { tables.datalink.get_interface.unwrap()(domain, 0) };
        assert!(!kept.is_null());
        std::thread::sleep(std::time::Duration::from_millis(20));
        fake.fail(B_DEVICE_NOT_FOUND);
        eventually("both events", || *monitor.events.lock().unwrap() == [B_DEVICE_GOING_DOWN, B_DEVICE_BEING_REMOVED]);
        assert_eq!(status(interface.flags()), B_BAD_VALUE);
        // Who holds the interface holds the device.
        assert_eq!(fake.log(), ["init", "up", "down"]);
        // SAFETY: the reference is ours.
        unsafe { tables.datalink.put_interface.unwrap()(kept) };
        eventually("the device is gone", || fake.log().last().unwrap() == "uninit");
        end(kernel);
    });
}

#[test]
fn errors_of_the_reader_are_counted_and_it_goes_on() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        fake.fail(B_IO_ERROR);
        fake.fail(B_IO_ERROR);
        fake.receive(question());
        eventually("an answer", || fake.sent().len() == 1);
        assert_eq!((fake.stats().receive.errors, fake.stats().receive.packets), (2, 1));
        // Shorter than a header: it cannot be taken off.
        fake.receive(vec![1; 13]);
        eventually("it is dropped", || fake.stats().receive.dropped == 1);
        interface.down().unwrap();
        interface.up().unwrap();
        fake.receive(question());
        eventually("another answer", || fake.sent().len() == 2);
        interface.down().unwrap();
        interface.delete().unwrap();
        assert_eq!(fake.log(), ["init", "up", "down", "up", "down", "uninit"]);
        end(kernel);
    });
}

#[test]
fn a_packet_that_is_too_short_for_the_queue_keeps_the_device_for_ever() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        assert_eq!(inject(tables, &fake, &[1; 13]), B_BAD_VALUE);
        interface.down().unwrap();
        interface.delete().unwrap();
        assert_eq!(fake.log(), ["init", "up", "down"], "it is never let go of");
        assert!(!kernel.loaded_files().is_empty() || kernel.counts().threads > 0);
    });
}

#[test]
fn a_device_without_a_way_to_its_link_gets_no_interface_until_somebody_registers_one() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let create = || status(Interface::named(Process::root(), "fakeppp1").create());
        assert_eq!(create(), EAFNOSUPPORT);
        assert_eq!(fake("fakeppp1").log(), ["init", "uninit"]);
        let register = |family: i32, name: &std::ffi::CStr| {
            let none = std::ptr::null::<std::ffi::c_char>();
            // SAFETY: names of modules, ended by null.
            unsafe {
                tables.stack.register_domain_datalink_protocols.unwrap()(
                    family,
                    IFT_PPP.cast_signed(),
                    name.as_ptr(),
                    none,
                )
            }
        };
        // This one wants devices of other types; the first registration stays.
        assert_eq!(register(AF_INET, c"network/datalink_protocols/loopback_frame/v1"), B_OK);
        assert_eq!(register(AF_INET, c"network/datalink_protocols/ethernet_frame/v1"), B_OK);
        assert_eq!(create(), B_BAD_TYPE);
        // More names than there are registers for.
        let name = c"network/datalink_protocols/nobodys/v1".as_ptr();
        let none = std::ptr::null::<std::ffi::c_char>();
        let kind = IFT_SLIP.cast_signed();
        // SAFETY: as above.
        let many = unsafe {
            tables.stack.register_domain_datalink_protocols.unwrap()(
                AF_INET, kind, name, name, name, name, name, name, none,
            )
        };
        assert_eq!(many, B_NO_MEMORY);
        // A chain of modules that are not there.
        assert_eq!(register(AF_INET6, c"network/datalink_protocols/nobodys/v1"), B_OK);
        let socket = Process::root().socket(AF_INET6, SOCK_DGRAM, 0).unwrap();
        let mut request = [0_u8; 432];
        request[..8].copy_from_slice(b"fakeppp1");
        assert_eq!(status(socket.ioctl_bytes(SIOCAIFADDR, &mut request)), EAFNOSUPPORT);
        drop(socket);
        end(kernel);
    });
}
