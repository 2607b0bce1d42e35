//! Once started, workers allocate nothing, whatever the frames do.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

#[path = "../src/linux/skip.rs"]
mod skip;

use arp::Scope;
use bridge::{Bridge, Config, PortConfig, PortFlags};
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};
use frame::offload::Offload;
use frame::{Mac, PortId};
use kernel_glue::link::{LinkConfig, Place};
use kernel_glue::linux::generator::Generator;
use kernel_glue::linux::netlink::{Netlink, Up};
use kernel_glue::linux::{
    BridgeId, Interface, InterfaceName, LinkPort, MemoryHost, NodePort, Plane, PlaneOptions, TapDevice, memory_port,
    seat_pair,
};
use rustix::thread::UnshareFlags;
use skip::skip;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::time::Duration;
use tap::Header;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Set in the test's own thread, whose allocations are none of the workers'.
    static EXEMPT: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: every call goes to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !EXEMPT.try_with(Cell::get).unwrap_or(true) {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the memory came from `System`, by `alloc` above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const B: BridgeId = BridgeId(1);

fn port(number: u16) -> PortId {
    PortId::new(number).unwrap()
}

fn start(ports: u16, workers: usize) -> (Plane, Arc<Bridge>) {
    let plane = Plane::start(PlaneOptions { workers, nice: 0, spin: Duration::ZERO }).unwrap();
    let flags = PortFlags::UP | PortFlags::LEARN | PortFlags::DISCOVER;
    let ports = (1..=ports).map(|number| (port(number), PortConfig { flags, ..PortConfig::default() })).collect();
    let config = Config { own_mac: Mac([2, 0, 0, 0, 0, 0xfe]), max_addresses: 100, ports, ..Config::default() };
    let bridge = Arc::new(Bridge::new(config, plane.workers(), [1, 2, 3, 4]));
    plane.add_bridge(B, &bridge).unwrap();
    (plane, bridge)
}

fn frame(dst: u8, src: u16) -> [u8; 60] {
    let mut frame = [0; 60];
    let [hi, lo] = src.to_be_bytes();
    let (addresses, _) = frame.split_at_mut(14);
    addresses.copy_from_slice(&[2, 0, 0, 0, 0, dst, 2, 0, 0, 0, hi, lo, 0x88, 0xb5]);
    frame
}

fn drain(host: &MemoryHost) {
    while host.receive(&mut [0; 1_600]).is_some() {}
}

/// Waits until the bridge has received as many frames.
fn await_frames(bridge: &Bridge, frames: u64) {
    let all_there = || bridge.counters().ports.rx_frames == frames;
    let patient = (0..5_000).any(|_| {
        std::thread::yield_now();
        all_there() || {
            std::thread::sleep(Duration::from_millis(1));
            false
        }
    });
    assert!(patient, "{frames} frames sent, {} received", bridge.counters().ports.rx_frames);
}

/// Runs `traffic` twice, and returns how often the workers allocated in the second run.
fn allocations_of(mut traffic: impl FnMut()) -> u64 {
    EXEMPT.set(true);
    traffic();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    traffic();
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    EXEMPT.set(false);
    after - before
}

fn through_memory() {
    let (plane, bridge) = start(3, 2);
    let hosts = [1, 2, 3].map(|number| {
        let (near, far) = memory_port(64, 1_600).unwrap();
        plane.add_memory_port(B, port(number), &near).unwrap();
        far
    });
    let [a, b, c] = &hosts;
    let mut sent = 0;
    let send = |from: &MemoryHost, frame: [u8; 60]| u64::from(from.send(&frame, &Offload::default()).is_ok());
    let allocations = allocations_of(|| {
        // Known and unknown stations, a full table, stations that move, full queues.
        for round in 0..2_000 {
            sent += send(a, frame(1, round));
            sent += send(b, frame(0xff, round / 2));
            sent += send(c, frame(2, 7));
            if round % 20 == 0 {
                await_frames(&bridge, sent);
                drain(a);
                drain(b);
            }
        }
        await_frames(&bridge, sent);
        drain(c);
    });
    let counters = bridge.counters();
    assert!(counters.moved > 0 && counters.evicted > 0 && counters.ports.tx_frames > 1_000, "{counters:?}");
    assert_eq!(allocations, 0);
}

/// UDP from an application to a station of the network.
fn packet(to: u8) -> [u8; 60] {
    let mut packet = [0; 60];
    let (header, _) = packet.split_at_mut(20);
    header.copy_from_slice(&[0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 50, 10, 0, 0, to]);
    packet
}

fn arp(operation: u8, sender: (u8, u8), target: u8) -> [u8; 60] {
    let mut frame = [0; 60];
    let (mac, ip) = sender;
    let dst = if operation == 1 { [0xff; 6] } else { PEER.0 };
    let message = [8, 6, 0, 1, 8, 0, 6, 4, 0, operation];
    let (from, to) = ([2, 0, 0, 0, 0, mac], [10, 0, 0, target]);
    let whole = [&dst[..], &from, &message, &from, &[10, 0, 0, ip], &PEER.0, &to].concat();
    frame.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    frame
}

const PEER: Mac = Mac([2, 0, 0, 0, 0, 0x50]);

fn through_links() {
    let (plane, bridge) = start(2, 1);
    let (near, station) = memory_port(64, 1_600).unwrap();
    plane.add_memory_port(B, port(1), &near).unwrap();
    let config = LinkConfig {
        scope: Scope::List(["10.0.0.50".parse().unwrap()].into()),
        ..LinkConfig::new(Place::Lan { mtu_bytes: 1500 }, PEER, [3; 4])
    };
    let link = Arc::new(LinkPort::new(config, &plane));
    let node = NodePort::with_link(link.clone(), None);
    let (ours, application) = seat_pair(64).unwrap();
    node.seat(1, ours, Header::None).unwrap();
    plane.add_node_port(B, port(2), &node).unwrap();
    let write = |packet: [u8; 60]| assert_eq!(rustix::io::write(&application, &packet), Ok(60));
    let mut written = 0;
    let allocations = allocations_of(|| {
        for round in 0..200_u8 {
            // The peer is asked for; one station answers, others are asked for in vain.
            let _ = station.send(&arp(1, (9, 9), 50), &Offload::default());
            let _ = station.send(&arp(2, (9, 9), 50), &Offload::default());
            write(packet(9));
            write(packet(100 + round % 100));
            written += 2;
            for _ in 0..2_000 {
                if node.counts().from_app.frames == written {
                    break;
                }
                std::thread::sleep(Duration::from_micros(100));
            }
            drain(&station);
        }
    });
    let report = link.report();
    let count = |name| report.counters.iter().find(|(of, _)| *of == name).map_or(0, |&(_, count)| count);
    assert!(count("answered-arp") > 300 && count("asked-arp") >= 100, "{:?}", report.counters);
    assert!(bridge.port_counters(port(2)).rx_frames > 500, "{:?}", bridge.port_counters(port(2)));
    assert_eq!(allocations, 0);
}

fn interface(netlink: &mut Netlink, name: &str) -> Interface {
    let links = netlink.links().unwrap();
    let index = links.iter().find(|link| link.name == name).unwrap().index;
    netlink.set_flags_up(index, Up::Yes).unwrap();
    Interface { name: InterfaceName::new(name).unwrap(), index }
}

fn through_devices() {
    let made = std::process::Command::new("ip").args(["link", "add", "near", "type", "veth", "peer", "far"]).status();
    assert!(made.unwrap().success());
    let (plane, bridge) = start(2, 1);
    let tap = TapDevice::create(InterfaceName::new("tap0").unwrap(), plane.workers()).unwrap();
    let mut netlink = Netlink::open().unwrap();
    let [near, far, host] = ["near", "far", "tap0"].map(|name| interface(&mut netlink, name));
    plane.add_packet_port(B, port(1), near).unwrap();
    plane.add_tap_port(B, port(2), &tap).unwrap();
    let (there, back) = (Generator::open(far).unwrap(), Generator::open(host).unwrap());
    let time = Duration::from_millis(50);
    let allocations = allocations_of(|| {
        there.send_for(&[&frame(9, 1), &frame(8, 2)], time).unwrap();
        back.send_for(&[&frame(1, 9), &frame(7, 8)], time).unwrap();
    });
    let sent = [1, 2].map(|number| bridge.port_counters(port(number)).tx_frames);
    assert!(sent.iter().all(|&frames| frames > 1_000), "{sent:?}");
    assert_eq!(allocations, 0);
}

// One test, for the count is the process's.
#[test]
fn workers_allocate_nothing() {
    through_memory();
    through_links();
    // SAFETY: a thread's network namespace concerns no memory and no descriptor of others.
    match unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) } {
        Ok(()) => through_devices(),
        Err(errno) => skip("workers_allocate_nothing", format_args!("needs root (network namespaces): {errno}")),
    }
}
