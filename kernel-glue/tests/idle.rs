//! A worker that has nothing to do takes no processor time, whatever became of its devices.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

#[path = "../src/linux/skip.rs"]
mod skip;

use bridge::{Bridge, Config};
use frame::PortId;
use kernel_glue::linux::netlink::{Netlink, Up};
use kernel_glue::linux::{BridgeId, Interface, InterfaceName, Plane, PlaneOptions, TapDevice};
use rustix::thread::UnshareFlags;
use rustix::time::{ClockId, clock_gettime};
use skip::skip;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const B: BridgeId = BridgeId(1);

/// Returns the processor time that the process takes while this thread sleeps.
fn time_asleep() -> Duration {
    let used = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap())
    };
    // What is under way may end.
    std::thread::sleep(Duration::from_millis(100));
    let before = used();
    std::thread::sleep(Duration::from_millis(300));
    used() - before
}

fn ip(arguments: &str) {
    assert!(Command::new("ip").args(arguments.split(' ')).status().unwrap().success(), "ip {arguments}");
}

fn interface(netlink: &mut Netlink, name: &str) -> Interface {
    let links = netlink.links().unwrap();
    let index = links.iter().find(|link| link.name == name).unwrap().index;
    netlink.set_flags_up(index, Up::Yes).unwrap();
    Interface { name: InterfaceName::new(name).unwrap(), index }
}

#[test]
fn an_idle_worker_sleeps() {
    // SAFETY: a thread's network namespace concerns no memory and no descriptor of others.
    if let Err(errno) = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) } {
        return skip("an_idle_worker_sleeps", format_args!("needs root (network namespaces): {errno}"));
    }
    for kind in ["all", "default"] {
        // Absent where the kernel has no IPv6, which would speak unasked.
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{kind}/disable_ipv6"), "1");
    }
    let plane = Plane::start(PlaneOptions { workers: 1, nice: 0, spin: Duration::from_micros(50) }).unwrap();
    let bridge = Arc::new(Bridge::new(Config::default(), plane.workers(), [1, 2, 3, 4]));
    plane.add_bridge(B, &bridge).unwrap();
    let tap = TapDevice::create(InterfaceName::new("tap0").unwrap(), 1).unwrap();
    ip("link add near type veth peer far");
    let mut netlink = Netlink::open().unwrap();
    let [near, _, _] = ["near", "far", "tap0"].map(|name| interface(&mut netlink, name));
    plane.add_packet_port(B, PortId::new(1).unwrap(), near).unwrap();
    plane.add_tap_port(B, PortId::new(2).unwrap(), &tap).unwrap();

    let rows: [(&str, fn()); 5] = [
        ("no traffic", || {}),
        ("no carrier", || ip("link set far down")),
        ("links down", || ["near", "tap0"].iter().for_each(|name| ip(&format!("link set {name} down")))),
        ("tap deleted", || ip("link del tap0")),
        ("interface deleted", || ip("link del near")),
    ];
    for (name, event) in rows {
        event();
        let used = time_asleep();
        assert!(used < Duration::from_millis(3), "{name}: {used:?} of 300 ms");
    }
}
