//! Options of packet sockets, for which no crate has safe calls.

use super::super::tap::last_errno;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;

/// What the kernel takes as the value of an option at `SOL_PACKET`: integers without padding.
///
/// # Safety
/// Every byte of the type is initialised, and the kernel only reads it.
pub(in super::super) unsafe trait OptionValue {}

// SAFETY: an integer.
unsafe impl OptionValue for libc::c_int {}
// SAFETY: an integer.
unsafe impl OptionValue for u32 {}
// SAFETY: four `u32`.
unsafe impl OptionValue for libc::tpacket_req {}
// SAFETY: 4, 2, 2 and 8 bytes, in a size of 16.
unsafe impl OptionValue for libc::packet_mreq {}

const _: () = assert!(size_of::<libc::tpacket_req>() == 16);
const _: () = assert!(size_of::<libc::packet_mreq>() == 16);

/// Sets an option at `SOL_PACKET`.
pub(in super::super) fn set<T: OptionValue>(fd: BorrowedFd<'_>, option: libc::c_int, value: &T) -> Result<(), Errno> {
    let bytes = size_of::<T>() as libc::socklen_t;
    let start = core::ptr::from_ref(value).cast();
    // SAFETY: the kernel reads `bytes` bytes of `value`, all of which are initialised.
    let status = unsafe { libc::setsockopt(fd.as_raw_fd(), libc::SOL_PACKET, option, start, bytes) };
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}

/// Sets the send buffer, beyond the system's limit where CAP_NET_ADMIN allows.
pub(super) fn set_send_buffer(fd: BorrowedFd<'_>, bytes: libc::c_int) -> Result<(), Errno> {
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    let start = (&raw const bytes).cast();
    // SAFETY: the kernel reads one `int`.
    let status = unsafe { libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, start, size) };
    if status < 0 { rustix::net::sockopt::set_socket_send_buffer_size(fd, bytes as usize) } else { Ok(()) }
}

/// Binds to every protocol on one interface.
pub(super) fn bind(fd: BorrowedFd<'_>, index: u32) -> Result<(), Errno> {
    bind_to(fd, libc::ETH_P_ALL as u16, index)
}

/// Binds to one interface for sending alone.
pub(in super::super) fn bind_without_receiving(fd: BorrowedFd<'_>, index: u32) -> Result<(), Errno> {
    bind_to(fd, 0, index)
}

fn bind_to(fd: BorrowedFd<'_>, protocol: u16, index: u32) -> Result<(), Errno> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: protocol.to_be(),
        sll_ifindex: index.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let bytes = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    let start = (&raw const address).cast();
    // SAFETY: the kernel reads one `sockaddr_ll`.
    let status = unsafe { libc::bind(fd.as_raw_fd(), start, bytes) };
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}

/// Frames that the kernel dropped for want of room since the last call.
pub(super) fn take_kernel_drops(fd: BorrowedFd<'_>) -> Result<u32, Errno> {
    let mut statistics = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut bytes = size_of::<libc::tpacket_stats>() as libc::socklen_t;
    let start = (&raw mut statistics).cast();
    let option = libc::PACKET_STATISTICS;
    // SAFETY: the kernel writes at most `bytes` bytes, the size of `statistics`.
    let status = unsafe { libc::getsockopt(fd.as_raw_fd(), libc::SOL_PACKET, option, start, &raw mut bytes) };
    if status < 0 { Err(last_errno()) } else { Ok(statistics.tp_drops) }
}

/// Returns the interface that the socket is bound to, `None` once that is removed.
pub(super) fn bound_interface(fd: BorrowedFd<'_>) -> Option<u32> {
    let mut address = libc::sockaddr_ll {
        sll_family: 0,
        sll_protocol: 0,
        sll_ifindex: -1,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let mut bytes = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    let start = (&raw mut address).cast();
    // SAFETY: the kernel writes at most `bytes` bytes, the size of `address`.
    let status = unsafe { libc::getsockname(fd.as_raw_fd(), start, &raw mut bytes) };
    u32::try_from(address.sll_ifindex).ok().filter(|&index| status == 0 && index > 0)
}
