//! The least that a learning switch does: the yardstick.
//!
//! One table with a multiplicative hash that anybody can compute, linear probing, no ageing, no VLANs, no policy, no
//! counters, one thread. It has as many slots of as many bytes as the engine's table.

use crate::traffic::{Clock, Octets, Traffic};
use frame::PortId;

/// 64 output queues, emptied after each batch.
pub(crate) struct Queues {
    queues: Vec<[(u32, u32); 64]>,
    lengths: [usize; 64],
    pub(crate) sent: u64,
}

impl Queues {
    pub(crate) fn new() -> Self {
        Self { queues: vec![[(0, 0); 64]; 64], lengths: [0; 64], sent: 0 }
    }

    #[inline]
    pub(crate) fn append(&mut self, port: u64, frame: u32, edit: u32) {
        let queue = port as usize % 64;
        let length = self.lengths[queue];
        self.queues[queue][length % 64] = (frame, edit);
        self.lengths[queue] = length + 1;
    }

    pub(crate) fn flush(&mut self) {
        for length in &mut self.lengths {
            self.sent += *length as u64;
            *length = 0;
        }
    }
}

pub(crate) struct Minimal {
    slots: Vec<(u64, u64)>,
    shift: u32,
    pub(crate) queues: Queues,
}

impl Minimal {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots: vec![(0, 0); slots], shift: 64 - slots.trailing_zeros(), queues: Queues::new() }
    }

    fn batch(&mut self, from: PortId, frames: &[Octets], micros: u64) {
        for (number, octets) in frames.iter().enumerate() {
            let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *octets;
            let dst = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
            let src = u64::from_le_bytes([g, h, i, j, k, l, 0, 0]);
            let seen = micros << 16 | u64::from(from.get());
            let slot = probe(&self.slots, self.shift, src);
            self.slots[slot] = (src, seen);
            let (key, value) = self.slots[probe(&self.slots, self.shift, dst)];
            if key == dst {
                self.queues.append(value & 0xffff, number as u32, 0);
            }
        }
        self.queues.flush();
    }

    pub(crate) fn play(&mut self, traffic: &Traffic, clock: &mut Clock) {
        for (from, frames) in &traffic.batches {
            self.batch(*from, frames, clock.next_batch().as_micros());
        }
    }
}

/// Returns the slot that holds a key, or the empty one where it belongs.
#[inline]
fn probe(slots: &[(u64, u64)], shift: u32, key: u64) -> usize {
    let mask = slots.len() - 1;
    let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize & mask;
    while slots[slot].0 != key && slots[slot].0 != 0 {
        slot = (slot + 1) & mask;
    }
    slot
}
