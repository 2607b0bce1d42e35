//! A port as the worker serves it.

use super::edit;
use crate::bell::Alarm;
use crate::inlet::Inlet;
use crate::member::{Card, Member};
use crate::net_buffer::NetBuf;
use crate::unit::{Taken, Unit};
use alloc::boxed::Box;
use alloc::sync::Arc;
use frame::{DropCounts, DropReason, FrameBuf, PortId, TagEdit};

/// What a port is.
pub(super) enum Port {
    /// The bridge's own interface.
    Host(Arc<Unit>, Arc<Inlet<NetBuf>>),
    /// The application of a tap or tun, and what tells of its frames.
    Application(Arc<Unit>, Arc<Alarm>),
    /// An interface of another driver.
    Card(Box<Card>),
    /// One that is gone, until it is detached.
    Gone,
}

/// A port, and what became of the frames of the last burst that went to it.
pub(super) struct Seat {
    pub(super) port: Port,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    frames: u32,
    bytes: u32,
    drops: DropCounts,
}

impl Seat {
    #[inline(never)]
    pub(super) fn new(port: Port) -> Box<Self> {
        Box::new(Self { port, tally: Tally::default() })
    }

    /// Returns whether there may be frames to carry.
    pub(super) fn is_ready(&self) -> bool {
        match &self.port {
            Port::Host(_, inlet) => !inlet.is_empty(),
            Port::Application(_, alarm) => !alarm.is_armed(),
            Port::Card(card) => card.member().has_frames(),
            Port::Gone => false,
        }
    }

    /// Returns where the frames come from, apart from the seat, which frames may be sent to meanwhile.
    pub(super) fn source(&self) -> Option<Source> {
        match &self.port {
            Port::Host(_, inlet) => Some(Source::Host(Arc::clone(inlet))),
            Port::Application(unit, alarm) => {
                Some(Source::Application(Arc::clone(unit), Arc::clone(alarm), Life::Alive))
            }
            Port::Card(card) => Some(Source::Member(Arc::clone(card.member()))),
            Port::Gone => None,
        }
    }

    /// Sends a frame, and counts what became of it.
    pub(super) fn send(&mut self, frame: NetBuf, edit: TagEdit) {
        let bytes = frame.meta().bytes;
        match self.try_send(frame, edit) {
            Ok(()) => {
                self.tally.frames += 1;
                self.tally.bytes = self.tally.bytes.saturating_add(bytes);
            }
            Err(why) => self.tally.drops.add(why, 1),
        }
    }

    fn try_send(&self, frame: NetBuf, edit: TagEdit) -> Result<(), DropReason> {
        let frame = edited(frame, edit)?;
        match &self.port {
            Port::Host(unit, _) => match unit.host() {
                Some(host) => host.deliver(frame).map_err(|(_, why)| why),
                None => Err(DropReason::PortDown),
            },
            Port::Application(unit, _) => match unit.application() {
                Some(application) => match application.give(frame) {
                    Ok(None) => Ok(()),
                    // What a tun's peer does not get although the frame was taken is lost at this port all the same.
                    Ok(Some(why)) | Err((_, why)) => Err(why),
                },
                None => Err(DropReason::PortDown),
            },
            Port::Card(card) => card.send(frame),
            Port::Gone => Err(DropReason::PortDown),
        }
    }

    /// Books what became of the last burst's frames.
    pub(super) fn settle(&mut self, id: PortId, engine: &mut bridge::Worker) {
        let Tally { frames, mut bytes, drops } = core::mem::take(&mut self.tally);
        for _ in 0..frames {
            // The engine counts frame by frame; the bytes of all are booked with the first.
            engine.sent(id, core::mem::take(&mut bytes));
        }
        for (why, count) in drops.nonzero() {
            (0..count).for_each(|_| engine.drop_at(id, why));
        }
    }

    /// Books what the port lost on the way in.
    pub(super) fn settle_losses(&self, id: PortId, engine: &mut bridge::Worker) {
        let inlet = match &self.port {
            Port::Host(_, inlet) => inlet,
            Port::Card(card) => card.member().inlet(),
            Port::Application(..) | Port::Gone => return,
        };
        inlet.losses().take(|why, count| (0..count).for_each(|_| engine.drop_frame(id, why)));
    }
}

/// Where frames of a port come from.
pub(super) enum Source {
    Host(Arc<Inlet<NetBuf>>),
    Application(Arc<Unit>, Arc<Alarm>, Life),
    Member(Arc<Member>),
}

/// Whether a unit is still there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    Alive,
    Dead,
}

impl Source {
    /// Returns whether a unit was found to be gone.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self, Self::Application(_, _, Life::Dead))
    }
}

impl Iterator for Source {
    type Item = NetBuf;

    #[inline]
    fn next(&mut self) -> Option<NetBuf> {
        match self {
            Self::Host(inlet) => inlet.pop(),
            Self::Member(member) => member.inlet().pop(),
            Self::Application(unit, alarm, life) => match unit.application()?.take(alarm) {
                Taken::Frame(frame) => Some(frame),
                Taken::Nothing => None,
                Taken::Dead => {
                    *life = Life::Dead;
                    None
                }
            },
        }
    }
}

#[inline]
fn edited(frame: NetBuf, edit: TagEdit) -> Result<NetBuf, DropReason> {
    match edit::front(frame.head(), edit)? {
        None => Ok(frame),
        Some(front) => apply(frame, &front),
    }
}

/// Writes a new front. What it had is cut off and the new one put before the rest, into the same bytes: so in a frame that
/// shares its bytes with others, a copy is written to.
#[inline(never)]
fn apply(frame: NetBuf, front: &edit::Front) -> Result<NetBuf, DropReason> {
    let frame = frame.into_fresh().ok_or(DropReason::NoBuffer)?;
    let rest = frame.bytes().checked_sub(front.removed).ok_or(DropReason::Malformed)?;
    let frame = frame.cut(front.removed, rest).ok_or(DropReason::NoBuffer)?;
    frame.prepend(&front.written).ok_or(DropReason::NoBuffer)
}
