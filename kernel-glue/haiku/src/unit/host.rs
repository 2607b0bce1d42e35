//! A bridge, as the host sees it: what it sends enters the bridge, and what the bridge has for it is received.

use crate::bell::Bell;
use crate::inlet::Inlet;
use crate::kernel::Shared;
use crate::net_buffer::NetBuf;
use crate::ring::Ring;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use frame::DropReason;
use tap::Link;

/// The host port of a bridge.
pub(crate) struct Host {
    /// Frames for the host.
    inbox: Ring<NetBuf>,
    bell: Arc<Bell>,
    /// Whether the interface is up.
    link: AtomicBool,
    /// The bridge, while there is one behind the interface.
    inlet: Shared<Option<Arc<Inlet<NetBuf>>>>,
}

impl Host {
    pub(super) fn new(bell: &Arc<Bell>) -> Self {
        Self {
            inbox: Ring::new(FRAMES),
            bell: Arc::clone(bell),
            link: AtomicBool::new(false),
            inlet: Shared::new(None),
        }
    }

    /// Follows the interface, and returns how many frames are lost by that: what was for a host that is down is stale when
    /// it comes up.
    pub(super) fn set_link(&self, link: Link) -> usize {
        self.link.store(link == Link::Up, Ordering::SeqCst);
        core::iter::from_fn(|| self.inbox.pop()).count()
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
    /// The interface is down, or the host has as many to read as may be.
    pub(crate) fn deliver(&self, frame: NetBuf) -> Result<(), (NetBuf, DropReason)> {
        if !self.link.load(Ordering::SeqCst) {
            return Err((frame, DropReason::PortDown));
        }
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
