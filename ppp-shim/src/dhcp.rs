//! A DHCP client (RFC 2131) for a station that is not the host: what a tunnel's peer is on the LAN.
//!
//! The client leases an address for the station with a given MAC address. It is in one of the states of RFC 2131 §4.4,
//! figure 5, and in one more between REQUESTING and BOUND, in which the address is checked (§4.4.1). INIT-REBOOT is left
//! out: nothing is remembered across a restart. Packets and the time go in; packets, events and the time of the next step
//! come out. The driver calls [`Client::poll`] until it returns `None` after each other call and at [`Client::poll_at`], and
//! fetches all events.
//!
//! ```text
//! Stopped -start-> Init -> Selecting -offer-> Requesting -ack-> Probing -accept-> Bound
//!                   ^          (4, 8 .. 64 s)        |(nak)        |(decline)      | T1     ^ ack
//!                   +--------------------------------+-------------+               v        |
//!                   ^------------- nak, end of the lease -------- Rebinding <-T2- Renewing -+
//! ```

mod counters;
mod lease;
mod reply;
mod request;
mod transitions;

pub use counters::{Count, Counters};
pub use lease::{Lease, MAX_DNS};
pub use request::{PACKET_BYTES, To, Transmit};

use core::net::Ipv4Addr;
use core::time::Duration;
use frame::offload::Offload;
use frame::{Instant, Mac, SplitMix};
use heapless::{Deque, String, Vec};
use lease::Held;
use reply::Reply;
use request::Request;

/// Who asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The station's address on the LAN, by which servers know it.
    pub mac: Mac,
    /// What servers are to know it by instead (RFC 2132 §9.14): a type and an identifier, two octets at least.
    pub client_id: Option<Vec<u8, 32>>,
    /// The name it gives itself (RFC 2132 §3.14), not empty.
    pub hostname: Option<String<63>>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// It is no message to this client and may be for others.
    Elsewhere,
    /// It was for this client, which acted on it.
    Taken,
    /// It was for this client, which counted why it is no good.
    Refused(Count),
}

/// What the driver is to act on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// An address is granted. The driver finds out whether anybody has it (RFC 5227 §2.1) and then calls
    /// [`Client::accept`] or [`Client::decline`].
    Probe(Ipv4Addr),
    /// The accepted address is the station's.
    Bound(Lease),
    /// The lease lasts longer; what goes with the address may be different.
    Renewed(Lease),
    /// The address, bound or being probed, is not the station's any more.
    Lost(Ipv4Addr),
}

/// The client of one station.
#[derive(Clone, Debug)]
pub struct Client {
    settings: Settings,
    random: SplitMix,
    state: State,
    /// `xid` of the last request.
    transaction: u32,
    /// When the process began to which `secs` refers.
    began: Instant,
    /// `secs` of the last DHCPDISCOVER or renewal.
    secs: u16,
    /// When the request was sent from which a lease counts.
    asked_at: Instant,
    /// The address that was the station's until its lease ended.
    suggested: Option<Ipv4Addr>,
    /// How often servers have withdrawn an offer since an address was accepted.
    withdrawn: u8,
    /// How often an address was declined since one was kept.
    declined: u8,
    /// When the bound address has been kept.
    kept_at: Option<Instant>,
    outgoing: Option<Request>,
    events: Deque<Event, 4>,
    counters: Counters,
}

#[derive(Clone, Debug)]
enum State {
    Stopped,
    Init { until: Instant },
    Selecting { attempt: u8, until: Instant },
    Requesting { address: Ipv4Addr, server: Ipv4Addr, attempt: u8, until: Instant },
    Probing(Held),
    Bound(Held),
    Renewing { held: Held, until: Instant },
    Rebinding { held: Held, until: Instant },
}

