//! What a bridge's worker learns of neighbours, and answers instead of flooding.

use crate::kernel::Lock;
use crate::net_buffer::NetBuf;
use alloc::vec::Vec;
use arp::{Binding, Bindings, NeighbourFrame};
use bridge::{Next, Sighting, Watch};
use frame::{Frame, Instant, PortId, Tag};
use kernel_glue::neighbours;

/// Who has which address on one bridge.
///
/// There is a table only while somebody has started it: where nothing is suppressed, nothing has to be known.
pub(crate) struct Neighbours(Lock<Option<Bindings>>);

impl Neighbours {
    pub(super) fn new() -> Self {
        Self(Lock::new(c"trestle neighbours", None))
    }

    /// Begins to learn, unless that has begun. `secret` comes from the random source.
    pub(crate) fn start(&self, secret: [u64; 2]) {
        self.0.lock().get_or_insert_with(|| neighbours::table(secret));
    }

    /// Forgets everything, and learns nothing.
    pub(crate) fn stop(&self) {
        *self.0.lock() = None;
    }

    /// Returns how many are known; `None` while nobody has started it.
    pub(crate) fn known(&self) -> Option<usize> {
        self.0.lock().as_ref().map(Bindings::len)
    }

    /// Lists what is known.
    pub(crate) fn list(&self, now: Instant) -> Vec<Binding> {
        self.0.lock().as_ref().map(|bindings| bindings.iter(now).copied().collect()).unwrap_or_default()
    }

    /// Forgets what was learned on a port.
    pub(crate) fn forget_port(&self, port: PortId) {
        if let Some(bindings) = &mut *self.0.lock() {
            bindings.forget_port(port);
        }
    }

    /// Forgets all that was learned.
    pub(crate) fn flush(&self) {
        if let Some(bindings) = &mut *self.0.lock() {
            bindings.flush();
        }
    }
}

/// Sees neighbours' messages on their way through the engine.
pub(super) struct Watcher<'w> {
    pub(super) neighbours: &'w Neighbours,
    /// Answers to the port that asked; room for a burst.
    pub(super) answers: &'w mut Vec<NetBuf>,
}

impl Watch for Watcher<'_> {
    #[inline]
    fn wants(&self, frame: &Frame) -> bool {
        neighbours::concerns(frame)
    }

    #[inline(never)]
    fn see(&mut self, sighting: &Sighting<'_>) -> Next {
        let Some(message) = neighbours::message(sighting) else { return Next::Pass };
        let answer = {
            let mut locked = self.neighbours.0.lock();
            locked.as_mut().and_then(|bindings| neighbours::see(bindings, &message, sighting))
        };
        if self.answers.len() == self.answers.capacity() {
            return Next::Pass;
        }
        match answer.and_then(|answer| tagged(&answer, sighting.frame.tag)) {
            Some(answer) => {
                self.answers.push(answer);
                Next::Taken
            }
            None => Next::Pass,
        }
    }
}

/// Makes a packet of an answer, with the tag that the question had.
fn tagged(answer: &NeighbourFrame, tag: Option<Tag>) -> Option<NetBuf> {
    let (addresses, rest) = answer.split_at_checked(ADDRESS_BYTES)?;
    let octets = tag.map(Tag::octets);
    NetBuf::from_pieces(&[addresses, octets.as_ref().map_or(&[], |octets| octets), rest])
}

/// Both addresses, which a tag follows.
const ADDRESS_BYTES: usize = 12;
