//! The sockets of seats: packets with boundaries, bounded queues, an end that can be told.

use super::super::tap::last_errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_send_buffer_size, socket_domain, socket_type};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, socketpair};

/// Makes both ends of a seat, ours first, each with room for `packets` full-size packets.
///
/// The program's end blocks, as a descriptor that was just opened does, and stays open over `exec` unless its receiver
/// says otherwise.
///
/// # Errors
/// `EMFILE`, `ENOMEM`.
pub fn seat_pair(packets: u16) -> Result<(OwnedFd, OwnedFd), Errno> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    for end in [&ours, &theirs] {
        bound_queue(end.as_fd(), queue_bytes(packets));
    }
    Ok((ours, theirs))
}

/// Checks that a socket can be a seat.
pub(super) fn check(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let (domain, kind) = (socket_domain(fd)?, socket_type(fd)?);
    let fits = domain == AddressFamily::UNIX && matches!(kind, SocketType::SEQPACKET | SocketType::DGRAM);
    if fits { Ok(()) } else { Err(Errno::PROTOTYPE) }
}

/// Bounds what waits to be read at the other end.
pub(super) fn bound_queue(fd: BorrowedFd<'_>, bytes: usize) {
    // The kernel takes the number twice over.
    let half = libc::c_int::try_from(bytes / 2).unwrap_or(libc::c_int::MAX);
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    let start = (&raw const half).cast();
    // SAFETY: the kernel reads one `int`.
    let status = unsafe { libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, start, size) };
    if status < 0 {
        // Without CAP_NET_ADMIN up to `net.core.wmem_max`: a shorter queue is a queue all the same.
        let _ = set_socket_send_buffer_size(fd, half as usize);
    }
}

/// What a queue of full-size packets takes of the kernel's memory.
pub(super) const fn queue_bytes(packets: u16) -> usize {
    packets as usize * PACKET_BYTES
}

/// Returns how many full-size packets what waits to be read at the other end amounts to.
pub(super) fn queued(fd: BorrowedFd<'_>) -> u32 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: `SIOCOUTQ`, which is `TIOCOUTQ`, writes one `int`.
    let status = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    // A socket that nobody has sent by still counts itself as one byte.
    let bytes = if status < 0 { 0 } else { usize::try_from(bytes).unwrap_or(0).saturating_sub(1) };
    u32::try_from(bytes.div_ceil(PACKET_BYTES)).unwrap_or(u32::MAX)
}

/// Tells the program at the other end that its device is gone: what it writes fails with EPIPE, and a read gives nothing,
/// once a call.
///
/// A socket that is shut down would be at its end for good: a program that reads on regardless, as OpenVPN does, would
/// take a whole processor for that. Called again and again, this tells it at the caller's pace.
pub fn tell_end(fd: BorrowedFd<'_>) {
    let first = !is_hung_up(fd);
    // One whose other end is gone already answers ENOTCONN.
    let _ = rustix::net::shutdown(fd, Shutdown::Read);
    // The first follows what was sent before; later ones wait until that was read.
    if first || queued(fd) == 0 {
        let _ = rustix::net::send(fd, &[], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }
}

/// Ends both directions, whoever holds the socket besides.
pub(super) fn hang_up(fd: BorrowedFd<'_>) {
    // One whose other end is gone already answers ENOTCONN.
    let _ = rustix::net::shutdown(fd, Shutdown::Both);
}

/// Throws away what waits at an end that was hung up, and returns how many packets that was.
///
/// Closed with packets unread, it would tell the other end of a connection reset instead of an end.
pub(super) fn drain(fd: BorrowedFd<'_>) -> u64 {
    let next = || has_bytes(fd).then(|| rustix::net::recv(fd, &mut [0; 1], RecvFlags::DONTWAIT).ok()).flatten();
    // A worker may have been faster: then there is nothing in it but the end.
    core::iter::from_fn(next).filter(|&(bytes, _)| bytes > 0).count() as u64
}

/// Whether the other end is closed, or either end hung up. What it sent before may still wait.
pub(super) fn is_hung_up(fd: BorrowedFd<'_>) -> bool {
    let over = PollFlags::HUP | PollFlags::RDHUP | PollFlags::NVAL;
    let mut asked = [PollFd::from_borrowed_fd(fd, PollFlags::RDHUP)];
    let answered = poll(&mut asked, Some(&AT_ONCE));
    answered.is_ok() && asked.iter().any(|fd| fd.revents().intersects(over))
}

/// Whether a packet of one byte or more waits.
pub(super) fn has_bytes(fd: BorrowedFd<'_>) -> bool {
    rustix::io::ioctl_fionread(fd).is_ok_and(|bytes| bytes > 0)
}

/// Receives packets, as many as wait and fit, and returns how many that are.
///
/// # Safety
/// Each message points at nothing but pieces of memory that is the caller's to change.
pub(super) unsafe fn receive_many(fd: BorrowedFd<'_>, messages: &mut [libc::mmsghdr]) -> Result<usize, Errno> {
    let (start, count) = (messages.as_mut_ptr(), messages.len() as libc::c_uint);
    // SAFETY: `count` messages lie there, whose pieces the caller answers for; no timeout is given.
    let got = unsafe { libc::recvmmsg(fd.as_raw_fd(), start, count, libc::MSG_DONTWAIT, core::ptr::null_mut()) };
    usize::try_from(got).map_err(|_| last_errno())
}

/// What the kernel counts for a packet of 1,514 bytes: a block of 2 KiB and its descriptor. Measured on Linux 6.18.
const PACKET_BYTES: usize = 2_304;
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
