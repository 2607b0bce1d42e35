//! Packets and frames in memory.

use frame::{HEADER_BYTES, Mac};
use ppp_shim::shim::{Version, header};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Packets that are handled together.
pub(crate) const BATCH: usize = 32;
/// Bytes of a packet, its IP header included.
const PACKET_BYTES: usize = 64;
/// Bytes of a frame.
pub(crate) const FRAME_BYTES: usize = HEADER_BYTES + PACKET_BYTES;

/// A buffer with room for the Ethernet header before the packet, two cache lines as they come.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Slot([u8; 128]);

/// What one burst receives.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) slots: [Slot; BATCH],
}

/// Batches, played round and round.
pub(crate) struct Ring {
    pub(crate) batches: Vec<Batch>,
}

/// Which way packets go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// From the application: there is no Ethernet header yet.
    Inward,
    /// From Ethernet.
    Outward,
}

impl Slot {
    pub(crate) fn packet(&self) -> &[u8] {
        &self.0[AT..AT + PACKET_BYTES]
    }

    pub(crate) fn packet_mut(&mut self) -> &mut [u8] {
        &mut self.0[AT..AT + PACKET_BYTES]
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.0[AT - HEADER_BYTES..AT + PACKET_BYTES]
    }

    pub(crate) fn header_mut(&mut self) -> &mut [u8; HEADER_BYTES] {
        self.0[..AT].last_chunk_mut().expect("a header fits")
    }
}

impl Ring {
    /// Makes packets between `stations` and the peer, in no order that a predictor learns: some TCP, some UDP. The ring is
    /// a megabyte, which is about what a burst that was just received finds in a second-level cache.
    pub(crate) fn new(version: Version, way: Way, stations: usize) -> Self {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |bound: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 11) as usize % bound
        };
        let batch = |_| Batch { slots: std::array::from_fn(|_| slot(version, way, next(stations), next(2))) };
        Self { batches: (0..PACKETS / BATCH).map(batch).collect() }
    }

    /// Makes a batch of packets to one station.
    pub(crate) fn to(version: Version, number: usize) -> Batch {
        Batch { slots: std::array::from_fn(|kind| slot(version, Way::Inward, number, kind % 2)) }
    }

    pub(crate) fn packets(&self) -> usize {
        self.batches.len() * BATCH
    }
}

/// The address of a station on the link.
pub(crate) fn station(version: Version, number: usize) -> IpAddr {
    let number = number as u32 + 1;
    match version {
        Version::V4 => Ipv4Addr::from_bits(Ipv4Addr::new(10, 8, 0, 0).to_bits() + number).into(),
        Version::V6 => {
            Ipv6Addr::from_bits(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0).to_bits() + u128::from(number)).into()
        }
    }
}

/// Its hardware address.
pub(crate) fn mac(number: usize) -> Mac {
    let [.., c, d] = (number as u32).to_be_bytes();
    Mac([0x32, 0, 0, 1, c, d])
}

/// The address of the peer.
pub(crate) fn peer(version: Version) -> IpAddr {
    match version {
        Version::V4 => Ipv4Addr::new(10, 8, 255, 1).into(),
        Version::V6 => Ipv6Addr::new(0xfd00, 0, 0, 0, 1, 0, 0, 1).into(),
    }
}

fn slot(version: Version, way: Way, number: usize, kind: usize) -> Slot {
    let protocol = [TCP, UDP][kind];
    let (ours, theirs) = (peer(version), station(version, number));
    let (source, destination) = if way == Way::Inward { (ours, theirs) } else { (theirs, ours) };
    let mut slot = Slot([0; 128]);
    let packet = slot.packet_mut();
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            packet[..4].copy_from_slice(&[0x45, 0, 0, PACKET_BYTES as u8]);
            packet[6..10].copy_from_slice(&[0x40, 0, 64, protocol]);
            packet[12..16].copy_from_slice(&source.octets());
            packet[16..20].copy_from_slice(&destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            packet[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, (PACKET_BYTES - 40) as u8, protocol, 64]);
            packet[8..24].copy_from_slice(&source.octets());
            packet[24..40].copy_from_slice(&destination.octets());
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => {}
    }
    if way == Way::Outward {
        *slot.header_mut() = header(super::PEER, mac(number), version);
    }
    slot
}

/// Where in a slot a packet begins, as in the buffers of the glue: behind offload state and Ethernet header.
const AT: usize = 24;
const PACKETS: usize = 8192;

/// Protocol numbers, from the IANA registry.
const TCP: u8 = 6;
const UDP: u8 = 17;
