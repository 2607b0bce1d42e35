//! What becomes of a packet that a member's monitor is shown: pure, so that every case is a row of a test.
//!
//! A monitor is shown everything, without a word about its direction, and decides two things: whether the bridge gets a
//! copy, and whether the stack goes on with the packet.

use super::HostMode;
use core::sync::atomic::{AtomicU64, Ordering};
use frame::Mac;
use haiku_abi::AF_LINK;

/// Where a packet is on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// From the wire: a frame that nobody has looked at yet.
    Received,
    /// To the wire: a frame.
    Sent,
    /// From the host to itself: a packet without an Ethernet header.
    Local,
}

impl Direction {
    /// Tells by the packet's source address, as the stack leaves it: the length of a packet that was just received is
    /// zero, and its family is whatever the memory held before; one that is sent has a link's address, one that stays in
    /// the host an Internet address.
    pub(super) fn of(source_bytes: u8, source_family: u8) -> Self {
        if source_bytes == 0 {
            Self::Received
        } else if i32::from(source_family) == AF_LINK {
            Self::Sent
        } else {
            Self::Local
        }
    }
}

/// What a monitor does with a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// The stack has it, the bridge does not.
    Pass,
    /// The stack has it, and the bridge learns where its source is.
    Overhear,
    /// Both have it.
    Share,
    /// The bridge has it, the stack does not.
    Take,
    /// Nobody has it.
    Discard,
}

/// What a member is to the bridge at present.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Activity {
    /// It only sends; what it receives is the host's.
    Mirror,
    /// Nothing passes the port. Its card goes on receiving what is for others.
    Idle,
    /// It is a port.
    Port,
}

/// What decides a packet's fate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Policy {
    pub(super) activity: Activity,
    pub(super) host: HostMode,
    /// The member's own address.
    pub(super) mac: Mac,
}

impl Policy {
    /// Returns the fate of a packet to a station or group.
    ///
    /// What is for another station alone never reaches the host's protocols, in either mode: IPv4 does not look at the
    /// Ethernet destination, and would answer "host unreachable" for others.
    #[inline]
    pub(super) fn fate(&self, direction: Direction, to: Mac) -> Fate {
        let foreign = !to.is_group() && to != self.mac;
        match (self.activity, direction, self.host) {
            (Activity::Mirror, _, _) | (_, Direction::Local, _) => Fate::Pass,
            (Activity::Idle, Direction::Received, _) if foreign => Fate::Discard,
            (Activity::Idle, Direction::Received | Direction::Sent, _) => Fate::Pass,
            (Activity::Port, Direction::Received, HostMode::Bridge) => Fate::Take,
            // The host has no address here; what it sends nevertheless is between it and the wire.
            (Activity::Port, Direction::Sent, HostMode::Bridge) => Fate::Pass,
            (Activity::Port, Direction::Received, HostMode::Member) if foreign => Fate::Take,
            (Activity::Port, Direction::Received, HostMode::Member) if to.is_group() => Fate::Share,
            (Activity::Port, Direction::Received, HostMode::Member) => Fate::Overhear,
            (Activity::Port, Direction::Sent, HostMode::Member) => Fate::Share,
        }
    }

    fn to_bits(self) -> u64 {
        let activity = match self.activity {
            Activity::Mirror => 0,
            Activity::Idle => 1,
            Activity::Port => 2,
        };
        let host = match self.host {
            HostMode::Bridge => 0,
            HostMode::Member => 1,
        };
        self.mac.to_u64() | activity << 48 | host << 50
    }

    fn from_bits(bits: u64) -> Self {
        let activity = match bits >> 48 & 3 {
            0 => Activity::Mirror,
            1 => Activity::Idle,
            _ => Activity::Port,
        };
        let host = if bits >> 50 & 1 == 0 { HostMode::Bridge } else { HostMode::Member };
        Self { activity, host, mac: Mac::from_u64(bits) }
    }
}

/// A policy as the control side publishes it, and monitors look at it: one word, so that nobody sees half of a change.
pub(super) struct Published(AtomicU64);

impl Published {
    pub(super) fn new(policy: Policy) -> Self {
        Self(AtomicU64::new(policy.to_bits()))
    }

    #[inline]
    pub(super) fn get(&self) -> Policy {
        Policy::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Changes a part of it.
    pub(super) fn change(&self, change: impl Fn(&mut Policy)) {
        let changed = |bits| {
            let mut policy = Policy::from_bits(bits);
            change(&mut policy);
            Some(policy.to_bits())
        };
        // It never fails: `changed` always gives a value.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }
}

#[cfg(test)]
mod tests;
