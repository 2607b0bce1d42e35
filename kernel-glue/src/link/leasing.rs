//! An address of the LAN for the peer: the link asks a server for it, and finds out whether it is free.

use super::{Link, Place, Slot};
use core::net::{IpAddr, Ipv4Addr};
use frame::offload::Offload;
use frame::{Instant, Mac};
use ppp_shim::dhcp::{Client, Event, Lease, Received, Settings, To};
use ppp_shim::shim::{Packet, Version};

/// The client of a link, which is silent until there is an application and an operator has asked for it.
pub(super) struct Leasing {
    client: Client,
    /// The address that the link stands for by its lease.
    address: Option<Ipv4Addr>,
    /// The station that the last message came from which the client took. While the client has an address, that is who
    /// brought the word of its server.
    granter: Mac,
    /// When to try again what there was no room for.
    retry_at: Option<Instant>,
}

impl Leasing {
    pub(super) fn new(mac: Mac, seed: u64) -> Self {
        let settings = Settings { mac, client_id: None, hostname: None };
        Self { client: Client::new(settings, seed), address: None, granter: Mac::BROADCAST, retry_at: None }
    }

    /// Forgets the lease without a word to its server, which is where the link is no more.
    pub(super) fn restart(&mut self, mac: Mac) {
        self.client.restart(mac);
        (self.address, self.granter, self.retry_at) = (None, Mac::BROADCAST, None);
    }

    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    pub(super) fn lease(&self) -> Option<&Lease> {
        self.client.lease()
    }

    pub(super) fn poll_at(&self) -> Option<Instant> {
        // Without room nothing is gained at once.
        self.client.poll_at().map(|at| self.retry_at.map_or(at, |retry_at| at.max(retry_at)))
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.client.counters().nonzero().map(|(what, count)| (what.name(), count))
    }
}

impl Link {
    /// Begins to look for an address, or gives it back.
    pub(super) fn lease_or_not(&mut self, now: Instant) {
        let wanted = self.config.dhcp && self.present && matches!(self.config.place, Place::Lan { .. });
        match wanted {
            true => self.leasing.client.start(now),
            // Of an application that is away, the address stays.
            false if !self.config.dhcp => self.leasing.client.stop(now),
            false => {}
        }
    }

    /// Takes a packet that is for the client, which came from a station.
    #[inline]
    pub(super) fn take_lease(
        &mut self,
        from: Mac,
        found: &Packet,
        packet: &[u8],
        offload: &Offload,
        now: Instant,
    ) -> bool {
        if !self.config.dhcp || found.version != Version::V4 {
            return false;
        }
        match self.leasing.client.receive(packet, offload, now) {
            Received::Elsewhere => return false,
            Received::Taken => self.leasing.granter = from,
            Received::Refused(_) => {}
        }
        self.stirred = true;
        true
    }

    /// Sends what the client has to say.
    #[inline(never)]
    pub(super) fn speak_to_servers(&mut self, now: Instant) {
        self.settle_lease(now);
        self.leasing.retry_at = None;
        for _ in 0..MESSAGES {
            if self.slab.is_full() {
                // A client without room only does what its time brings.
                let _ = self.leasing.client.poll(now, &mut []);
                self.leasing.retry_at = Some(now.plus(RETRY));
                break;
            }
            let (client, mut to) = (&mut self.leasing.client, To::Broadcast);
            let slot = self.slab.keep(Offload::default(), |room| {
                let transmit = client.poll(now, room)?;
                to = transmit.to;
                Some(transmit.bytes)
            });
            let Some(slot) = slot else { break };
            match to {
                To::Broadcast => self.send(slot, Mac::BROADCAST, Version::V4),
                To::Unicast(server) => self.speak_to(IpAddr::V4(server), slot, now),
            }
        }
        self.settle_lease(now);
    }

    /// Sends a server what is for it alone.
    fn speak_to(&mut self, server: IpAddr, slot: Slot, now: Instant) {
        match self.leasing.address {
            // A renewal that gets no further is followed by another.
            Some(source) => {
                let next_hop = self.next_hop(server);
                self.send_by(slot, next_hop, IpAddr::V4(source), Version::V4, now);
            }
            // A DHCPRELEASE is sent once (RFC 2131 §4.4.6), and who has given its address back cannot ask by it for
            // anybody: it goes the way that the grant came. From a relay that routes nothing it gets no further, and the
            // lease runs out.
            None => self.send(slot, self.leasing.granter, Version::V4),
        }
    }

    /// Acts on what the client and the neighbours have found out.
    fn settle_lease(&mut self, now: Instant) {
        while let Some(event) = self.leasing.client.poll_event() {
            match event {
                Event::Probe(address) => {
                    if !self.neighbours.probe(IpAddr::V4(address), now) {
                        self.leasing.client.decline(now);
                    }
                }
                Event::Bound(lease) | Event::Renewed(lease) => self.stand_for(Some(lease.address), now),
                Event::Lost(address) => {
                    self.neighbours.stop_probe(IpAddr::V4(address));
                    self.stand_for(None, now);
                }
            }
        }
        while let Some(event) = self.neighbours.poll_event() {
            match event {
                arp::Event::Claimed(_) => self.leasing.client.accept(now),
                arp::Event::Conflict { .. } => self.leasing.client.decline(now),
            }
            // What comes of it.
            self.stirred = true;
        }
    }

    fn stand_for(&mut self, leased: Option<Ipv4Addr>, now: Instant) {
        if self.leasing.address != leased {
            self.leasing.address = leased;
            self.neighbours.set_leased(leased.map(IpAddr::V4), now);
            if leased.is_some() {
                self.neighbours.announce(now);
            }
        }
    }
}

/// Messages that a client sends at once at most: giving one address back and asking for another.
const MESSAGES: usize = 4;
/// From a message that there was no room for to the next attempt. A guess: packets wait for seconds at most.
const RETRY: core::time::Duration = core::time::Duration::from_millis(20);
