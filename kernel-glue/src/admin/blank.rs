//! A system with nothing in it.

use super::facts::{Facts, SystemInterface};
use super::live::{Condition, Live, OwnLink};
use super::platform::Platform;
use bridge::Bridge;
use frame::{Mac, PortId};

/// A system without interfaces and bridges: what is decided before it depends on the state and the platform's rules alone.
#[derive(Clone, Copy, Debug)]
pub struct Blank(pub Platform);

impl Facts for Blank {
    fn platform(&self) -> Platform {
        self.0
    }

    fn interface(&self, _name: &str) -> Option<SystemInterface> {
        None
    }

    fn has_address(&self, _bridge: &str, _address: Mac, _vlan: u16) -> bool {
        false
    }
}

impl Live for Blank {
    fn engine(&self, _bridge: &str) -> Option<&Bridge> {
        None
    }

    fn condition(&self, _bridge: &str, _port: PortId) -> Condition {
        Condition::Absent
    }

    fn bits_per_second(&self, _bridge: &str, _port: PortId) -> Option<u64> {
        None
    }

    fn own_link(&self, _interface: &str) -> OwnLink {
        OwnLink::Down
    }
}
