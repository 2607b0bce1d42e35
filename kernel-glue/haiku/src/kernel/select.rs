//! Somebody who waits in `select`, `poll` or `wait_for_objects`.

use super::Lock;
use super::imports::notify_select_event;
use haiku_abi::selectsync;

/// One event that one caller waits for, until it is ended.
///
/// The kernel's object is gone when the deselect hook has returned, so that is where [`Self::end`] is called, which
/// waits for a notification that is under way.
pub(crate) struct Selection {
    event: u8,
    /// The address tells selections apart after the end as well.
    identity: usize,
    sync: Lock<Sync>,
}

/// `None` from the end on.
struct Sync(Option<*mut selectsync>);

// SAFETY: the kernel's functions take the pointer from any thread.
unsafe impl Send for Sync {}

impl Selection {
    /// # Safety
    /// `sync` comes from a select hook, for `event`; the deselect hook for both calls [`Self::end`].
    pub(crate) unsafe fn new(sync: *mut selectsync, event: u8) -> Self {
        Self { event, identity: sync.addr(), sync: Lock::new(c"trestle selection", Sync(Some(sync))) }
    }

    /// Returns whether it is of these arguments of a hook.
    pub(crate) fn is(&self, sync: *mut selectsync, event: u8) -> bool {
        self.identity == sync.addr() && self.event == event
    }

    /// Tells the caller that what it waits for is there, and returns whether it waits still.
    pub(crate) fn notify(&self) -> bool {
        // The kernel lets go of its own locks before it enters a deselect hook, so that this lock may be held here.
        let sync = self.sync.lock();
        let Sync(Some(pointer)) = *sync else { return false };
        // SAFETY: the deselect hook has not returned: it waits for this lock in `end`.
        unsafe { notify_select_event(pointer, self.event) };
        true
    }

    /// Returns whether the caller waits still.
    pub(crate) fn goes_on(&self) -> bool {
        self.sync.lock().0.is_some()
    }

    /// Ends it: the kernel's object is not touched from here on.
    pub(crate) fn end(&self) {
        *self.sync.lock() = Sync(None);
    }
}
