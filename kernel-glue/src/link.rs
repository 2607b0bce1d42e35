//! One point-to-point link over Ethernet: packets of an application on one side, frames on the other.
//!
//! A [`Link`] binds the translation of [`ppp_shim`] to the neighbours of [`arp`]. At a host's interface it plays the one
//! station that the host sends everything to; as a port of a bridge it is a station among others, which has to find
//! them. It borrows the caller's bytes, keeps copies only of what has to wait, and allocates nothing once it is made.

mod config;
mod counters;
mod cut;
mod inward;
mod leasing;
mod outward;
mod own;
mod route;
mod slab;

pub use config::{LinkConfig, Place, SegmentSizes};
pub use counters::{LinkCounters, LinkReport};
pub use inward::Inward;
pub use outward::Outward;

use alloc::boxed::Box;
use arp::{Identity, Neighbours, Settings};
use core::net::{IpAddr, Ipv4Addr};
use frame::Instant;
use leasing::Leasing;
use ppp_shim::path_mtu::Limiter;
use slab::{Queue, Slab, Slot};

/// The link of one device. One caller at a time: a platform with threads puts a lock around it.
///
/// Its parts are in boxes, each made where it stays, so that a kernel can make and change one on a small stack.
pub struct Link {
    config: LinkConfig,
    neighbours: Box<Neighbours<Slot>>,
    slab: Slab,
    /// Frames that leave by the port.
    frames: Queue,
    /// Packets for the application.
    packets: Queue,
    /// How often senders may be told that a packet did not get through.
    errors: Box<Limiter>,
    leasing: Box<Leasing>,
    counters: LinkCounters,
    /// Whether there is an application.
    present: bool,
    /// Whether there may be something to poll that was not there before.
    stirred: bool,
    /// When it was last polled.
    polled: Instant,
}

impl Link {
    /// Makes a link.
    #[must_use]
    #[inline(never)]
    pub fn new(config: LinkConfig) -> Self {
        let seed = config.secret.iter().fold(0, |seed, word| seed ^ word);
        let settings = Settings { secret: config.secret, ..Settings::default() };
        Self {
            neighbours: boxed(|| Neighbours::new(identity(&config, None), settings)),
            errors: boxed(|| Limiter::new(seed)),
            leasing: boxed(|| Leasing::new(config.peer_mac, seed)),
            config,
            slab: Slab::new(),
            frames: Queue::default(),
            packets: Queue::default(),
            counters: LinkCounters::default(),
            present: false,
            stirred: false,
            polled: Instant::default(),
        }
    }

    /// Tells it what has changed. Where the Ethernet side is another, all is forgotten, what is counted as well.
    pub fn configure(&mut self, config: LinkConfig, now: Instant) {
        if core::mem::discriminant(&config.place) != core::mem::discriminant(&self.config.place) {
            self.begin_anew(&config);
        } else {
            self.neighbours.set_identity(identity(&config, self.leasing.address()), now);
        }
        self.config = config;
        self.lease_or_not(now);
        self.stirred = true;
    }

    /// Forgets everything but how often something may happen. It takes no memory: what there is is used again.
    fn begin_anew(&mut self, config: &LinkConfig) {
        self.neighbours.restart(identity(config, None));
        self.leasing.restart(config.peer_mac);
        self.frames.clear();
        self.packets.clear();
        self.slab.clear();
        self.counters = LinkCounters::default();
        self.polled = Instant::default();
    }

    /// Says that an application has come. On a bridge its addresses are announced, so that stations that knew them
    /// elsewhere learn where they are.
    pub fn arrive(&mut self, now: Instant) {
        self.present = true;
        match self.config.place {
            // The host asks when it needs to know.
            Place::Host(_) => {}
            Place::Lan { .. } => self.neighbours.announce(now),
        }
        self.lease_or_not(now);
        self.stirred = true;
    }

    /// Says that the last application has gone.
    pub fn leave(&mut self) {
        self.present = false;
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
        LinkReport::of(&self.neighbours, &self.leasing, &self.counters, now)
    }
}

/// Makes a part in a place of its own. What the making takes of the stack is given back before the next is made.
#[inline(never)]
fn boxed<T>(make: impl FnOnce() -> T) -> Box<T> {
    Box::write(Box::new_uninit(), make())
}

fn identity(config: &LinkConfig, leased: Option<Ipv4Addr>) -> Identity {
    let host = match config.place {
        Place::Host(mac) => Some(mac),
        Place::Lan { .. } => None,
    };
    let (scope, own) = (config.scope.clone(), config.own.clone());
    Identity { mac: config.peer_mac, scope, own, host, leased: leased.map(IpAddr::V4) }
}

/// How often a link that carries packets is polled without another reason.
const LOOK_EVERY: core::time::Duration = core::time::Duration::from_secs(1);

#[cfg(test)]
mod tests;
