//! A kernel as an end host.

use crate::etherframe::mac;
use crate::ns::Ns;
use crate::run::{Ran, run};
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A network stack of the kernel with one interface on the segment under test.
#[derive(Clone, Debug)]
pub struct Host {
    /// Where it lives.
    pub ns: Arc<Ns>,
    /// Its interface.
    pub interface: String,
    /// Its address, in 10.0.0.0/24.
    pub address: Ipv4Addr,
}

/// How to ping.
#[derive(Clone, Copy, Debug)]
pub struct Pings {
    /// Echo requests.
    pub count: u32,
    /// Payload bytes of each, after the ICMP header.
    pub payload: u32,
    /// Time between two.
    pub interval: Duration,
}

/// Whether the kernel leaves checksums and segmentation to the device, which is to say undone, on a virtual one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Offloads {
    /// As the device came.
    On,
    /// Every frame complete, and no larger than the MTU.
    Off,
}

impl Host {
    /// Makes a host out of `ns` with a veth pair: `eth0` there, with the address 10.0.0.`n`/24, and `member` in `switch`.
    pub fn by_veth(ns: Ns, switch: &Ns, member: &str, n: u8) -> Self {
        let there = ns.name();
        switch.ip(&format!("link add {member} type veth peer name eth0 address {} netns {there}", text(n)));
        switch.ip(&format!("link set {member} up"));
        Self::with_interface(ns, "eth0", n)
    }

    /// Makes a host out of `ns` by moving the interface `name` there from `switch`, as a container gets one.
    pub fn by_move(ns: Ns, switch: &Ns, name: &str, n: u8) -> Self {
        switch.ip(&format!("link set {name} netns {}", ns.name()));
        Self::with_interface(ns, name, n)
    }

    /// Makes a host out of `ns`, in which `interface` is, by giving that the address 10.0.0.`n`/24.
    pub fn with_interface(ns: Ns, interface: &str, n: u8) -> Self {
        let host = Self { ns: Arc::new(ns), interface: interface.to_owned(), address: Self::address(n) };
        host.ns.ip(&format!("link set {interface} up"));
        host.ns.ip(&format!("address add {}/24 dev {interface}", host.address));
        host
    }

    /// Returns the address of host number `n`.
    pub fn address(n: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, n)
    }

    /// Returns the MAC address of its interface, in `ip`'s text.
    pub fn mac(&self) -> String {
        self.ns.link(&self.interface).mac
    }

    /// Returns whether `to` answers a ping within three seconds.
    pub fn reaches(&self, to: impl Into<IpAddr>) -> bool {
        let mut ping = self.ns.command("ping");
        ping.args(["-n", "-q", "-c", "1", "-i", "0.2", "-w", "3", &to.into().to_string()]);
        replies(&run(ping, Duration::from_secs(10))) > 0
    }

    /// Returns whether four pings in a row to `to` stay unanswered.
    pub fn is_cut_from(&self, to: impl Into<IpAddr>) -> bool {
        self.ping(to, Pings { count: 4, payload: 56, interval: Duration::from_millis(100) }) == 0
    }

    /// Pings `to` and returns how many replies came. Nothing is fragmented on the way.
    pub fn ping(&self, to: impl Into<IpAddr>, pings: Pings) -> u32 {
        let interval = format!("{:.3}", pings.interval.as_secs_f64());
        let mut ping = self.ns.command("ping");
        ping.args(["-n", "-q", "-M", "do", "-W", "1", "-c", &pings.count.to_string(), "-i", &interval]);
        ping.args(["-s", &pings.payload.to_string(), &to.into().to_string()]);
        replies(&run(ping, pings.interval * pings.count + Duration::from_secs(20)))
    }

    /// Switches the offloads of its interface.
    pub fn offloads(&self, offloads: Offloads) {
        set_offloads(&self.ns, &self.interface, offloads);
    }

    /// Returns how many datagrams and segments with a wrong checksum its stack has met, of ICMP, TCP and UDP.
    pub fn bad_checksums(&self) -> u64 {
        let table = self.ns.read("/proc/thread-self/net/snmp");
        let mut lines = table.lines();
        let mut bad = 0;
        while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
            for (name, value) in names.split_whitespace().zip(values.split_whitespace()) {
                if name.contains("InCsumErrors") {
                    bad += value.parse::<u64>().unwrap_or(0);
                }
            }
        }
        bad
    }
}

/// Switches the offloads of one interface.
pub fn set_offloads(ns: &Ns, interface: &str, offloads: Offloads) {
    let word = match offloads {
        Offloads::On => "on",
        Offloads::Off => "off",
    };
    let mut ethtool = Command::new("ip");
    ethtool.args(["netns", "exec", ns.name(), "ethtool", "-K", interface]);
    for feature in ["tx", "sg", "tso", "gso", "gro"] {
        ethtool.args([feature, word]);
    }
    run(ethtool, Duration::from_secs(10)).ok();
}

/// Returns the number of replies from `ping`'s summary, `4 packets transmitted, 3 received, 25% packet loss`.
fn replies(ran: &Ran) -> u32 {
    let summary = ran.stdout.lines().find(|line| line.contains("packets transmitted"));
    let received = summary.and_then(|line| line.split(", ").nth(1)?.split(' ').next()?.parse().ok());
    received.unwrap_or_else(|| panic!("{}: no summary\n{}{}", ran.line, ran.stdout, ran.stderr))
}

/// Returns the address of host number `n` in `ip`'s text.
fn text(n: u8) -> String {
    mac(u32::from(n)).map(|byte| format!("{byte:02x}")).join(":")
}
