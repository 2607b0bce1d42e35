//! How long a device and an interface stay: as long as a packet, a route or somebody who asks refers to them, and with which
//! locks held they end.

use super::devices::{HOST, HOST_MAC, OURS, question};
use super::fake::{fake, mac};
use super::{Tables, boot, end, eventually, fake_up, frame, status};
use crate::user::Process;
use haiku_abi::*;
use std::ffi::c_void;
use std::net::Ipv4Addr;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// The first address of the interface of that name, with a reference.
fn first_address(tables: Tables, name: &str) -> *mut net_interface_address {
    let mut request = [0_u8; 88];
    request[..name.len()].copy_from_slice(name.as_bytes());
    Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap().ioctl_bytes(SIOCGIFINDEX, &mut request).unwrap();
    let index = u32::from_ne_bytes(request[32..36].try_into().unwrap());
    // SAFETY: the module is in use.
    let domain = unsafe { tables.stack.get_domain.unwrap()(AF_INET) };
    // SAFETY: as above.
    let interface = unsafe { tables.datalink.get_interface.unwrap()(domain, index) };
    let mut address = null_mut();
    // SAFETY: the interface is kept.
    assert!(unsafe { tables.datalink.get_next_interface_address.unwrap()(interface, &raw mut address) });
    // SAFETY: the reference is ours.
    unsafe { tables.datalink.put_interface.unwrap()(interface) };
    address
}

#[test]
fn a_packet_that_was_for_us_holds_its_interface_and_so_does_its_duplicate() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let address = first_address(tables, "fake1");
        // SAFETY: the module is in use.
        let raw = unsafe { tables.buffer.create.unwrap()(0) };
        // SAFETY: the packet is ours, and takes the reference over.
        unsafe { (*raw).interface_address = address };
        // SAFETY: the packet is ours.
        let copy = unsafe { tables.buffer.duplicate.unwrap()(raw) };
        // SAFETY: so is its copy.
        assert_eq!(unsafe { copy.read() }.interface_address, address);
        // SAFETY: as above.
        unsafe { tables.buffer.free.unwrap()(raw) };
        interface.down().unwrap();
        interface.delete().unwrap();
        assert_eq!(status(interface.flags()), B_BAD_VALUE);
        assert_eq!(fake.log(), ["init", "up", "down"]);
        // SAFETY: the packet is ours.
        unsafe { tables.buffer.free.unwrap()(copy) };
        assert_eq!(fake.log(), ["init", "up", "down", "uninit"]);
        end(kernel);
    });
}

/// What frees the packet with the last reference to another device, and how far that device was by then.
static LAST: Mutex<Option<(&'static net_buffer_module_info, usize)>> = Mutex::new(None);
static DONE: Mutex<Vec<Vec<String>>> = Mutex::new(Vec::new());

fn free_last() {
    let Some((table, packet)) = LAST.lock().unwrap().take() else { return };
    // SAFETY: the packet is ours.
    unsafe { table.free.unwrap()(std::ptr::with_exposed_provenance_mut(packet)) };
    DONE.lock().unwrap().push(fake("fake1").log());
}

unsafe extern "C" fn free_in_consumer(
    _cookie: *mut c_void,
    _device: *mut net_device,
    _raw: *mut net_buffer,
) -> status_t {
    free_last();
    B_ERROR
}

unsafe extern "C" fn free_in_timer(_timer: *mut net_timer, _data: *mut c_void) {
    free_last();
}

/// Whether a call in a thread of its own does not come back while `busy` holds, which is let go of then.
fn waits(busy: MutexGuard<'_, ()>, call: impl FnOnce() + Send) -> bool {
    let is_back = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            call();
            is_back.store(true, SeqCst);
        });
        std::thread::sleep(Duration::from_millis(200));
        let waited = !is_back.load(SeqCst);
        drop(busy);
        waited
    })
}

#[test]
fn an_address_is_added_with_its_interface_locked_also_while_the_link_is_busy() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let fake = fake("fake1");
        let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
        // The answer goes out under the lock of ARP, for which who adds an address waits.
        let busy = fake.gate.lock().unwrap();
        fake.receive(question());
        eventually("an answer", || fake.sent().len() == 1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut alias = [0_u8; 432];
                alias[..5].copy_from_slice(b"fake1");
                alias[40..48].copy_from_slice(&[16, AF_INET as u8, 0, 0, 10, 1, 1, 1]);
                socket.ioctl_bytes(SIOCAIFADDR, &mut alias).unwrap();
            });
            std::thread::sleep(Duration::from_millis(100));
            let count = || {
                let mut request = [0_u8; 88];
                request[..5].copy_from_slice(b"fake1");
                let socket = Process::root().socket(AF_INET, SOCK_DGRAM, 0).unwrap();
                socket.ioctl_bytes(B_SOCKET_COUNT_ALIASES, &mut request).unwrap();
                assert_eq!(request[32], 2);
            };
            assert!(waits(busy, count));
        });
        drop(socket);
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}

fn inet_address(of: Ipv4Addr) -> sockaddr {
    let mut address = sockaddr { sa_len: 32, sa_family: AF_INET as u8, sa_data: [0; 30] };
    address.sa_data[2..6].copy_from_slice(&of.octets());
    address
}

