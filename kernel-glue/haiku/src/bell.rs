//! How those are woken that wait for packets.

use crate::kernel::{Semaphore, Status};
use alloc::sync::Arc;
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};
use frame::Instant;

/// What one thread waits at. However often it is rung, the thread wakes once, and then looks at everything.
pub(crate) struct Bell {
    semaphore: Semaphore,
    rung: AtomicBool,
}

impl Bell {
    /// Makes a bell.
    ///
    /// # Errors
    /// There are as many semaphores as may be.
    pub(crate) fn new(name: &CStr) -> Result<Arc<Self>, Status> {
        Ok(Arc::new(Self { semaphore: Semaphore::new(name)?, rung: AtomicBool::new(false) }))
    }

    /// Wakes the thread, or has its next wait return at once. It never waits, and may be called under locks.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.semaphore.release();
        }
    }

    /// Waits until the bell was rung. What was done before it was rung is seen by what the caller looks at after.
    pub(crate) fn wait(&self) {
        self.semaphore.acquire();
        // Rung once more from here on means one wait more, so that nothing is missed.
        self.rung.swap(false, Ordering::AcqRel);
    }

    /// As [`Self::wait`], but until a moment at the latest.
    pub(crate) fn wait_until(&self, until: Instant) {
        if self.semaphore.acquire_until(until).is_ok() {
            self.rung.swap(false, Ordering::AcqRel);
        }
    }
}

/// Rings a bell when a device has packets: a token of which a device keeps one at most.
pub(crate) struct Alarm {
    bell: Arc<Bell>,
    /// Whether a device keeps it.
    armed: AtomicBool,
}

impl Alarm {
    /// Makes an alarm of one device.
    pub(crate) fn new(bell: &Arc<Bell>) -> Arc<Self> {
        Arc::new(Self { bell: Arc::clone(bell), armed: AtomicBool::new(false) })
    }

    /// Returns whether the caller is to give it to the device; else the device has it.
    pub(crate) fn arm(&self) -> bool {
        !self.armed.swap(true, Ordering::AcqRel)
    }

    /// Returns whether the device has it.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// Says that the device did not keep it after all.
    pub(crate) fn disarm(&self) {
        self.armed.store(false, Ordering::Release);
    }

    /// Is what the device's waker does.
    pub(crate) fn go_off(&self) {
        // Before the bell: whoever it wakes may arm it again.
        self.disarm();
        self.bell.ring();
    }

    /// Rings the bell without the device's doing.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }
}
