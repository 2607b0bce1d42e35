//! The calls as Haiku's C library makes them.

use super::{Blocking, Calls, Descriptor, Ready, Status};
use alloc::ffi::CString;
use core::ffi::c_ulong;
use core::time::Duration;
use haiku_abi as abi;

/// The kernel that runs this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

/// A descriptor of this process.
#[derive(Debug)]
pub struct Open(i32);

impl Calls for Native {
    type Descriptor = Open;

    fn socket(&self) -> Result<Open, Status> {
        // SAFETY: the call takes numbers only.
        let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
        Open::of(fd)
    }

    fn open(&self, path: &str, blocking: Blocking) -> Result<Open, Status> {
        let path = CString::new(path).map_err(|_| Status(abi::B_BAD_VALUE))?;
        let mode = match blocking {
            Blocking::Yes => 0,
            Blocking::No => libc::O_NONBLOCK,
        };
        // SAFETY: `path` ends with a NUL and lives over the call.
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC | mode) };
        Open::of(fd)
    }

    fn has_node(&self, path: &str) -> bool {
        // SAFETY: the path ends with a NUL and lives over the call.
        CString::new(path).is_ok_and(|path| unsafe { libc::access(path.as_ptr(), libc::F_OK) } == 0)
    }
}

impl Open {
    fn of(fd: i32) -> Result<Self, Status> {
        if fd < 0 { Err(last()) } else { Ok(Self(fd)) }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this one's alone, and not used afterwards.
        let _ = unsafe { libc::close(self.0) };
    }
}

impl Descriptor for Open {
    fn read(&self, into: &mut [u8]) -> Result<usize, Status> {
        // SAFETY: the slice is exclusively ours over the call, and the kernel writes no more than its length.
        let read = unsafe { libc::read(self.0, into.as_mut_ptr().cast(), into.len()) };
        usize::try_from(read).map_err(|_| last())
    }

    fn write(&self, from: &[u8]) -> Result<usize, Status> {
        // SAFETY: the slice lives over the call, and the kernel reads no more than its length.
        let written = unsafe { libc::write(self.0, from.as_ptr().cast(), from.len()) };
        usize::try_from(written).map_err(|_| last())
    }

    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), Status> {
        let (address, bytes) = (argument.as_mut_ptr(), argument.len());
        // SAFETY: the slice is exclusively ours over the call, and the kernel is told its length by the argument that
        // follows it, which `ioctl` of Haiku's C library always reads.
        let returned = unsafe { libc::ioctl(self.0, c_ulong::from(request), address, bytes) };
        if returned == -1 { Err(last()) } else { Status::check(returned) }
    }

    fn poll(&self, wanted: Ready, patience: Duration) -> Result<Ready, Status> {
        let mut events = 0;
        if wanted.contains(Ready::READ) {
            events |= libc::POLLIN;
        }
        if wanted.contains(Ready::WRITE) {
            events |= libc::POLLOUT;
        }
        let mut wait = libc::pollfd { fd: self.0, events, revents: 0 };
        let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one `pollfd`, exclusively ours over the call.
        let found = unsafe { libc::poll(&raw mut wait, 1, millis) };
        if found < 0 {
            return Err(last());
        }
        let mut ready = Ready::empty();
        ready.set(Ready::READ, wait.revents & libc::POLLIN != 0);
        ready.set(Ready::WRITE, wait.revents & libc::POLLOUT != 0);
        ready.set(Ready::HUNG_UP, wait.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0);
        Ok(ready)
    }
}

/// Returns the error of this thread's last call.
fn last() -> Status {
    // SAFETY: the C library returns the address of this thread's own number, which lives as long as the thread.
    let address = unsafe { libc::_errnop() };
    // SAFETY: as above; nobody else writes it.
    Status(unsafe { address.read() })
}
