//! What /proc says of a supervised process.

use std::fs;
use std::path::PathBuf;

/// Returns where a relative path starts: an open directory of the process, or its working directory.
pub(crate) fn directory(thread: u32, descriptor: i32) -> Option<PathBuf> {
    if descriptor < 0 {
        // AT_FDCWD; no other negative number opens anything.
        return fs::read_link(format!("/proc/{thread}/cwd")).ok();
    }
    fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()
}

/// Returns the socket that a descriptor of the process is, by its inode: the same however often the descriptor was
/// copied, inherited or given another number.
pub(crate) fn socket(thread: u32, descriptor: i32) -> Option<u64> {
    let link = fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Returns the process to which a thread belongs.
pub(crate) fn of_thread(thread: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_socket_is_known_under_every_number() {
        let (near, far) = UnixStream::pair().unwrap();
        let copy = near.try_clone().unwrap();
        let me = std::process::id();
        let inode = rustix::fs::fstat(&near).unwrap().st_ino;
        assert_eq!(socket(me, near.as_raw_fd()), Some(inode));
        assert_eq!(socket(me, copy.as_raw_fd()), Some(inode));
        assert_ne!(socket(me, far.as_raw_fd()), Some(inode));
        let null = fs::File::open("/dev/null").unwrap();
        assert_eq!(socket(me, null.as_raw_fd()), None);
        assert_eq!(socket(me, -1), None);
    }

    #[test]
    fn threads_and_directories() {
        let thread = std::thread::spawn(|| rustix::thread::gettid().as_raw_nonzero().get() as u32);
        let me = std::process::id();
        assert_eq!(of_thread(me), Some(me));
        let gone = thread.join().unwrap();
        assert_ne!(gone, me);
        assert_eq!(directory(me, rustix::fs::CWD.as_raw_fd()), std::env::current_dir().ok());
        let dev = fs::File::open("/dev").unwrap();
        assert_eq!(directory(me, dev.as_raw_fd()), Some("/dev".into()));
    }
}
