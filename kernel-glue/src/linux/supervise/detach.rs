//! A process of our own beside the one that becomes the program.

use crate::linux::tap::last_errno;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What ends or stops a process from a terminal or a service manager. The supervisor ends with its program instead:
/// without it, every open of the program fails.
const IGNORED: [libc::c_int; 8] = [
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGPIPE,
];

/// Runs `body` in a process that is no child of this one, so that a program which takes this one's place meets no
/// child it did not make.
///
/// Of the descriptors open here, the process has standard error and `kept`; it leaves the session, the terminal and
/// the working directory. It ends when `body` returns. Call this before any thread is started.
///
/// # Errors
/// `EINVAL` when there are other threads, which the process would be without; otherwise the system's.
pub fn detach(kept: OwnedFd, body: impl FnOnce(OwnedFd)) -> Result<(), Errno> {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
    if threads.is_ok_and(|threads| threads != 1) {
        return Err(Errno::INVAL);
    }
    if let Some(between) = fork()? {
        // The one between has ended as soon as it has forked.
        while let Err(errno) = waitpid(Some(between), WaitOptions::empty()) {
            if errno != Errno::INTR {
                return Err(errno);
            }
        }
        return Ok(());
    }
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if matches!(fork(), Ok(None)) {
            leave(kept.as_fd());
            body(kept);
        }
    }));
    // SAFETY: nothing of this process is wanted any more, least of all what the caller registered for its own exit.
    unsafe { libc::_exit(0) }
}

/// Returns a copy of a descriptor that this process was started with.
///
/// # Errors
/// `EBADF` when there is none of that number.
pub fn inherited(number: RawFd) -> Result<OwnedFd, Errno> {
    if number < 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: it is not negative, and borrowed for one call, which fails if it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_dupfd_cloexec(borrowed, 3)
}

/// Returns the child's number in the parent, `None` in the child.
fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: the process has one thread (`detach` has looked), so the child finds every lock free.
    match unsafe { libc::fork() } {
        0 => Ok(None),
        child => Pid::from_raw(child).filter(|_| child > 0).map(Some).ok_or_else(last_errno),
    }
}

/// Leaves everything behind that ties a process to those who started it.
fn leave(kept: BorrowedFd<'_>) {
    let _ = rustix::process::setsid();
    for signal in IGNORED {
        // SAFETY: ignoring a signal runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let _ = rustix::process::chdir("/");
    if let Ok(null) = rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()) {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
    }
    let kept = kept.as_raw_fd() as libc::c_uint;
    close(3, kept.saturating_sub(1));
    close(kept.max(2).saturating_add(1), libc::c_uint::MAX);
}

fn close(first: libc::c_uint, last: libc::c_uint) {
    if first <= last {
        // SAFETY: the owners of these descriptors are frames of the parent, to which this copy of the process never
        // returns (`detach` ends it), and `kept` is not among them.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    }
}
