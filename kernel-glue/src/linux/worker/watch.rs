//! Waiting for descriptors: by `poll` while they are few, by epoll when they are many.
//!
//! A descriptor in an epoll set has a callback that runs for every frame that arrives, in the context of whoever sent
//! it, also while the worker is awake and looks by itself. `poll` registers only while it sleeps, so that a sender at
//! full rate pays nothing, but it looks at every descriptor at each call.

use super::super::tap::last_errno;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::io::Errno;
use std::time::Duration;

/// Descriptors, each with a token, watched for something to read.
pub(super) struct Watch {
    tokens: Vec<u64>,
    /// In the order of `tokens`.
    fds: Vec<libc::pollfd>,
    /// Has every descriptor while they are more than [`FEW`].
    epoll: Option<OwnedFd>,
}

/// Descriptors up to which `poll` is the cheaper: a guess between two, where it is, and hundreds, where it is not.
const FEW: usize = 16;
/// Descriptors that one wait reports at most; the others are reported by the next.
pub(super) const REPORTED: usize = 64;

/// Tokens of descriptors that can be read, or are in error.
pub(super) type Tokens = heapless::Vec<u64, REPORTED>;

impl Watch {
    pub(super) fn new() -> Self {
        Self { tokens: Vec::new(), fds: Vec::new(), epoll: None }
    }

    /// Watches a descriptor until it is removed, which comes before it is closed.
    pub(super) fn add(&mut self, fd: BorrowedFd<'_>, token: u64) -> Result<(), Errno> {
        if let Some(set) = &self.epoll {
            epoll::add(set, fd, epoll::EventData::new_u64(token), epoll::EventFlags::IN)?;
        }
        self.tokens.push(token);
        self.fds.push(libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 });
        if self.epoll.is_none() && self.fds.len() > FEW {
            // Where no set can be had, `poll` goes on.
            self.epoll = self.make_set().ok();
        }
        Ok(())
    }

    /// Ceases to watch a descriptor.
    pub(super) fn remove(&mut self, fd: BorrowedFd<'_>) {
        let Some(place) = self.fds.iter().position(|watched| watched.fd == fd.as_raw_fd()) else { return };
        self.fds.swap_remove(place);
        self.tokens.swap_remove(place);
        if self.fds.len() <= FEW {
            self.epoll = None;
        }
        if let Some(set) = &self.epoll {
            let _ = epoll::delete(set, fd);
        }
    }

    /// Waits until something can be read; `None` waits for ever. An interruption ends it early.
    pub(super) fn wait(&mut self, patience: Option<Duration>) -> Tokens {
        let patience = patience.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match &self.epoll {
            Some(set) => wait_by_epoll(set, patience.as_ref()),
            None => self.wait_by_poll(patience.as_ref()),
        }
    }

    fn wait_by_poll(&mut self, patience: Option<&Timespec>) -> Tokens {
        let timeout = patience.map(|time| libc::timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_nsec });
        let timeout = timeout.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
        let (start, count) = (self.fds.as_mut_ptr(), self.fds.len() as libc::nfds_t);
        // SAFETY: the kernel reads and writes `count` entries of `fds`, reads the time, and takes no signal mask.
        let ready = unsafe { libc::ppoll(start, count, timeout, core::ptr::null()) };
        if ready <= 0 {
            return Tokens::new();
        }
        let readable = self.fds.iter().zip(&self.tokens).filter(|(fd, _)| fd.revents != 0);
        readable.map(|(_, &token)| token).take(REPORTED).collect()
    }

    fn make_set(&self) -> Result<OwnedFd, Errno> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (watched, &token) in self.fds.iter().zip(&self.tokens) {
            add_raw(&set, watched.fd, token)?;
        }
        Ok(set)
    }
}

fn wait_by_epoll(set: &OwnedFd, patience: Option<&Timespec>) -> Tokens {
    let mut events = [NO_EVENT; REPORTED];
    let count = epoll::wait(set, &mut events, patience).unwrap_or(0);
    events.iter().take(count).map(|event| event.data.u64()).collect()
}

fn add_raw(set: &OwnedFd, fd: RawFd, token: u64) -> Result<(), Errno> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
    // SAFETY: the kernel reads one event; a descriptor that is not open is answered with an error.
    let status = unsafe { libc::epoll_ctl(set.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) };
    if status < 0 { Err(last_errno()) } else { Ok(()) }
}

const NO_EVENT: epoll::Event = epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::worker::{bell, clear, ring};
    use rustix::fd::AsFd;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);

    /// The same behaviour with few descriptors, with many, and on the way there and back.
    #[test]
    fn tells_what_can_be_read_however_many_there_are() {
        let bells: Vec<_> = (0..FEW * 3).map(|_| bell().unwrap()).collect();
        let mut watch = Watch::new();
        for (count, bell) in (1..).zip(&bells) {
            watch.add(bell.as_fd(), count as u64).unwrap();
            assert_eq!(watch.epoll.is_some(), count > FEW);
            assert!(watch.wait(AT_ONCE).is_empty());
            ring(bell.as_fd());
            assert_eq!(watch.wait(None)[..], [count as u64]);
            assert_eq!(watch.wait(AT_ONCE)[..], [count as u64], "it stays readable");
            clear(bell.as_fd());
        }
        for (count, bell) in bells.iter().enumerate().map(|(place, bell)| (place + 1, bell)).rev() {
            ring(bell.as_fd());
            assert_eq!(watch.wait(AT_ONCE)[..], [count as u64]);
            watch.remove(bell.as_fd());
            assert_eq!(watch.epoll.is_some(), count - 1 > FEW);
            assert!(watch.wait(AT_ONCE).is_empty());
        }
    }
}
