//! Network cards: nodes `/dev/net/NAME` whose wire is a Linux TAP device, or one end of a pair of sockets.
//!
//! A card takes what a real one takes: frames to its own address, broadcasts and multicasts; everything only in promiscuous mode. So a bridge that forgets that mode forwards nothing.

mod cable;
mod driver;
mod nic;
mod tap;

pub use cable::Cable;
pub use nic::{Counts, Link, Nic};

use nic::Card;
use std::io;
use std::os::fd::OwnedFd;

impl Nic {
    /// Publishes `/dev/net/NAME`, with a new TAP device of this network namespace as its wire.
    ///
    /// # Errors
    /// Linux's; `AlreadyExists` when there is such a node.
    pub fn on_tap(name: &str, mac: [u8; 6], interface: &str) -> io::Result<Self> {
        Self::publish(Card::new(name, mac, tap::create(interface)?)?)
    }

    /// Publishes `/dev/net/NAME`, with a descriptor of a TAP device without packet information as its wire.
    ///
    /// # Errors
    /// As [`Self::on_tap`].
    pub fn on_descriptor(name: &str, mac: [u8; 6], descriptor: OwnedFd) -> io::Result<Self> {
        Self::publish(Card::new(name, mac, descriptor)?)
    }

    /// Publishes `/dev/net/NAME`, and returns the other end of its wire.
    ///
    /// # Errors
    /// As [`Self::on_tap`].
    pub fn on_cable(name: &str, mac: [u8; 6]) -> io::Result<(Self, Cable)> {
        let (ours, theirs) = cable::pair()?;
        Ok((Self::publish(Card::new(name, mac, ours)?)?, Cable::new(theirs)))
    }
}

/// Moves the calling thread, and those it will start, into a network namespace of its own, with a user namespace around it if need
/// be and the process has one thread.
///
/// # Errors
/// Linux's.
pub fn own_network() -> io::Result<()> {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    if unshare(libc::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET)?;
    // user_namespaces(7): without CAP_SETGID outside, setgroups must be denied before gid_map may be written.
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: the flags name namespaces only, so no descriptor and no working directory of others is concerned.
    match unsafe { libc::unshare(flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
