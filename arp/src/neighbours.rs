//! The neighbours of one link: who is answered, who is known, who is asked.

mod allow;
mod announce;
mod answer;
mod defend;
mod learn;
mod probe;
mod resolve;
mod solicit;

use crate::address::{Key, is_station};
use crate::cache::{Cache, Phase};
use crate::counters::{Counters, Ignored};
use crate::emit::NeighbourFrame;
use crate::held::{Fate, Held};
use crate::message::{Message, Refused};
use crate::rate::{Bucket, Turns};
use crate::{Scope, Settings};
use alloc::boxed::Box;
use alloc::sync::Arc;
use allow::{Answers, Requests};
use announce::Announcing;
use answer::Reply;
use core::net::IpAddr;
use defend::Defences;
use frame::named;
use frame::{Instant, Mac};
use heapless::Deque;
use probe::Probing;
pub use probe::{Event, MAX_PROBED};
pub use resolve::{MAX_INCOMPLETE, Resolution, Unresolvable};

/// How many addresses of the host a link is to leave out at most.
pub const MAX_OWN: usize = 64;
/// Answers that wait to be fetched. Whoever fetches after each message has one at most.
const MAX_REPLIES: usize = 16;

/// Who a link is on its Ethernet.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Identity {
    /// The station that answers and asks.
    pub mac: Mac,
    /// What it stands for.
    pub scope: Scope,
    /// What it never stands for: the host's own addresses.
    pub own: Arc<[IpAddr]>,
    /// The host, where the link is a wire to it; `None` where it is a station among others. The host may claim what
    /// it likes without a conflict, and nobody else may claim what is in `own`.
    pub host: Option<Mac>,
    /// What it stands for beside the scope, as though that listed it: the address of a lease.
    pub leased: Option<IpAddr>,
}

impl Identity {
    /// Returns whether the link answers for an address.
    #[must_use]
    pub fn stands_for(&self, address: IpAddr) -> bool {
        (self.scope.covers(address) || self.leased == Some(address)) && !self.own.contains(&address)
    }

    /// Returns whether an address is listed, so that nobody else is to have it.
    fn names(&self, address: IpAddr) -> bool {
        (self.scope.names(address) || self.leased == Some(address)) && !self.own.contains(&address)
    }

    fn announces(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.scope.singles().chain(self.leased).filter(|address| !self.own.contains(address))
    }

    /// Returns the address to ask by: the asker's if the link stands for it, else the first that can be announced.
    fn speaker(&self, asker: IpAddr, target: IpAddr) -> Option<IpAddr> {
        let fits = |address: &IpAddr| address.is_ipv4() == target.is_ipv4();
        let asker = Some(asker).filter(|&asker| fits(&asker) && self.stands_for(asker));
        asker.or_else(|| self.announces().find(fits))
    }
}

/// What a message did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// It is answered; what it tells of its sender may be learned too.
    Answered,
    /// Something was learned from it.
    Learned,
    /// It claims an address that the link stands for.
    Conflict,
    /// Nothing.
    Ignored(Ignored),
}

/// What a link wants done.
#[derive(Debug, Eq, PartialEq)]
pub enum Output<P> {
    /// A frame to send.
    Transmit(NeighbourFrame),
    /// A packet whose neighbour was found.
    Release {
        /// The packet.
        packet: P,
        /// Where it goes.
        to: Mac,
    },
    /// A packet whose neighbour was not found.
    Unreachable {
        /// The packet.
        packet: P,
    },
}

named! {
    /// How a neighbour stands (RFC 4861 §7.3.2).
    State {
        /// It is asked for, and has not answered.
        Incomplete = "incomplete",
        /// It has answered a short while ago.
        Reachable = "reachable",
        /// It was there.
        Stale = "stale",
        /// Packets are sent to it; soon it is asked whether it is there.
        Delay = "delay",
        /// It is asked whether it is there.
        Probe = "probe",
        /// An operator has said where it is.
        Static = "static",
    }
}

/// A neighbour, for operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// Its link-layer address, if it is known.
    pub mac: Option<Mac>,
    /// How it stands.
    pub state: State,
    /// When it was last heard of, or last asked for while it is unknown.
    pub updated: Instant,
}

/// The neighbours of one link. `P` is what the platform has in hand for a packet that waits.
///
/// After any call, [`poll`](Self::poll) is drained to `None`; then [`poll_at`](Self::poll_at) is when to call it
/// again. `now` may repeat but not run backwards. Everything has a bound: [`MAX_NEIGHBOURS`](crate::MAX_NEIGHBOURS)
/// neighbours, [`MAX_HELD`](crate::MAX_HELD) packets, and the rates of [`Settings`]. All memory is taken by `new`: what is
/// large is in boxes, so that it can be made where stacks are small.
pub struct Neighbours<P> {
    identity: Identity,
    settings: Settings,
    cache: Cache,
    held: Held<P>,
    replies: Box<Deque<Reply, MAX_REPLIES>>,
    announcing: Announcing,
    defences: Box<Defences>,
    probing: Box<Probing>,
    answers: Answers,
    requests: Requests,
    confirmations: Bucket,
    confirming: Turns,
    learning: Bucket,
    counters: Box<Counters>,
    /// The latest time that was told.
    now: Instant,
}

