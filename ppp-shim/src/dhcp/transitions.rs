//! How a client goes from state to state: the arrows of RFC 2131 §4.4, figure 5.

use super::counters::Count;
use super::lease::{Held, Lease};
use super::reply::{Kind, Reply};
use super::request::Request;
use super::{Client, Event, State};
use core::net::Ipv4Addr;
use core::time::Duration;
use frame::Instant;

impl Client {
    /// Acts on a message of a server: the arrows of figure 5 that are labelled with one.
    pub(super) fn hear(&mut self, reply: &Reply, now: Instant) -> Result<(), Count> {
        if reply.transaction != self.transaction || self.outgoing.is_some() {
            return Err(Count::Unasked);
        }
        match (&self.state, reply.kind) {
            (State::Selecting { .. }, Kind::Offer) => {
                // The first that is acceptable is taken (RFC 2131 §4.4.1).
                let offer = Held::granted(reply, now, &mut self.random, &mut self.counters)?.lease;
                self.counters.add(Count::Offers, 1);
                self.asked_at = now;
                self.request(offer.address, offer.server, 0, now);
            }
            (&State::Requesting { address, server, .. }, Kind::Ack) => {
                let held = Held::granted(reply, self.asked_at, &mut self.random, &mut self.counters)?;
                agrees(&held.lease, address)?;
                if held.lease.server != server {
                    return Err(Count::BadServer);
                }
                self.counters.add(Count::Acks, 1);
                self.tell(Event::Probe(address));
                self.state = State::Probing(held);
            }
            (&State::Requesting { server, .. }, Kind::Nak) => {
                is_of(reply, server)?;
                self.counters.add(Count::Naks, 1);
                let pause = if self.withdrawn == 0 { Duration::ZERO } else { self.backoff(self.withdrawn - 1) };
                self.withdrawn = self.withdrawn.saturating_add(1);
                self.suggested = None;
                self.init(now, pause);
            }
            (State::Renewing { held, .. } | State::Rebinding { held, .. }, _) if held.is_over(now) => {
                return Err(Count::Unasked);
            }
            (State::Renewing { held, .. } | State::Rebinding { held, .. }, Kind::Ack) => {
                let address = held.lease.address;
                let held = Held::granted(reply, self.asked_at, &mut self.random, &mut self.counters)?;
                agrees(&held.lease, address)?;
                self.counters.add(Count::Acks, 1);
                self.tell(Event::Renewed(held.lease.clone()));
                self.state = State::Bound(held);
            }
            (State::Renewing { held, .. }, Kind::Nak) => {
                is_of(reply, held.lease.server)?;
                self.refused(now);
            }
            (State::Rebinding { .. }, Kind::Nak) => self.refused(now),
            (State::Selecting { .. }, Kind::Ack | Kind::Nak)
            | (State::Requesting { .. } | State::Renewing { .. } | State::Rebinding { .. }, Kind::Offer)
            | (State::Stopped | State::Init { .. } | State::Probing(_) | State::Bound(_), _) => {
                return Err(Count::Unasked);
            }
        }
        Ok(())
    }

    /// Does what a state does when its time is over.
    pub(super) fn step(&mut self, now: Instant) {
        match core::mem::replace(&mut self.state, State::Stopped) {
            State::Stopped => {}
            State::Init { .. } => {
                self.transaction = self.transaction.wrapping_add(1);
                self.discover(0, now);
            }
            State::Selecting { attempt, .. } => self.discover(attempt.saturating_add(1), now),
            State::Requesting { attempt, .. } if attempt >= REQUESTS => self.init(now, Duration::ZERO),
            State::Requesting { address, server, attempt, .. } => self.request(address, server, attempt + 1, now),
            State::Probing(held)
            | State::Bound(held)
            | State::Renewing { held, .. }
            | State::Rebinding { held, .. }
                if held.is_over(now) =>
            {
                self.counters.add(Count::Expired, 1);
                self.suggested = Some(held.lease.address);
                self.tell(Event::Lost(held.lease.address));
                self.judge_keeping(now);
                self.init(now, Duration::ZERO);
            }
            State::Probing(held) => self.state = State::Probing(held),
            State::Bound(held) => {
                self.began = now;
                self.extend(held, now);
            }
            State::Renewing { held, .. } | State::Rebinding { held, .. } => self.extend(held, now),
        }
    }

