//! Room for packets that a link keeps: those that wait for a neighbour's address, and those of its own making.

use alloc::boxed::Box;
use alloc::vec;
use frame::HEADER_BYTES;
use frame::offload::{Offload, VNET_BYTES};

/// Packets that a link keeps at once: all that may wait for neighbours, and as many as are its own beside them.
pub(super) const SLOTS: usize = arp::MAX_HELD + OWN_SLOTS;
/// Packets that are on their way in any case: fragments, errors, copies, what a client says. A guess: one datagram of
/// 64 KiB in fragments of 1,500 bytes, and some.
const OWN_SLOTS: usize = 64;
const _: () = assert!(SLOTS > arp::MAX_HELD, "who waits leaves room for what does not");
const _: () = assert!(SLOTS <= u8::MAX as usize, "slots are numbered by octets");
/// Bytes of the longest packet that is kept. A super-packet is longer, and lost: its sender repeats it.
pub(super) const PACKET_BYTES: usize = 2048 - HEADER_BYTES;
const SLOT_BYTES: usize = HEADER_BYTES + PACKET_BYTES;

/// A packet in the slab. Whoever has it gives it back.
#[derive(Debug)]
pub(super) struct Slot(u8);

/// Packets behind room for an Ethernet header each.
pub(super) struct Slab {
    memory: Box<[u8]>,
    kept: Box<[Kept]>,
    free: Box<heapless::Vec<u8, SLOTS>>,
}

#[derive(Clone, Copy, Default)]
struct Kept {
    packet_bytes: u16,
    offload: Offload,
}

/// Slots in the order in which they are to be sent.
pub(super) type Queue = Box<heapless::Deque<Slot, SLOTS>>;

impl Slab {
    pub(super) fn new() -> Self {
        let (memory, kept) = (vec![0; SLOTS * SLOT_BYTES].into(), vec![Kept::default(); SLOTS].into());
        let mut slab = Self { memory, kept, free: Box::default() };
        slab.clear();
        slab
    }

    /// Takes all packets back, whoever has them. Nobody may use one afterwards.
    pub(super) fn clear(&mut self) {
        self.free.clear();
        self.free.extend(0..SLOTS as u8);
    }

    /// Returns whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Keeps what `write` puts into a packet's room, unless that is nothing or there is no room.
    pub(super) fn keep(&mut self, offload: Offload, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<Slot> {
        let number = self.free.pop()?;
        let slot = Slot(number);
        let written = self.room(&slot).get_mut(HEADER_BYTES..).and_then(write).filter(|&bytes| bytes <= PACKET_BYTES);
        self.filled(slot, written, offload)
    }

    fn filled(&mut self, slot: Slot, bytes: Option<usize>, offload: Offload) -> Option<Slot> {
        let Some(bytes) = bytes else {
            self.give_back(slot);
            return None;
        };
        if let Some(kept) = self.kept.get_mut(usize::from(slot.0)) {
            *kept = Kept { packet_bytes: bytes as u16, offload };
        }
        Some(slot)
    }

    /// Keeps what `write` makes of a packet that is kept already.
    pub(super) fn keep_from(
        &mut self,
        slot: &Slot,
        write: impl FnOnce(&[u8], &mut [u8]) -> Option<usize>,
    ) -> Option<Slot> {
        let start = usize::from(slot.0) * SLOT_BYTES + HEADER_BYTES;
        let packet = start..start + usize::from(self.kept(slot).packet_bytes);
        let number = self.free.pop()?;
        let room = usize::from(number) * SLOT_BYTES + HEADER_BYTES;
        let both = self.memory.get_disjoint_mut([packet, room..room + PACKET_BYTES]).ok();
        let written = both.and_then(|[packet, room]| write(packet, room)).filter(|&bytes| bytes <= PACKET_BYTES);
        self.filled(Slot(number), written, Offload::default())
    }

    /// Keeps a copy.
    pub(super) fn copy(&mut self, packet: &[u8], offload: Offload) -> Option<Slot> {
        self.keep(offload, |room| {
            room.get_mut(..packet.len())?.copy_from_slice(packet);
            Some(packet.len())
        })
    }

    /// Returns a packet.
    pub(super) fn packet(&self, slot: &Slot) -> &[u8] {
        let start = usize::from(slot.0) * SLOT_BYTES + HEADER_BYTES;
        self.memory.get(start..start + self.kept(slot).packet_bytes as usize).unwrap_or_default()
    }

    /// Puts an Ethernet header before a packet.
    pub(super) fn set_header(&mut self, slot: &Slot, header: [u8; HEADER_BYTES]) {
        if let Some(room) = self.room(slot).first_chunk_mut() {
            *room = header;
        }
    }

    /// Moves a packet with its Ethernet header into `stored`, the virtio-net header before it, and returns their bytes.
    pub(super) fn move_frame(&mut self, slot: Slot, stored: &mut [u8]) -> Option<usize> {
        let offload = self.kept(&slot).offload.shifted(HEADER_BYTES as i16);
        let moved = self.write(&slot, 0, offload, stored);
        self.give_back(slot);
        moved
    }

    /// Moves a packet into `stored`, the virtio-net header before it, and returns their bytes.
    pub(super) fn move_packet(&mut self, slot: Slot, stored: &mut [u8]) -> Option<usize> {
        let moved = self.write(&slot, HEADER_BYTES, self.kept(&slot).offload, stored);
        self.give_back(slot);
        moved
    }

    pub(super) fn give_back(&mut self, slot: Slot) {
        // There are as many places as slots.
        let _ = self.free.push(slot.0);
    }

    fn write(&self, slot: &Slot, from: usize, offload: Offload, stored: &mut [u8]) -> Option<usize> {
        let start = usize::from(slot.0) * SLOT_BYTES;
        let end = start + HEADER_BYTES + usize::from(self.kept(slot).packet_bytes);
        let bytes = self.memory.get(start + from..end)?;
        let (header, room) = stored.split_first_chunk_mut::<VNET_BYTES>()?;
        room.get_mut(..bytes.len())?.copy_from_slice(bytes);
        *header = offload.to_vnet();
        Some(VNET_BYTES + bytes.len())
    }

    fn kept(&self, slot: &Slot) -> Kept {
        self.kept.get(usize::from(slot.0)).copied().unwrap_or_default()
    }

    fn room(&mut self, slot: &Slot) -> &mut [u8] {
        let start = usize::from(slot.0) * SLOT_BYTES;
        self.memory.get_mut(start..start + SLOT_BYTES).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_slab_keeps_so_many_packets_and_takes_them_back() {
        let mut slab = Slab::new();
        let slots: Vec<_> = (0..SLOTS).map(|n| slab.copy(&[n as u8; 60], Offload::default()).unwrap()).collect();
        assert!(slab.copy(&[0; 60], Offload::default()).is_none(), "full");
        let mut stored = [0; 128];
        for (n, slot) in slots.into_iter().enumerate() {
            slab.set_header(&slot, [0xee; HEADER_BYTES]);
            assert_eq!(slab.packet(&slot), [n as u8; 60]);
            assert_eq!(slab.move_frame(slot, &mut stored), Some(VNET_BYTES + HEADER_BYTES + 60));
            assert_eq!(stored[VNET_BYTES..VNET_BYTES + HEADER_BYTES], [0xee; HEADER_BYTES]);
        }
        let long = [0; PACKET_BYTES + 1];
        assert!(slab.copy(&long, Offload::default()).is_none(), "too long");
        assert!(slab.copy(&long[1..], Offload::default()).is_some());
    }
}
