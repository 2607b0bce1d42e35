//! Word of interfaces that come, go or change.

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// The multicast group of interfaces, `RTMGRP_LINK`, and those of addresses.
const GROUPS: u32 = (libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR) as u32;

/// A socket that becomes readable when interfaces or addresses change.
///
/// It does not say what changed: the kernel drops messages when many come at once, so whoever is told looks at all
/// interfaces anyway.
pub struct LinkMonitor {
    socket: Socket,
}

impl LinkMonitor {
    /// Opens the socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, GROUPS))?;
        socket.set_non_blocking(true)?;
        Ok(Self { socket })
    }

    /// Reads all messages that are there and returns whether there was any, or any was dropped.
    pub fn drain(&self) -> Changed {
        let mut changed = Changed::No;
        // A bound on one visit; what is left makes the socket readable still.
        for _ in 0..4096 {
            match self.socket.recv_from_full() {
                Ok(_) => changed = Changed::Yes,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => changed = Changed::Yes,
                Err(_) => return changed,
            }
        }
        changed
    }
}

/// Whether anything changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Changed {
    /// Something did.
    Yes,
    /// Nothing did.
    No,
}

impl AsFd for LinkMonitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open as long as the socket, which lives as long as the borrow of `self`.
        unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) }
    }
}

impl std::fmt::Debug for LinkMonitor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LinkMonitor").finish_non_exhaustive()
    }
}
