//! A network card: what it is told, what it lets through, and how its reader waits.

use crate::devfs::{self, Disconnect, Hooks};
use crate::thread::{Wait, WaitKind, current, locked};
use haiku_abi::{
    B_ERROR, B_INTERRUPTED, B_WOULD_BLOCK, EIO, IFM_1000_T, IFM_ACTIVE, IFM_ETHER, IFM_FULL_DUPLEX, status_t,
};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::{Errno, read, write};
use rustix::net::{Shutdown, shutdown};
use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A network card that a test has plugged in. Dropping it takes the node away.
#[derive(Debug)]
pub struct Nic(pub(super) Arc<Card>);

/// What a card has counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Frames that the stack read.
    pub received: u64,
    /// Frames that were for somebody else.
    pub filtered: u64,
    /// Frames that the stack wrote.
    pub sent: u64,
}

/// A card and its wire.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) mac: [u8; 6],
    wire: OwnedFd,
    /// Rings for ever once the card is pulled out.
    bell: OwnedFd,
    filter: Mutex<Filter>,
    pulled_out: AtomicBool,
    link_up: AtomicBool,
    received: AtomicU64,
    filtered: AtomicU64,
    sent: AtomicU64,
}

#[derive(Debug, Default)]
struct Filter {
    promiscuous: bool,
    /// Of multicast frames, only those of the groups below are taken.
    joined_groups_only: bool,
    groups: BTreeSet<[u8; 6]>,
}

/// What `open` makes: the reader of a closed one comes back.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) card: Arc<Card>,
    pub(super) closed: AtomicBool,
    /// Rings for ever once it is closed.
    pub(super) bell: OwnedFd,
    pub(super) nonblocking: AtomicBool,
}

impl Nic {
    pub(super) fn publish(card: Card) -> io::Result<Self> {
        let card = super::driver::enter(card);
        // SAFETY: the table is a static.
        let hooks = unsafe { Hooks::at(&raw const super::driver::HOOKS) };
        devfs::publish(&format!("net/{}", card.name), hooks, 0).map_err(|_| io::ErrorKind::AlreadyExists)?;
        Ok(Self(card))
    }

    /// The path of the node, by which the stack knows the card's interface.
    pub fn path(&self) -> String {
        format!("/dev/net/{}", self.0.name)
    }

    /// Pulls the card out: the reader's call fails, as when a USB card goes.
    pub fn unplug(&self) {
        if !self.0.pulled_out.swap(true, SeqCst) {
            ring(&self.0.bell);
            // The far end notices too; a TAP device is no socket, and goes with its descriptor.
            let _ = shutdown(&self.0.wire, Shutdown::Both);
            // A card that is plugged in later may have the name.
            super::driver::leave(&self.0);
            // Gone already, maybe, by a driver that unpublished it.
            let _ = devfs::unpublish(&format!("net/{}", self.0.name), Disconnect::No);
        }
    }

    /// Says whether the card has a link, to whoever asks.
    pub fn set_link(&self, link: Link) {
        self.0.link_up.store(link == Link::Up, SeqCst);
    }

    /// Lets the card take multicast frames of the groups alone that it was told.
    ///
    /// Otherwise it takes all of them: Haiku's IPv6 joins no group, not even that of its own address, and would hear nobody.
    pub fn filter_groups(&self) {
        locked(&self.0.filter).joined_groups_only = true;
    }

    /// Whether the card was told to take every frame.
    pub fn is_promiscuous(&self) -> bool {
        locked(&self.0.filter).promiscuous
    }

    /// Returns the multicast groups that the card was told to take.
    pub fn groups(&self) -> Vec<[u8; 6]> {
        locked(&self.0.filter).groups.iter().copied().collect()
    }

    /// Returns what the card has counted.
    pub fn counts(&self) -> Counts {
        Counts {
            received: self.0.received.load(SeqCst),
            filtered: self.0.filtered.load(SeqCst),
            sent: self.0.sent.load(SeqCst),
        }
    }
}

impl Drop for Nic {
    fn drop(&mut self) {
        self.unplug();
    }
}

/// Whether a cable is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// Frames come and go.
    Up,
    /// Nothing does.
    Down,
}

