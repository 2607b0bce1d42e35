//! Flooding: to whom a frame goes whose destination is many or unknown.

use crate::snapshot::{PortLine, Snapshot, VlanPorts};
use crate::vlan::{Class, Form};
use frame::{PortId, PortSet, TagEdit};

/// Why a frame is flooded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum FloodClass {
    /// To ff:ff:ff:ff:ff:ff.
    Broadcast = 0,
    /// To another group.
    Multicast = 1,
    /// To a station that is not in the table.
    Unknown = 2,
}

/// A frame to be flooded; [`Worker::flood_targets`](crate::Worker::flood_targets) tells to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flood {
    from: PortId,
    why: FloodClass,
    class: Class,
}

impl Flood {
    pub(crate) fn new(from: PortId, why: FloodClass, class: Class) -> Self {
        Self { from, why, class }
    }

    /// Returns the port that the frame came from.
    pub fn from(&self) -> PortId {
        self.from
    }

    /// Returns why the frame is flooded.
    pub fn why(&self) -> FloodClass {
        self.why
    }

    #[inline]
    pub(crate) fn targets<'a>(&self, line: &PortLine, snapshot: &'a Snapshot) -> Targets<'a> {
        let ports = match self.why {
            FloodClass::Broadcast | FloodClass::Multicast => &snapshot.forwarding,
            FloodClass::Unknown => &snapshot.discover,
        };
        Targets {
            flood: *self,
            snapshot,
            ports,
            reach: snapshot.reach(line),
            vlan: snapshot.vlan(self.class.vid),
            next_word: 0,
            bits: 0,
        }
    }
}

/// The ports that a flood goes to, ascending, with what happens to the frame's tag.
///
/// Made of words of port sets as it goes: nothing is stored per frame.
pub(crate) struct Targets<'a> {
    flood: Flood,
    snapshot: &'a Snapshot,
    ports: &'a PortSet,
    reach: &'a PortSet,
    vlan: &'a VlanPorts,
    next_word: usize,
    bits: u64,
}

impl Targets<'_> {
    fn word(&self, index: usize) -> u64 {
        let Flood { from, class, .. } = self.flood;
        let mut bits = self.ports.word(index) & self.reach.word(index);
        if index == from.index() / 64 {
            bits &= !(1 << (from.get() % 64));
        }
        if self.snapshot.vlan_filter {
            bits &= self.vlan.tagged.word(index) | self.vlan.untagged.word(index);
        }
        if class.nested {
            bits &= !self.vlan.untagged.word(index) | self.snapshot.qinq.word(index);
        }
        bits
    }
}

impl Iterator for Targets<'_> {
    type Item = (PortId, TagEdit);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.bits == 0 {
            if self.next_word >= self.snapshot.words {
                return None;
            }
            self.bits = self.word(self.next_word);
            self.next_word += 1;
        }
        let bit = u64::from(self.bits.trailing_zeros());
        self.bits &= self.bits.wrapping_sub(1);
        let word = self.next_word.wrapping_sub(1);
        let untagged = self.vlan.untagged.word(word) >> bit & 1 == 1;
        let form = if untagged { Form::Untagged } else { Form::Tagged };
        Some((PortId::from_low_bits(word as u64 * 64 + bit), self.flood.class.form(form)))
    }
}