impl<P> Neighbours<P> {
    /// Nobody is known.
    #[must_use]
    pub fn new(identity: Identity, settings: Settings) -> Self {
        let [secret, chance, ..] = settings.secret;
        Self {
            identity,
            settings,
            cache: Cache::new(settings.secret),
            held: Held::new(),
            replies: Box::default(),
            announcing: Announcing::default(),
            defences: Box::default(),
            probing: Box::new(Probing::new(chance)),
            answers: Answers::new(secret),
            requests: Requests::new(secret),
            confirmations: Bucket::default(),
            confirming: Turns::default(),
            learning: Bucket::default(),
            counters: Box::new(Counters::ZERO),
            now: Instant::default(),
        }
    }

    /// Returns who the link is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Makes the link somebody else. Another MAC, or another list of addresses, is announced if the last one was.
    pub fn set_identity(&mut self, identity: Identity, now: Instant) {
        let announce = identity.mac != self.identity.mac || !identity.announces().eq(self.identity.announces());
        self.identity = identity;
        if announce && self.announcing.was_started() {
            self.announce(now);
        }
    }

    /// Begins anew as somebody else: nobody is known, and nothing is counted. Packets that wait are dropped. What was done
    /// lately still counts as to how much may be done.
    pub fn restart(&mut self, identity: Identity) {
        self.identity = identity;
        self.cache.clear();
        self.held.clear();
        self.replies.clear();
        self.announcing = Announcing::default();
        self.defences.clear();
        self.probing.clear();
        *self.counters = Counters::ZERO;
    }

    /// Has the link stand for the address of a lease, or for that of none.
    pub fn set_leased(&mut self, address: Option<IpAddr>, now: Instant) {
        let leased = address.filter(|&address| is_station(address));
        self.set_identity(Identity { leased, ..self.identity.clone() }, now);
    }

    /// Takes a message that came from the Ethernet side. What it leads to comes by [`poll`](Self::poll).
    pub fn receive(&mut self, ether_src: Mac, message: &Message, now: Instant) -> Received {
        self.now = now;
        let received = match *message {
            Message::Arp { operation, sender_mac, sender, target_mac, target } => {
                self.on_arp(operation, (sender_mac, sender), (target_mac, target), now)
            }
            Message::Solicitation { source, target, source_mac, .. } => {
                self.on_solicitation(ether_src, source, source_mac, target, now)
            }
            Message::Advertisement { target, flags, target_mac, .. } => {
                self.on_advertisement(ether_src, target, flags, target_mac, now)
            }
        };
        if let Received::Ignored(why) = received {
            self.counters.count_ignored(why);
        }
        received
    }

    /// Counts a message that [`parse`](crate::parse) has refused.
    pub fn count_refused(&mut self, why: Refused) {
        self.counters.count_refused(why);
    }

    /// Returns what is to be done next; `None` if nothing is until the moment that [`poll_at`](Self::poll_at) says.
    // Apart from its callers' frames: what it returns is large, and so are theirs.
    #[inline(never)]
    pub fn poll(&mut self, now: Instant) -> Option<Output<P>> {
        self.now = now;
        loop {
            if let Some((packet, fate)) = self.held.leave() {
                return Some(match fate {
                    Fate::Release(to) => Output::Release { packet, to },
                    Fate::Unreachable => Output::Unreachable { packet },
                });
            }
            let frame = self.replies.pop_front().map(|reply| reply.frame(self.identity.mac));
            if let Some(frame) = frame.or_else(|| self.next_announcement(now)).or_else(|| self.next_probe(now)) {
                return Some(Output::Transmit(frame));
            }
            let due = self.cache.due(now)?;
            if let Some(frame) = self.on_due(due, now) {
                return Some(Output::Transmit(frame));
            }
        }
    }

    /// Returns when [`poll`](Self::poll) has something to do: at once if something waits, `None` if nothing will
    /// until something else is called.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        if self.held.any_leaving() || !self.replies.is_empty() {
            return Some(self.now);
        }
        [self.cache.due_at(), self.announcing.at(), self.probing.at()].into_iter().flatten().min()
    }

    /// Says where a neighbour is, whatever it says itself. `false`: there is no room, or no station has the address.
    pub fn set_static(&mut self, address: IpAddr, mac: Mac) -> bool {
        self.fix(address, mac, self.now)
    }

    /// Forgets a neighbour, static or not; packets that wait for it come back as unreachable.
    pub fn remove(&mut self, address: IpAddr) -> bool {
        let Some(id) = self.cache.find(Key::new(address)) else { return false };
        self.forget(id);
        true
    }

    /// Iterates over the neighbours, in no order.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = Neighbour> + '_ {
        self.cache.iter().map(move |(_, entry)| {
            let phase = entry.phase.at(now);
            let state = match phase {
                Phase::Incomplete { .. } => State::Incomplete,
                Phase::Reachable { .. } => State::Reachable,
                Phase::Stale { .. } => State::Stale,
                Phase::Delay { .. } => State::Delay,
                Phase::Probe { .. } => State::Probe,
                Phase::Static { .. } => State::Static,
            };
            Neighbour { address: entry.key.address(), mac: phase.mac(), state, updated: entry.updated }
        })
    }

    /// Returns how many neighbours are in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Returns whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what happened.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

#[cfg(test)]
mod tests;
