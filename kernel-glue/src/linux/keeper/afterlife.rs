//! Answers on behalf of a daemon that is gone.

use super::link::Sleepers;
use crate::linux::clock::monotonic;
use crate::linux::fuse::{Channel, Farewell, Farewells, Operation, Received, Request, RequestBuffer};
use frame::Instant;
use rustix::event::Timespec;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::collections::HashMap;
use tap::{Pace, Verdict};

/// Answers until the last open file is closed.
pub(super) fn serve(channel: &Channel, sleepers: &Sleepers) {
    // The daemon's threads waited in the read; here a withdrawn request must not keep a due answer waiting.
    if let Ok(flags) = rustix::fs::fcntl_getfl(channel) {
        let _ = rustix::fs::fcntl_setfl(channel, flags | OFlags::NONBLOCK);
    }
    channel.resend();
    sleepers.iter().for_each(|kernel_handle| channel.notify_poll(kernel_handle));
    let mut estate = Estate { channel, farewells: Farewells::default(), paces: HashMap::new() };
    let mut buffer = RequestBuffer::new();
    loop {
        match channel.receive(&mut buffer) {
            Received::Request(bytes) => estate.on_request(bytes, monotonic()),
            Received::Nothing => channel.wait(estate.timeout(monotonic()).as_ref()),
            Received::Gone => return,
        }
        estate.on_timeout(monotonic());
    }
}

/// What is left.
struct Estate<'a> {
    channel: &'a Channel,
    farewells: Farewells,
    /// By handle; gone with its release.
    paces: HashMap<u64, Pace>,
}

impl Estate<'_> {
    fn on_request(&mut self, bytes: &[u8], now: Instant) {
        let request = match Request::parse(bytes) {
            Ok(request) => request,
            Err(malformed) => {
                malformed.unique.into_iter().for_each(|unique| self.channel.refuse(unique, Errno::IO));
                return;
            }
        };
        let unique = request.unique;
        match request.operation {
            Operation::Read { handle, .. } | Operation::Write { handle, .. } => {
                self.pace(handle, unique, Farewell::Refuse(Errno::IO), now);
            }
            Operation::Ioctl(ioctl) => self.pace(ioctl.handle, unique, Farewell::Refuse(Errno::IO), now),
            Operation::Poll(poll) => self.pace(poll.handle, unique, Farewell::HangUp, now),
            Operation::Interrupt { unique } => self.interrupt(unique),
            Operation::Release { handle } => {
                self.paces.remove(&handle);
                self.channel.done(unique);
            }
            Operation::Flush
            | Operation::Fsync
            | Operation::FsyncDir
            | Operation::ReleaseDir
            | Operation::Access
            | Operation::Destroy => self.channel.done(unique),
            Operation::Forget { .. } | Operation::BatchForget(_) => {}
            Operation::Open => self.channel.refuse(unique, Errno::NXIO),
            Operation::Lookup { .. } => self.channel.refuse(unique, Errno::NOENT),
            Operation::Lseek => self.channel.refuse(unique, Errno::SPIPE),
            Operation::Init(_)
            | Operation::GetAttr
            | Operation::Change
            | Operation::SetAttr { .. }
            | Operation::OpenDir
            | Operation::ReadDir { .. }
            | Operation::StatFs => self.channel.refuse(unique, Errno::IO),
            Operation::Unknown(_) => self.channel.refuse(unique, Errno::NOSYS),
        }
    }

    fn pace(&mut self, handle: u64, unique: u64, farewell: Farewell, now: Instant) {
        match self.paces.entry(handle).or_default().next(now) {
            Verdict::AtOnce => farewell.tell(self.channel, unique),
            Verdict::At(at) => self.farewells.add(at, unique, farewell),
        }
    }

    /// Frees the caller of a request, of one that only the daemon knew as well: the kernel remembers it.
    fn interrupt(&mut self, unique: u64) {
        match self.farewells.take(unique) {
            Some(Farewell::HangUp) => Farewell::HangUp.tell(self.channel, unique),
            Some(Farewell::Refuse(_)) | None => self.channel.refuse(unique, Errno::INTR),
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        while let Some((unique, farewell)) = self.farewells.take_due(now) {
            farewell.tell(self.channel, unique);
        }
    }

    /// Returns how long until the next answer is due.
    fn timeout(&self, now: Instant) -> Option<Timespec> {
        let left = self.farewells.next()?.since(now);
        Timespec::try_from(left).ok()
    }
}
