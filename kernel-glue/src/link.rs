//! One point-to-point link over Ethernet: packets of an application on one side, frames on the other.
//!
//! A [`Link`] binds the translation of [`ppp_shim`] to the neighbours of [`arp`]. At a host's interface it plays the one
//! station that the host sends everything to; as a port of a bridge it is a station among others, which has to find
//! them. It borrows the caller's bytes, keeps copies only of what has to wait, and allocates nothing once it is made.

mod config;
mod counters;
mod inward;
mod outward;
mod own;
mod slab;

pub use config::{LinkConfig, Place, SegmentSizes};
pub use counters::{LinkCounters, LinkReport};
pub use inward::Inward;
pub use outward::Outward;

use arp::{Identity, MAX_OWN, Neighbours, Settings};
use frame::Instant;
use ppp_shim::path_mtu::Limiter;
use slab::{Queue, Slab, Slot};

/// The link of one device. One caller at a time: a platform with threads puts a lock around it.
pub struct Link {
    config: LinkConfig,
    neighbours: Neighbours<Slot>,
    slab: Slab,
    /// Frames that leave by the port.
    frames: Queue,
    /// Packets for the application.
    packets: Queue,
    /// How often senders may be told that a packet did not get through.
    errors: Limiter,
    counters: LinkCounters,
    /// Whether there may be something to poll that was not there before.
    stirred: bool,
    /// When it was last polled.
    polled: Instant,
}

impl Link {
    /// Makes a link.
    #[must_use]
    pub fn new(config: LinkConfig) -> Self {
        Self {
            neighbours: Neighbours::new(identity(&config), Settings { secret: config.secret, ..Settings::default() }),
            errors: Limiter::new(config.secret.iter().fold(0, |seed, word| seed ^ word)),
            config,
            slab: Slab::new(),
            frames: Queue::new(),
            packets: Queue::new(),
            counters: LinkCounters::default(),
            stirred: false,
            polled: Instant::default(),
        }
    }

    /// Tells it what has changed. Where the Ethernet side is another, all is forgotten, what is counted as well.
    pub fn configure(&mut self, config: LinkConfig, now: Instant) {
        if core::mem::discriminant(&config.place) != core::mem::discriminant(&self.config.place) {
            *self = Self::new(config);
        } else {
            self.neighbours.set_identity(identity(&config), now);
            self.config = config;
        }
        self.stirred = true;
    }

    /// Says that the application is there from here on. On a bridge its addresses are announced, so that stations that
    /// knew them elsewhere learn where they are.
    pub fn announce(&mut self, now: Instant) {
        match self.config.place {
            // The host asks when it needs to know.
            Place::Host(_) => {}
            Place::Lan { .. } => self.neighbours.announce(now),
        }
        self.stirred = true;
    }

    /// Returns whether there may be something to poll, or another moment to poll at, since the last call.
    pub fn is_stirred(&mut self, now: Instant) -> bool {
        // Neighbours that are in use come to be checked without anything else happening.
        let aged = matches!(self.config.place, Place::Lan { .. }) && now.since(self.polled) > LOOK_EVERY;
        core::mem::take(&mut self.stirred) || aged
    }

    /// Returns what it knows and has done.
    #[must_use]
    pub fn report(&self, now: Instant) -> LinkReport {
        LinkReport::of(&self.neighbours, &self.counters, now)
    }
}

fn identity(config: &LinkConfig) -> Identity {
    let host = match config.place {
        Place::Host(mac) => Some(mac),
        Place::Lan { .. } => None,
    };
    let own = config.own.iter().copied().take(MAX_OWN).collect();
    Identity { mac: config.peer_mac, scope: config.scope.clone(), own, host }
}

/// How often a link that carries packets is polled without another reason.
const LOOK_EVERY: core::time::Duration = core::time::Duration::from_secs(1);

#[cfg(test)]
mod tests;
