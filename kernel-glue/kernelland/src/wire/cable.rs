//! The far end of a wire that is a pair of sockets.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The far end of a card's wire: what a test sends here, the card receives.
#[derive(Debug)]
pub struct Cable(OwnedFd);

impl Cable {
    pub(super) fn new(end: OwnedFd) -> Self {
        Self(end)
    }

    /// Sends a frame to the card.
    ///
    /// # Errors
    /// Linux's; `BrokenPipe` when the card is gone.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        send(&self.0, frame, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Returns the next frame that the card sent, if one comes in time.
    ///
    /// # Errors
    /// Linux's.
    pub fn receive(&self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        if poll(&mut fds, Some(&patience))? == 0 {
            return Ok(None);
        }
        let mut frame = vec![0; 65_536];
        let (bytes, _) = recv(&self.0, &mut frame[..], RecvFlags::DONTWAIT)?;
        frame.truncate(bytes);
        Ok((bytes > 0).then_some(frame))
    }
}

impl AsFd for Cable {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes a wire with two ends, which keeps frames apart.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}
