//! Bridges, links between their ports, and frames under way.

use bridge::{Bridge, Event, Worker};
use frame::{FrameBuf, Instant, Mac, Meta, PortId, Ports, TagEdit};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A port of a bridge, by number.
pub(crate) type At = (usize, u64);

pub(crate) struct Net {
    bridges: Vec<(Arc<Bridge>, Worker)>,
    links: BTreeMap<At, At>,
    under_way: VecDeque<(At, Vec<u8>)>,
    now: Instant,
    /// Frames that a bridge took in.
    pub(crate) carried: usize,
}

impl Net {
    pub(crate) fn new(bridges: Vec<Arc<Bridge>>) -> Self {
        let bridges = bridges.into_iter().map(|bridge| {
            let worker = bridge.worker(0).unwrap();
            (bridge, worker)
        });
        let (links, under_way) = (BTreeMap::new(), VecDeque::new());
        Self { bridges: bridges.collect(), links, under_way, now: Instant::from_secs(1), carried: 0 }
    }

    pub(crate) fn bridge(&self, index: usize) -> &Bridge {
        &self.bridges[index].0
    }

    pub(crate) fn link(&mut self, one: At, other: At) {
        self.links.insert(one, other);
        self.links.insert(other, one);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        self.bridges.iter().for_each(|(bridge, _)| bridge.on_timeout(self.now));
    }

    pub(crate) fn inject(&mut self, at: At, octets: Vec<u8>) {
        self.under_way.push_back((at, octets));
    }

    /// Carries on until nothing is under way; returns what left at ports without link, sorted.
    pub(crate) fn settle(&mut self) -> Vec<(At, Vec<u8>)> {
        let mut left = Vec::new();
        let end = self.carried + 10_000;
        while let Some(((index, number), octets)) = self.under_way.pop_front() {
            self.carried += 1;
            assert!(self.carried < end, "forwarding loop");
            let mut wires = Wires::default();
            let batch = [octets.into()].into_iter();
            bridge::run(&mut self.bridges[index].1, &mut wires, port(number), batch, self.now);
            for (to, octets) in wires.sent {
                let at = (index, u64::from(to.get()));
                match self.links.get(&at) {
                    Some(&far) => self.under_way.push_back((far, octets)),
                    None => left.push((at, octets)),
                }
            }
        }
        left.sort();
        left
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.bridges.iter_mut().flat_map(|(_, worker)| std::iter::from_fn(|| worker.poll_event())).collect()
    }
}

/// What one bridge sends.
#[derive(Default)]
pub(crate) struct Wires {
    pub(crate) sent: Vec<(PortId, Vec<u8>)>,
}

pub(crate) struct Buf(Vec<u8>);

impl From<Vec<u8>> for Buf {
    fn from(octets: Vec<u8>) -> Self {
        Self(octets)
    }
}

impl FrameBuf for Buf {
    fn head(&self) -> &[u8] {
        &self.0
    }

    fn meta(&self) -> Meta {
        Meta { bytes: self.0.len() as u32, ..Meta::default() }
    }

    fn share(&self) -> Option<Self> {
        Some(Self(self.0.clone()))
    }
}

impl Ports for Wires {
    type Buf = Buf;

    fn send(&mut self, to: PortId, frame: Buf, edit: TagEdit) {
        assert_eq!(edit, TagEdit::Keep, "no VLANs here");
        self.sent.push((to, frame.0));
    }

    fn flush(&mut self) {}
}

pub(crate) fn port(number: u64) -> PortId {
    PortId::from_low_bits(number)
}

pub(crate) fn host(number: u64) -> Mac {
    Mac::from_u64(0x0200_0000_0000 + number)
}

/// An untagged frame.
pub(crate) fn wire(dst: Mac, src: Mac) -> Vec<u8> {
    [&dst.0[..], &src.0, &[8, 0, 0x45]].concat()
}

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}
