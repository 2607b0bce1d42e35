//! Links: the shim with its neighbours.

use super::traffic::{BATCH, Batch, Ring, mac, peer, station};
use super::{HOST, PEER};
use arp::{Identity, Neighbours, Output, Prefix, Scope, Settings};
use frame::offload::{Offload, VNET_BYTES};
use frame::{Frame, HEADER_BYTES, Instant, Mac};
use kernel_glue::link::{Inward, Link, LinkConfig, Outward, Place};
use ppp_shim::shim::Version;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

/// A link at an interface of the host.
pub(crate) struct Wire(Link);

/// A link on a bridge, with neighbours that it has found.
pub(crate) struct Station {
    link: Link,
    now: Instant,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self(Link::new(config(Place::Host(HOST), Scope::All)))
    }

    pub(crate) fn inward(&mut self, batch: &mut Batch) -> usize {
        inward(&mut self.0, batch, NOW)
    }

    pub(crate) fn outward(&mut self, batch: &mut Batch) -> usize {
        outward(&mut self.0, batch, NOW)
    }
}

impl Station {
    /// Sends a packet to each neighbour, and answers when the link asks for it.
    pub(crate) fn new(version: Version, neighbours: usize) -> Self {
        let ours = Scope::List(std::iter::once(Prefix::single(peer(version))).collect());
        let mut this = Self { link: Link::new(config(Place::Lan { mtu_bytes: 1500 }, ours)), now: NOW };
        let mut answers = Neighbours::<()>::new(Identity::default(), Settings::default());
        for number in 0..neighbours {
            // The link asks for 128 a second.
            this.now = this.now.plus(Duration::from_millis(10));
            answers.set_identity(identity(mac(number), station(version, number)), this.now);
            this.meet(version, number, &mut answers);
        }
        this
    }

    pub(crate) fn inward(&mut self, batch: &mut Batch) -> usize {
        inward(&mut self.link, batch, self.now)
    }

    pub(crate) fn outward(&mut self, batch: &mut Batch) -> usize {
        outward(&mut self.link, batch, self.now)
    }

    fn meet(&mut self, version: Version, number: usize, answers: &mut Neighbours<()>) {
        let mut batch = Ring::to(version, number);
        assert_eq!(inward(&mut self.link, &mut batch, self.now), 0, "it is not known yet");
        let mut stored = [0; 256];
        while let Some(bytes) = self.link.poll_frame(&mut stored, self.now) {
            let asked = Frame::parse(&stored[VNET_BYTES..bytes], None).expect("a frame");
            let message = &stored[VNET_BYTES + HEADER_BYTES..bytes];
            let Ok(Some(message)) = arp::parse(asked.src, asked.ether_type, message) else { continue };
            answers.receive(asked.src, &message, self.now);
        }
        while let Some(Output::Transmit(answer)) = answers.poll(self.now) {
            let heard = self.link.outward(&[], &answer, &Offload::default(), self.now);
            assert_eq!(heard, Ok(Outward::Kept));
        }
        while self.link.poll_frame(&mut stored, self.now).is_some() {}
    }
}

/// Wraps a batch, and returns how many of its packets leave as frames.
fn inward(link: &mut Link, batch: &mut Batch, now: Instant) -> usize {
    let mut wrapped = 0;
    for slot in &mut batch.slots {
        if let Inward::Frame(header) = link.inward(slot.packet_mut(), &Offload::default(), now) {
            *slot.header_mut() = header;
            wrapped += 1;
        }
    }
    black_box(link.is_stirred(now));
    wrapped
}

/// Strips a batch, and returns how many packets there are for the application.
fn outward(link: &mut Link, batch: &mut Batch, now: Instant) -> usize {
    let mut found = [&[][..]; BATCH];
    let mut count = 0;
    for (slot, place) in batch.slots.iter().zip(&mut found) {
        if let Ok(Outward::Packet { packet, .. }) = link.outward(&[], slot.frame(), &Offload::default(), now) {
            *place = packet;
            count += 1;
        }
    }
    black_box(&found);
    black_box(link.is_stirred(now));
    count
}

fn config(place: Place, scope: Scope) -> LinkConfig {
    LinkConfig { scope, mtu_bytes: 1500, ..LinkConfig::new(place, PEER, [0x1234_5678_9abc_def0; 4]) }
}

fn identity(mac: Mac, address: IpAddr) -> Identity {
    let scope = Scope::List(std::iter::once(Prefix::single(address)).collect());
    Identity { mac, scope, ..Identity::default() }
}

const NOW: Instant = Instant::from_secs(1);
