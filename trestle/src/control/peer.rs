//! Who is at the other end of a control connection.

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Uid, geteuid};
use std::io;
use std::os::unix::net::UnixStream;

/// The user at the other end, as the kernel saw it when the connection was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    uid: Uid,
}

impl Peer {
    /// Asks the kernel who connected.
    ///
    /// # Errors
    /// The kernel's.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        Ok(Self { uid: socket_peercred(stream)?.uid })
    }

    /// Returns the user that runs this process, for requests that come from within it.
    pub fn this_process() -> Self {
        Self { uid: geteuid() }
    }

    /// Returns whether the user may change anything: root, and the user that the daemon runs as.
    pub fn may_change(self) -> bool {
        self.uid.is_root() || self.uid == geteuid()
    }

    /// Returns the user's number.
    pub fn uid(self) -> u32 {
        self.uid.as_raw()
    }
}
