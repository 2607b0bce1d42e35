//! The process that sees a daemon's nodes off when the daemon is gone.
//!
//! A program that has a node open when its server dies would spin upon errors that come at once, or hang where it
//! cannot be killed. So a second process holds the connection to the kernel and sleeps until the daemon's socket
//! closes: it takes the mount out of the tree, that a restarted daemon finds the path free, and answers what the
//! programs still ask, each with an error and at most [ten times a second](tap::Pace). It ends when the last program
//! has closed its node. What a kernel before Linux 6.9 had given the daemon unanswered stays waiting until a signal.

mod afterlife;
mod link;

pub(in crate::linux) use link::Link;

use super::caps::{PrivilegeError, keep_only};
use super::fuse::{Channel, detach};
use caps::Capability;
use link::{News, Wish};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

/// Why a keeper could not begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
    /// The socket is none that leads to a daemon.
    #[error("no descriptors from the daemon: {0}")]
    Descriptors(Errno),
    /// More privileges would be held than are used.
    #[error(transparent)]
    Privileges(#[from] PrivilegeError),
}

/// Keeps the mount of the daemon at the other end of `socket`, and returns when its last user is gone.
///
/// The caller is a process of its own, with one thread, and `socket` was its standard input when the daemon started it.
/// It keeps CAP_SYS_ADMIN alone, to unmount, and not even that once it has.
///
/// # Errors
/// [`KeeperError`]; the daemon then unmounts by itself or not at all.
pub fn main(socket: OwnedFd) -> Result<(), KeeperError> {
    let (device, root) = link::receive_descriptors(&socket).map_err(KeeperError::Descriptors)?;
    outlive();
    keep_only(&[Capability::CAP_SYS_ADMIN])?;
    let mut sleepers = link::Sleepers::default();
    let mut root = Some(root);
    while let Some(news) = link::next(&socket) {
        match news {
            News::Sleeper(kernel_handle) => sleepers.add(kernel_handle),
            News::Closed(kernel_handle) => sleepers.remove(kernel_handle),
            News::Wish(Wish::Unmount) => {
                unmount(&mut root);
                link::confirm(&socket);
            }
        }
    }
    unmount(&mut root);
    keep_only(&[])?;
    afterlife::serve(&Channel::new(device), &sleepers);
    Ok(())
}

/// Detaches the mount once. If that is refused, the nodes stay where they are, and are answered all the same.
fn unmount(root: &mut Option<OwnedFd>) {
    if let Some(root) = root.take() {
        let _ = detach(&root);
    }
}

/// Survives what ends the daemon: a signal to its session or group, such as Ctrl-C or a service manager's.
fn outlive() {
    // Refused to the leader of a group, which has a session of its own then.
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
        // SAFETY: ignoring a signal installs no code, and no other thread has a say in it.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}
