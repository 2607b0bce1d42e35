//! What a program on Haiku does with the kernel: a socket for requests about interfaces, and the nodes of devices.
//!
//! [`Calls`] and [`Descriptor`] are the system calls themselves; `Native` makes them on Haiku, and tests make them in a kernel of
//! their own. Everything above is plain Rust over those traits.

#[cfg(target_os = "haiku")]
pub mod clock;
mod exchange;
mod interfaces;
#[cfg(target_os = "haiku")]
mod native;
mod status;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use exchange::Asked;
pub use interfaces::Socket;
#[cfg(target_os = "haiku")]
pub use native::Native;
pub use status::Status;

use bitflags::bitflags;
use core::time::Duration;

/// The system calls that give descriptors.
pub trait Calls: Send + Sync + 'static {
    /// What is open. It is closed when it is dropped.
    type Descriptor: Descriptor;

    /// `socket(AF_INET, SOCK_DGRAM, 0)`.
    ///
    /// # Errors
    /// The kernel's.
    fn socket(&self) -> Result<Self::Descriptor, Status>;
    /// Opens a node, by its whole path, for reading and writing.
    ///
    /// # Errors
    /// The kernel's.
    fn open(&self, path: &str, blocking: Blocking) -> Result<Self::Descriptor, Status>;
    /// Returns whether there is a node, as far as that shows without opening it, which may make a device.
    fn has_node(&self, _path: &str) -> bool {
        false
    }
}

/// The system calls that take one.
pub trait Descriptor: Send + Sync + 'static {
    /// `read`.
    ///
    /// # Errors
    /// The kernel's.
    fn read(&self, into: &mut [u8]) -> Result<usize, Status>;
    /// `write`.
    ///
    /// # Errors
    /// The kernel's.
    fn write(&self, from: &[u8]) -> Result<usize, Status>;
    /// `ioctl`, whose argument are the octets of a C structure; the kernel is told how many. Where they hold the address
    /// of other memory, its provenance is exposed.
    ///
    /// # Errors
    /// The kernel's.
    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), Status>;
    /// `poll` of this one: waits until something of `wanted` holds, or it fails or hangs up, at most for `patience`.
    /// Returns what holds, nothing after so long.
    ///
    /// # Errors
    /// The kernel's.
    fn poll(&self, wanted: Ready, patience: Duration) -> Result<Ready, Status>;
}

/// Whether a call on a descriptor waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blocking {
    /// It waits until it can be done.
    Yes,
    /// It fails with [`Status::WOULD_BLOCK`] instead, `O_NONBLOCK`.
    No,
}

bitflags! {
    /// What a descriptor is ready for.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub struct Ready: u8 {
        /// Something can be read.
        const READ = 1;
        /// Something can be written.
        const WRITE = 2;
        /// Neither, for good: it failed or the other side is gone.
        const HUNG_UP = 4;
    }
}

/// Puts a field into a C structure.
fn put(structure: &mut [u8], offset: usize, field: &[u8]) {
    let place = structure.get_mut(offset..offset.saturating_add(field.len()));
    if let Some(place) = place {
        place.copy_from_slice(field);
    }
}

/// Takes a field of four octets out of a C structure.
fn get(structure: &[u8], offset: usize) -> u32 {
    let field = structure.get(offset..).and_then(<[u8]>::first_chunk);
    field.map_or(0, |octets| u32::from_ne_bytes(*octets))
}
