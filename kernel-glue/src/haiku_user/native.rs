//! The calls as Haiku's C library makes them.

use super::{Argument, Blocking, Calls, Fd, Ready, Status};
use alloc::ffi::CString;
use core::ffi::c_ulong;
use core::time::Duration;
use haiku_abi as abi;

/// The kernel that runs this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Calls for Native {
    fn socket(&self) -> Result<Fd, Status> {
        // SAFETY: the call takes numbers only.
        let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
        descriptor(fd)
    }

    fn open(&self, path: &str, blocking: Blocking) -> Result<Fd, Status> {
        let path = CString::new(path).map_err(|_| Status(abi::B_BAD_VALUE))?;
        let mode = match blocking {
            Blocking::Yes => 0,
            Blocking::No => libc::O_NONBLOCK,
        };
        // SAFETY: `path` ends with a NUL and lives over the call.
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC | mode) };
        descriptor(fd)
    }

    fn close(&self, fd: Fd) {
        // SAFETY: the number is of a descriptor that `open` or `socket` gave and that its `Descriptor` closes once.
        let _ = unsafe { libc::close(fd.0) };
    }

    fn read(&self, fd: Fd, into: &mut [u8]) -> Result<usize, Status> {
        // SAFETY: the slice is exclusively ours over the call, and the kernel writes no more than its length.
        let read = unsafe { libc::read(fd.0, into.as_mut_ptr().cast(), into.len()) };
        usize::try_from(read).map_err(|_| last())
    }

    fn write(&self, fd: Fd, from: &[u8]) -> Result<usize, Status> {
        // SAFETY: the slice lives over the call, and the kernel reads no more than its length.
        let written = unsafe { libc::write(fd.0, from.as_ptr().cast(), from.len()) };
        usize::try_from(written).map_err(|_| last())
    }

    fn ioctl(&self, fd: Fd, request: u32, argument: Argument<'_>) -> Result<i32, Status> {
        // SAFETY: an `Argument` lends memory of the length that is passed; the variadic call reads both arguments after
        // the request, as `ioctl` of Haiku's C library does.
        let returned = unsafe { libc::ioctl(fd.0, c_ulong::from(request), argument.address(), argument.len()) };
        if returned == -1 { Err(last()) } else { Status::check(returned) }
    }

    fn poll(&self, fd: Fd, wanted: Ready, patience: Duration) -> Result<Ready, Status> {
        let mut events = 0;
        if wanted.contains(Ready::READ) {
            events |= libc::POLLIN;
        }
        if wanted.contains(Ready::WRITE) {
            events |= libc::POLLOUT;
        }
        let mut wait = libc::pollfd { fd: fd.0, events, revents: 0 };
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

fn descriptor(fd: i32) -> Result<Fd, Status> {
    if fd < 0 { Err(last()) } else { Ok(Fd(fd)) }
}

/// Returns the error of this thread's last call.
fn last() -> Status {
    // SAFETY: the C library returns the address of this thread's own number, which lives as long as the thread.
    let address = unsafe { libc::_errnop() };
    // SAFETY: as above; nobody else writes it.
    Status(unsafe { address.read() })
}
