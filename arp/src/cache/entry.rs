//! What is known of one neighbour.

use crate::address::Key;
use crate::held::Places;
use crate::rate::{Bucket, Rate};
use frame::{Instant, Mac};

/// The states of RFC 4861 §7.3.2, and those an operator set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Asked for `asked` times; nobody has answered.
    Incomplete { asked: u8 },
    /// It answered; behind `until` that proves nothing, and it is as good as stale.
    Reachable { mac: Mac, until: Instant },
    /// It says that it is there, and has not answered.
    Stale { mac: Mac },
    /// A packet was sent to it; soon it is asked.
    Delay { mac: Mac },
    /// Asked itself `asked` times; it has not answered.
    Probe { mac: Mac, asked: u8 },
    /// An operator said so.
    Static { mac: Mac },
}

impl Phase {
    pub(crate) fn mac(self) -> Option<Mac> {
        match self {
            Self::Incomplete { .. } => None,
            Self::Reachable { mac, .. }
            | Self::Stale { mac }
            | Self::Delay { mac }
            | Self::Probe { mac, .. }
            | Self::Static { mac } => Some(mac),
        }
    }

    /// Takes the passing of time into account.
    pub(crate) fn at(self, now: Instant) -> Self {
        match self {
            Self::Reachable { mac, until } if until <= now => Self::Stale { mac },
            Self::Reachable { .. }
            | Self::Incomplete { .. }
            | Self::Stale { .. }
            | Self::Delay { .. }
            | Self::Probe { .. }
            | Self::Static { .. } => self,
        }
    }
}

/// A neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) phase: Phase,
    /// When it was last heard of, or last asked for while it is unknown.
    pub(crate) updated: Instant,
    /// Who asks for it: the sender of the last packet to it.
    pub(crate) asker: Key,
    /// Its packets that wait.
    pub(crate) held: Places,
    /// Its share of the answers.
    pub(crate) answers: Bucket,
}

impl Entry {
    /// Nothing waits for it, and it has to earn its share: otherwise who is forgotten and learned again has more.
    pub(crate) fn new(key: Key, phase: Phase, asker: Key, share: Rate, now: Instant) -> Self {
        Self { key, phase, updated: now, asker, held: Places::new(), answers: Bucket::empty(share, now) }
    }
}
