//! What a program on Haiku does with the kernel: a socket for requests about interfaces, and the nodes of devices.
//!
//! [`Calls`] are the system calls themselves; `Native` makes them on Haiku, and tests make them in a kernel of their own.
//! Everything above is plain Rust over that trait.

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

use alloc::sync::Arc;
use bitflags::bitflags;
use core::ffi::c_void;
use core::marker::PhantomData;
use core::time::Duration;

/// The system calls.
pub trait Calls: Send + Sync + 'static {
    /// `socket(AF_INET, SOCK_DGRAM, 0)`.
    ///
    /// # Errors
    /// The kernel's.
    fn socket(&self) -> Result<Fd, Status>;
    /// Opens a node, by its whole path, for reading and writing.
    ///
    /// # Errors
    /// The kernel's.
    fn open(&self, path: &str, blocking: Blocking) -> Result<Fd, Status>;
    /// Closes a descriptor.
    fn close(&self, fd: Fd);
    /// `read`.
    ///
    /// # Errors
    /// The kernel's.
    fn read(&self, fd: Fd, into: &mut [u8]) -> Result<usize, Status>;
    /// `write`, of all at once.
    ///
    /// # Errors
    /// The kernel's.
    fn write(&self, fd: Fd, from: &[u8]) -> Result<usize, Status>;
    /// `ioctl`, with the number of bytes of its argument, which Haiku's kernel is told.
    ///
    /// # Errors
    /// The kernel's.
    fn ioctl(&self, fd: Fd, request: u32, argument: Argument<'_>) -> Result<i32, Status>;
    /// `poll` of one descriptor: waits until something of `wanted` holds, or it fails or hangs up, at most for
    /// `patience`. Returns what holds, nothing after so long.
    ///
    /// # Errors
    /// The kernel's.
    fn poll(&self, fd: Fd, wanted: Ready, patience: Duration) -> Result<Ready, Status>;
}

/// A descriptor, by its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fd(pub i32);

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

/// The argument of an ioctl, in the caller's memory, for as long as the call takes.
#[derive(Debug)]
pub struct Argument<'a> {
    address: *mut c_void,
    bytes: usize,
    borrowed: PhantomData<&'a mut [u8]>,
}

impl<'a> Argument<'a> {
    /// Lends a C structure.
    pub(crate) fn of<T>(structure: &'a mut T) -> Self {
        Self { address: core::ptr::from_mut(structure).cast(), bytes: size_of::<T>(), borrowed: PhantomData }
    }

    /// Lends bytes.
    pub fn bytes(bytes: &'a mut [u8]) -> Self {
        Self { address: bytes.as_mut_ptr().cast(), bytes: bytes.len(), borrowed: PhantomData }
    }

    /// Returns where the kernel finds it.
    pub fn address(&self) -> *mut c_void {
        self.address
    }

    /// Returns how long it is.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Returns whether there is nothing at its address.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }
}

/// An open descriptor. Dropping it closes it.
#[derive(Debug)]
pub struct Descriptor<C: Calls> {
    calls: Arc<C>,
    fd: Fd,
}

impl<C: Calls> Descriptor<C> {
    /// Opens a node, by its whole path.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open(calls: &Arc<C>, path: &str, blocking: Blocking) -> Result<Self, Status> {
        let fd = calls.open(path, blocking)?;
        Ok(Self { calls: Arc::clone(calls), fd })
    }

    fn socket(calls: &Arc<C>) -> Result<Self, Status> {
        let fd = calls.socket()?;
        Ok(Self { calls: Arc::clone(calls), fd })
    }

    /// Reads one message.
    ///
    /// # Errors
    /// The kernel's.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Status> {
        self.calls.read(self.fd, into)
    }

    /// Writes one message.
    ///
    /// # Errors
    /// The kernel's.
    pub fn write(&self, from: &[u8]) -> Result<usize, Status> {
        self.calls.write(self.fd, from)
    }

    /// Waits as [`Calls::poll`] does.
    ///
    /// # Errors
    /// The kernel's.
    pub fn poll(&self, wanted: Ready, patience: Duration) -> Result<Ready, Status> {
        self.calls.poll(self.fd, wanted, patience)
    }

    /// Has an ioctl executed.
    ///
    /// # Errors
    /// The kernel's.
    pub fn ioctl(&self, request: u32, argument: Argument<'_>) -> Result<i32, Status> {
        self.calls.ioctl(self.fd, request, argument)
    }
}

impl<C: Calls> Drop for Descriptor<C> {
    fn drop(&mut self) {
        self.calls.close(self.fd);
    }
}
