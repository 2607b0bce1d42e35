//! What is seen of the system.

use super::{Kernel, snapshot};
use arp::Binding;
use bridge::Bridge;
use frame::{Instant, Mac, PortId};
use kernel_glue::admin::{
    Attached, Condition, Facts, InetAddress, Live, NeighbourEntry, OwnLink, Platform, SystemInterface, TapLive,
};
use kernel_glue::linux::clock;

impl Facts for Kernel {
    fn platform(&self) -> Platform {
        Platform::Linux
    }

    fn interface(&self, name: &str) -> Option<SystemInterface> {
        self.links.interface(name, |other| self.taps.contains_key(other) && self.engines.get(other).is_some())
    }

    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool {
        self.engines.get(bridge).is_some_and(|engine| engine.holds(vlan, address, clock::monotonic()))
    }
}

impl Live for Kernel {
    fn engine(&self, bridge: &str) -> Option<&Bridge> {
        self.engines.get(bridge).map(|engine| &**engine)
    }

    fn condition(&self, bridge: &str, port: PortId) -> Condition {
        match self.engines.attached(bridge, port) {
            None => Condition::Absent,
            Some(Attached::Own(_)) => Condition::Running,
            Some(Attached::Application(name)) if self.nodes.is_running(name) => Condition::Running,
            Some(Attached::Application(_)) => Condition::LinkDown,
            Some(Attached::Foreign(name) | Attached::Shared(name) | Attached::Mirror(name)) => {
                match self.links.get(name) {
                    None => Condition::Absent,
                    Some(link) if link.running => Condition::Running,
                    Some(_) => Condition::LinkDown,
                }
            }
        }
    }

    fn bits_per_second(&self, bridge: &str, port: PortId) -> Option<u64> {
        match self.engines.attached(bridge, port)? {
            Attached::Own(_) | Attached::Application(_) => None,
            Attached::Foreign(name) | Attached::Shared(name) | Attached::Mirror(name) => {
                snapshot::bits_per_second(name)
            }
        }
    }

    fn own_link(&self, interface: &str) -> OwnLink {
        match self.links.get(interface) {
            None => OwnLink::Elsewhere,
            Some(link) if link.running => OwnLink::Running,
            Some(link) if link.up => OwnLink::NoCarrier,
            Some(_) => OwnLink::Down,
        }
    }

    fn addresses(&self, interface: &str) -> Option<Vec<InetAddress>> {
        self.links.addresses(interface).map(<[_]>::to_vec)
    }

    fn device(&self, name: &str) -> Option<TapLive> {
        self.nodes.live(name)
    }

    fn neighbours(&self, now: Instant) -> Vec<NeighbourEntry> {
        self.nodes.neighbours(now)
    }

    fn bound(&self, bridge: &str, now: Instant) -> Vec<Binding> {
        self.engines.neighbours(bridge).map(|neighbours| neighbours.list(now)).unwrap_or_default()
    }
}
