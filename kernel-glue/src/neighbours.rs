//! What a bridge learns of neighbours, and answers instead of flooding it: the part that knows no operating system.
//!
//! A platform keeps the table under a lock of its own, shows it what its [`Watch`](bridge::Watch) sees, and sends the
//! answers by the port that asked.

use arp::suppress::{self, Place};
use arp::{Bindings, Message, NeighbourFrame};
use bridge::Sighting;
use core::time::Duration;
use frame::{EtherType, Frame};

/// What a [`table`] takes, at most.
pub const BYTES: usize = 640 * 1024;

/// Returns an empty table of one bridge. `secret` comes from the system's random source.
#[must_use]
pub fn table(secret: [u64; 2]) -> Bindings {
    Bindings::new(CAPACITY, Some(AGEING), secret)
}

/// Returns whether a frame may hold a neighbour's message.
#[inline]
#[must_use]
pub fn concerns(frame: &Frame) -> bool {
    matches!(frame.ether_type, EtherType::ARP | EtherType::IPV6)
}

/// Returns the message that a frame holds, if it holds one.
#[must_use]
pub fn message(sighting: &Sighting<'_>) -> Option<Message> {
    // A checksum that is still to be made cannot be checked; no system leaves that of a neighbour's message.
    if sighting.meta.offload.needs_checksum {
        return None;
    }
    arp::parse(sighting.frame.src, sighting.frame.ether_type, sighting.payload()).ok().flatten()
}

/// Learns from a message, and returns what answers it where it needs no flood.
#[must_use]
pub fn see(bindings: &mut Bindings, message: &Message, sighting: &Sighting<'_>) -> Option<NeighbourFrame> {
    let &Sighting { from, vid, now, .. } = sighting;
    suppress::learn(bindings, message, Place { port: from, vid }, now);
    if !sighting.may_be_taken() {
        return None;
    }
    suppress::answer(bindings, message, vid, now, |station| sighting.reaches(station))
}

/// A guess: four times as many as the default address table has stations, for a station has an IPv4 and two or three
/// IPv6 addresses.
const CAPACITY: usize = 8192;
/// As long as the default address table remembers a station.
const AGEING: Duration = Duration::from_secs(1200);
