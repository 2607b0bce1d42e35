//! Who has which IP address: station and port by address and VLAN, as a bridge has seen, been told or been set.
//!
//! The table knows nothing of what it is asked for: suppression answers from it, and guards may check against it. It
//! has room for a fixed number of bindings. When that is full, the oldest of the port that has the most makes room,
//! so that whoever invents addresses displaces inventions of its own port.

mod room;

use core::net::IpAddr;
use core::time::Duration;
use frame::{Instant, Mac, PortId};
use room::{Full, Room};

/// An address of a station.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The IP address.
    pub address: IpAddr,
    /// The VLAN in which it is so; 0 outside any.
    pub vid: u16,
    /// The station.
    pub mac: Mac,
    /// The port behind which it is.
    pub port: PortId,
    /// How it came to be known.
    pub source: Source,
    /// What the station says it is.
    pub role: Role,
    /// When it was known last.
    pub updated: Instant,
}

/// How a binding came to be known, the less trusted first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// The station said so by ARP (RFC 826).
    Arp,
    /// The station said so by neighbour discovery (RFC 4861).
    Nd,
    /// A DHCP server gave the station the address.
    Dhcp,
    /// The operator said so.
    Static,
}

impl Source {
    /// Returns whom to believe when two say different things. What stations say of themselves is worth the same.
    fn trust(self) -> u8 {
        match self {
            Self::Arp | Self::Nd => 0,
            Self::Dhcp => 1,
            Self::Static => 2,
        }
    }
}

/// What an IPv6 station says it is in its advertisements (RFC 4861 §4.4). Who gives a router's address as a host's
/// takes the router away from those who use it (§7.2.5).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Role {
    /// It has not said.
    #[default]
    Unknown,
    /// No router.
    Host,
    /// A router.
    Router,
}

/// What became of a binding that was to be learned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Learned {
    /// It is in the table, as it was not before.
    Added,
    /// It was there, and is confirmed.
    Refreshed,
    /// The address was another station's, or behind another port; this was the station.
    Moved(Mac),
    /// A more trusted source says otherwise, which stands.
    Contradicted,
    /// Only what the operator set is left, and that gives way to nothing.
    Full,
}

/// What happened to a table since it was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BindingCounters {
    /// Bindings entered.
    pub added: u64,
    /// Addresses that went to another station or port.
    pub moved: u64,
    /// Bindings that a more trusted one contradicted.
    pub contradicted: u64,
    /// Bindings that made room for others.
    pub evicted: u64,
    /// Bindings that found no room.
    pub refused: u64,
    /// Bindings that were unconfirmed for too long.
    pub expired: u64,
}

/// A table of bindings.
#[derive(Debug)]
pub struct Bindings {
    room: Room,
    ageing: Option<Duration>,
    counters: BindingCounters,
    /// When those that are too old were taken out last.
    swept: Instant,
}

impl Bindings {
    /// Makes a table for so many bindings; nothing is allocated afterwards.
    ///
    /// A binding lives for `ageing` unconfirmed, `None` for ever. `secret` comes from the platform's random source:
    /// who does not know it cannot choose addresses that are slow to find.
    #[must_use]
    pub fn new(capacity: usize, ageing: Option<Duration>, secret: [u64; 2]) -> Self {
        let room = Room::new(capacity, secret);
        Self { room, ageing, counters: BindingCounters::default(), swept: Instant::default() }
    }

    /// Enters or confirms a binding. `updated` is the present, which should not run backwards.
    pub fn learn(&mut self, binding: Binding) -> Learned {
        let learned = self.enter(binding);
        let counters = &mut self.counters;
        let count = match learned {
            Learned::Added => &mut counters.added,
            Learned::Refreshed => return learned,
            Learned::Moved(_) => &mut counters.moved,
            Learned::Contradicted => &mut counters.contradicted,
            Learned::Full => &mut counters.refused,
        };
        *count = count.wrapping_add(1);
        learned
    }

    fn enter(&mut self, mut new: Binding) -> Learned {
        let now = new.updated;
        let Some(place) = self.room.find(new.address, new.vid) else { return self.add(new) };
        let Some(old) = self.room.remove(place) else { return self.add(new) };
        if !self.is_live(&old, now) {
            self.counters.expired = self.counters.expired.wrapping_add(1);
            return self.add(new);
        }
        let same = (old.mac, old.port) == (new.mac, new.port);
        if old.source.trust() > new.source.trust() {
            let stays = if same { Binding { updated: now, ..old } } else { old };
            let _ = self.room.insert(stays);
            return if same { Learned::Refreshed } else { Learned::Contradicted };
        }
        if same && new.role == Role::Unknown {
            new.role = old.role;
        }
        // Its own place is free.
        let _ = self.room.insert(new);
        if same { Learned::Refreshed } else { Learned::Moved(old.mac) }
    }

    fn add(&mut self, new: Binding) -> Learned {
        if self.room.is_full() {
            self.make_room(new.port, new.updated);
        }
        match self.room.insert(new) {
            Ok(()) => Learned::Added,
            Err(Full) => Learned::Full,
        }
    }

    fn make_room(&mut self, newcomer: PortId, now: Instant) {
        if now.since(self.swept) >= SWEEP_GAP {
            self.expire(now);
        }
        if self.room.is_full()
            && let Some(place) = self.room.victim(newcomer)
            && self.room.remove(place).is_some()
        {
            self.counters.evicted = self.counters.evicted.wrapping_add(1);
        }
    }

    /// Returns the binding of an address in a VLAN, 0 outside any, unless it is too old.
    #[must_use]
    pub fn get(&self, address: IpAddr, vid: u16, now: Instant) -> Option<&Binding> {
        let binding = self.room.get(self.room.find(address, vid)?)?;
        self.is_live(binding, now).then_some(binding)
    }

    /// Forgets an address in a VLAN, whatever it is known by, and returns what was known.
    pub fn remove(&mut self, address: IpAddr, vid: u16) -> Option<Binding> {
        self.room.remove(self.room.find(address, vid)?)
    }

    /// Forgets what was learned on a port: its number may come to be another's.
    pub fn forget_port(&mut self, port: PortId) {
        while let Some(place) = self.room.oldest(port) {
            self.room.remove(place);
        }
    }

    /// Forgets all that was learned.
    pub fn flush(&mut self) {
        for port in self.room.ports() {
            self.forget_port(port);
        }
    }

    /// Takes out what is too old. Nothing depends on it but [`len`](Self::len).
    pub fn expire(&mut self, now: Instant) {
        self.swept = now;
        for port in self.room.ports() {
            while let Some(place) = self.room.oldest(port)
                && self.room.get(place).is_some_and(|binding| !self.is_live(binding, now))
            {
                self.room.remove(place);
                self.counters.expired = self.counters.expired.wrapping_add(1);
            }
        }
    }

    /// Iterates over what is not too old, in no order.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = &Binding> {
        self.room.iter().filter(move |binding| self.is_live(binding, now))
    }

    /// Returns how many places are taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.room.len()
    }

    /// Returns whether no place is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.room.len() == 0
    }

    /// Returns what happened since the table was made.
    #[must_use]
    pub fn counters(&self) -> &BindingCounters {
        &self.counters
    }

    fn is_live(&self, binding: &Binding, now: Instant) -> bool {
        binding.source == Source::Static || self.ageing.is_none_or(|ageing| now.since(binding.updated) < ageing)
    }
}

/// A guess: looking at every port costs a microsecond, which a flood of bindings must not cost each time.
const SWEEP_GAP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
