//! What waits for a bridge's worker at one port.

use crate::bell::Bell;
use crate::losses::Losses;
use crate::ring::Ring;
use alloc::sync::Arc;
use frame::DropReason;

/// The queue of a port whose frames are pushed: by the monitor of a member, or by those who send on the bridge's own
/// interface. `F` is a frame.
///
/// Each port has a queue of its own, so that one that is flooded loses frames itself, and the others none.
pub(crate) struct Inlet<F> {
    queue: Ring<F>,
    losses: Losses,
    bell: Arc<Bell>,
}

impl<F> Inlet<F> {
    /// Makes the queue of a port of a worker that waits at `bell`.
    #[inline(never)]
    pub(crate) fn new(bell: &Arc<Bell>) -> Self {
        Self { queue: Ring::new(QUEUE_FRAMES), losses: Losses::default(), bell: Arc::clone(bell) }
    }

    /// Queues a frame and wakes the worker; where there is no room, the frame comes back, and is counted.
    ///
    /// It neither waits, nor allocates, nor takes a lock, and may be called under any lock: while the worker is awake it
    /// does not even call the kernel.
    #[inline]
    pub(crate) fn push(&self, frame: F) -> Result<(), F> {
        let pushed = self.queue.push(frame);
        match pushed {
            Ok(()) => self.bell.ring(),
            Err(_) => self.losses.add(DropReason::QueueFull),
        }
        pushed
    }

    /// Wakes the worker for something else that the port has.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Returns whether a frame would find room at this moment: where not, it need not be copied first.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        !self.queue.is_full()
    }

    /// Counts a frame that did not come to be queued.
    pub(crate) fn lose(&self, why: DropReason) {
        self.losses.add(why);
    }

    /// Returns whether nothing waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes the frame that waits longest.
    #[inline]
    pub(crate) fn pop(&self) -> Option<F> {
        self.queue.pop()
    }

    /// Returns what was lost.
    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// As many as a network card's ring usually holds, and eight bursts of the worker; a guess. 16 bytes each.
const QUEUE_FRAMES: usize = 512;
