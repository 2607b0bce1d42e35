//! What decides where frames go: a bridge's engine, or nothing but the side they come from.

use super::super::buffer::LinuxBuf;
use super::super::clock;
use super::super::counts::PortMeter;
use super::super::io::Io;
use super::super::neighbours::Relay;
use super::super::plane::{BridgeId, PlaneEvent};
use super::super::transmit::{Medium, Tally};
use super::Reporter;
use bridge::PortCounters;
use frame::{DropReason, FrameBuf, PortId, Ports, TagEdit};
use std::sync::Arc;

/// Two ports joined: what enters one leaves the other, whatever it is.
///
/// A wire is numbered as a bridge is. Its ports are [`PortId::HOST`], the kernel interface, and [`Wire::NODE`]. Clones
/// are the same wire.
#[derive(Clone, Debug, Default)]
pub struct Wire(Arc<[PortMeter; 2]>);

impl Wire {
    /// The port of the application face.
    pub const NODE: PortId = PortId::from_low_bits(1);

    /// Returns what passed a port, all workers together.
    pub fn port_counters(&self, port: PortId) -> PortCounters {
        self.meter(port).read()
    }

    fn meter(&self, port: PortId) -> &PortMeter {
        let [host, node] = &*self.0;
        if port == PortId::HOST { host } else { node }
    }

    fn run<'a>(&self, io: &mut Io<'_, 'a>, from: PortId, frames: &[LinuxBuf<'a>]) {
        let to = if from == PortId::HOST { Self::NODE } else { PortId::HOST };
        let bytes = frames.iter().map(|frame| u64::from(frame.meta().bytes)).sum();
        self.meter(from).rx.pass(frames.len() as u64, bytes);
        if !io.has(to) {
            return self.meter(to).tx.drop(DropReason::PortDown, frames.len() as u64);
        }
        frames.iter().for_each(|frame| io.send(to, *frame, TagEdit::Keep));
        io.flush();
    }
}

/// A bridge or a wire, as one worker serves it.
pub(in super::super) enum Engine {
    Bridge(Box<Relay>),
    Wire(Wire),
}

impl Engine {
    /// Chooses how a port is sent to. What passes a wire is the kernel's or a program's; what passes a bridge goes on as
    /// it is, to whoever it may concern.
    pub(super) fn medium(&self, medium: Medium) -> Medium {
        match self {
            Self::Bridge(_) => medium,
            Self::Wire(_) => medium.joining(),
        }
    }

    /// Carries a burst that came in on a port.
    pub(super) fn run<'a>(&mut self, io: &mut Io<'_, 'a>, from: PortId, frames: &[LinuxBuf<'a>]) {
        match self {
            Self::Bridge(relay) => relay.run(io, from, frames, clock::monotonic()),
            Self::Wire(wire) => wire.run(io, from, frames),
        }
    }

    /// Counts frames that were lost before they could be carried.
    pub(super) fn lose(&mut self, from: PortId, why: DropReason, frames: u32) {
        match self {
            Self::Bridge(relay) => (0..frames).for_each(|_| relay.engine.drop_frame(from, why)),
            Self::Wire(wire) => wire.meter(from).rx.drop(why, frames.into()),
        }
    }

    /// Counts what became of frames that left by a port.
    pub(super) fn book(&mut self, port: PortId, tally: &Tally) {
        match self {
            Self::Bridge(relay) => book(&mut relay.engine, port, tally),
            Self::Wire(wire) => {
                let meter = &wire.meter(port).tx;
                meter.pass(tally.frames.into(), tally.bytes.into());
                meter.drop_all(&tally.drops);
            }
        }
    }

    /// Hands on what the engine has to tell.
    pub(super) fn tell(&mut self, bridge: BridgeId, reporter: &mut Reporter) {
        let worker = match self {
            Self::Bridge(relay) => &mut relay.engine,
            Self::Wire(_) => return,
        };
        while let Some(event) = worker.poll_event() {
            match event {
                bridge::Event::Moved { vid, mac, from, to } => {
                    reporter.report(PlaneEvent::AddressMoved { bridge, vid, mac, from, to });
                }
                // Too many to be told one by one: whoever fills the table would fill the queue.
                bridge::Event::Learned { .. } | bridge::Event::Evicted { .. } => {}
            }
        }
    }
}

fn book(engine: &mut bridge::Worker, port: PortId, tally: &Tally) {
    // The engine counts frame by frame; all bytes of a burst, 2 MiB at most, are booked with its first frame.
    let mut bytes = tally.bytes;
    for _ in 0..tally.frames {
        engine.sent(port, bytes);
        bytes = 0;
    }
    for (why, count) in tally.drops.nonzero() {
        (0..count).for_each(|_| engine.drop_at(port, why));
    }
}
