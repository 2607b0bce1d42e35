//! A program's descriptor of a node.

use super::{Plain, Process, Status};
use crate::devfs::{self, Blocking, Descriptor};
use crate::select::Info;
use crate::team;
use haiku_abi::{B_ENTRY_NOT_FOUND, status_t};
use std::ffi::c_void;
use std::sync::Arc;

/// A descriptor. Several threads may use it; it is closed when it is dropped, as a process's end does.
#[derive(Debug)]
pub struct Node {
    process: Process,
    fd: i32,
}

impl Node {
    pub(super) fn open(process: Process, path: &str, mode: i32) -> Result<Self, Status> {
        let fd = process.call(|| {
            let node = devfs::find(path).ok_or(B_ENTRY_NOT_FOUND)?;
            Ok(team::enter(process.team, Descriptor::open(&node, mode)?))
        });
        fd.map(|fd| Self { process, fd }).map_err(Status)
    }

    /// Reads; returns how many bytes came.
    ///
    /// # Errors
    /// The kernel's or the driver's.
    pub fn read(&self, to: &mut [u8]) -> Result<usize, Status> {
        self.with(|descriptor| descriptor.read(to.as_mut_ptr().cast(), to.len()))
    }

    /// Writes; returns how many bytes went.
    ///
    /// # Errors
    /// The kernel's or the driver's.
    pub fn write(&self, from: &[u8]) -> Result<usize, Status> {
        self.with(|descriptor| descriptor.write(from.as_ptr().cast(), from.len()))
    }

    /// Reads into several pieces: one call of the driver for each, until one comes back short.
    ///
    /// # Errors
    /// That of the first piece; a later one ends the call with what was read.
    pub fn readv(&self, pieces: &mut [&mut [u8]]) -> Result<usize, Status> {
        vectored(pieces.iter_mut().map(|piece| (piece.len(), self.read(piece))))
    }

    /// Writes several pieces: one call of the driver for each.
    ///
    /// # Errors
    /// That of the first piece; a later one ends the call with what was written.
    pub fn writev(&self, pieces: &[&[u8]]) -> Result<usize, Status> {
        vectored(pieces.iter().map(|piece| (piece.len(), self.write(piece))))
    }

    /// Reads to an address that a program must not give, of the kernel's side of the address space.
    ///
    /// # Errors
    /// The driver's; `B_BAD_ADDRESS` is what to expect.
    pub fn read_to_kernel_address(&self, bytes: usize) -> Result<usize, Status> {
        let to = std::ptr::without_provenance_mut::<c_void>(super::KERNEL_ADDRESS);
        self.with(|descriptor| descriptor.read(to, bytes))
    }

    /// Writes from an address that a program must not give, of the kernel's side of the address space.
    ///
    /// # Errors
    /// The driver's; `B_BAD_ADDRESS` is what to expect.
    pub fn write_from_kernel_address(&self, bytes: usize) -> Result<usize, Status> {
        let from = std::ptr::without_provenance::<c_void>(super::KERNEL_ADDRESS);
        self.with(|descriptor| descriptor.write(from, bytes))
    }

    /// Makes a request with a structure as its argument.
    ///
    /// # Errors
    /// The kernel's or the driver's; `ENOTTY` if it does not know the request.
    pub fn ioctl<T: Plain>(&self, op: u32, argument: &mut T) -> Result<(), Status> {
        let pointer = std::ptr::from_mut(argument).cast::<c_void>();
        self.with(|descriptor| descriptor.control(op, pointer, size_of::<T>()))
    }

    /// Makes a request with bytes as its argument, of which there may be none.
    ///
    /// # Errors
    /// As [`Self::ioctl`].
    pub fn ioctl_bytes(&self, op: u32, argument: &mut [u8]) -> Result<(), Status> {
        self.with(|descriptor| descriptor.control(op, argument.as_mut_ptr().cast(), argument.len()))
    }

    /// Makes a request whose argument lies on the kernel's side of the address space.
    ///
    /// # Errors
    /// As [`Self::ioctl`]; `B_BAD_ADDRESS` is what to expect.
    pub fn ioctl_at_kernel_address(&self, op: u32, bytes: usize) -> Result<(), Status> {
        let at = std::ptr::without_provenance_mut::<c_void>(super::KERNEL_ADDRESS);
        self.with(|descriptor| descriptor.control(op, at, bytes))
    }

    /// Makes calls fail with `B_WOULD_BLOCK` where they would wait, as `fcntl` and `FIONBIO` do.
    ///
    /// # Errors
    /// The driver's.
    pub fn set_nonblocking(&self) -> Result<(), Status> {
        self.with(|descriptor| descriptor.set_mode(Blocking::No))
    }

    /// Makes calls wait again.
    ///
    /// # Errors
    /// The driver's.
    pub fn set_blocking(&self) -> Result<(), Status> {
        self.with(|descriptor| descriptor.set_mode(Blocking::Yes))
    }

    /// Returns the flags of the descriptor (`F_GETFL`).
    ///
    /// # Errors
    /// `B_FILE_ERROR` once the node was taken away with force.
    pub fn mode(&self) -> Result<i32, Status> {
        self.with(|descriptor| Ok(descriptor.mode()))
    }

    /// Makes another descriptor of the same open node (`dup`).
    ///
    /// # Errors
    /// As [`Self::mode`].
    pub fn duplicate(&self) -> Result<Self, Status> {
        let fd = self.with(|descriptor| {
            descriptor.duplicate()?;
            Ok(team::enter(self.process.team, Arc::clone(descriptor)))
        })?;
        Ok(Self { process: self.process, fd })
    }

    /// Closes the descriptor, while other threads may still be in calls with it.
    ///
    /// # Errors
    /// `B_FILE_ERROR` when it is closed already.
    pub fn close(&self) -> Result<(), Status> {
        let number = (self.process.team, self.fd);
        let closed = self.process.call(|| team::leave(number.0, number.1).map(|descriptor| descriptor.close(number)));
        closed.map_err(Status)
    }

    pub(super) fn process(&self) -> Process {
        self.process
    }

    pub(super) fn select(&self, info: &Arc<Info>, event: u8) -> Result<bool, status_t> {
        self.descriptor()?.select((self.process.team, self.fd), info, event)
    }

    pub(super) fn deselect(&self, info: &Arc<Info>, event: u8) {
        if let Ok(descriptor) = self.descriptor() {
            descriptor.deselect(info, event);
        }
    }

    fn descriptor(&self) -> Result<Arc<Descriptor>, status_t> {
        team::find(self.process.team, self.fd)
    }

    fn with<R>(&self, call: impl FnOnce(&Arc<Descriptor>) -> Result<R, status_t>) -> Result<R, Status> {
        self.process.call(|| call(&self.descriptor()?)).map_err(Status)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Closed before, maybe.
        let _ = self.close();
    }
}

/// Adds up the pieces of a call as Haiku does: an error counts only if nothing was done.
fn vectored(pieces: impl Iterator<Item = (usize, Result<usize, Status>)>) -> Result<usize, Status> {
    let mut total = 0usize;
    for (wanted, done) in pieces {
        match done {
            Ok(bytes) => {
                total = total.saturating_add(bytes);
                if bytes != wanted {
                    break;
                }
            }
            Err(status) if total == 0 => return Err(status),
            Err(_) => break,
        }
    }
    Ok(total)
}
