//! Seeing frames on their way through a bridge, and answering some of them instead of flooding them.

use crate::flood::FloodClass;
use crate::worker::{Verdict, Worker};
use frame::{Frame, HEADER_BYTES, Instant, Mac, Meta, PortId, TAG_BYTES};

/// Looks at frames that the engine lets in, while a port's configuration [suppresses](crate::Suppress) anything.
///
/// What it knows of protocols is its own business; the engine tells it where a frame is from and where it would go.
pub trait Watch {
    /// Returns whether a frame is to be shown. Asked for every frame, so it should look at the EtherType at most.
    fn wants(&self, frame: &Frame) -> bool;
    /// Looks at a frame.
    fn see(&mut self, sighting: &Sighting<'_>) -> Next;
}

/// What happens to a frame that was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Next {
    /// It goes on.
    Pass,
    /// It is answered, and ends here. Only for what [may be](Sighting::may_be_taken).
    Taken,
}

/// A frame that was let in, and that the engine is about to send on.
pub struct Sighting<'a> {
    /// The port that it came in on.
    pub from: PortId,
    /// The VLAN that it is in; 0 for none.
    pub vid: u16,
    /// Its header.
    pub frame: &'a Frame,
    /// What is known of it beside its bytes.
    pub meta: &'a Meta,
    /// The present.
    pub now: Instant,
    head: &'a [u8],
    worker: &'a Worker,
    is_to_group: bool,
}

impl<'a> Sighting<'a> {
    pub(crate) fn new(
        worker: &'a Worker,
        from: PortId,
        frame: &'a Frame,
        head: &'a [u8],
        meta: &'a Meta,
        verdict: &Verdict,
        now: Instant,
    ) -> Option<Self> {
        let is_to_group = match verdict {
            Verdict::Drop(_) => return None,
            Verdict::Unicast { .. } => false,
            Verdict::Flood(flood) => match flood.why() {
                FloodClass::Broadcast | FloodClass::Multicast => true,
                FloodClass::Unknown => false,
            },
        };
        let vid = worker.vid_of(from, frame)?;
        Some(Self { from, vid, frame, meta, now, head, worker, is_to_group })
    }

    /// Returns what follows the header and the outermost tag, as far as the platform shows it contiguously.
    pub fn payload(&self) -> &'a [u8] {
        let inline_tag = self.frame.tag.is_some() && self.meta.stripped.is_none();
        let start = if inline_tag { HEADER_BYTES + TAG_BYTES } else { HEADER_BYTES };
        self.head.get(start..).unwrap_or_default()
    }

    /// Returns whether the frame is to many, and its port is one that suppresses in its VLAN.
    ///
    /// A frame to one station never is: who sends it wants to hear from that station, be it known or not.
    pub fn may_be_taken(&self) -> bool {
        self.is_to_group && self.worker.suppresses(self.from, self.vid)
    }

    /// Returns whether a frame to a station, from the same port and in the same VLAN, would reach it, and not by way of
    /// a flood: it is known on another port that is up, of the VLAN, and not isolated from this one.
    pub fn reaches(&self, station: Mac) -> bool {
        self.worker.reaches(self.from, self.vid, self.frame, station)
    }
}

/// What sees nothing.
pub(crate) struct Unwatched;

impl Watch for Unwatched {
    #[inline(always)]
    fn wants(&self, _frame: &Frame) -> bool {
        false
    }

    fn see(&mut self, _sighting: &Sighting<'_>) -> Next {
        Next::Pass
    }
}

#[cfg(test)]
mod tests;
