//! Many writes to one descriptor in one system call.
//!
//! Whether that is cheaper than as many writes depends on what entering the kernel costs. On a TAP, a batch of 32 cost
//! 0.60 µs a frame where `write` cost 0.86 µs on a machine that takes 0.175 µs for an empty call; on another, with
//! 0.12 µs, `write` was the cheaper by a tenth. So it is tried out where it is to run. A batch of one always costs
//! more than a `write`, and small batches do not come here.

use super::clock;
use io_uring::{IoUring, opcode, types};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::io::IoSlice;
use std::time::Duration;

/// A ring that this thread alone fills and reaps.
pub(super) struct Uring {
    ring: IoUring,
}

impl Uring {
    /// Sets the ring up in the thread that will use it.
    ///
    /// # Errors
    /// `EPERM` where `kernel.io_uring_disabled` or a seccomp filter forbids it, `ENOSYS` where the kernel has none,
    /// `EINVAL` before Linux 6.1, `ENOMEM` where locked memory is short.
    pub(super) fn new(entries: usize) -> Result<Self, Errno> {
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(entries as u32)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(Self { ring })
    }

    /// Writes each message and reports how each fared; `None` if the ring is unusable, and none was written.
    ///
    /// Returns when no write is under way: until then the kernel may read the messages.
    pub(super) fn write_all(
        &mut self,
        fd: BorrowedFd<'_>,
        messages: &[&[IoSlice<'_>]],
        mut done: impl FnMut(usize, Result<usize, Errno>),
    ) -> Option<()> {
        let mut queued = 0;
        for (number, message) in messages.iter().enumerate() {
            let fd = types::Fd(fd.as_raw_fd());
            let entry = match message {
                [piece] => opcode::Write::new(fd, piece.as_ptr(), piece.len() as u32).build(),
                pieces => opcode::Writev::new(fd, pieces.as_ptr().cast(), pieces.len() as u32).build(),
            };
            let entry = entry.user_data(number as u64);
            let mut queue = self.ring.submission();
            // SAFETY: the pieces outlive this call, which does not return before each write has completed; an
            // `IoSlice` is an `iovec`.
            if unsafe { queue.push(&entry) }.is_err() {
                break;
            }
            queued += 1;
        }
        for number in queued..messages.len() {
            done(number, Err(Errno::AGAIN));
        }
        self.reap(queued, done)
    }

    /// Tries out whether a full batch is cheaper here than as many writes. Takes less than a millisecond.
    pub(super) fn pays(&mut self) -> bool {
        let Ok(null) = rustix::fs::open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) else {
            return true;
        };
        let frame = [0; 70];
        let pieces = [IoSlice::new(&frame)];
        let messages = [&pieces[..]; TRIAL_BATCH];
        let by_ring = fastest(|| {
            let _ = self.write_all(null.as_fd(), &messages, |_, _| {});
        });
        let by_write = fastest(|| {
            for _ in messages {
                let _ = rustix::io::write(&null, &frame);
            }
        });
        by_ring < by_write
    }

    fn reap(&mut self, queued: usize, mut done: impl FnMut(usize, Result<usize, Errno>)) -> Option<()> {
        let mut reaped = 0;
        while reaped < queued {
            let waited = self.ring.submit_and_wait(queued - reaped);
            for completion in self.ring.completion() {
                reaped += 1;
                let result = match usize::try_from(completion.result()) {
                    Ok(bytes) => Ok(bytes),
                    Err(_) => Err(Errno::from_raw_os_error(-completion.result())),
                };
                done(completion.user_data() as usize, result);
            }
            let nothing_taken = reaped == 0 && self.ring.submission().len() == queued;
            if waited.is_err_and(|error| !is_passing(&error)) && nothing_taken {
                return None;
            }
        }
        Some(())
    }
}

/// Whether the same call may succeed: interrupted, or short of memory for a moment.
fn is_passing(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINTR | libc::EAGAIN | libc::EBUSY))
}

/// Returns the shortest time of some rounds, each of several calls: what others do meanwhile only makes it longer.
fn fastest(mut work: impl FnMut()) -> Duration {
    let mut round = || {
        let start = clock::monotonic();
        (0..TRIAL_CALLS).for_each(|_| work());
        clock::monotonic().since(start)
    };
    (0..TRIAL_ROUNDS).map(|_| round()).min().unwrap_or(Duration::MAX)
}

/// A burst of small frames.
const TRIAL_BATCH: usize = 32;
/// Long enough for a clock of microseconds.
const TRIAL_CALLS: usize = 8;
const TRIAL_ROUNDS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::skip::tell;

    #[test]
    fn trying_out_leaves_the_ring_usable() {
        let Ok(mut ring) = Uring::new(64) else {
            return tell("trying_out_leaves_the_ring_usable", "needs io_uring");
        };
        let first = ring.pays();
        println!("a ring pays here: {first}");
        let null = rustix::fs::open("/dev/null", OFlags::WRONLY, Mode::empty()).unwrap();
        let pieces = [IoSlice::new(b"frame")];
        let mut written = 0;
        ring.write_all(null.as_fd(), &[&pieces[..]; 3], |_, result| written += result.unwrap()).unwrap();
        assert_eq!(written, 15, "no completion of the trial is left over");
    }
}