impl Card {
    pub(super) fn new(name: &str, mac: [u8; 6], wire: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&wire, true)?;
        Ok(Self {
            name: name.to_owned(),
            mac,
            wire,
            bell: bell()?,
            filter: Mutex::default(),
            pulled_out: AtomicBool::new(false),
            link_up: AtomicBool::new(true),
            received: AtomicU64::new(0),
            filtered: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        })
    }

    /// Reads the next frame that the card takes.
    pub(super) fn receive(&self, opened: &Opened, frame: &mut [u8]) -> Result<usize, status_t> {
        loop {
            if self.pulled_out.load(SeqCst) {
                // Haiku's stack destroys the queue of a removed device while its consumer may be at the last frame.
                std::thread::sleep(SILENCE);
                return Err(haiku_abi::B_DEVICE_NOT_FOUND);
            }
            if opened.closed.load(SeqCst) {
                return Err(B_INTERRUPTED);
            }
            match read(&self.wire, &mut *frame) {
                Ok(0) | Err(Errno::IO | Errno::BADFD | Errno::CONNRESET) => self.pulled_out.store(true, SeqCst),
                Ok(bytes) if self.takes(frame) => {
                    self.received.fetch_add(1, SeqCst);
                    return Ok(bytes);
                }
                Ok(_) => {
                    self.filtered.fetch_add(1, SeqCst);
                }
                Err(Errno::AGAIN) if opened.nonblocking.load(SeqCst) => return Err(B_WOULD_BLOCK),
                Err(Errno::AGAIN) => self.wait(opened),
                Err(Errno::INTR) => {}
                Err(_) => return Err(EIO),
            }
        }
    }

    /// Sends a frame; what a full wire cannot take is lost, as on Ethernet.
    pub(super) fn send(&self, frame: &[u8]) -> Result<(), status_t> {
        if self.pulled_out.load(SeqCst) {
            return Err(haiku_abi::B_DEVICE_NOT_FOUND);
        }
        self.sent.fetch_add(1, SeqCst);
        match write(&self.wire, frame) {
            Ok(_) | Err(Errno::AGAIN | Errno::NOBUFS | Errno::IO) => Ok(()),
            Err(Errno::PIPE | Errno::BADFD | Errno::CONNRESET) => Err(haiku_abi::B_DEVICE_NOT_FOUND),
            Err(_) => Err(B_ERROR),
        }
    }

    pub(super) fn set_promiscuous(&self, promiscuous: bool) {
        locked(&self.filter).promiscuous = promiscuous;
    }

    pub(super) fn join(&self, group: [u8; 6]) {
        locked(&self.filter).groups.insert(group);
    }

    pub(super) fn leave(&self, group: [u8; 6]) {
        locked(&self.filter).groups.remove(&group);
    }

    pub(super) fn media(&self) -> u32 {
        let active = if self.link_up.load(SeqCst) { IFM_ACTIVE } else { 0 };
        IFM_ETHER | IFM_1000_T | IFM_FULL_DUPLEX | active
    }

    fn takes(&self, frame: &[u8]) -> bool {
        let Some(destination) = frame.first_chunk::<6>() else { return false };
        let filter = locked(&self.filter);
        self.link_up.load(SeqCst)
            && (filter.promiscuous
                || *destination == self.mac
                || *destination == [0xff; 6]
                || destination.first().is_some_and(|first| first & 1 != 0) && !filter.joined_groups_only
                || filter.groups.contains(destination))
    }

    fn wait(&self, opened: &Opened) {
        let this = current();
        let _waiting = this.waiting_outside(Wait { kind: WaitKind::Wire, object: 0, name: self.name.clone() });
        let mut fds = [&self.wire, &self.bell, &opened.bell].map(|fd| PollFd::new(fd, PollFlags::IN));
        // However it returns, the reader looks again.
        let _ = poll(&mut fds, None);
    }
}

impl Opened {
    pub(super) fn new(card: Arc<Card>) -> io::Result<Self> {
        Ok(Self { card, closed: AtomicBool::new(false), bell: bell()?, nonblocking: AtomicBool::new(false) })
    }

    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        ring(&self.bell);
    }
}

/// Between the last frame and the news that the card is gone.
const SILENCE: Duration = Duration::from_millis(20);

fn bell() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

fn ring(bell: &OwnedFd) {
    // A counter that is full rings already.
    let _ = write(bell, &1u64.to_ne_bytes());
}
