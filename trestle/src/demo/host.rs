//! The hosts of the demonstration, whichever stack they have.

use super::kernel_host;
use crate::daemon::Hosts;
use crate::embedded::Embedded;
use crate::embedded::SINK_PORT;
use kernel_glue::linux::namespace::Namespace;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// A host with one address.
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) address: Ipv4Addr,
    /// The bridge's port behind which it is.
    pub(super) interface: &'static str,
    pub(super) what: &'static str,
    pub(super) stack: Stack,
}

/// Who speaks for a host.
pub(super) enum Stack {
    /// The kernel, in a namespace.
    Kernel(Arc<Namespace>),
    /// The kernel, in the namespace of this process.
    Here,
    /// This process.
    Embedded(Arc<Embedded>),
    /// This process, on an interface in memory.
    Memory(Hosts, &'static str),
}

impl Host {
    /// Pings `count` times; `None` for each echo request that went unanswered.
    pub(super) fn ping(&self, to: Ipv4Addr, count: u16) -> Vec<Option<Duration>> {
        let lost = vec![None; usize::from(count)];
        match &self.stack {
            Stack::Kernel(namespace) => {
                namespace.run(move || kernel_host::ping(to, count)).and_then(|times| times).unwrap_or(lost)
            }
            Stack::Here => kernel_host::ping(to, count).unwrap_or(lost),
            Stack::Embedded(host) => host.ping(to, count),
            Stack::Memory(hosts, interface) => hosts.get(interface).map_or(lost, |host| host.ping(to, count)),
        }
    }

    /// Sends `bytes` over TCP and returns how long it took; `None` when it failed.
    pub(super) fn send(&self, to: Ipv4Addr, bytes: u64) -> Option<Duration> {
        let send = move || kernel_host::send(to, SINK_PORT, bytes).ok();
        match &self.stack {
            Stack::Kernel(namespace) => namespace.run(send).ok().flatten(),
            Stack::Here => send(),
            Stack::Embedded(host) => host.send(to, SINK_PORT, bytes),
            Stack::Memory(hosts, interface) => hosts.get(interface)?.send(to, SINK_PORT, bytes),
        }
    }
}
