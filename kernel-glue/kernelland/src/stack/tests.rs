//! What a module, a driver or a program sees of the stack that is there: the one that is built in, or with
//! `TRESTLE_KERNELLAND_MODULES` another. All that is tested here goes through the tables, so that both must pass.

mod buffers;
mod cards;
mod devices;
mod endings;
mod fake;
mod requests;
mod sockets;

use crate::user::{Interface, Process, Status};
use crate::{Config, Kernel, modules};
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The tables of the stack's modules.
#[derive(Clone, Copy)]
struct Tables {
    stack: &'static net_stack_module_info,
    buffer: &'static net_buffer_module_info,
    datalink: &'static net_datalink_module_info,
}

/// Boots a kernel with the stack, and a device module of the test's.
fn boot() -> (Kernel, Tables) {
    let kernel = Kernel::boot(Config { time_limit: Some(Duration::from_secs(30)), ..Config::default() });
    modules::provide("network/devices/fake", &[&fake::MODULE.info]);
    kernel.start_network().unwrap();
    let tables = Tables {
        stack: table(NET_STACK_MODULE_NAME),
        buffer: table(NET_BUFFER_MODULE_NAME),
        datalink: table(NET_DATALINK_MODULE_NAME),
    };
    (kernel, tables)
}

/// A module's table. Its reference is kept until the process ends.
fn table<T>(name: &std::ffi::CStr) -> &'static T {
    let info = modules::get(name.to_str().unwrap()).unwrap();
    // SAFETY: the module of that name has that table, and is in use from here on.
    unsafe { &*info.cast::<T>() }
}

/// Gives the tables' references back, and looks at what is left.
///
/// Faults and leaks of a stack that is loaded are its own. Kernels with KDEBUG do not survive the end of Haiku's stack
/// once ARP has been used, so there the stack stays.
fn end(kernel: Kernel) {
    for name in [NET_DATALINK_MODULE_NAME, NET_BUFFER_MODULE_NAME, NET_STACK_MODULE_NAME] {
        modules::put(name.to_str().unwrap()).unwrap();
    }
    fake::forget();
    if crate::lock::flavour() == crate::lock::Flavour::Kdebug {
        assert_eq!(ours(&kernel.faults()), [""; 0]);
        return;
    }
    let report = kernel.shutdown();
    let left: Vec<_> = report.left.iter().filter(|left| left.maker == "the kernel").collect();
    assert!(ours(&report.faults).is_empty() && left.is_empty(), "{report}\n{:?}", report.counts);
}

/// The faults in which no file of a loaded stack took part.
fn ours(faults: &[crate::fault::Fault]) -> Vec<String> {
    const FILES: [&str; 12] = [
        "stack",
        "arp",
        "ipv6_datagram",
        "ethernet_frame",
        "loopback_frame",
        "ipv4",
        "ipv6",
        "icmp",
        "icmp6",
        "udp",
        "tcp",
        "ethernet",
    ];
    let ours = faults.iter().filter(|fault| !FILES.iter().any(|file| fault.concerns(file)));
    ours.map(ToString::to_string).collect()
}

/// An interface of a fake device, up, with an address.
fn fake_up(name: &str, address: Ipv4Addr, prefix: u8) -> Interface {
    let interface = Interface::named(Process::root(), name);
    interface.create().unwrap();
    interface.set_address(IpAddr::V4(address), prefix).unwrap();
    interface.up().unwrap();
    interface
}

/// Waits until something holds, for some seconds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("in five seconds not: {what}");
}

/// An Ethernet frame.
fn frame(to: [u8; 6], from: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &ethertype.to_be_bytes(), payload].concat()
}

/// An ARP message: 1 asks, 2 answers.
fn arp(operation: u8, sender: ([u8; 6], Ipv4Addr), target: ([u8; 6], Ipv4Addr)) -> Vec<u8> {
    let mut message = vec![0, 1, 8, 0, 6, 4, 0, operation];
    for (mac, address) in [sender, target] {
        message.extend(mac);
        message.extend(address.octets());
    }
    message
}

/// An IPv4 packet of a protocol.
fn ipv4(protocol: u8, from: Ipv4Addr, to: Ipv4Addr, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len() as u16).to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 9, 0, 0, 64, protocol, 0, 0];
    header.extend(from.octets());
    header.extend(to.octets());
    let sum = internet_checksum(&header);
    header[10..12].copy_from_slice(&sum);
    [header, payload.to_vec()].concat()
}

/// An ICMP echo request.
fn echo_request(payload: &[u8]) -> Vec<u8> {
    let mut message = [&[8, 0, 0, 0, 1, 2, 0, 1][..], payload].concat();
    let sum = internet_checksum(&message);
    message[2..4].copy_from_slice(&sum);
    message
}

fn internet_checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

fn status(failed: Result<impl std::fmt::Debug, Status>) -> status_t {
    failed.map_or_else(|Status(status)| status, |_| B_OK)
}
