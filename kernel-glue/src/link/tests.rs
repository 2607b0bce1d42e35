//! A link between an application and each place that its Ethernet side can have.

extern crate std;

mod host;
mod lan;
mod leasing;
mod packets;
mod path;
mod room;

use super::{Inward, Link, LinkConfig, Outward, Place};
use arp::{Prefix, Scope};
use core::net::IpAddr;
use frame::offload::{Offload, VNET_BYTES};
use frame::{DropReason, EtherType, Frame, HEADER_BYTES, Instant, Mac};
use std::sync::Arc;
use std::vec::Vec;

pub(super) const HOST: Mac = Mac([2, 0, 0, 0, 0, 0x10]);
pub(super) const PEER: Mac = Mac([2, 0, 0, 0, 0, 0x20]);
pub(super) const STATION: Mac = Mac([2, 0, 0, 0, 0, 0x30]);

/// A link, what it has sent, and the time.
pub(super) struct Bed {
    link: Link,
    now: Instant,
}

/// What a link sent of its own.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sent {
    pub(super) frames: Vec<Vec<u8>>,
    pub(super) packets: Vec<Vec<u8>>,
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn config(place: Place, scope: &[&str]) -> LinkConfig {
    let list: Arc<[Prefix]> = scope.iter().map(|text| text.parse().unwrap()).collect();
    let scope = if list.is_empty() { Scope::All } else { Scope::List(list) };
    LinkConfig { scope, mtu_bytes: 1500, ..LinkConfig::new(place, PEER, [7; 4]) }
}

impl Bed {
    pub(super) fn new(config: LinkConfig) -> Self {
        Self { link: Link::new(config), now: Instant::from_secs(100) }
    }

    /// Sends a packet of the application, and returns the frame that leaves at once.
    pub(super) fn send(&mut self, packet: &[u8]) -> Result<Vec<u8>, Inward> {
        let mut packet = packet.to_vec();
        match self.link.inward(&mut packet, &Offload::default(), self.now) {
            Inward::Frame(header) => Ok([&header[..], &packet].concat()),
            other @ (Inward::Return | Inward::Kept | Inward::Drop(_)) => Err(other),
        }
    }

    /// Receives a frame, and returns the packet that the application gets at once: `None` if the link kept it.
    pub(super) fn receive(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, DropReason> {
        self.receive_as(frame, Offload::default())
    }

    pub(super) fn receive_as(&mut self, frame: &[u8], offload: Offload) -> Result<Option<Vec<u8>>, DropReason> {
        match self.link.outward(&[], frame, &offload, self.now)? {
            Outward::Packet { packet, .. } => Ok(Some(packet.to_vec())),
            Outward::Kept => Ok(None),
        }
    }

    /// Takes what the link sends of its own.
    pub(super) fn poll(&mut self) -> Sent {
        let mut sent = Sent::default();
        let mut stored = [0; 4096];
        while let Some(bytes) = self.link.poll_frame(&mut stored, self.now) {
            sent.frames.push(stored[VNET_BYTES..bytes].to_vec());
        }
        while let Some(bytes) = self.link.poll_packet(&mut stored) {
            sent.packets.push(stored[VNET_BYTES..bytes].to_vec());
        }
        sent
    }

    pub(super) fn pass_time(&mut self, millis: u64) {
        self.now = self.now.plus(core::time::Duration::from_millis(millis));
    }

    pub(super) fn count(&self, name: &str) -> u64 {
        let report = self.link.report(self.now);
        report.counters.iter().find(|(of, _)| *of == name).unwrap_or_else(|| panic!("no counter {name}")).1
    }
}

#[test]
fn what_is_counted_has_a_name_of_its_own() {
    let bed = Bed::new(config(Place::Host(HOST), &[]));
    let links = super::LinkCounters::default();
    let mut names: Vec<_> = bed.link.report(bed.now).counters.iter().map(|&(name, _)| name).collect();
    names.extend(ppp_shim::dhcp::Count::ALL.iter().map(|what| what.name()));
    assert!(links.iter().all(|(name, _)| names.contains(&name)));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

pub(super) fn addresses(frame: &[u8]) -> (Mac, Mac, EtherType) {
    let Frame { dst, src, ether_type, .. } = Frame::parse(frame, None).unwrap();
    (dst, src, ether_type)
}

pub(super) fn body(frame: &[u8]) -> &[u8] {
    &frame[HEADER_BYTES..]
}