impl Client {
    /// Returns a client that does nothing yet. Clients with other seeds speak at other times and of other transactions.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        Self {
            settings,
            // Random at first, sequential then (RFC 2131 §4.1).
            transaction: (random.number() >> 32) as u32,
            random,
            state: State::Stopped,
            began: Instant::default(),
            secs: 0,
            asked_at: Instant::default(),
            suggested: None,
            withdrawn: 0,
            declined: 0,
            kept_at: None,
            outgoing: None,
            events: Deque::new(),
            counters: Counters::ZERO,
        }
    }

    /// Begins anew, silent, as the client of another station perhaps: what it had is forgotten, and no server is told.
    pub fn restart(&mut self, mac: Mac) {
        self.settings.mac = mac;
        self.state = State::Stopped;
        (self.suggested, self.kept_at, self.outgoing) = (None, None, None);
        (self.withdrawn, self.declined, self.secs) = (0, 0, 0);
        self.events.clear();
        self.counters = Counters::ZERO;
    }

    /// Begins to look for a server, at once: an operator waits, and seldom many begin in the same moment, for which
    /// RFC 2131 §4.4.1 has the random delay. Does nothing if it has begun.
    pub fn start(&mut self, now: Instant) {
        if matches!(self.state, State::Stopped) {
            self.init(now, Duration::ZERO);
        }
    }

    /// Gives the address back, if there is one (RFC 2131 §4.4.6), and is silent after that.
    pub fn stop(&mut self, now: Instant) {
        if matches!(self.state, State::Selecting { .. } | State::Requesting { .. }) {
            self.outgoing = None;
        }
        if let Some(Lease { address, server, .. }) = self.give_up(now) {
            self.suggested = Some(address);
            self.ask(Request::Release { address, server });
        }
        self.state = State::Stopped;
    }

    /// Hears that nobody has the address of [`Event::Probe`].
    pub fn accept(&mut self, now: Instant) {
        let State::Probing(held) = &self.state else { return };
        let held = held.clone();
        self.withdrawn = 0;
        self.kept_at = Some(now.plus(KEPT));
        self.tell(Event::Bound(held.lease.clone()));
        self.state = State::Bound(held);
    }

    /// Hears that somebody else has the address, probed or bound, tells the server so, and begins again ten seconds later
    /// (RFC 2131 §3.1, step 5), or a minute where that was so too often (RFC 5227 §2.1.1).
    pub fn decline(&mut self, now: Instant) {
        if let Some(Lease { address, server, .. }) = self.give_up(now) {
            self.declined = self.declined.saturating_add(1);
            self.init(now, if self.declined < MAX_CONFLICTS { AFTER_DECLINE } else { RATE_LIMIT_INTERVAL });
            self.ask(Request::Decline { address, server });
        }
    }

    /// Takes an IPv4 packet from the LAN, whole and from its IP header, if it is to this client. Of `offload` only matters
    /// whether the packet's UDP checksum is still to be summed.
    pub fn receive(&mut self, packet: &[u8], offload: &Offload, now: Instant) -> Received {
        let judged = match Reply::read(packet, offload, self.settings.mac) {
            None => return Received::Elsewhere,
            Some(read) => read.and_then(|reply| self.hear(&reply, now)),
        };
        match judged {
            Ok(()) => Received::Taken,
            Err(why) => {
                self.counters.add(why, 1);
                Received::Refused(why)
            }
        }
    }

    /// Does what is due and writes the next packet, from its IP header, at the beginning of `room`, which has
    /// [`PACKET_BYTES`]; `None` when there is nothing to send.
    pub fn poll(&mut self, now: Instant, room: &mut [u8]) -> Option<Transmit> {
        // A state may be over when it is entered, if the driver is late. Every way leads to a request within three steps.
        while self.outgoing.is_none() && self.poll_at().is_some_and(|at| at <= now) {
            self.step(now);
        }
        let request = self.outgoing?;
        let transmit = request.write(&self.settings, self.transaction, self.secs, room)?;
        self.counters.add(request.count(), 1);
        self.outgoing = None;
        Some(transmit)
    }

    /// Returns when to call [`Self::poll`] at the latest; `None` for not before something else is called.
    #[must_use]
    pub fn poll_at(&self) -> Option<Instant> {
        if self.outgoing.is_some() {
            return Some(Instant::default());
        }
        let earlier = |until: Instant, at: Option<Instant>| Some(at.map_or(until, |at| until.min(at)));
        match &self.state {
            State::Stopped => None,
            State::Init { until } | State::Selecting { until, .. } | State::Requesting { until, .. } => Some(*until),
            State::Probing(held) => held.lease.expires_at,
            State::Bound(held) => held.renew_at,
            State::Renewing { held, until } => earlier(*until, held.rebind_at),
            State::Rebinding { held, until } => earlier(*until, held.lease.expires_at),
        }
    }

    /// Returns the next event. If the driver leaves four of them, the oldest falls out.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns what the station has; `None` unless an address is bound.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            State::Bound(held) | State::Renewing { held, .. } | State::Rebinding { held, .. } => Some(&held.lease),
            State::Stopped
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Probing(_) => None,
        }
    }

    /// Returns what was sent, taken and refused.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// From declining an address to the search for another (RFC 2131 §3.1, step 5).
const AFTER_DECLINE: Duration = Duration::from_secs(10);
/// So many conflicts slow the search down (RFC 5227 §1.1).
const MAX_CONFLICTS: u8 = 10;
/// To one address a minute (RFC 5227 §1.1).
const RATE_LIMIT_INTERVAL: Duration = Duration::from_secs(60);
/// An address that was bound for so long ends the caution: the conflicts before it are no sign of what comes after. A
/// guess, ten times the interval, so that who contests only what is in use gets few addresses for his trouble.
const KEPT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
