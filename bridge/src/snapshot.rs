//! What workers look at: the configuration, made into flat tables and sets once, when it is published.

use crate::config::{Config, PortConfig, PortFlags};
use crate::storm::Interval;
use crate::table::{Ageing, MAX_ADDRESSES, Table};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use frame::{EtherType, Mac, PortId, PortSet, Vid, VidSet};

/// A configuration and everything derived from it. Constant.
pub(crate) struct Snapshot {
    pub(crate) config: Arc<Config>,
    pub(crate) table: Arc<Table>,
    pub(crate) ageing: Ageing,
    pub(crate) own_mac: Mac,
    pub(crate) vlan_filter: bool,
    pub(crate) mtu_bytes: u32,
    pub(crate) max_addresses: u32,
    /// By port number, up to the highest in use.
    lines: Box<[PortLine]>,
    /// Ports that are no mirrors, up or not.
    members: Box<PortSet>,
    /// Ports that relay: up, and not mirrors. The host port among them.
    pub(crate) forwarding: Box<PortSet>,
    /// Those of them that unknown unicast is sent to.
    pub(crate) discover: Box<PortSet>,
    pub(crate) spans: Box<PortSet>,
    pub(crate) has_spans: bool,
    /// Whether some port suppresses anything, so that a watch has something to see.
    pub(crate) is_watched: bool,
    pub(crate) qinq: Box<PortSet>,
    /// For each distinct isolation, the ports that it reaches.
    reach: Vec<PortSet>,
    vlans: Vec<VlanPorts>,
    /// For each VLAN, which of `vlans` is its; 0 if no member port has it.
    vlan_index: Box<[u16]>,
    /// Words of a port set that can be other than zero.
    pub(crate) words: usize,
}

/// What the data path needs of one port, in one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct PortLine {
    pub(crate) flags: PortFlags,
    /// 0 is none.
    pub(crate) pvid: u16,
    pub(crate) tpid: EtherType,
    reach: u16,
    /// Untagged frames are in no VLAN, and may be.
    pub(crate) is_vlan_free: bool,
    /// Protected groups, and bit 0 for private: two ports that share a bit do not reach each other.
    pub(crate) isolation: u32,
    /// `u32::MAX` is no limit.
    pub(crate) max_addresses: u32,
    /// Broadcast, multicast, unknown unicast.
    pub(crate) storm: [Interval; 3],
}

/// The ports of one VLAN.
#[derive(Clone)]
pub(crate) struct VlanPorts {
    /// Its frames pass with their tag.
    pub(crate) tagged: PortSet,
    /// It is the PVID of these: its frames pass without.
    pub(crate) untagged: PortSet,
}

impl Snapshot {
    /// What one without ports takes, with what it is made of: an index of VLANs and a dozen sets of ports.
    pub(crate) const BARE_BYTES: usize = 4096 * size_of::<u16>() + 16 * size_of::<PortSet>() + 4096;

    pub(crate) fn new(config: Arc<Config>, table: Arc<Table>) -> Self {
        let highest = config.ports.iter().map(|(port, _)| port.index()).max();
        let ports = highest.map_or(0, |highest| highest + 1);
        let mut lines = alloc::vec![PortLine::ABSENT; ports].into_boxed_slice();
        let mut isolations: Vec<u32> = Vec::new();
        for (port, of) in &config.ports {
            let isolation = isolation(*port, of);
            let reach = isolations.iter().position(|&known| known == isolation).unwrap_or_else(|| {
                isolations.push(isolation);
                isolations.len() - 1
            });
            if let Some(line) = lines.get_mut(port.index()) {
                *line = PortLine::new(&config, of, isolation, reach as u16);
            }
        }
        let having = |flags| set_of(&config, |_, of| of.flags & (flags | PortFlags::SPAN) == flags);
        let mut discover = having(PortFlags::UP | PortFlags::DISCOVER);
        discover.remove(PortId::HOST);
        let spans = set_of(&config, |_, of| of.flags.contains(PortFlags::UP | PortFlags::SPAN));
        let (vlans, vlan_index) = vlans(&config);
        Self {
            ageing: Ageing::new(config.ageing),
            own_mac: config.own_mac,
            vlan_filter: config.vlan_filter,
            mtu_bytes: config.mtu_bytes,
            max_addresses: config.max_addresses.min(MAX_ADDRESSES),
            lines,
            members: having(PortFlags::empty()),
            forwarding: having(PortFlags::UP),
            discover,
            has_spans: !spans.is_empty(),
            is_watched: config.ports.iter().any(|(_, of)| !of.suppress.is_off()),
            spans,
            qinq: having(PortFlags::QINQ),
            reach: reaches(&config, &isolations),
            vlans,
            vlan_index,
            words: ports.div_ceil(64),
            config,
            table,
        }
    }