/// The route to an address, with a reference.
fn route(tables: Tables, to: Ipv4Addr) -> *mut net_route {
    let address = inet_address(to);
    // SAFETY: the module is in use.
    let domain = unsafe { tables.stack.get_domain.unwrap()(AF_INET) };
    // SAFETY: as above, and the address is ours.
    unsafe { tables.datalink.get_route.unwrap()(domain, &raw const address) }
}

fn put_route(tables: Tables, route: *mut net_route) {
    // SAFETY: the module is in use.
    let domain = unsafe { tables.stack.get_domain.unwrap()(AF_INET) };
    // SAFETY: the reference is ours.
    unsafe { tables.datalink.put_route.unwrap()(domain, route) };
}

#[test]
fn a_device_that_ends_with_a_route_ends_while_all_routes_are_locked() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let last = route(tables, HOST).expose_provenance();
        interface.down().unwrap();
        interface.delete().unwrap();
        let fake = fake("fake1");
        let busy = fake.gate.lock().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| put_route(tables, std::ptr::with_exposed_provenance_mut(last)));
            eventually("the device ends", || fake.log().last().unwrap() == "uninit");
            assert!(waits(busy, || assert!(route(tables, HOST).is_null())));
        });
        end(kernel);
    });
}

#[test]
fn a_route_info_follows_the_routes() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let interface = fake_up("fake1", OURS, 16);
        // SAFETY: the module is in use.
        let domain = unsafe { tables.stack.get_domain.unwrap()(AF_INET) };
        let address = inet_address(HOST);
        let mut info = net_route_info { link: list_link::new(), route: null_mut(), address };
        let info = &raw mut info;
        // SAFETY: the info is here while it is registered.
        assert_eq!(unsafe { tables.datalink.register_route_info.unwrap()(domain, info) }, B_OK);
        let flags = || {
            // SAFETY: the info is ours.
            let route = unsafe { info.read() }.route;
            // SAFETY: the info holds the route.
            unsafe { route.as_ref() }.map(|route| route.flags)
        };
        assert_eq!(flags(), Some(0), "to the network");
        let local = first_address(tables, "fake1");
        let mut destination = address;
        let host = net_route {
            destination: &raw mut destination,
            mask: null_mut(),
            gateway: null_mut(),
            flags: RTF_HOST,
            mtu: 0,
            interface_address: local,
        };
        // SAFETY: the route's addresses are ours.
        assert_eq!(unsafe { tables.datalink.add_route.unwrap()(domain, &raw const host) }, B_OK);
        assert_eq!(flags(), Some(RTF_HOST));
        // SAFETY: as above.
        assert_eq!(unsafe { tables.datalink.remove_route.unwrap()(domain, &raw const host) }, B_OK);
        assert_eq!(flags(), Some(0));
        // SAFETY: the reference is ours.
        unsafe { tables.datalink.put_interface_address.unwrap()(local) };
        interface.down().unwrap();
        assert_eq!(flags(), None);
        interface.delete().unwrap();
        assert_eq!(fake("fake1").log().last().unwrap(), "uninit", "the info holds nothing");
        // SAFETY: the info is registered.
        assert_eq!(unsafe { tables.datalink.unregister_route_info.unwrap()(domain, info) }, B_OK);
        end(kernel);
    });
}

#[test]
fn a_device_ends_inside_the_call_that_frees_the_last_packet_in_any_thread() {
    crate::test(|| {
        let (_kernel, tables) = boot();
        fake_up("fake2", Ipv4Addr::new(10, 8, 0, 2), 24);
        let device = fake("fake2").device();
        let kind = net_frame_type(IFT_ETHER, 0x88b5);
        // SAFETY: the device is there, the function for ever.
        let status =
            unsafe { tables.stack.register_device_handler.unwrap()(device, kind, Some(free_in_consumer), null_mut()) };
        assert_eq!(status, B_OK);
        let mut timer = net_timer { link: list_link::new(), hook: None, data: null_mut(), due: 0, flags: 0 };
        // SAFETY: the timer is here until it has run.
        unsafe { tables.stack.init_timer.unwrap()(&raw mut timer, Some(free_in_timer), null_mut()) };
        for round in 0..2 {
            let interface = fake_up("fake1", OURS, 24);
            // SAFETY: the module is in use.
            let raw = unsafe { tables.buffer.create.unwrap()(0) };
            // SAFETY: the packet is ours, and takes the reference over.
            unsafe { (*raw).interface_address = first_address(tables, "fake1") };
            *LAST.lock().unwrap() = Some((tables.buffer, raw.expose_provenance()));
            interface.down().unwrap();
            interface.delete().unwrap();
            assert_eq!(fake("fake1").log().last().unwrap(), "down");
            if round == 0 {
                fake("fake2").receive(frame(mac("fake2"), HOST_MAC, 0x88b5, &[7; 46]));
            } else {
                // SAFETY: the timer was made.
                unsafe { tables.stack.set_timer.unwrap()(&raw mut timer, 0) };
            }
            eventually("the packet is free", || DONE.lock().unwrap().len() == round + 1);
            assert_eq!(DONE.lock().unwrap()[round].last().unwrap(), "uninit", "{round}");
        }
        // SAFETY: the timer is ours.
        assert_eq!(unsafe { tables.stack.wait_for_timer.unwrap()(&raw mut timer) }, B_OK);
        // An interface that ends inside a handler takes locks in the wrong order, in Haiku too: that is not looked at.
    });
}
