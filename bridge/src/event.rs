//! What happened to the table, for those who log or mirror it.

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

/// Events that wait for [`Worker::poll_event`](crate::Worker::poll_event): what a batch of 64 frames can cause, each
/// learned at the expense of two.
pub(crate) type Events = heapless::Deque<Event, 192>;