    /// Returns a port's line; one without flags if there is no such port.
    #[inline]
    pub(crate) fn line(&self, port: PortId) -> &PortLine {
        self.lines.get(port.index()).unwrap_or(&PortLine::ABSENT)
    }

    pub(crate) fn is_configured(&self, port: PortId) -> bool {
        self.config.ports.iter().any(|&(other, _)| other == port)
    }

    /// Returns whether a port suppresses in a VLAN, 0 outside any. Asked for few frames, so it may take a while.
    pub(crate) fn suppresses(&self, port: PortId, vid: u16) -> bool {
        self.config.ports.iter().any(|(other, of)| *other == port && of.suppress.covers(vid))
    }

    /// Returns whether a port exists and is no mirror.
    #[inline]
    pub(crate) fn is_member(&self, port: PortId) -> bool {
        self.members.contains(port)
    }

    /// Returns the ports of a VLAN, 0..=4095.
    #[inline]
    pub(crate) fn vlan(&self, vid: u16) -> &VlanPorts {
        let index = self.vlan_index.get(usize::from(vid)).copied().unwrap_or(0);
        self.vlans.get(usize::from(index)).unwrap_or(&VlanPorts::NONE)
    }

    /// Returns the ports that isolation lets a port reach; itself may be among them.
    #[inline]
    pub(crate) fn reach(&self, line: &PortLine) -> &PortSet {
        self.reach.get(usize::from(line.reach)).unwrap_or(&PortSet::EMPTY)
    }
}

impl PortLine {
    const ABSENT: Self = Self {
        flags: PortFlags::empty(),
        pvid: 0,
        tpid: EtherType::VLAN,
        reach: u16::MAX,
        is_vlan_free: false,
        isolation: 0,
        max_addresses: 0,
        storm: [Interval::NONE; 3],
    };

    fn new(config: &Config, of: &PortConfig, isolation: u32, reach: u16) -> Self {
        Self {
            flags: of.flags,
            pvid: of.pvid.map_or(0, Vid::get),
            tpid: of.tpid.ether_type(),
            reach,
            is_vlan_free: of.pvid.is_none() && !config.vlan_filter,
            isolation,
            max_addresses: if of.max_addresses == 0 { u32::MAX } else { of.max_addresses },
            storm: [of.storm.broadcast, of.storm.multicast, of.storm.unknown].map(Interval::of),
        }
    }
}

impl VlanPorts {
    const NONE: Self = Self { tagged: PortSet::EMPTY, untagged: PortSet::EMPTY };
}

/// Returns the ports that `is` chooses; made apart, so that no stack holds more than one set.
#[inline(never)]
fn set_of(config: &Config, is: impl Fn(PortId, &PortConfig) -> bool) -> Box<PortSet> {
    let mut set = Box::new(PortSet::EMPTY);
    for (port, _) in config.ports.iter().filter(|(port, of)| is(*port, of)) {
        set.insert(*port);
    }
    set
}

/// Returns for each isolation the ports that it reaches.
#[inline(never)]
fn reaches(config: &Config, isolations: &[u32]) -> Vec<PortSet> {
    let reached_from = |from: u32| *set_of(config, |port, of| from & isolation(port, of) == 0);
    isolations.iter().map(|&from| reached_from(from)).collect()
}

fn isolation(port: PortId, of: &PortConfig) -> u32 {
    if port == PortId::HOST {
        return 0;
    }
    of.protected & !1 | u32::from(of.flags.contains(PortFlags::PRIVATE))
}

/// Makes the sets of those VLANs that some port has, and an index by VLAN ID.
#[inline(never)]
fn vlans(config: &Config) -> (Vec<VlanPorts>, Box<[u16]>) {
    let mut used = VidSet::EMPTY;
    for (_, of) in &config.ports {
        used = used.union(&of.tagged);
        of.pvid.into_iter().for_each(|vid| used.insert(vid));
    }
    let has_host = config.ports.iter().any(|(port, _)| *port == PortId::HOST);
    let mut index = alloc::vec![0; 4096].into_boxed_slice();
    let mut vlans = alloc::vec![VlanPorts::NONE; 1 + used.iter().count()];
    if has_host {
        vlans.iter_mut().for_each(|ports| ports.tagged.insert(PortId::HOST));
    }
    for ((number, ports), vid) in (0..).zip(&mut vlans).skip(1).zip(used.iter()) {
        if let Some(entry) = index.get_mut(usize::from(vid.get())) {
            *entry = number;
        }
        for (port, of) in &config.ports {
            if of.tagged.contains(vid) {
                ports.tagged.insert(*port);
            }
            if of.pvid == Some(vid) {
                ports.untagged.insert(*port);
            }
        }
    }
    (vlans, index)
}
