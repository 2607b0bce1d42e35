//! A source of frames at the highest rate that a packet socket allows, for benchmarks and tests.

use super::clock;
use super::error::{Action, DeviceError};
use super::name::Interface;
use super::packet::option::{bind_without_receiving, set};
use super::transmit::EMPTY_MESSAGE;
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::io::IoSlice;
use std::time::Duration;

/// A packet socket that only sends, past the queueing discipline.
#[derive(Debug)]
pub struct Generator {
    fd: OwnedFd,
}

/// What a [`Generator`] has sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sent {
    /// Frames that the kernel took.
    pub frames: u64,
    /// Time it took.
    pub elapsed: Duration,
}

impl Generator {
    /// Opens an interface of the calling thread's network namespace.
    ///
    /// # Errors
    /// `EPERM` without CAP_NET_RAW, `ENODEV` if there is no such interface.
    pub fn open(interface: Interface) -> Result<Self, DeviceError> {
        let Interface { name, index } = interface;
        let fd = socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None)
            .map_err(Action::OpenPacket.on(name))?;
        let on: libc::c_int = 1;
        set(fd.as_fd(), libc::PACKET_QDISC_BYPASS, &on).map_err(Action::SetOption.on(name))?;
        bind_without_receiving(fd.as_fd(), index).map_err(Action::Bind.on(name))?;
        Ok(Self { fd })
    }

    /// Sends frames in turn until `duration` has passed.
    ///
    /// # Errors
    /// What the kernel answered, unless it only had no room for a moment.
    pub fn send_for(&self, frames: &[&[u8]], duration: Duration) -> Result<Sent, Errno> {
        let start = clock::monotonic();
        let mut sent = Sent::default();
        let pieces: Vec<IoSlice<'_>> = frames.iter().cycle().take(BATCH).map(|frame| IoSlice::new(frame)).collect();
        while sent.elapsed < duration {
            match send(&self.fd, &pieces) {
                Ok(count) => sent.frames += count,
                Err(Errno::INTR | Errno::AGAIN | Errno::NOBUFS) => {}
                Err(errno) => return Err(errno),
            }
            sent.elapsed = clock::monotonic().since(start);
        }
        Ok(sent)
    }
}

fn send(fd: &OwnedFd, frames: &[IoSlice<'_>]) -> Result<u64, Errno> {
    let mut messages = [EMPTY_MESSAGE; BATCH];
    let mut count = 0;
    for (message, frame) in messages.iter_mut().zip(frames) {
        message.msg_hdr.msg_iov = core::ptr::from_ref(frame).cast_mut().cast();
        message.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    // SAFETY: the first `count` messages were pointed at frames that outlive the call, and have no other pointers;
    // an `IoSlice` is an `iovec`, and the kernel only reads what it points to.
    let sent = unsafe { libc::sendmmsg(fd.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
    u64::try_from(sent).map_err(|_| super::tap::last_errno())
}

/// Frames of one system call.
const BATCH: usize = 64;
