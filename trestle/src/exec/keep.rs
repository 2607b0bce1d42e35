//! What is open at the daemon, kept over the daemon's death.

use super::daemon::{Daemon, Found, Trouble};
use super::seat::Seat;
use super::voice::Voice;
use crate::control::{CallError, Client};
use frame::Instant;
use kernel_glue::linux::clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use std::time::Duration;

/// Seats at one daemon.
#[derive(Debug)]
pub(crate) struct Keep {
    daemon: Daemon,
    held: Vec<Held>,
    /// When a daemon is to be looked for; `None` while one is there.
    retry: Option<Instant>,
    /// Daemons at which everything was opened again.
    successors: u32,
    /// Says what happens to the seats.
    pub(crate) voice: Voice,
}

/// A seat, and how it is known.
#[derive(Debug)]
pub(crate) struct Held {
    /// The seat.
    pub(crate) seat: Seat,
    /// The inode of the application's end, which all its descriptors have in common.
    pub(crate) inode: u64,
}

/// What a wait found.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// Of the caller's own descriptors, in order.
    pub(crate) others: Vec<PollFlags>,
    hung_up: Vec<bool>,
}

impl Keep {
    /// Starts with nothing.
    pub(crate) fn new(daemon: Daemon) -> Self {
        Self { daemon, held: Vec::new(), retry: None, successors: 0, voice: Voice::new() }
    }

    /// Keeps a seat.
    pub(crate) fn add(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Returns how many seats there are.
    pub(crate) fn count(&self) -> usize {
        self.held.len()
    }

    /// Finds a seat by the inode of the application's end.
    pub(crate) fn find(&mut self, inode: u64) -> Option<&mut Seat> {
        self.held.iter_mut().find(|held| held.inode == inode).map(|held| &mut held.seat)
    }

    /// Returns how often another daemon has taken over.
    pub(crate) fn successors(&self) -> u32 {
        self.successors
    }

    /// Connects to the daemon; at another one than before, what is open is opened again first.
    pub(crate) fn client(&mut self) -> Result<Client, CallError> {
        let connected = self.daemon.connect();
        let (mut client, found) = connected.inspect_err(|_| self.postpone())?;
        if found == Found::Another || self.retry.is_some() {
            self.reopen(&mut client).inspect_err(|_| self.postpone())?;
            self.retry = None;
            self.successors = self.successors.wrapping_add(1);
        }
        Ok(client)
    }

    /// Waits for the readability of `others`, and for anything that concerns the seats.
    pub(crate) fn wait(&self, others: &[BorrowedFd<'_>]) -> Ready {
        let mut fds: Vec<_> = others.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        // What the application writes is the daemon's to read, while there is one.
        let interest = if self.retry.is_some() { PollFlags::IN } else { PollFlags::empty() };
        fds.extend(self.held.iter().map(|held| PollFd::new(&held.seat, interest)));
        if let (None, Some(watch)) = (self.retry, self.daemon.watch()) {
            fds.push(PollFd::from_borrowed_fd(watch, PollFlags::IN));
        }
        let patience = self.retry.filter(|_| !self.held.is_empty()).map(|at| {
            let left = at.since(clock::monotonic());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        // An interrupted wait finds nothing, and is repeated.
        let _ = poll(&mut fds, patience.as_ref());
        let found = |fd: &PollFd<'_>| fd.revents();
        Ready {
            others: fds.iter().take(others.len()).map(found).collect(),
            hung_up: fds.iter().skip(others.len()).take(self.held.len()).map(|fd| found(fd).intersects(GONE)).collect(),
        }
    }

    /// Follows what a wait found, before anything else is done.
    ///
    /// A seat that hung up is dropped: the application has closed its last descriptor, or the daemon has destroyed the
    /// device.
    pub(crate) fn tend(&mut self, ready: &Ready) {
        let mut hung_up = ready.hung_up.iter();
        self.held.retain(|_| !hung_up.next().is_some_and(|gone| *gone));
        if self.retry.is_none() && self.daemon.has_ended() {
            self.retry = Some(clock::monotonic());
        }
        let Some(at) = self.retry else { return };
        for held in &self.held {
            held.seat.swallow();
        }
        if at <= clock::monotonic() && !self.held.is_empty() {
            // What comes of it is seen at the next look.
            drop(self.client());
        }
    }

    fn postpone(&mut self) {
        self.retry = Some(clock::monotonic().plus(RETRY));
    }

    fn reopen(&mut self, client: &mut Client) -> Result<(), CallError> {
        let mut lost = None;
        let voice = &mut self.voice;
        self.held.retain_mut(|held| {
            if lost.is_some() {
                return true;
            }
            match held.seat.reopen(client) {
                Ok(()) => true,
                Err(Trouble::Call(error)) => {
                    lost = Some(error);
                    true
                }
                Err(error) => {
                    voice.say(format_args!("{}: lost with the daemon: {error}", held.seat.name()));
                    held.seat.hang_up();
                    false
                }
            }
        });
        lost.map_or(Ok(()), Err)
    }
}

/// What is no longer of use.
pub(crate) const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::NVAL);
/// How long after a vain look for a daemon the next follows.
const RETRY: Duration = Duration::from_millis(250);
