//! What happened to the table, for those who log or mirror it.

use alloc::collections::VecDeque;
use frame::{Mac, PortId};

/// A change that a worker made to the address table. VLAN 0 is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// A station appeared.
    Learned {
        /// Its VLAN.
        vid: u16,
        /// Its address.
        mac: Mac,
        /// Where it is.
        port: PortId,
    },
    /// A station appeared on another port than before.
    Moved {
        /// Its VLAN.
        vid: u16,
        /// Its address.
        mac: Mac,
        /// Where it was.
        from: PortId,
        /// Where it is.
        to: PortId,
    },
    /// A station was forgotten to make room for another.
    Evicted {
        /// Its VLAN.
        vid: u16,
        /// Its address.
        mac: Mac,
        /// Where it was.
        port: PortId,
    },
}

/// Events that wait for [`Worker::poll_event`](crate::Worker::poll_event). Made once, so that neither a burst allocates
/// nor a stack has to hold it.
pub(crate) struct Events(VecDeque<Event>);

/// There is no room for another event.
pub(crate) struct Full;

impl Events {
    /// What they take.
    pub(crate) const BYTES: usize = MOST * size_of::<Event>();

    pub(crate) fn new() -> Self {
        Self(VecDeque::with_capacity(MOST))
    }

    pub(crate) fn push(&mut self, event: Event) -> Result<(), Full> {
        if self.0.len() == MOST {
            return Err(Full);
        }
        self.0.push_back(event);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.0.pop_front()
    }
}

/// What a batch of 64 frames can cause, each learned at the expense of two.
const MOST: usize = 192;
