//! Who is at the other end of a control connection.

use kernel_glue::linux::supervise::{Credentials, credentials};
use rustix::process::{getegid, geteuid};
use std::io;
use std::os::unix::net::UnixStream;

/// The process at the other end, as the kernel saw it when the connection was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer(Credentials);

impl Peer {
    /// Asks the kernel who connected.
    ///
    /// # Errors
    /// The kernel's.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        Ok(Self(credentials(stream)?))
    }

    /// Returns the user that runs this process, for requests that come from within it.
    pub fn this_process() -> Self {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        Self(Credentials { pid: Some(std::process::id()), uid, gid })
    }

    /// Returns whether the user may change anything: root, and the user that the daemon runs as.
    pub fn may_change(self) -> bool {
        self.0.uid == 0 || self.0.uid == geteuid().as_raw()
    }

    /// Returns the user's number.
    pub fn uid(self) -> u32 {
        self.0.uid
    }

    /// Returns the group's number.
    pub fn gid(self) -> u32 {
        self.0.gid
    }

    /// Returns the process, `None` when it is in no process namespace of this one.
    pub fn pid(self) -> Option<u32> {
        self.0.pid
    }
}
