//! Where received frames lie while a burst is forwarded.

use frame::offload::{Offload, VNET_BYTES};
use frame::{DropReason, FrameBuf, Meta, Tag};

/// Frames that one burst holds at most. Twice as many measured the same.
pub(crate) const BURST: usize = 32;

/// A frame after which a burst ends: more of them would push each other out of the cache.
pub(super) const LARGE_BYTES: usize = 8 * 1024;

/// Room for the largest GSO frame of an Ethernet device (65,535 bytes of IP, header, tags) and its virtio-net header.
pub(super) const SLOT_BYTES: usize = 69_888;

/// A worker's own memory, into which it reads frames from descriptors.
pub(crate) struct Arena(Box<[u8]>);

impl Arena {
    pub(crate) fn new() -> Self {
        Self(vec![0; BURST * SLOT_BYTES].into_boxed_slice())
    }

    /// Returns the slots, each to be filled with a virtio-net header and a frame.
    pub(crate) fn slots(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.0.chunks_exact_mut(SLOT_BYTES)
    }
}

/// A received frame, borrowed from the arena or from a receive ring until its burst is over.
///
/// A virtio-net header lies before the frame, so that an unchanged frame leaves as one piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinuxBuf<'a> {
    /// Virtio-net header, then the frame.
    stored: &'a [u8],
    meta: Meta,
    /// Place in the burst.
    index: u8,
}

impl<'a> LinuxBuf<'a> {
    /// Wraps a frame that came from nowhere, stored behind its virtio-net header.
    pub(crate) fn own(stored: &'a [u8], meta: Meta, index: u8) -> Self {
        Self { stored, meta, index }
    }

    /// Returns the virtio-net header and the frame.
    #[inline]
    pub(crate) fn stored(&self) -> &'a [u8] {
        self.stored
    }

    #[inline]
    pub(crate) fn index(&self) -> u8 {
        self.index
    }
}

impl FrameBuf for LinuxBuf<'_> {
    #[inline]
    fn head(&self) -> &[u8] {
        self.stored.get(VNET_BYTES..).unwrap_or_default()
    }

    #[inline]
    fn meta(&self) -> Meta {
        self.meta
    }

    #[inline]
    fn share(&self) -> Option<Self> {
        Some(*self)
    }
}

/// The frames of one burst, in the order in which they came.
pub(crate) struct Burst<'a> {
    frames: [LinuxBuf<'a>; BURST],
    count: usize,
    /// Frames that could only be stored in part.
    pub(crate) truncated: u32,
    /// Frames whose offload state is of no kind that VIRTIO 1.2 defines.
    pub(crate) unknown_offload: u32,
    /// What a program wrote that is no frame or packet.
    pub(crate) malformed: u32,
    /// Frames longer than the MTU.
    pub(crate) too_big: u32,
    /// What a link did not carry.
    refused: [(DropReason, u32); REASONS],
    /// Packets for the application behind the port, each behind its virtio-net header.
    packets: [&'a [u8]; BURST],
    packet_count: usize,
}

/// Reasons for which a link refuses packets, and some more.
const REASONS: usize = 12;

/// Whether a burst takes another frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Room {
    More,
    Full,
}

impl<'a> Burst<'a> {
    pub(crate) fn new() -> Self {
        let none = LinuxBuf { stored: &[], meta: Meta::default(), index: 0 };
        Self {
            frames: [none; BURST],
            count: 0,
            truncated: 0,
            unknown_offload: 0,
            malformed: 0,
            too_big: 0,
            refused: [(DropReason::NoBuffer, 0); REASONS],
            packets: [&[]; BURST],
            packet_count: 0,
        }
    }

    /// Adds a frame, stored behind its virtio-net header.
    #[inline]
    pub(crate) fn push(&mut self, stored: &'a [u8], stripped: Option<Tag>) -> Room {
        let Some((header, frame)) = stored.split_first_chunk::<VNET_BYTES>() else {
            self.truncated += 1;
            return Room::More;
        };
        let Some(offload) = Offload::from_vnet(header) else {
            self.unknown_offload += 1;
            return Room::More;
        };
        let Some(slot) = self.frames.get_mut(self.count) else {
            return Room::Full;
        };
        let meta = Meta { bytes: frame.len() as u32, offload, stripped };
        *slot = LinuxBuf { stored, meta, index: self.count as u8 };
        self.count += 1;
        if self.count == BURST || frame.len() > LARGE_BYTES { Room::Full } else { Room::More }
    }

    /// Iterates over what the burst could not hold.
    pub(crate) fn losses(&self) -> impl Iterator<Item = (DropReason, u32)> {
        let losses = [
            (DropReason::Truncated, self.truncated),
            (DropReason::Offload, self.unknown_offload),
            (DropReason::Malformed, self.malformed),
            (DropReason::TooBig, self.too_big),
        ];
        losses.into_iter().chain(self.refused).filter(|&(_, count)| count > 0)
    }

    /// Counts a packet that a link did not carry.
    pub(crate) fn refuse(&mut self, why: DropReason) {
        // There is room for every reason that a link has.
        if let Some(place) = self.refused.iter_mut().find(|(of, count)| *of == why || *count == 0) {
            *place = (why, place.1 + 1);
        }
    }

    /// Adds a packet for the application behind the port, stored behind its virtio-net header.
    pub(crate) fn push_packet(&mut self, stored: &'a [u8]) {
        // No more come than there are slots.
        if let Some(place) = self.packets.get_mut(self.packet_count) {
            *place = stored;
            self.packet_count += 1;
        }
    }

    /// Returns the packets for the application behind the port.
    pub(crate) fn packets(&self) -> &[&'a [u8]] {
        self.packets.get(..self.packet_count).unwrap_or_default()
    }

    pub(crate) fn frames(&self) -> &[LinuxBuf<'a>] {
        self.frames.get(..self.count).unwrap_or_default()
    }
}
