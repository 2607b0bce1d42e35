//! The two words of a table entry, and time as they count it.

use core::time::Duration;
use frame::{Instant, Mac, PortId};

/// What an entry is filed under: a VLAN (0 = none) and a unicast address.
///
/// `0 | vlan 12 | mac 48`. The upper four bits belong to the bucket that stores it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key(u64);

impl Key {
    #[inline]
    pub(crate) fn new(vid: u16, mac: Mac) -> Self {
        Self(u64::from(vid & 0xfff) << 48 | mac.to_u64())
    }

    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits & KEY_MASK)
    }

    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn vid(self) -> u16 {
        (self.0 >> 48) as u16
    }

    pub(crate) fn mac(self) -> Mac {
        Mac::from_u64(self.0)
    }
}

/// The bits of a key word that are the key.
pub(super) const KEY_MASK: u64 = (1 << 60) - 1;

/// How an entry came to be, and so how it may go.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum EntryKind {
    /// Learned: ages, moves, is flushed.
    Dynamic = 0,
    /// Set by the operator: stays until removed.
    Static = 1,
    /// Learned on a sticky port: neither ages nor moves.
    Sticky = 2,
}

impl EntryKind {
    pub(super) const ALL: [Self; 3] = [Self::Dynamic, Self::Static, Self::Sticky];
}

/// Where a key was seen, how it was learned and when.
///
/// `stamp 36 | epoch 16 | kind 2 | port 10`, so that one comparison of the lower 28 bits answers
/// "dynamic, on that port, since its last flush".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Value(pub(super) u64);

impl Value {
    #[inline]
    pub(super) fn new(port: PortId, kind: EntryKind, epoch: u16, stamp: Stamp) -> Self {
        Self(stamp.0 << STAMP_SHIFT | u64::from(epoch) << 12 | (kind as u64) << 10 | u64::from(port.get()))
    }

    #[inline]
    pub(crate) fn port(self) -> PortId {
        PortId::from_low_bits(self.0)
    }

    #[inline]
    pub(crate) fn kind(self) -> EntryKind {
        match self.0 >> 10 & 3 {
            0 => EntryKind::Dynamic,
            1 => EntryKind::Static,
            _ => EntryKind::Sticky,
        }
    }

    #[inline]
    pub(super) fn epoch(self) -> u16 {
        (self.0 >> 12) as u16
    }

    /// Returns whether the kind is dynamic and the epoch this one.
    #[inline]
    pub(super) fn is_dynamic_of(self, epoch: u16) -> bool {
        self.0 >> 10 & 0x3_ffff == u64::from(epoch) << 2
    }

    #[inline]
    pub(crate) fn stamp(self) -> Stamp {
        Stamp(self.0 >> STAMP_SHIFT)
    }

    #[inline]
    pub(super) fn with_stamp(self, stamp: Stamp) -> Self {
        Self(stamp.0 << STAMP_SHIFT | self.0 & ((1 << STAMP_SHIFT) - 1))
    }
}

const STAMP_SHIFT: u32 = 28;

/// A moment in quarters of a second, 36 bits: 544 years.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Stamp(u64);

impl Stamp {
    #[inline]
    pub(crate) const fn at(now: Instant) -> Self {
        Self((now.as_micros() / QUARTER_MICROS) & ((1 << 36) - 1))
    }

    pub(crate) fn instant(self) -> Instant {
        Instant::from_micros(self.0.saturating_mul(QUARTER_MICROS))
    }
}

/// The present and how long an entry lives: what decides whether one is alive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clock {
    pub(crate) now: Stamp,
    pub(crate) ageing: Ageing,
}

impl Clock {
    /// Returns whether something stamped then is too old. A stamp ahead of the present is fresh: another
    /// worker's batch began later.
    #[inline]
    pub(super) fn is_expired(self, stamp: Stamp) -> bool {
        self.now.0.saturating_sub(stamp.0) >= self.ageing.0
    }

    /// Returns how long something stamped then has to live; `None` if for ever.
    pub(crate) fn left(self, stamp: Stamp) -> Option<Duration> {
        let quarters = self.ageing.0.saturating_sub(self.now.0.saturating_sub(stamp.0));
        (self.ageing != Ageing::NEVER).then(|| Duration::from_micros(quarters.saturating_mul(QUARTER_MICROS)))
    }
}

/// How long an unused entry lives, in quarters of a second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ageing(u64);

impl Ageing {
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Rounds up to a quarter of a second; nothing and zero both mean never.
    pub(crate) fn new(ageing: Option<Duration>) -> Self {
        let quarters = ageing.map_or(0, |time| time.as_micros().div_ceil(u128::from(QUARTER_MICROS)));
        match u64::try_from(quarters) {
            Ok(0) | Err(_) => Self::NEVER,
            Ok(quarters) => Self(quarters),
        }
    }

    /// Returns when something stamped then is too old; `None` if never.
    pub(crate) fn expiry(self, stamp: Stamp) -> Option<Instant> {
        (self != Self::NEVER).then(|| Stamp(stamp.0.saturating_add(self.0)).instant())
    }
}

const QUARTER_MICROS: u64 = 250_000;
