//! The application face of a device: its queues, as the data plane and the nodes share them.

use super::super::Face;
use super::super::worker::{bell, clear, ring};
use super::open::Open;
use super::packet::{Packet, Pool};
use core::fmt;
use frame::DropReason;
use frame::offload::Offload;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tap::Take;

/// The queues of a device, as `tap` keeps them.
pub type Queues = tap::Device<Packet, Waiter>;
/// One open descriptor, as `tap` keeps it.
pub type Descriptor = tap::Handle<Packet, Waiter>;

/// A device as the data plane serves it.
pub struct NodeDevice {
    queues: Arc<Queues>,
    pool: Pool,
    bell: Arc<Bell>,
}

/// Someone who waits for a change of a device: what is to be done when it comes.
///
/// Whoever is handed one calls [`Self::woken`], from any thread.
#[derive(Debug)]
pub struct Waiter(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    /// A read, which the thread that brings the packet answers.
    Read(Arc<Open>, Waiting),
    /// The writes that found no room, in their order.
    Writes(Arc<Open>),
    /// Those who sleep in poll(2) and its cousins.
    Sleepers(Arc<Open>),
    /// The data plane.
    Plane(Asleep),
}

/// A read that is to be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Waiting {
    pub(super) unique: u64,
    pub(super) size: usize,
}

impl Waiter {
    /// Does what it waited to do.
    pub fn woken(self) {
        match self.0 {
            Kind::Read(open, waiting) => open.read(waiting),
            Kind::Writes(open) => open.write_waiting(),
            Kind::Sleepers(open) => open.notify(),
            Kind::Plane(asleep) => asleep.0.ring(),
        }
    }
}

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Read(_, one), Kind::Read(_, other)) => one == other,
            (Kind::Writes(one), Kind::Writes(other)) | (Kind::Sleepers(one), Kind::Sleepers(other)) => {
                Arc::ptr_eq(one, other)
            }
            (Kind::Plane(one), Kind::Plane(other)) => Arc::ptr_eq(&one.0, &other.0),
            (Kind::Read(..) | Kind::Writes(_) | Kind::Sleepers(_) | Kind::Plane(_), _) => false,
        }
    }
}

/// What wakes the data plane, which waits for it together with its other descriptors.
struct Bell {
    event: Arc<OwnedFd>,
    /// Whether a token lies with the device, so that a write rings.
    armed: AtomicBool,
}

/// The token by which a write rings; there is one, or none while the plane is awake.
pub(super) struct Asleep(Arc<Bell>);

impl Bell {
    fn ring(&self) {
        ring(self.event.as_fd());
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        self.0.armed.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Asleep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Asleep")
    }
}

impl NodeDevice {
    /// Makes the face of a device; its buffers come from `pool`.
    ///
    /// # Errors
    /// `EMFILE` if no descriptor is left for the bell.
    pub fn new(queues: Arc<Queues>, pool: &Pool) -> Result<Self, Errno> {
        let bell = Bell { event: bell()?, armed: AtomicBool::new(false) };
        // The plane looks once, finds nothing, and sleeps by the rules.
        bell.ring();
        Ok(Self { queues, pool: pool.clone(), bell: Arc::new(bell) })
    }

    /// Returns the queues.
    pub fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }

    /// Has the next write ring, and returns the packet that was written in the meantime.
    fn sleep(&self) -> Option<Packet> {
        // Each turn but the last meets a packet that another took; one that is written later rings.
        while !self.bell.armed.swap(true, Ordering::AcqRel) {
            clear(self.bell.event.as_fd());
            let token = Waiter(Kind::Plane(Asleep(Arc::clone(&self.bell))));
            if let Take::Packet(packet) = self.queues.take_or_wait(token, &mut Waiter::woken) {
                return Some(packet);
            }
            if self.queues.is_dead() {
                return None;
            }
        }
        None
    }
}

impl Face for NodeDevice {
    fn take(&self, stored: &mut [u8]) -> Option<usize> {
        let packet = self.queues.take(&mut Waiter::woken).or_else(|| self.sleep())?;
        let packet = packet.stored();
        // A slot of the plane holds any packet that a buffer does.
        let bytes = packet.len().min(stored.len());
        stored.get_mut(..bytes)?.copy_from_slice(packet.get(..bytes)?);
        Some(bytes)
    }

    fn give(&self, flow: u32, packet: &[u8]) -> Result<(), DropReason> {
        let packet = self.pool.packet(&Offload::default(), packet).ok_or(DropReason::NoBuffer)?;
        self.queues.offer(flow, packet, &mut Waiter::woken).map_err(|(_packet, why)| why)
    }

    fn readers(&self) -> u32 {
        u32::try_from(self.queues.readers()).unwrap_or(u32::MAX)
    }

    fn bell(&self) -> BorrowedFd<'_> {
        self.bell.event.as_fd()
    }
}

impl fmt::Debug for NodeDevice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NodeDevice").field("queues", &self.queues).finish_non_exhaustive()
    }
}
