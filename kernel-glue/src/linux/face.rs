//! An application face that this process serves itself.

use frame::DropReason;
use rustix::fd::BorrowedFd;
use std::fmt::Debug;

/// What the plane reads from and gives to where the application is not behind a socket: the queues of a node.
pub trait Face: Debug + Send + Sync {
    /// Takes the next packet that the application wrote, a virtio-net header before it, into the front of `stored`,
    /// and returns its bytes with that header.
    fn take(&self, stored: &mut [u8]) -> Option<usize>;
    /// Gives the application a finished packet, without a virtio-net header. `flow` chooses among several readers.
    ///
    /// # Errors
    /// Why it was dropped.
    fn give(&self, flow: u32, packet: &[u8]) -> Result<(), DropReason>;
    /// Returns how many readers of its own share with the seats beside it; with none it gets what no seat does.
    fn readers(&self) -> u32 {
        0
    }
    /// Returns a descriptor that is readable while [`Self::take`] has something.
    fn bell(&self) -> BorrowedFd<'_>;
}
