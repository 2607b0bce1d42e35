//! What the operator wants of a bridge: plain data, from which a snapshot for the workers is derived.

use crate::suppress::Suppress;
use alloc::vec::Vec;
use bitflags::bitflags;
use core::time::Duration;
use frame::{Mac, PortId, Tpid, Vid, VidSet};

/// A bridge's configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The host port's address: frames to it go there, frames from it elsewhere have looped.
    pub own_mac: Mac,
    /// How long a learned address lives unused, rounded up to a quarter of a second; `None` and zero: for ever.
    pub ageing: Option<Duration>,
    /// Addresses that the table holds, at most [`MAX_ADDRESSES`](crate::MAX_ADDRESSES); 0: nothing is learned.
    pub max_addresses: u32,
    /// Bytes that may follow the Ethernet header and its tags.
    pub mtu_bytes: u32,
    /// Whether ports take and give frames of their own VLANs only.
    pub vlan_filter: bool,
    /// The ports, each at most once, in any order; [`PortId::HOST`] among them for the host to take part.
    pub ports: Vec<(PortId, PortConfig)>,
}

impl Default for Config {
    /// A bridge without ports, with FreeBSD's defaults: 2,000 addresses, 1,200 s.
    fn default() -> Self {
        Self {
            own_mac: Mac::ZERO,
            ageing: Some(Duration::from_secs(1200)),
            max_addresses: 2000,
            mtu_bytes: 1500,
            vlan_filter: false,
            ports: Vec::new(),
        }
    }
}

/// One port's configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PortConfig {
    /// What the port does and does not.
    pub flags: PortFlags,
    /// The VLAN of untagged frames, and the one that leaves untagged.
    pub pvid: Option<Vid>,
    /// VLANs whose frames pass with their tag while VLAN filtering is on. The host port is in all of them.
    pub tagged: VidSet,
    /// The tag that frames get that came in here untagged.
    pub tpid: Tpid,
    /// Groups, as bits 1 to 31: ports that share one do not reach each other. The host port is in none.
    pub protected: u32,
    /// Addresses that the port may learn; a frame from one more is dropped. 0: no limit.
    pub max_addresses: u32,
    /// How much the port may flood.
    pub storm: Storm,
    /// Where a [`Watch`](crate::Watch) may answer the port's questions for neighbours instead of flooding them.
    pub suppress: Suppress,
}

bitflags! {
    /// What a port does.
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    pub struct PortFlags: u16 {
        /// Frames pass: the link is up and nothing blocks the port.
        const UP = 1 << 0;
        /// Source addresses are learned.
        const LEARN = 1 << 1;
        /// Unknown unicast is sent here. Never to the host port.
        const DISCOVER = 1 << 2;
        /// Addresses learned here neither age nor move.
        const STICKY = 1 << 3;
        /// Private ports do not reach each other. The host port is none.
        const PRIVATE = 1 << 4;
        /// Only sources registered on this port may send; none is learned.
        const LOCKED = 1 << 5;
        /// The port only gets a copy of every frame that comes in elsewhere.
        const SPAN = 1 << 6;
        /// Frames with a second tag pass.
        const QINQ = 1 << 7;
    }
}

/// Limits on the frames that a port may flood, by class.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Storm {
    /// Frames to ff:ff:ff:ff:ff:ff.
    pub broadcast: Option<Rate>,
    /// Frames to other groups.
    pub multicast: Option<Rate>,
    /// Frames to stations that are not in the table.
    pub unknown: Option<Rate>,
}

/// A rate of frames. Zero lets nothing pass.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rate {
    /// Frames per second.
    pub frames_per_second: u32,
}
