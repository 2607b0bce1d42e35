//! A port without a device: two bounded queues in this process.
//!
//! The other end is a host inside the program, so that a bridge can run where even user namespaces are refused. It
//! takes no offload: what reaches it is summed and cut.

use super::worker::{bell, clear, ring};
use frame::DropReason;
use frame::offload::{Offload, VNET_BYTES};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The end that becomes a port of a bridge.
#[derive(Clone, Debug)]
pub struct MemoryPort(Arc<Pair>);

/// The end of the host.
#[derive(Debug)]
pub struct MemoryHost(Arc<Pair>);

#[derive(Debug)]
struct Pair {
    to_bridge: Queue,
    to_host: Queue,
}

/// Makes both ends of a port, with queues of `frames` frames of at most `frame_bytes` bytes each way.
///
/// # Errors
/// `EMFILE` if no descriptor is left for the bells.
pub fn memory_port(frames: usize, frame_bytes: usize) -> Result<(MemoryPort, MemoryHost), Errno> {
    let pair = Pair { to_bridge: Queue::new(frames, frame_bytes)?, to_host: Queue::new(frames, frame_bytes)? };
    let pair = Arc::new(pair);
    Ok((MemoryPort(pair.clone()), MemoryHost(pair)))
}

impl MemoryPort {
    /// Takes a frame that the host sent, its virtio-net header first, and returns how many bytes that is.
    pub(super) fn take(&self, stored: &mut [u8]) -> Option<usize> {
        self.0.to_bridge.pop(stored)
    }

    /// Gives the host a frame, if there is room.
    pub(super) fn give(&self, frame: &[u8]) -> Result<(), DropReason> {
        self.0.to_host.push(&Offload::default(), frame)
    }
}

impl AsFd for MemoryPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.to_bridge.bell.as_fd()
    }
}

impl MemoryHost {
    /// Sends a frame to the bridge.
    ///
    /// # Errors
    /// [`DropReason::QueueFull`] if the bridge does not keep up, [`DropReason::TooBig`] if no slot holds the frame.
    pub fn send(&self, frame: &[u8], offload: &Offload) -> Result<(), DropReason> {
        self.0.to_bridge.push(offload, frame)
    }

    /// Takes the next frame that the bridge sent into the front of `frame`, and returns its bytes.
    ///
    /// A frame longer than `frame` is cut.
    pub fn receive(&self, frame: &mut [u8]) -> Option<usize> {
        self.0.to_host.pop_frame(frame)
    }
}

impl AsFd for MemoryHost {
    /// Returns a descriptor that is readable while frames wait.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.to_host.bell.as_fd()
    }
}

/// Frames in order; the bell is readable while there are any.
#[derive(Debug)]
struct Queue {
    slots: Mutex<Slots>,
    bell: Arc<OwnedFd>,
}

#[derive(Debug)]
struct Slots {
    memory: Box<[u8]>,
    /// Bytes in each slot, the virtio-net header included.
    filled: Box<[usize]>,
    slot_bytes: usize,
    first: usize,
    count: usize,
}

impl Queue {
    fn new(frames: usize, frame_bytes: usize) -> Result<Self, Errno> {
        let slot_bytes = VNET_BYTES + frame_bytes;
        let memory = vec![0; frames * slot_bytes].into();
        let slots = Slots { memory, filled: vec![0; frames].into(), slot_bytes, first: 0, count: 0 };
        Ok(Self { slots: Mutex::new(slots), bell: bell()? })
    }

    fn push(&self, offload: &Offload, frame: &[u8]) -> Result<(), DropReason> {
        let mut slots = self.lock();
        let last = (slots.first + slots.count) % slots.filled.len().max(1);
        if slots.count == slots.filled.len() {
            return Err(DropReason::QueueFull);
        }
        let bytes = VNET_BYTES + frame.len();
        let slot = slots.slot(last).get_mut(..bytes).ok_or(DropReason::TooBig)?;
        let (header, body) = slot.split_at_mut(VNET_BYTES);
        header.copy_from_slice(&offload.to_vnet());
        body.copy_from_slice(frame);
        if let Some(filled) = slots.filled.get_mut(last) {
            *filled = bytes;
        }
        slots.count += 1;
        if slots.count == 1 {
            ring(self.bell.as_fd());
        }
        Ok(())
    }

    fn pop(&self, stored: &mut [u8]) -> Option<usize> {
        self.pop_behind(0, stored)
    }

    fn pop_frame(&self, frame: &mut [u8]) -> Option<usize> {
        self.pop_behind(VNET_BYTES, frame)
    }

    fn pop_behind(&self, skipped: usize, out: &mut [u8]) -> Option<usize> {
        let mut slots = self.lock();
        if slots.count == 0 {
            return None;
        }
        let first = slots.first;
        let filled = slots.filled.get(first).copied()?;
        let stored = slots.slot(first).get(skipped..filled)?;
        let bytes = stored.len().min(out.len());
        if let (Some(out), Some(stored)) = (out.get_mut(..bytes), stored.get(..bytes)) {
            out.copy_from_slice(stored);
        }
        slots.first = (first + 1) % slots.filled.len();
        slots.count -= 1;
        if slots.count == 0 {
            clear(self.bell.as_fd());
        }
        Some(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // No step between lock and unlock can panic half-way through a change.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn slot(&mut self, number: usize) -> &mut [u8] {
        let start = number * self.slot_bytes;
        self.memory.get_mut(start..start + self.slot_bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
