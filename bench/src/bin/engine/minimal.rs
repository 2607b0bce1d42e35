//! The least that a learning switch does: the yardstick.
//!
//! A table of cache lines, each with five addresses, their ports and when they were heard. A batch of frames is hashed
//! first and looked up then: the source is entered or its time renewed, the destination gives the port, whose queue
//! gets the frame. No key that makes the hash hard to aim at, no ageing, VLANs, policy or counters, and one thread.

use crate::traffic::{BATCH, Clock, Octets, Traffic};
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

const WAYS: usize = 5;

/// Five stations: address in the high 48 bits, port in the low 16; and when each was heard.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    stations: [u64; WAYS],
    heard: [u32; WAYS],
}

pub(crate) struct Minimal {
    lines: Vec<Line>,
    shift: u32,
    pub(crate) queues: Queues,
}

impl Minimal {
    /// Makes a table of so many bytes, a power of two.
    pub(crate) fn new(bytes: usize) -> Self {
        let lines = bytes / size_of::<Line>();
        Self { lines: vec![Line::default(); lines], shift: 64 - lines.trailing_zeros(), queues: Queues::new() }
    }

    fn batch(&mut self, from: PortId, frames: &[Octets; BATCH], micros: u64) {
        let mut sources = [(0, 0); BATCH];
        let mut destinations = [(0, 0); BATCH];
        for ((octets, source), destination) in frames.iter().zip(&mut sources).zip(&mut destinations) {
            let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *octets;
            let dst = u64::from_be_bytes([a, b, c, d, e, f, 0, 0]);
            let src = u64::from_be_bytes([g, h, i, j, k, l, 0, 0]);
            *source = (src, hash(src, self.shift));
            *destination = (dst, hash(dst, self.shift));
        }
        for (number, (&(src, home), &(dst, aim))) in sources.iter().zip(&destinations).enumerate() {
            self.learn(src | u64::from(from.get()), home, micros as u32);
            if let Some(port) = self.find(dst, aim) {
                self.queues.append(port, number as u32, 0);
            }
        }
        self.queues.flush();
    }

    #[inline]
    fn learn(&mut self, station: u64, home: usize, now: u32) {
        let mask = self.lines.len() - 1;
        // A line that is full spills into the next.
        for at in [home, home + 1] {
            let line = &mut self.lines[at & mask];
            for way in 0..WAYS {
                if line.stations[way] & !0xffff == station & !0xffff || line.stations[way] == 0 {
                    line.stations[way] = station;
                    line.heard[way] = now;
                    return;
                }
            }
        }
    }

    #[inline]
    fn find(&self, address: u64, home: usize) -> Option<u64> {
        let mask = self.lines.len() - 1;
        [home, home + 1].into_iter().find_map(|at| {
            let stations = &self.lines[at & mask].stations;
            stations.iter().find(|&&station| station & !0xffff == address).map(|station| station & 0xffff)
        })
    }

    pub(crate) fn play(&mut self, traffic: &Traffic, clock: &mut Clock) {
        for (from, frames) in &traffic.batches {
            self.batch(*from, frames, clock.next_batch().as_micros());
        }
    }
}

/// A multiplicative hash, folded so that every bit of an address counts.
#[inline]
fn hash(address: u64, shift: u32) -> usize {
    let product = u128::from(address ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    ((product as u64 ^ (product >> 64) as u64) >> shift) as usize
}
