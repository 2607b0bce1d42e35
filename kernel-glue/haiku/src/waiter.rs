//! Those who wait at a device: the tokens that a [`tap::Device`] keeps and hands back.

use crate::bell::Alarm;
use crate::kernel::{Selection, Semaphore};
use alloc::sync::{Arc, Weak};
use tap::{Handle, Ready};

/// The tap devices of this platform.
pub(crate) type Device = tap::Device<crate::net_buffer::NetBuf, Waiter>;
/// Its open descriptors.
pub(crate) type Descriptor = Handle<crate::net_buffer::NetBuf, Waiter>;

/// One who waits.
#[derive(Clone)]
pub(crate) enum Waiter {
    /// A program that sleeps in a read or write.
    Sleeper(Arc<Semaphore>),
    /// A program that waits in `select`.
    Select(Arc<Watch>),
    /// A thread that takes what applications write: of the stack, or of a bridge.
    Alarm(Arc<Alarm>),
}

/// A selection that goes on until it is deselected, however often it is told.
pub(crate) struct Watch {
    pub(crate) selection: Selection,
    pub(crate) interest: Ready,
    descriptor: Weak<Descriptor>,
}

impl Watch {
    /// Makes a watch of a descriptor.
    pub(crate) fn new(selection: Selection, interest: Ready, descriptor: &Arc<Descriptor>) -> Arc<Self> {
        Arc::new(Self { selection, interest, descriptor: Arc::downgrade(descriptor) })
    }

    /// Tells whoever waits, if there is what is waited for, and goes on waiting.
    fn look(self: Arc<Self>) {
        let Some(descriptor) = self.descriptor.upgrade() else { return };
        // Kept first, so that nothing is missed that comes meanwhile.
        let kept = descriptor.ready_or_wait(self.interest, Waiter::Select(Arc::clone(&self)));
        let ready = kept.is_err() || kept.is_ok_and(|ready| ready.intersects(self.interest));
        let goes_on = if ready { self.selection.notify() } else { self.selection.goes_on() };
        if !goes_on {
            descriptor.cancel(|kept| matches!(kept, Waiter::Select(kept) if Arc::ptr_eq(kept, &self)));
        }
    }
}

impl Waiter {
    /// Wakes it: the `wake` of every call of `tap`. It may run under locks, and never waits long.
    pub(crate) fn wake(self) {
        match self {
            Self::Sleeper(semaphore) => semaphore.release(),
            Self::Alarm(alarm) => alarm.go_off(),
            Self::Select(watch) => watch.look(),
        }
    }
}

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sleeper(one), Self::Sleeper(other)) => Arc::ptr_eq(one, other),
            (Self::Select(one), Self::Select(other)) => Arc::ptr_eq(one, other),
            (Self::Alarm(one), Self::Alarm(other)) => Arc::ptr_eq(one, other),
            (Self::Sleeper(_) | Self::Select(_) | Self::Alarm(_), _) => false,
        }
    }
}
