//! Counting semaphores.

use super::Status;
use super::imports::{acquire_sem_etc, create_sem, delete_sem, release_sem_etc};
use core::ffi::CStr;
use frame::Instant;
use haiku_abi::{B_ABSOLUTE_TIMEOUT, B_CAN_INTERRUPT, B_DO_NOT_RESCHEDULE, B_INFINITE_TIMEOUT, bigtime_t, sem_id};

/// A semaphore of the kernel.
pub(crate) struct Semaphore(sem_id);

impl Semaphore {
    /// Makes a semaphore on which nobody can pass.
    ///
    /// # Errors
    /// There are as many as may be.
    pub(crate) fn new(name: &CStr) -> Result<Self, Status> {
        // SAFETY: the name ends with a zero, and is copied.
        Status::number(unsafe { create_sem(0, name.as_ptr()) }).map(Self)
    }

    /// Lets one thread pass. It never waits, and may be called under locks.
    pub(crate) fn release(&self) {
        // SAFETY: the number is a semaphore's until `drop`. Rescheduling is left to whoever holds locks meanwhile.
        unsafe { release_sem_etc(self.0, 1, B_DO_NOT_RESCHEDULE) };
    }

    /// Waits to pass; a signal does not end it.
    pub(crate) fn acquire(&self) {
        // It fails when the semaphore is deleted alone, which happens in `drop`.
        let _ = self.wait(0, B_INFINITE_TIMEOUT);
    }

    /// Waits to pass, or for a signal.
    ///
    /// # Errors
    /// [`Status::B_INTERRUPTED`].
    pub(crate) fn acquire_or_interrupt(&self) -> Result<(), Status> {
        self.wait(B_CAN_INTERRUPT, B_INFINITE_TIMEOUT)
    }

    /// Waits to pass until a moment; a signal does not end it.
    ///
    /// # Errors
    /// `B_TIMED_OUT`, or [`Status::B_WOULD_BLOCK`] for a moment that has passed.
    pub(crate) fn acquire_until(&self, until: Instant) -> Result<(), Status> {
        let until = bigtime_t::try_from(until.as_micros()).unwrap_or(B_INFINITE_TIMEOUT);
        self.wait(B_ABSOLUTE_TIMEOUT, until)
    }

    /// As [`Self::acquire_until`], or for a signal.
    ///
    /// # Errors
    /// As there, and [`Status::B_INTERRUPTED`].
    pub(crate) fn acquire_until_or_interrupt(&self, until: Instant) -> Result<(), Status> {
        let until = bigtime_t::try_from(until.as_micros()).unwrap_or(B_INFINITE_TIMEOUT);
        self.wait(B_ABSOLUTE_TIMEOUT | B_CAN_INTERRUPT, until)
    }

    fn wait(&self, flags: u32, timeout: bigtime_t) -> Result<(), Status> {
        // SAFETY: the number is a semaphore's until `drop`.
        Status::check(unsafe { acquire_sem_etc(self.0, 1, flags, timeout) })
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: the number is this semaphore's, and not used again.
        unsafe { delete_sem(self.0) };
    }
}
