//! What enters a bridge.

use crate::bell::Bell;
use crate::kernel::Status;
use crate::net_buffer::NetBuf;
use crate::place::boxed;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use crossbeam_queue::ArrayQueue;
use frame::PortId;

/// The bounded queue of one bridge's worker: frames, each with the port by which it came.
///
/// Whoever has a frame pushes it, under whatever locks: nothing here waits, and the worker alone forwards.
pub(crate) struct Inlet {
    queue: Box<ArrayQueue<(PortId, NetBuf)>>,
    bell: Arc<Bell>,
    full: AtomicU64,
}

impl Inlet {
    /// Makes the queue of a new bridge.
    ///
    /// # Errors
    /// There are as many semaphores as may be.
    pub(crate) fn new() -> Result<Arc<Self>, Status> {
        let bell = Bell::new(c"trestle bridge")?;
        Ok(Arc::new(Self { queue: boxed(|| ArrayQueue::new(FRAMES)), bell, full: AtomicU64::new(0) }))
    }

    /// Queues a frame and wakes the worker. When full, the frame comes back, and is counted.
    pub(crate) fn push(&self, port: PortId, frame: NetBuf) -> Result<(), NetBuf> {
        if let Err((_, frame)) = self.queue.push((port, frame)) {
            self.full.fetch_add(1, Ordering::Relaxed);
            return Err(frame);
        }
        self.bell.ring();
        Ok(())
    }

    /// Takes the frame that was queued first.
    pub(crate) fn pop(&self) -> Option<(PortId, NetBuf)> {
        self.queue.pop()
    }

    /// Returns the bell at which the worker waits.
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Returns how many frames were refused.
    pub(crate) fn full(&self) -> u64 {
        self.full.load(Ordering::Relaxed)
    }
}

/// What a batch of every port of a large bridge fills; a guess.
const FRAMES: usize = 1024;
