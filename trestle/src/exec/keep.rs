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
    /// Whether there is still a device.
    pub(crate) life: Life,
}

/// Whether a seat has a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Life {
    /// It has.
    Alive,
    /// The device was destroyed; its application is told so again then.
    Over(Instant),
}

/// What a wait found.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// Of the caller's own descriptors, in order.
    pub(crate) others: Vec<PollFlags>,
    seats: Vec<PollFlags>,
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

    /// Returns whether a seat is held by the inode of the application's end.
    pub(crate) fn holds(&self, inode: u64) -> bool {
        self.held.iter().any(|held| held.inode == inode)
    }

    /// Finds a seat that has a device by the inode of the application's end.
    pub(crate) fn find(&mut self, inode: u64) -> Option<&mut Seat> {
        let mut alive = self.held.iter_mut().filter(|held| held.life == Life::Alive);
        alive.find(|held| held.inode == inode).map(|held| &mut held.seat)
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
        let alive = if self.retry.is_some() { PollFlags::IN } else { PollFlags::RDHUP };
        let interest = |held: &Held| if held.life == Life::Alive { alive } else { PollFlags::empty() };
        fds.extend(self.held.iter().map(|held| PollFd::new(&held.seat, interest(held))));
        if let (None, Some(watch)) = (self.retry, self.daemon.watch()) {
            fds.push(PollFd::from_borrowed_fd(watch, PollFlags::IN));
        }
        let tell = self.held.iter().filter_map(|held| match held.life {
            Life::Alive => None,
            Life::Over(at) => Some(at),
        });
        let patience = self.retry.filter(|_| !self.held.is_empty()).into_iter().chain(tell).min().map(|at| {
            let left = at.since(clock::monotonic());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        // An interrupted wait finds nothing, and is repeated.
        let _ = poll(&mut fds, patience.as_ref());
        let found = |fd: &PollFd<'_>| fd.revents();
        Ready {
            others: fds.iter().take(others.len()).map(found).collect(),
            seats: fds.iter().skip(others.len()).take(self.held.len()).map(found).collect(),
        }
    }

    /// Follows what a wait found, before anything else is done.
    ///
    /// A seat that hung up is dropped: the application has closed its last descriptor. One that the daemon has shut down
    /// has lost its device.
    pub(crate) fn tend(&mut self, ready: &Ready) {
        let now = clock::monotonic();
        for (held, found) in self.held.iter_mut().zip(&ready.seats) {
            match held.life {
                Life::Alive if found.contains(PollFlags::RDHUP) => held.life = Life::Over(now.plus(PACE)),
                Life::Over(at) if at <= now => {
                    held.seat.tell_end();
                    held.life = Life::Over(now.plus(PACE));
                }
                Life::Alive | Life::Over(_) => {}
            }
        }
        let mut seats = ready.seats.iter();
        self.held.retain(|_| !seats.next().is_some_and(|found| found.intersects(GONE)));
        if self.retry.is_none() && self.daemon.has_ended() {
            self.retry = Some(clock::monotonic());
        }
        let Some(at) = self.retry else { return };
        for held in self.held.iter().filter(|held| held.life == Life::Alive) {
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
        for held in self.held.iter_mut().filter(|held| held.life == Life::Alive) {
            match held.seat.reopen(client) {
                Ok(()) => {}
                Err(Trouble::Call(error)) => {
                    lost = Some(error);
                    break;
                }
                Err(error) => {
                    voice.say(format_args!("{}: lost with the daemon: {error}", held.seat.name()));
                    held.seat.tell_end();
                    held.life = Life::Over(clock::monotonic().plus(PACE));
                }
            }
        }
        lost.map_or(Ok(()), Err)
    }
}

/// What is no longer of use.
pub(crate) const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::NVAL);
/// How long after a vain look for a daemon the next follows.
const RETRY: Duration = Duration::from_millis(250);
/// How often an application that reads on is told that its device is gone: as [`tap::Pace`] tells it.
const PACE: Duration = Duration::from_millis(100);
