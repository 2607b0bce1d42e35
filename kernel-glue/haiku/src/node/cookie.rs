//! What the kernel keeps for each open.

use super::books;
use crate::kernel::{Lock, Semaphore, Spin, Status, clock};
use crate::waiter::{Descriptor, Watch};
use alloc::sync::Arc;
use alloc::vec::Vec;
use tap::{HandleId, Pace, Verdict};

/// One open of a node.
pub(super) struct Cookie {
    id: HandleId,
    descriptor: Arc<Descriptor>,
    /// Who waits in `select`.
    pub(super) watches: Lock<Vec<Arc<Watch>>>,
    /// A semaphore that nobody waits at, for the next read or write that has to.
    spare: Spin<Option<Arc<Semaphore>>>,
    /// When the next error of a dead device is told.
    pace: Spin<Pace>,
}

impl Cookie {
    pub(super) fn new(id: HandleId, descriptor: Arc<Descriptor>) -> Self {
        let watches = Lock::new(c"trestle selections", Vec::new());
        Self { id, descriptor, watches, spare: Spin::new(None), pace: Spin::new(Pace::default()) }
    }

    pub(super) fn id(&self) -> HandleId {
        self.id
    }

    pub(super) fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// Closes the descriptor.
    pub(super) fn close(&self) {
        books::close(self.id);
    }

    /// Returns a semaphore at zero.
    ///
    /// # Errors
    /// There are as many as may be.
    pub(super) fn take_semaphore(&self) -> Result<Arc<Semaphore>, Status> {
        match self.spare.lock().take() {
            Some(semaphore) => Ok(semaphore),
            None => Semaphore::new(c"trestle descriptor").map(Arc::new),
        }
    }

    /// Takes a semaphore back that is at zero, and that no device has.
    pub(super) fn keep_semaphore(&self, semaphore: Arc<Semaphore>) {
        let surplus = self.spare.lock().replace(semaphore);
        // Outside the lock: the kernel is called to delete it.
        drop(surplus);
    }

    /// Returns the error of a call. On a dead device it comes at the pace for it, or with a signal: programs exist that try
    /// again at once.
    pub(super) fn refuse(&self, why: Status) -> Status {
        if !self.descriptor.device().is_some_and(|device| device.is_dead()) {
            return why;
        }
        let verdict = self.pace.lock().next(clock::now());
        match verdict {
            Verdict::AtOnce => why,
            Verdict::At(at) => match self.take_semaphore() {
                // Nobody has it to release it.
                Ok(semaphore) => match semaphore.acquire_until_or_interrupt(at) {
                    Err(Status::B_INTERRUPTED) => Status::B_INTERRUPTED,
                    Ok(()) | Err(_) => why,
                },
                Err(_) => why,
            },
        }
    }
}
