//! What the control side tells a bridge's worker.

use super::seat::Seat;
use crate::bell::Bell;
use crate::kernel::log::log;
use crate::kernel::{Semaphore, Spin, Status, clock};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use frame::PortId;

/// A change to what a worker serves.
pub(super) enum Order {
    /// Serves a port; its number is free.
    Attach(PortId, Box<Seat>),
    /// Lets a port go, if it is there.
    Detach(PortId),
}

/// Orders on their way, and how many were carried out.
pub(super) struct Mailbox {
    orders: Spin<VecDeque<Order>>,
    /// Orders that were ever given.
    given: AtomicU64,
    done: AtomicU64,
    /// Released with each order that is done.
    progress: Semaphore,
    /// The worker is to end.
    stop: AtomicBool,
    /// It has ended.
    ended: AtomicBool,
    bell: Arc<Bell>,
}

impl Mailbox {
    /// # Errors
    /// The kernel has no semaphore left.
    pub(super) fn new(bell: &Arc<Bell>) -> Result<Self, Status> {
        Ok(Self {
            orders: Spin::new(VecDeque::with_capacity(ROOM)),
            given: AtomicU64::new(0),
            done: AtomicU64::new(0),
            progress: Semaphore::new(c"trestle bridge order")?,
            stop: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            bell: Arc::clone(bell),
        })
    }

    /// Gives an order and waits until it is carried out. One thread at a time does so.
    ///
    /// A worker that waits for a driver carries it out later; whoever gave it does not wait for ever.
    pub(super) fn order(&self, order: Order) {
        self.orders.lock().push_back(order);
        let number = self.given.fetch_add(1, Ordering::AcqRel) + 1;
        self.bell.ring();
        let patience = clock::now().plus(PATIENCE);
        while self.done.load(Ordering::Acquire) < number && !self.ended.load(Ordering::Acquire) {
            if self.progress.acquire_until(patience).is_err() {
                log!("a bridge's worker waits for a driver");
                return;
            }
        }
    }

    /// Has the worker end after what was ordered. It waits for nobody.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.bell.ring();
    }

    /// Returns the next order, which [`Self::finish`] follows.
    pub(super) fn next(&self) -> Option<Order> {
        if self.given.load(Ordering::Acquire) == self.done.load(Ordering::Relaxed) {
            return None;
        }
        self.orders.lock().pop_front()
    }

    /// Says that an order was carried out.
    pub(super) fn finish(&self) {
        self.done.fetch_add(1, Ordering::AcqRel);
        self.progress.release();
    }

    /// Returns whether the worker is to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Says that the worker has ended, with everything let go.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.progress.release();
    }
}

/// Orders that wait at once: one, unless a driver holds the worker up.
const ROOM: usize = 4;
/// How long whoever gives an order waits. A driver that takes longer to send is broken.
const PATIENCE: Duration = Duration::from_secs(10);
