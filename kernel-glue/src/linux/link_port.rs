//! A link as workers share it.

use super::buffer::{Arena, Burst};
use super::clock;
use super::plane::Plane;
use super::worker::Nudge;
use crate::link::{Inward, Link, LinkConfig, LinkReport, Outward};
use core::fmt;
use frame::offload::Offload;
use frame::{DropReason, Instant};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The link of one device: workers carry by it, the control side configures it and reads what it knows.
///
/// A worker holds it for a burst. What it has to send of its own is sent by the worker that caused it, after the burst.
pub struct LinkPort {
    link: Mutex<Link>,
    /// Set while there may be something to send, or another moment to look.
    stirred: AtomicBool,
    /// How often it was asked when to poll next.
    asked: AtomicU32,
    /// Wakes a worker when the control side has stirred it.
    nudge: Option<Nudge>,
}

/// When to poll a link next. The worker that asked last keeps it, and no other wakes for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Due {
    pub(super) at: Instant,
    /// Which answer it was.
    number: u32,
}

/// A worker's hold of a link for one burst.
pub(super) struct Pass<'l> {
    port: &'l LinkPort,
    link: MutexGuard<'l, Link>,
    now: Instant,
}

impl LinkPort {
    /// Makes a link, to be carried by a [plane](super::Plane).
    pub fn new(config: LinkConfig, plane: &Plane) -> Self {
        let (stirred, asked) = (AtomicBool::new(false), AtomicU32::new(0));
        Self { link: Mutex::new(Link::new(config)), stirred, asked, nudge: plane.nudge() }
    }

    /// Tells it what has changed.
    pub fn configure(&self, config: LinkConfig) {
        self.change(|link, now| link.configure(config, now));
    }

    /// Says that an application has come.
    pub fn arrive(&self) {
        self.change(Link::arrive);
    }

    /// Says that the last application has gone.
    pub fn leave(&self) {
        self.change(|link, _| link.leave());
    }

    fn change(&self, change: impl FnOnce(&mut Link, Instant)) {
        let mut pass = self.begin();
        let now = pass.now;
        change(&mut pass.link, now);
        drop(pass);
        self.nudge.iter().for_each(Nudge::nudge);
    }

    /// Returns what it knows and what it has done.
    pub fn report(&self) -> LinkReport {
        self.lock().report(clock::monotonic())
    }

    pub(super) fn begin(&self) -> Pass<'_> {
        Pass { port: self, link: self.lock(), now: clock::monotonic() }
    }

    /// Returns whether there may be something to send, and forgets it.
    pub(super) fn take_stirred(&self) -> bool {
        self.stirred.load(Ordering::Relaxed) && self.stirred.swap(false, Ordering::Relaxed)
    }

    /// Takes what the link has of its own: frames of its port, and packets for the application behind it.
    pub(super) fn poll<'a>(&self, arena: &'a mut Arena, burst: &mut Burst<'a>, now: Instant) {
        let mut link = self.lock();
        for slot in arena.slots() {
            if let Some(bytes) = link.poll_frame(slot, now) {
                let stored: &'a [u8] = slot;
                let _ = burst.push(stored.get(..bytes).unwrap_or_default(), None);
            } else if let Some(bytes) = link.poll_packet(slot) {
                let stored: &'a [u8] = slot;
                burst.push_packet(stored.get(..bytes).unwrap_or_default());
            } else {
                break;
            }
        }
    }

    /// Has it polled as if something had happened.
    pub(super) fn stir(&self) {
        self.stirred.store(true, Ordering::Relaxed);
    }

    /// Returns when to poll next if nothing happens, for the caller to keep.
    pub(super) fn due(&self) -> Option<Due> {
        let link = self.lock();
        // Under the lock: the last number goes with the last answer.
        let number = self.asked.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        link.poll_at().map(|at| Due { at, number })
    }

    /// Returns whether nobody has asked since.
    pub(super) fn is_kept(&self, due: Due) -> bool {
        self.asked.load(Ordering::Relaxed) == due.number
    }

    fn lock(&self) -> MutexGuard<'_, Link> {
        // A link has no state that a panic would leave half changed: it does not panic.
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Finds out what a packet of the application is to the port.
    #[inline]
    pub(super) fn inward(&mut self, packet: &mut [u8], offload: &Offload) -> Inward {
        self.link.inward(packet, offload, self.now)
    }

    /// Finds out what a frame of the port, in one or two pieces, is to the application.
    #[inline]
    pub(super) fn outward<'f>(
        &mut self,
        head: &[u8],
        rest: &'f [u8],
        offload: &Offload,
    ) -> Result<Outward<'f>, DropReason> {
        self.link.outward(head, rest, offload, self.now)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.link.is_stirred(self.now) {
            self.port.stirred.store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for LinkPort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LinkPort").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
