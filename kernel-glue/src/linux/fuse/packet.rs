//! Buffers for packets between the data plane and the programs, used again and again.

use super::super::buffer::SLOT_BYTES;
use frame::offload::{Offload, VNET_BYTES};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A packet behind its virtio-net header, in a buffer that returns to its pool when dropped.
#[derive(Debug)]
pub struct Packet {
    buffer: Box<[u8]>,
    filled: usize,
    pool: Pool,
}

/// Where packets get their buffers.
///
/// There are two sizes, for a packet of an Ethernet without jumbo frames and for the largest of all. How many of the
/// first are out is bounded by the queues that hold them; how many of the second also by number.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Sizes>);

#[derive(Debug)]
struct Sizes {
    small: Shelf,
    large: Shelf,
}

/// Buffers of one size.
#[derive(Debug)]
struct Shelf {
    bytes: usize,
    /// How many may be out.
    most: usize,
    out: AtomicUsize,
    /// Those that were out and will be again; beyond its capacity they are freed.
    free: Mutex<Vec<Box<[u8]>>>,
}

impl Packet {
    /// Returns what is left to do for the packet.
    pub fn offload(&self) -> Offload {
        self.buffer.first_chunk().and_then(Offload::from_vnet).unwrap_or_default()
    }

    /// Returns the packet itself.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(VNET_BYTES..self.filled).unwrap_or_default()
    }

    /// Returns the packet with its virtio-net header before it.
    pub(in crate::linux) fn stored(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        self.pool.shelf(self.buffer.len()).put_back(core::mem::take(&mut self.buffer));
    }
}

impl Pool {
    /// Makes a pool without buffers; they come as they are needed.
    #[must_use]
    pub fn new() -> Self {
        let small = Shelf::new(SMALL_BYTES, usize::MAX, SMALL_KEPT);
        let large = Shelf::new(SLOT_BYTES, LARGE_OUT, LARGE_KEPT);
        Self(Arc::new(Sizes { small, large }))
    }

    /// Copies a packet, `None` if it is longer than any may be or too many large ones are out.
    #[must_use]
    pub fn packet(&self, offload: &Offload, packet: &[u8]) -> Option<Packet> {
        let filled = VNET_BYTES + packet.len();
        let mut buffer = self.shelf(filled).take()?;
        let stored = buffer.get_mut(..filled).map(|stored| stored.split_at_mut(VNET_BYTES));
        let Some((header, body)) = stored else {
            self.shelf(buffer.len()).put_back(buffer);
            return None;
        };
        header.copy_from_slice(&offload.to_vnet());
        body.copy_from_slice(packet);
        Some(Packet { buffer, filled, pool: self.clone() })
    }

    fn shelf(&self, bytes: usize) -> &Shelf {
        if bytes <= SMALL_BYTES { &self.0.small } else { &self.0.large }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Shelf {
    fn new(bytes: usize, most: usize, kept: usize) -> Self {
        Self { bytes, most, out: AtomicUsize::new(0), free: Mutex::new(Vec::with_capacity(kept)) }
    }

    fn take(&self) -> Option<Box<[u8]>> {
        if self.out.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.out.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let free = self.lock().pop();
        Some(free.unwrap_or_else(|| vec![0; self.bytes].into()))
    }

    fn put_back(&self, buffer: Box<[u8]>) {
        self.out.fetch_sub(1, Ordering::Relaxed);
        let mut free = self.lock();
        if free.len() < free.capacity() {
            free.push(buffer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        // No step between lock and unlock can panic half-way through a change.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An Ethernet frame with two tags and its virtio-net header, with room to spare.
const SMALL_BYTES: usize = 2048;
/// Two full queues of the longest kind: 8 MiB.
const SMALL_KEPT: usize = 4096;
/// Some 36 MiB: a queue of default length full of the largest packets.
const LARGE_OUT: usize = 512;
/// Some 4 MiB.
const LARGE_KEPT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again() {
        let pool = Pool::new();
        for bytes in [0, 60, 1514, 2038, 2039, 65_535] {
            let body = vec![7; bytes];
            let packet = pool.packet(&Offload::default(), &body).unwrap();
            assert_eq!(packet.bytes(), body, "{bytes}");
            let address = packet.buffer.as_ptr();
            drop(packet);
            let again = pool.packet(&Offload::default(), &body).unwrap();
            assert_eq!(again.buffer.as_ptr(), address, "{bytes}");
        }
        assert!(pool.packet(&Offload::default(), &vec![0; SLOT_BYTES]).is_none());
        assert_eq!(pool.0.large.out.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn large_packets_are_bounded() {
        let pool = Pool::new();
        let body = vec![0; 65_535];
        let out: Vec<_> = (0..LARGE_OUT + 3).filter_map(|_| pool.packet(&Offload::default(), &body)).collect();
        assert_eq!(out.len(), LARGE_OUT);
        assert!(pool.packet(&Offload::default(), &[0; 60]).is_some());
        drop(out);
        assert!(pool.packet(&Offload::default(), &body).is_some());
    }
}
