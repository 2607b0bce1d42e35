//! Frames in memory, and where their stations are.

use frame::{Instant, Mac, PortId};
use std::time::Duration;

/// Frames of one batch: they came in on one port.
pub(crate) const BATCH: usize = 32;
/// The first 64 octets of a frame: one cache line.
pub(crate) type Octets = [u8; 64];

/// A ring of batches, played round and round.
pub(crate) struct Traffic {
    pub(crate) batches: Vec<(PortId, [Octets; BATCH])>,
    pub(crate) addresses: usize,
}

/// How the frames of a ring look.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Stations, spread evenly over the ports, four at least on each that has any.
    pub(crate) addresses: usize,
    /// Ports 1 to this many.
    pub(crate) ports: usize,
    pub(crate) destination: Destination,
}

/// To whom the frames go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Destination {
    /// To a station on another port.
    Known,
    Broadcast,
}

impl Traffic {
    /// Makes a ring of one frame an address, 65,536 at least: they do not come out of the first caches, and no
    /// predictor learns them by heart. Every station sends at least once in a round, in no order that could be guessed.
    pub(crate) fn new(shape: Shape) -> Self {
        let Shape { addresses, ports, destination } = shape;
        let senders = ports.min(addresses / 4).max(2);
        let per_port = addresses / senders;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let order = random.permutation(per_port);
        let count = addresses.max(65_536).next_multiple_of(BATCH * senders) / BATCH;
        let batches = (0..count).map(|number| {
            let port = number % senders;
            let frames = std::array::from_fn(|place| {
                let turn = number / senders * BATCH + place;
                let station = order.get(turn).copied().unwrap_or_else(|| random.below(per_port));
                let source = station * senders + port;
                let target = random.below(senders - 1);
                let target_port = if target >= port { target + 1 } else { target };
                let target = random.below(per_port) * senders + target_port;
                let dst = if destination == Destination::Known { address(target) } else { Mac::BROADCAST };
                octets(dst, address(source))
            });
            (PortId::from_low_bits(port as u64 + 1), frames)
        });
        Self { batches: batches.collect(), addresses }
    }

    pub(crate) fn frames(&self) -> usize {
        self.batches.len() * BATCH
    }
}

/// The address of a station: scattered like those of many vendors, each another (the factor is odd).
fn address(station: usize) -> Mac {
    let [_, _, _, b, c, d, e, f] = (station as u64).wrapping_mul(0x9e_3779_b97f_4a7d).to_be_bytes();
    Mac([0x02, b, c, d, e, f])
}

fn octets(dst: Mac, src: Mac) -> Octets {
    let mut octets = [0; 64];
    for (octet, from) in octets.iter_mut().zip(dst.0.into_iter().chain(src.0).chain([8, 0, 0x45])) {
        *octet = from;
    }
    octets
}

/// Time as it passes while ten million frames a second come in.
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::from_secs(1))
    }

    #[inline]
    pub(crate) fn next_batch(&mut self) -> Instant {
        self.0 = self.0.plus(Duration::from_micros(3));
        self.0
    }
}

struct Random(u64);

impl Random {
    fn permutation(&mut self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        (1..length).rev().for_each(|last| order.swap(last, self.below(last + 1)));
        order
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}
