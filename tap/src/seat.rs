//! One descriptor's own part of a device: the queue that it reads and those who wait at it.

use crate::gate::Gate;
use crate::header::Header;
use crate::sync::{AtomicU8, AtomicU32, Ordering, Queue};
use bitflags::bitflags;
use spin::Once;

/// Whether calls on a descriptor wait.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// They wait until they can be done, or are interrupted.
    #[default]
    Blocking,
    /// They fail with EAGAIN instead: `O_NONBLOCK`, `FIONBIO`, `B_SET_NONBLOCKING_IO`.
    NonBlocking,
}

pub(crate) struct Seat<P, W> {
    pub(crate) gate: Gate<W>,
    queue: Once<Queue<P>>,
    flags: AtomicU32,
    header: AtomicU8,
}

bitflags! {
    #[derive(Clone, Copy)]
    pub(crate) struct SeatFlags: u32 {
        /// The application's last descriptor is closed.
        const CLOSED = 1 << 0;
        /// `IFF_DETACH_QUEUE`: open, but no part of the device until it attaches again.
        const ASIDE = 1 << 1;
        const NONBLOCKING = 1 << 2;
        /// It counts as open on a device.
        const JOINED = 1 << 3;
    }
}

impl<P, W> Seat<P, W> {
    pub(crate) fn new() -> Self {
        Self { gate: Gate::new(), queue: Once::new(), flags: AtomicU32::new(0), header: AtomicU8::new(0) }
    }

    /// Makes the queue; to be called before the seat is in a device's list.
    pub(crate) fn furnish(&self, queue_packets: usize) {
        self.queue.call_once(|| Queue::new(queue_packets));
    }

    /// Returns the queue to the application, once the descriptor has been attached.
    #[inline]
    pub(crate) fn queue(&self) -> Option<&Queue<P>> {
        self.queue.get()
    }

    /// Drops what the application has not read, and returns how much that was.
    pub(crate) fn flush(&self) -> u64 {
        self.queue().map_or(0, |queue| (0..).take_while(|_| queue.pop().is_some()).count() as u64)
    }

    #[inline]
    pub(crate) fn flags(&self) -> SeatFlags {
        SeatFlags::from_bits_retain(self.flags.load(Ordering::Acquire))
    }

    /// Sets flags, and returns what they were.
    pub(crate) fn set(&self, flags: SeatFlags) -> SeatFlags {
        SeatFlags::from_bits_retain(self.flags.fetch_or(flags.bits(), Ordering::AcqRel))
    }

    /// Clears flags, and returns what they were.
    pub(crate) fn clear(&self, flags: SeatFlags) -> SeatFlags {
        SeatFlags::from_bits_retain(self.flags.fetch_and(!flags.bits(), Ordering::AcqRel))
    }

    #[inline]
    pub(crate) fn header(&self) -> Header {
        Header::from_code(self.header.load(Ordering::Acquire))
    }

    pub(crate) fn set_header(&self, header: Header) {
        self.header.store(header.code(), Ordering::Release);
    }
}
