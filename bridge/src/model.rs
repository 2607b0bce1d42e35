//! A naive bridge, to compare the engine with: one map, one list of ports, no sets, no caches, no limits of size.
//!
//! It says what is meant, as plainly as can be. It leaves out what is not a function of the frames alone: eviction
//! and storm control.

mod drive;

pub use drive::{Mismatch, drive};

use crate::{Config, EntryKind, Flush, PortConfig, PortFlags, TableError};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use frame::{DropReason, Frame, HEADER_BYTES, Instant, Mac, Meta, PortId, TAG_BYTES, Tag, TagEdit};

/// Where copies of a frame go, ascending, and with which tag.
pub type Copies = Vec<(PortId, TagEdit)>;

/// The naive bridge.
pub struct Model {
    config: Config,
    table: BTreeMap<(u16, Mac), Known>,
}

/// What is known of a station.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Known {
    /// Where it is.
    pub port: PortId,
    /// How it came to be known.
    pub kind: EntryKind,
    /// When it was heard last.
    pub heard: Instant,
}

impl Model {
    /// Makes a bridge that knows nobody.
    pub fn new(config: Config) -> Self {
        Self { config, table: BTreeMap::new() }
    }

    /// Returns everybody who is known.
    pub fn table(&self) -> &BTreeMap<(u16, Mac), Known> {
        &self.table
    }

    /// Changes the configuration.
    pub fn publish(&mut self, config: Config) {
        self.config = config;
        let allowed = self.config.max_addresses;
        let ports: Vec<PortId> = self.config.ports.iter().map(|&(port, _)| port).collect();
        self.table.retain(|_, known| ports.contains(&known.port) && (allowed > 0 || known.kind == EntryKind::Static));
    }

    /// Forgets who was not heard for too long.
    pub fn expire(&mut self, now: Instant) {
        let Some(ageing) = self.ageing() else { return };
        self.table.retain(|_, known| known.kind != EntryKind::Dynamic || now.since(known.heard) < ageing);
    }

    /// Forgets the entries of one port, or of all.
    pub fn flush(&mut self, port: Option<PortId>, what: Flush) {
        self.table.retain(|_, known| {
            let spared = what == Flush::Dynamic && known.kind != EntryKind::Dynamic;
            spared || port.is_some_and(|port| port != known.port)
        });
    }

    /// Makes a static entry.
    ///
    /// # Errors
    /// As [`Bridge::insert_static`](crate::Bridge::insert_static).
    pub fn insert_static(&mut self, vid: u16, mac: Mac, port: PortId) -> Result<(), TableError> {
        if vid > 4094 {
            return Err(TableError::NoVlan(vid));
        }
        if mac.is_group() || mac == Mac::ZERO {
            return Err(TableError::NotAStation(mac));
        }
        if self.port(port).is_none() {
            return Err(TableError::NoPort(port));
        }
        if self.config.max_addresses == 0 && !self.table.contains_key(&(vid, mac)) {
            return Err(TableError::Full(0));
        }
        let known = Known { port, kind: EntryKind::Static, heard: Instant::default() };
        self.table.insert((vid, mac), known);
        Ok(())
    }

    /// Removes a station from one VLAN, or from all.
    pub fn remove(&mut self, vid: Option<u16>, mac: Mac) -> usize {
        let before = self.table.len();
        self.table.retain(|&(of, station), _| station != mac || vid.is_some_and(|vid| vid != of));
        before - self.table.len()
    }

    /// Decides where a frame goes.
    ///
    /// # Errors
    /// The reason, if it goes nowhere.
    pub fn ingress(&mut self, from: PortId, frame: &Frame, meta: &Meta, now: Instant) -> Result<Copies, DropReason> {
        let port = self.port(from).filter(|port| port.flags.contains(PortFlags::UP)).ok_or(DropReason::PortDown)?;
        let port = port.clone();
        let own = self.config.own_mac;
        if port.flags.contains(PortFlags::SPAN) {
            return Err(DropReason::SpanIngress);
        }
        if frame.src.is_group() {
            return Err(DropReason::GroupSource);
        }
        if frame.src == Mac::ZERO {
            return Err(DropReason::ZeroSource);
        }
        if frame.src == own && from != PortId::HOST {
            return Err(DropReason::OwnAddress);
        }
        if frame.dst.is_link_local() {
            return Err(DropReason::LinkLocal);
        }
        let vid = self.vlan_in(from, &port, frame)?;
        if port.flags.contains(PortFlags::LOCKED) {
            if self.table.get(&(vid, frame.src)).is_none_or(|known| known.port != from) {
                return Err(DropReason::Locked);
            }
        } else if port.flags.contains(PortFlags::LEARN) && frame.src != own {
            self.learn(vid, frame.src, from, &port, now)?;
        }
        let tags = usize::from(frame.tag.is_some() && meta.stripped.is_none()) + usize::from(frame.ether_type.is_tag());
        let payload = (meta.bytes as usize).saturating_sub(HEADER_BYTES + TAG_BYTES * tags);
        if payload > self.config.mtu_bytes as usize && !meta.offload.is_gso() {
            return Err(DropReason::TooBig);
        }
        let one = if frame.dst == own {
            Some(PortId::HOST)
        } else {
            self.table.get(&(vid, frame.dst)).filter(|_| !frame.dst.is_group()).map(|known| known.port)
        };
        if let Some(to) = one {
            return self.pass(from, &port, to, vid, frame).map(|edit| [(to, edit)].into());
        }
        let mut ports = self.config.ports.clone();
        ports.sort_by_key(|&(port, _)| port);
        let copies: Copies = ports
            .iter()
            .filter(|(to, of)| frame.dst.is_group() || (of.flags.contains(PortFlags::DISCOVER) && *to != PortId::HOST))
            .filter_map(|&(to, _)| self.pass(from, &port, to, vid, frame).ok().map(|edit| (to, edit)))
            .collect();
        if copies.is_empty() { Err(DropReason::NoPort) } else { Ok(copies) }
    }

