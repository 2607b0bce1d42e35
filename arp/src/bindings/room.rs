//! Places for bindings: found by address and VLAN, and linked port by port in the order of their age.

use super::{Binding, Source};
use alloc::boxed::Box;
use alloc::vec;
use core::net::IpAddr;
use frame::hash::{PI, fold};
use frame::{MAX_PORTS, PortId};

/// The places. What the operator set is in no port's line: it neither ages nor makes room.
#[derive(Debug)]
pub(super) struct Room {
    slots: Box<[Slot]>,
    /// By the low bits of the hash, the first of those that share them; a power of two.
    chains: Box<[Link]>,
    /// By port number.
    lines: Box<[Line]>,
    free: Link,
    used: usize,
    /// A port that has had as many as any.
    largest: PortId,
    /// How many that was.
    most: u32,
    secret: [u64; 2],
}

#[derive(Clone, Debug)]
struct Slot {
    binding: Option<Binding>,
    /// The next of its chain, or the next free one.
    chain: Link,
    older: Link,
    newer: Link,
}

/// What was learned on one port.
#[derive(Clone, Copy, Debug)]
struct Line {
    oldest: Link,
    newest: Link,
    count: u32,
}

/// The number of a slot, or of none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Link(u32);

/// No place is left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Full;

impl Link {
    const NONE: Self = Self(u32::MAX);

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl Room {
    pub(super) fn new(capacity: usize, secret: [u64; 2]) -> Self {
        let capacity = capacity.min(MAX_SLOTS);
        let link = |index: usize| if index < capacity { Link(index as u32) } else { Link::NONE };
        let slot = |index: usize| Slot { binding: None, chain: link(index + 1), older: Link::NONE, newer: Link::NONE };
        let [a, b] = secret;
        Self {
            slots: (0..capacity).map(slot).collect(),
            chains: vec![Link::NONE; capacity.next_power_of_two()].into_boxed_slice(),
            lines: vec![Line { oldest: Link::NONE, newest: Link::NONE, count: 0 }; MAX_PORTS].into_boxed_slice(),
            free: link(0),
            used: 0,
            largest: PortId::HOST,
            most: 0,
            // A secret of few bits, as tests choose, still mixes; multipliers are odd.
            secret: [a ^ PI[0], (b ^ PI[1]) | 1],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.used
    }

    pub(super) fn is_full(&self) -> bool {
        self.free == Link::NONE
    }

    pub(super) fn get(&self, place: Link) -> Option<&Binding> {
        self.slots.get(place.index())?.binding.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.slots.iter().filter_map(|slot| slot.binding.as_ref())
    }

    /// Returns every port there can be.
    pub(super) fn ports(&self) -> impl Iterator<Item = PortId> + use<> {
        (0..MAX_PORTS as u64).map(PortId::from_low_bits)
    }

    pub(super) fn find(&self, address: IpAddr, vid: u16) -> Option<Link> {
        let mut at = *self.chains.get(self.chain_of(address, vid))?;
        while let Some(slot) = self.slots.get(at.index()) {
            if slot.binding.is_some_and(|binding| (binding.address, binding.vid) == (address, vid)) {
                return Some(at);
            }
            at = slot.chain;
        }
        None
    }

    /// Puts in a binding of which there is none yet, as its port's youngest.
    pub(super) fn insert(&mut self, binding: Binding) -> Result<(), Full> {
        let place = self.free;
        let chain = self.chain_of(binding.address, binding.vid);
        let (Some(slot), Some(first)) = (self.slots.get_mut(place.index()), self.chains.get_mut(chain)) else {
            return Err(Full);
        };
        self.free = core::mem::replace(&mut slot.chain, *first);
        *first = place;
        slot.binding = Some(binding);
        self.used += 1;
        if binding.source != Source::Static {
            self.line_up(place, binding.port);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, place: Link) -> Option<Binding> {
        let binding = self.slots.get_mut(place.index())?.binding.take()?;
        self.unchain(place, self.chain_of(binding.address, binding.vid));
        if binding.source != Source::Static {
            self.step_out(place, binding.port);
        }
        if let Some(slot) = self.slots.get_mut(place.index()) {
            slot.chain = core::mem::replace(&mut self.free, place);
        }
        self.used -= 1;
        Some(binding)
    }

    /// Returns what a port has learned first.
    pub(super) fn oldest(&self, port: PortId) -> Option<Link> {
        self.lines.get(port.index()).map(|line| line.oldest).filter(|&oldest| oldest != Link::NONE)
    }

    /// Returns what makes room for one more of a port.
    pub(super) fn victim(&mut self, newcomer: PortId) -> Option<Link> {
        if self.count(self.largest) < self.most {
            self.largest = self.ports().max_by_key(|&port| self.count(port)).unwrap_or(PortId::HOST);
            self.most = self.count(self.largest);
        }
        let port = if self.count(newcomer) >= self.most { newcomer } else { self.largest };
        self.oldest(port)
    }

    fn count(&self, port: PortId) -> u32 {
        self.lines.get(port.index()).map_or(0, |line| line.count)
    }

    fn line_up(&mut self, place: Link, port: PortId) {
        let Some(line) = self.lines.get_mut(port.index()) else { return };
        let before = core::mem::replace(&mut line.newest, place);
        line.count += 1;
        if line.count > self.most {
            (self.largest, self.most) = (port, line.count);
        }
        match self.slots.get_mut(before.index()) {
            Some(slot) => slot.newer = place,
            None => line.oldest = place,
        }
        if let Some(slot) = self.slots.get_mut(place.index()) {
            (slot.older, slot.newer) = (before, Link::NONE);
        }
    }

    fn step_out(&mut self, place: Link, port: PortId) {
        let Some(&Slot { older, newer, .. }) = self.slots.get(place.index()) else { return };
        let Some(line) = self.lines.get_mut(port.index()) else { return };
        line.count -= 1;
        match self.slots.get_mut(older.index()) {
            Some(slot) => slot.newer = newer,
            None => line.oldest = newer,
        }
        match self.slots.get_mut(newer.index()) {
            Some(slot) => slot.older = older,
            None => line.newest = older,
        }
    }

    fn unchain(&mut self, place: Link, chain: usize) {
        let Some(after) = self.slots.get(place.index()).map(|slot| slot.chain) else { return };
        let Some(mut link) = self.chains.get_mut(chain) else { return };
        while *link != place {
            let next = link.index();
            match self.slots.get_mut(next) {
                Some(slot) => link = &mut slot.chain,
                None => return,
            }
        }
        *link = after;
    }

    fn chain_of(&self, address: IpAddr, vid: u16) -> usize {
        let [a, b] = self.secret;
        let (bits, family) = match address {
            IpAddr::V4(v4) => (v4.to_bits().into(), 4),
            IpAddr::V6(v6) => (v6.to_bits(), 6_u64),
        };
        let (high, low) = ((bits >> 64) as u64, bits as u64);
        let hash = fold(fold(fold(high ^ a, b) ^ low, b) ^ (family << 16 | u64::from(vid)) ^ a, b);
        hash as usize & (self.chains.len() - 1)
    }
}

/// More than a bridge can have addresses; links are numbers of 32 bits.
const MAX_SLOTS: usize = 1 << 20;
