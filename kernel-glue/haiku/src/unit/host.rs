//! A bridge, as the host sees it: what it sends enters the bridge, and what the bridge has for it is received.

use crate::bell::Bell;
use crate::inlet::Inlet;
use crate::kernel::Shared;
use crate::net_buffer::NetBuf;
use crate::place::boxed;
use alloc::boxed::Box;
use alloc::sync::Arc;
use crossbeam_queue::ArrayQueue;
use frame::DropReason;

/// The host port of a bridge.
pub(crate) struct Host {
    /// Frames for the host.
    inbox: Box<ArrayQueue<NetBuf>>,
    bell: Arc<Bell>,
    /// The bridge, while there is one behind the interface.
    inlet: Shared<Option<Arc<Inlet<NetBuf>>>>,
}

impl Host {
    pub(super) fn new(bell: &Arc<Bell>) -> Self {
        Self { inbox: boxed(|| ArrayQueue::new(FRAMES)), bell: Arc::clone(bell), inlet: Shared::new(None) }
    }

    /// Puts a bridge behind the interface, or none.
    pub(crate) fn set_inlet(&self, inlet: Option<Arc<Inlet<NetBuf>>>) {
        let before = core::mem::replace(&mut *self.inlet.write(), inlet);
        // Outside the lock: with the last reference go the frames in it.
        drop(before);
    }

    /// Has the bridge carry a frame of the host.
    ///
    /// # Errors
    /// The frame comes back, and why it is not carried.
    pub(crate) fn send(&self, frame: NetBuf) -> Result<(), (NetBuf, DropReason)> {
        let inlet = self.inlet.read().clone();
        let Some(inlet) = inlet else { return Err((frame, DropReason::PortDown)) };
        inlet.push(frame).map_err(|frame| (frame, DropReason::QueueFull))
    }

    /// Gives the host a frame.
    ///
    /// # Errors
    /// The host has as many to read as may be.
    pub(crate) fn deliver(&self, frame: NetBuf) -> Result<(), (NetBuf, DropReason)> {
        self.inbox.push(frame).map_err(|frame| (frame, DropReason::QueueFull))?;
        self.bell.ring();
        Ok(())
    }

    /// Takes the next frame for the host.
    pub(super) fn take(&self) -> Option<NetBuf> {
        self.inbox.pop()
    }

    pub(super) fn die(&self) {
        self.set_inlet(None);
        while self.inbox.pop().is_some() {}
    }
}

/// About what Linux's `netdev_max_backlog` is by half; a guess.
const FRAMES: usize = 512;
