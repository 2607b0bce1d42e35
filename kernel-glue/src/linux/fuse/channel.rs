//! The FUSE device: requests come out of it, replies and notices go in, each by one call.

use super::protocol::REQUEST_BYTES;
use super::protocol::answer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::io::IoSlice;

/// A mounted connection to the kernel. Any thread may reply; a reply is whole or not at all.
#[derive(Debug)]
pub(in crate::linux) struct Channel(OwnedFd);

/// Memory for any one request.
pub(in crate::linux) struct RequestBuffer(Box<[u8]>);

/// What a read of the device brought.
pub(in crate::linux) enum Received<'a> {
    /// The bytes of one request.
    Request(&'a [u8]),
    /// None is there, or it was withdrawn meanwhile.
    Nothing,
    /// The last user of the mount is gone.
    Gone,
}

impl RequestBuffer {
    pub(in crate::linux) fn new() -> Self {
        Self(vec![0; REQUEST_BYTES].into())
    }
}

impl Channel {
    pub(in crate::linux) fn new(device: OwnedFd) -> Self {
        Self(device)
    }

    /// Waits for the next request; at once [`Received::Nothing`] if the device is non-blocking and has none.
    pub(in crate::linux) fn receive<'a>(&self, buffer: &'a mut RequestBuffer) -> Received<'a> {
        match rustix::io::read(&self.0, &mut *buffer.0) {
            Ok(bytes) => Received::Request(buffer.0.get(..bytes).unwrap_or_default()),
            // ENOENT: the caller went before the request was copied. Only ENODEV, or an abort, is the end.
            Err(Errno::NOENT | Errno::INTR | Errno::AGAIN) => Received::Nothing,
            Err(_) => Received::Gone,
        }
    }

    /// Waits until a request is there, at most so long.
    pub(in crate::linux) fn wait(&self, timeout: Option<&Timespec>) {
        // An error is an interruption or the end, which the next read tells apart.
        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], timeout);
    }

    /// Replies with the bytes of both parts.
    pub(in crate::linux) fn answer(&self, unique: u64, body: &[u8], more: &[u8]) {
        let _ = self.deliver(unique, body, more);
    }

    /// As [`Self::answer`], for what must be undone if nobody gets it.
    ///
    /// # Errors
    /// `ENOENT` if the request is gone: its caller was killed before the reply, or the connection aborted.
    pub(in crate::linux) fn deliver(&self, unique: u64, body: &[u8], more: &[u8]) -> Result<(), Errno> {
        self.write(&answer::header(unique, body.len() + more.len(), None), body, more)
    }

    /// Replies that it is done.
    pub(in crate::linux) fn done(&self, unique: u64) {
        self.answer(unique, &[], &[]);
    }

    /// Replies with an error.
    pub(in crate::linux) fn refuse(&self, unique: u64, errno: Errno) {
        let _ = self.write(&answer::header(unique, 0, Some(errno)), &[], &[]);
    }

    /// Wakes who sleeps for a change of the open file: it asks again how ready that is.
    pub(in crate::linux) fn notify_poll(&self, kernel_handle: u64) {
        let body = answer::wakeup(kernel_handle);
        let _ = self.write(&answer::notice(NOTIFY_POLL, body.len()), &body, &[]);
    }

    /// Asks for every request again that was taken and not answered. Linux 6.9 and later do it.
    pub(in crate::linux) fn resend(&self) {
        let _ = self.write(&answer::notice(NOTIFY_RESEND, 0), &[], &[]);
    }

    /// Mostly nobody looks at the result: a request is gone when nobody waits for the reply any more.
    fn write(&self, header: &[u8], body: &[u8], more: &[u8]) -> Result<(), Errno> {
        let parts = [header, body, more].map(IoSlice::new);
        let used = if more.is_empty() { parts.get(..2) } else { None };
        rustix::io::writev(&self.0, used.unwrap_or(&parts)).map(drop)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

const NOTIFY_POLL: u32 = 1;
const NOTIFY_RESEND: u32 = 7;