    fn vlan_in(&self, from: PortId, port: &PortConfig, frame: &Frame) -> Result<u16, DropReason> {
        let carried = frame.tag.map_or(0, Tag::vid_field);
        if carried == 4095 {
            return Err(DropReason::VlanInvalid);
        }
        if self.config.vlan_filter {
            if frame.ether_type.is_tag() && !port.flags.contains(PortFlags::QINQ) {
                return Err(DropReason::VlanNested);
            }
            if carried == 0 && port.pvid.is_none() {
                return Err(DropReason::VlanUntagged);
            }
            if carried != 0 && !carries(from, port, carried) {
                return Err(DropReason::VlanIngress);
            }
        }
        Ok(if carried == 0 { port.pvid.map_or(0, |vid| vid.get()) } else { carried })
    }

    fn learn(&mut self, vid: u16, src: Mac, from: PortId, port: &PortConfig, now: Instant) -> Result<(), DropReason> {
        let learned = self.table.values().filter(|known| known.port == from && known.kind != EntryKind::Static).count();
        let full = port.max_addresses > 0 && learned >= port.max_addresses as usize;
        match self.table.get_mut(&(vid, src)) {
            Some(known) if known.kind != EntryKind::Dynamic => {}
            Some(known) if known.port == from => known.heard = now,
            Some(_) | None if self.config.max_addresses == 0 => {}
            Some(_) | None if full => return Err(DropReason::AddressLimit),
            Some(known) => (known.port, known.heard) = (from, now),
            None => {
                let sticky = port.flags.contains(PortFlags::STICKY);
                let kind = if sticky { EntryKind::Sticky } else { EntryKind::Dynamic };
                self.table.insert((vid, src), Known { port: from, kind, heard: now });
            }
        }
        Ok(())
    }

    /// Lets a frame out of one port.
    fn pass(
        &self,
        from: PortId,
        port: &PortConfig,
        to: PortId,
        vid: u16,
        frame: &Frame,
    ) -> Result<TagEdit, DropReason> {
        if to == from {
            return Err(DropReason::SamePort);
        }
        let out = self.port(to).filter(|out| out.flags & (PortFlags::UP | PortFlags::SPAN) == PortFlags::UP);
        let out = out.ok_or(DropReason::PortDown)?;
        let private = port.flags.contains(PortFlags::PRIVATE) && out.flags.contains(PortFlags::PRIVATE);
        let protected = (1..32).any(|bit| port.protected >> bit & 1 == 1 && out.protected >> bit & 1 == 1);
        if from != PortId::HOST && to != PortId::HOST && (private || protected) {
            return Err(DropReason::Isolated);
        }
        if vid != 0 && out.pvid.is_some_and(|pvid| pvid.get() == vid) {
            if frame.ether_type.is_tag() && !out.flags.contains(PortFlags::QINQ) {
                return Err(DropReason::VlanNested);
            }
            return Ok(if frame.tag.is_some() { TagEdit::Strip } else { TagEdit::Keep });
        }
        if self.config.vlan_filter && !carries(to, out, vid) {
            return Err(DropReason::VlanEgress);
        }
        let carried = frame.tag.map_or(0, Tag::vid_field);
        match frame.tag {
            _ if vid == carried => Ok(TagEdit::Keep),
            Some(Tag { tpid, tci }) => Ok(TagEdit::Set(Tag { tpid, tci: tci & 0xf000 | vid })),
            None => Ok(TagEdit::Set(Tag { tpid: port.tpid.ether_type(), tci: vid })),
        }
    }

    fn port(&self, port: PortId) -> Option<&PortConfig> {
        self.config.ports.iter().find(|(other, _)| *other == port).map(|(_, of)| of)
    }

    fn ageing(&self) -> Option<Duration> {
        self.config.ageing.filter(|ageing| !ageing.is_zero())
    }
}

/// Returns whether a port takes and gives frames tagged with a VLAN.
fn carries(port: PortId, of: &PortConfig, vid: u16) -> bool {
    port == PortId::HOST || of.tagged.iter().any(|tagged| tagged.get() == vid)
}

#[cfg(test)]
mod tests;
