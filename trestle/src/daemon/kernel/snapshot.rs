//! The interfaces of the namespace, as the kernel last listed them.

use super::words;
use kernel_glue::admin::{InetAddress, SystemInterface, SystemKind};
use kernel_glue::linux::netlink::{HostAddress, Link, LinkKind, Netlink};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

/// All interfaces with their addresses.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Snapshot {
    by_name: BTreeMap<String, Link>,
    addresses: BTreeMap<u32, Vec<InetAddress>>,
}

impl Snapshot {
    pub(super) fn take(netlink: &mut Netlink) -> io::Result<Self> {
        let mut addresses = BTreeMap::<u32, Vec<InetAddress>>::new();
        for found in netlink.addresses()? {
            addresses.entry(found.index).or_default().push(inet(&found));
        }
        let by_name = netlink.links()?.into_iter().map(|link| (link.name.clone(), link)).collect();
        Ok(Self { by_name, addresses })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Link> {
        self.by_name.get(name)
    }

    /// Returns the host's addresses on an interface, whoever set them, as the kernel orders them.
    pub(super) fn addresses(&self, name: &str) -> Option<&[InetAddress]> {
        let link = self.get(name)?;
        Some(self.addresses.get(&link.index).map_or(&[], Vec::as_slice))
    }

    /// Looks at one interface again, after it was made or changed.
    pub(super) fn renew(&mut self, netlink: &mut Netlink, index: u32) -> io::Result<()> {
        let link = netlink.link(index)?;
        self.by_name.insert(link.name.clone(), link);
        Ok(())
    }

    /// Forgets an interface that was destroyed.
    pub(super) fn forget(&mut self, name: &str) {
        if let Some(link) = self.by_name.remove(name) {
            self.addresses.remove(&link.index);
        }
    }

    pub(super) fn by_index(&self, index: u32) -> Option<&Link> {
        self.by_name.values().find(|link| link.index == index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Link> {
        self.by_name.values()
    }

    /// Returns an interface as a change sees it; `is_bridge` knows which are bridges of ours.
    pub(super) fn interface(&self, name: &str, is_bridge: impl Fn(&str) -> bool) -> Option<SystemInterface> {
        let link = self.get(name)?;
        let name_of = |index: u32| self.by_index(index).map(|link| link.name.clone());
        let kind = match (link.kind, link.driver.as_str()) {
            _ if is_bridge(name) => SystemKind::Bridge,
            (LinkKind::Ethernet, "bridge") => SystemKind::Bridge,
            (LinkKind::Ethernet, "vlan") => SystemKind::VlanOn(link.lower.and_then(name_of).unwrap_or_default()),
            (LinkKind::Ethernet, _) => SystemKind::Ethernet,
            (LinkKind::Loopback, _) => SystemKind::Loopback,
            (LinkKind::Packets, _) => SystemKind::PointToPoint,
        };
        Some(SystemInterface {
            kind,
            mtu_bytes: link.mtu_bytes,
            min_mtu_bytes: link.min_mtu_bytes,
            max_mtu_bytes: link.max_mtu_bytes,
            ether: link.mac,
            addresses: self.addresses(name)?.iter().map(|one| one.address).collect(),
            master: link.master.and_then(name_of),
        })
    }
}

/// Returns an address as an operator would say it: the broadcast address is said where it is not the highest.
fn inet(found: &HostAddress) -> InetAddress {
    let HostAddress { ip, prefix, broadcast, destination, .. } = *found;
    let address = InetAddress { destination, ..InetAddress::new(ip, prefix) };
    let broadcast = broadcast.filter(|&one| words::highest(&address) != Some(one));
    InetAddress { broadcast: broadcast.map(IpAddr::V4), ..address }
}

/// Asks sysfs for a link's speed, which it gives in Mbit/s, and as -1 where the driver does not know.
pub(super) fn bits_per_second(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/speed")).ok()?;
    let megabits: u64 = text.trim().parse().ok()?;
    megabits.checked_mul(1_000_000).filter(|&speed| speed > 0)
}