    pub(super) fn init(&mut self, now: Instant, pause: Duration) {
        self.began = now.plus(pause);
        self.state = State::Init { until: self.began };
    }

    fn discover(&mut self, attempt: u8, now: Instant) {
        self.ask_since(Request::Discover { suggested: self.suggested }, now);
        self.state = State::Selecting { attempt, until: now.plus(self.backoff(attempt)) };
    }

    /// Asks for what was offered, with the transaction and the `secs` of the DHCPDISCOVER (RFC 2131 §3.1, step 3).
    fn request(&mut self, address: Ipv4Addr, server: Ipv4Addr, attempt: u8, now: Instant) {
        self.ask(Request::Select { address, server });
        self.state = State::Requesting { address, server, attempt, until: now.plus(self.backoff(attempt)) };
    }

    /// Asks for more time, the server until T2, all servers from then. Each request is a transaction of its own, so that
    /// the lease counts from the request that was answered (RFC 2131 §4.4.5).
    fn extend(&mut self, held: Held, now: Instant) {
        self.transaction = self.transaction.wrapping_add(1);
        self.asked_at = now;
        let half_of = |end: Option<Instant>| {
            let left = end.map_or(Duration::MAX, |end| end.since(now));
            now.plus((left / 2).max(RENEWAL_PAUSE))
        };
        let Lease { address, server, expires_at, .. } = held.lease;
        if held.rebind_at.is_some_and(|at| at <= now) {
            self.ask_since(Request::Rebind { address }, now);
            self.state = State::Rebinding { held, until: half_of(expires_at) };
        } else {
            self.ask_since(Request::Renew { address, server }, now);
            self.state = State::Renewing { until: half_of(held.rebind_at), held };
        }
    }

    /// Gives up an address that a server does not grant any more.
    fn refused(&mut self, now: Instant) {
        self.counters.add(Count::Naks, 1);
        self.give_up(now);
        self.init(now, Duration::ZERO);
    }

    /// Takes the address away from the station, wherever it is between granted and expired, and returns what it was.
    pub(super) fn give_up(&mut self, now: Instant) -> Option<Lease> {
        let held = match core::mem::replace(&mut self.state, State::Stopped) {
            State::Probing(held)
            | State::Bound(held)
            | State::Renewing { held, .. }
            | State::Rebinding { held, .. } => held,
            other @ (State::Stopped | State::Init { .. } | State::Selecting { .. } | State::Requesting { .. }) => {
                self.state = other;
                return None;
            }
        };
        self.suggested = None;
        self.tell(Event::Lost(held.lease.address));
        self.judge_keeping(now);
        Some(held.lease)
    }

    /// Forgets the conflicts if the address that goes was kept for long enough.
    fn judge_keeping(&mut self, now: Instant) {
        if self.kept_at.take().is_some_and(|at| at <= now) {
            self.declined = 0;
        }
    }

    fn ask_since(&mut self, request: Request, now: Instant) {
        self.secs = u16::try_from(now.since(self.began).as_secs()).unwrap_or(u16::MAX);
        self.ask(request);
    }

    pub(super) fn ask(&mut self, request: Request) {
        self.outgoing = Some(request);
    }

    pub(super) fn tell(&mut self, event: Event) {
        if self.events.is_full() && self.events.pop_front().is_some() {
            self.counters.add(Count::EventsLost, 1);
        }
        // There is room.
        let _ = self.events.push_back(event);
    }

    /// Returns how long to wait for an answer: 4, 8, 16, 32, then 64 seconds, each a second more or less at most
    /// (RFC 2131 §4.1).
    fn backoff(&mut self, attempt: u8) -> Duration {
        let seconds = 4_u64 << attempt.min(4);
        Duration::from_secs(seconds - 1) + self.random.up_to(Duration::from_secs(2))
    }
}

fn agrees(lease: &Lease, address: Ipv4Addr) -> Result<(), Count> {
    if lease.address == address { Ok(()) } else { Err(Count::BadAddress) }
}

fn is_of(reply: &Reply, server: Ipv4Addr) -> Result<(), Count> {
    if reply.options.server == Some(server) { Ok(()) } else { Err(Count::BadServer) }
}

/// How often a request for an offered address is repeated, for about 60 seconds in all (RFC 2131 §3.1, step 5).
const REQUESTS: u8 = 3;

/// The shortest time between two requests to extend a lease (RFC 2131 §4.4.5).
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);
