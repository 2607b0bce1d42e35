//! Packets that wait for a reader.

use super::Socket;
use crate::stack::buffer::Buffer;
use crate::stack::kernel::{self, Semaphore};
use crate::stack::lock::Mutex;
use haiku_abi::*;
use std::collections::VecDeque;
use std::ffi::CStr;
use std::sync::atomic::Ordering;

/// A socket's packets, bounded in bytes.
pub(super) struct Queue {
    packets: Mutex<(VecDeque<Buffer>, usize)>,
    notify: Semaphore,
}

impl Queue {
    pub(super) fn new(name: &'static CStr) -> Result<Self, status_t> {
        Ok(Self { packets: Mutex::new(name, (VecDeque::new(), 0)), notify: Semaphore::new(name)? })
    }

    /// Makes the lock, at the place where it stays.
    pub(super) fn init(&self) {
        self.packets.init();
    }

    pub(super) fn bytes(&self) -> usize {
        self.packets.lock().1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.lock().0.is_empty()
    }

    /// Wakes all who wait now.
    pub(super) fn wake_all(&self) {
        self.notify.release(0, B_RELEASE_ALL);
    }

    /// Wakes one, if any waits now.
    pub(super) fn wake_one(&self) {
        self.notify.release(1, B_RELEASE_IF_WAITING_ONLY | B_DO_NOT_RESCHEDULE);
    }
}

impl Socket {
    /// Adds a packet, or drops it where there is no room.
    pub(super) fn enqueue(&self, buffer: Buffer) -> status_t {
        let room = self.state().receive.bytes as usize;
        let mut packets = self.queue.packets.lock();
        let bytes = packets.1 + buffer.len();
        if room > 0 && bytes > room {
            return ENOBUFS;
        }
        packets.0.push_back(buffer);
        packets.1 = bytes;
        self.queue.wake_one();
        self.notify(B_SELECT_READ, bytes as i32);
        B_OK
    }

    /// Adds a packet that shows the same bytes.
    pub(super) fn enqueue_shared(&self, buffer: &Buffer) -> status_t {
        buffer.share().map_or(B_NO_MEMORY, |shared| self.enqueue(shared))
    }

    /// Takes the first packet, or looks at it; waits for one as long as the socket does.
    pub(super) fn dequeue(&self, flags: i32) -> Result<Buffer, status_t> {
        if flags & !(MSG_DONTWAIT | MSG_PEEK) != 0 {
            return Err(EOPNOTSUPP);
        }
        let peek = flags & MSG_PEEK != 0;
        let timeout = match self.state().receive.timeout {
            _ if flags & MSG_DONTWAIT != 0 => 0,
            timeout @ (0 | B_INFINITE_TIMEOUT) => timeout,
            timeout => timeout.saturating_add(kernel::now()),
        };
        let mut waited = false;
        loop {
            let mut packets = self.queue.packets.lock();
            if let Some(first) = packets.0.front() {
                let taken = if peek { first.share() } else { packets.0.pop_front() };
                if peek && waited {
                    self.queue.wake_one();
                }
                let taken = taken.ok_or(B_NO_MEMORY)?;
                packets.1 -= if peek { 0 } else { taken.len() };
                return Ok(taken);
            }
            match self.status(peek) {
                B_OK => {}
                failed => {
                    if peek {
                        self.queue.wake_one();
                    }
                    return Err(failed);
                }
            }
            drop(packets);
            let kind = if timeout == 0 { B_RELATIVE_TIMEOUT } else { B_ABSOLUTE_TIMEOUT };
            match self.queue.notify.acquire(B_CAN_INTERRUPT | kind, timeout) {
                B_OK => waited = true,
                failed => return Err(failed),
            }
        }
    }

    /// Why there is nothing to wait for, if so.
    fn status(&self, peek: bool) -> status_t {
        if let super::Kind::Link(capture) = &self.kind
            && !capture.is_in_use()
        {
            return B_DEVICE_NOT_FOUND;
        }
        if peek { self.error.load(Ordering::Acquire) } else { self.take_error() }
    }
}
