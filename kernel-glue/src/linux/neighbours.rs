//! What the workers of a bridge learn of neighbours, and answer instead of flooding.

use super::buffer::{BURST, LinuxBuf};
use super::io::Io;
use crate::neighbours;
use arp::{Binding, BindingCounters, Bindings, NeighbourFrame};
use bridge::{Next, Sighting, Watch};
use frame::offload::{Offload, VNET_BYTES};
use frame::{Frame, Instant, Meta, PortId, Tag};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has which address on one bridge, as its workers know it together.
///
/// There is a table only while somebody has started it: where nothing is suppressed, nothing has to be known.
#[derive(Debug, Default)]
pub struct BridgeNeighbours(Mutex<Option<Bindings>>);

impl BridgeNeighbours {
    /// Begins to learn, unless that has begun. `secret` comes from the system's random source.
    pub fn start(&self, secret: [u64; 2]) {
        self.lock().get_or_insert_with(|| neighbours::table(secret));
    }

    /// Forgets everything, and learns nothing.
    pub fn stop(&self) {
        *self.lock() = None;
    }

    /// Lists what is known.
    pub fn list(&self, now: Instant) -> Vec<Binding> {
        self.lock().as_ref().map(|bindings| bindings.iter(now).copied().collect()).unwrap_or_default()
    }

    /// Returns what happened since learning began; nothing while it has not.
    pub fn counters(&self) -> BindingCounters {
        self.lock().as_ref().map(|bindings| *bindings.counters()).unwrap_or_default()
    }

    /// Forgets what was learned on a port.
    pub fn forget_port(&self, port: PortId) {
        if let Some(bindings) = &mut *self.lock() {
            bindings.forget_port(port);
        }
    }

    /// Forgets all that was learned.
    pub fn flush(&self) {
        if let Some(bindings) = &mut *self.lock() {
            bindings.flush();
        }
    }

    /// Held for one neighbour's message or one listing.
    fn lock(&self) -> MutexGuard<'_, Option<Bindings>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bridge's engine as one worker serves it, with what it answers by itself.
pub(super) struct Relay {
    pub(super) engine: bridge::Worker,
    neighbours: Arc<BridgeNeighbours>,
    answers: heapless::Vec<Answer, BURST>,
}

/// An answer that waits for the end of the burst that asked.
struct Answer {
    /// Virtio-net header, then the frame.
    stored: heapless::Vec<u8, { VNET_BYTES + NEIGHBOUR_BYTES }>,
    /// The tag that the question had.
    tag: Option<Tag>,
}

impl Relay {
    pub(super) fn new(engine: bridge::Worker, neighbours: Arc<BridgeNeighbours>) -> Self {
        Self { engine, neighbours, answers: heapless::Vec::new() }
    }

    /// Carries a burst that came in on a port, and answers by the same port what of it needs no flood.
    pub(super) fn run<'a>(&mut self, io: &mut Io<'_, 'a>, from: PortId, frames: &[LinuxBuf<'a>], now: Instant) {
        let mut watch = Watcher { neighbours: &self.neighbours, answers: &mut self.answers };
        bridge::run_watched(&mut self.engine, io, &mut watch, from, frames.iter().copied(), now);
        if !self.answers.is_empty() {
            self.answer(io, from);
        }
    }

    #[cold]
    fn answer(&mut self, io: &mut Io<'_, '_>, to: PortId) {
        let own = (0..).zip(&self.answers).map(|(index, answer)| {
            let bytes = (answer.stored.len() - VNET_BYTES) as u32;
            LinuxBuf::own(&answer.stored, Meta { bytes, offload: Offload::default(), stripped: answer.tag }, index)
        });
        io.send_own(to, &own.collect::<heapless::Vec<_, BURST>>());
        self.answers.clear();
    }
}

/// Sees neighbours' messages on their way through the engine.
struct Watcher<'w> {
    neighbours: &'w BridgeNeighbours,
    answers: &'w mut heapless::Vec<Answer, BURST>,
}

impl Watch for Watcher<'_> {
    #[inline]
    fn wants(&self, frame: &Frame) -> bool {
        neighbours::concerns(frame)
    }

    fn see(&mut self, sighting: &Sighting<'_>) -> Next {
        let Some(message) = neighbours::message(sighting) else { return Next::Pass };
        let mut locked = self.neighbours.lock();
        let Some(bindings) = &mut *locked else { return Next::Pass };
        let answer = neighbours::see(bindings, &message, sighting);
        let answer = answer.and_then(|answer| Answer::new(&answer, sighting.frame.tag));
        match answer.is_some_and(|answer| self.answers.push(answer).is_ok()) {
            true => Next::Taken,
            false => Next::Pass,
        }
    }
}

impl Answer {
    fn new(frame: &NeighbourFrame, tag: Option<Tag>) -> Option<Self> {
        let mut stored = heapless::Vec::new();
        stored.extend_from_slice(&Offload::default().to_vnet()).ok()?;
        stored.extend_from_slice(frame).ok()?;
        Some(Self { stored, tag })
    }
}

/// What a [`NeighbourFrame`] holds at most.
const NEIGHBOUR_BYTES: usize = 128;

#[cfg(test)]
mod tests;
