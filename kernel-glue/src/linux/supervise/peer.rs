//! Who is at the other end of a Unix socket.

use crate::linux::tap::last_errno;
use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;

/// `struct ucred` of the process that connected, listened, or made the pair.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// The process; `None` if it is in no process namespace that this one sees.
    pub pid: Option<u32>,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// Asks the kernel who is at the other end.
///
/// # Errors
/// The kernel's.
pub fn credentials(socket: impl AsFd) -> Result<Credentials, Errno> {
    let mut found = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut bytes = size_of::<libc::ucred>() as libc::socklen_t;
    let socket = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel writes at most `bytes` bytes, the size of `found`, and into `bytes` how many.
    let status = unsafe {
        libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut found).cast(), &raw mut bytes)
    };
    if status < 0 {
        return Err(last_errno());
    }
    let pid = u32::try_from(found.pid).ok().filter(|&pid| pid != 0);
    Ok(Credentials { pid, uid: found.uid, gid: found.gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_from_this_process() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        let uid = rustix::process::getuid().as_raw();
        let gid = rustix::process::getgid().as_raw();
        assert_eq!(credentials(near), Ok(Credentials { pid: Some(std::process::id()), uid, gid }));
        assert_eq!(credentials(std::fs::File::open("/dev/null").unwrap()), Err(Errno::NOTSOCK));
    }
}
