//! What a daemon and its keeper tell each other: a socket that keeps messages apart.

use crate::linux::fuse::errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{IoSlice, IoSliceMut};
use std::process::{Child, Command, Stdio};

/// The daemon's end.
#[derive(Debug)]
pub(in crate::linux) struct Link {
    socket: OwnedFd,
    keeper: Child,
}

/// What a keeper hears.
pub(super) enum News {
    /// Someone waits for notices about an open file.
    Sleeper(u64),
    /// That file is closed.
    Closed(u64),
    /// The daemon wants something, and waits for it.
    Wish(Wish),
}

/// What a keeper can do for a daemon that has given its privileges up.
pub(super) enum Wish {
    /// Take the mount away.
    Unmount,
}

/// The open files whose users may sleep until a notice comes.
#[derive(Debug, Default)]
pub(super) struct Sleepers(BTreeSet<u64>);

impl Sleepers {
    /// More than [`Self::MOST`] are not remembered; theirs wake by their own timeouts.
    pub(super) fn add(&mut self, kernel_handle: u64) {
        if self.0.len() < Self::MOST {
            self.0.insert(kernel_handle);
        }
    }

    pub(super) fn remove(&mut self, kernel_handle: u64) {
        self.0.remove(&kernel_handle);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// A guess: far more than a daemon lets be open.
    const MOST: usize = 1 << 16;
}

impl Link {
    /// Starts the keeper by its command line, and gives it the device and the root of the mount.
    pub(in crate::linux) fn start(
        command: &[OsString],
        device: BorrowedFd<'_>,
        root: BorrowedFd<'_>,
    ) -> Result<Self, Errno> {
        let (program, arguments) = command.split_first().ok_or(Errno::INVAL)?;
        let (socket, far) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::from(far)).stdout(Stdio::null());
        let keeper = command.spawn().map_err(|error| errno(&error))?;
        // The command holds a copy of the keeper's end, by which the socket would never close.
        drop(command);
        send_descriptors(&socket, [device, root])?;
        Ok(Self { socket, keeper })
    }

    /// Tells that someone waits for notices about an open file.
    pub(in crate::linux) fn sleeper(&self, kernel_handle: u64) {
        self.send(SLEEPER, kernel_handle);
    }

    /// Tells that this file is closed.
    pub(in crate::linux) fn closed(&self, kernel_handle: u64) {
        self.send(CLOSED, kernel_handle);
    }

    /// Has the mount taken away, and returns whether it was in time.
    pub(in crate::linux) fn unmount(&self) -> Result<(), Errno> {
        self.send(UNMOUNT, 0);
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut fds, Some(&PATIENCE))? {
            0 => Err(Errno::TIMEDOUT),
            _ => rustix::net::recv(&self.socket, &mut [0; 1][..], RecvFlags::DONTWAIT)
                .and_then(|(bytes, _)| if bytes == 1 { Ok(()) } else { Err(Errno::PIPE) }),
        }
    }

    /// Lets the keeper take over. It is waited for briefly: it stays as long as programs have nodes open.
    pub(in crate::linux) fn part(self) {
        let Self { socket, mut keeper } = self;
        drop(socket);
        let pid = rustix::process::Pid::from_child(&keeper);
        let ended = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty());
        if let Ok(ended) = ended {
            let _ = poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&FAREWELL));
        }
        let _ = keeper.try_wait();
    }

    /// A keeper that does not listen misses it: whom it would have woken wakes by his own timeout.
    fn send(&self, kind: u8, value: u64) {
        let _ = rustix::net::send(&self.socket, &message(kind, value), SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }
}

/// Returns what the daemon says next, `None` when it is gone.
pub(super) fn next(socket: &OwnedFd) -> Option<News> {
    loop {
        let mut room = [0; MESSAGE_BYTES];
        let bytes = match rustix::net::recv(socket, &mut room[..], RecvFlags::empty()) {
            Ok((bytes, _)) => bytes,
            Err(Errno::INTR) => continue,
            Err(_) => return None,
        };
        let (&kind, value) = room.get(..bytes)?.split_first()?;
        let value = value.first_chunk().map_or(0, |value| u64::from_ne_bytes(*value));
        match kind {
            SLEEPER => return Some(News::Sleeper(value)),
            CLOSED => return Some(News::Closed(value)),
            UNMOUNT => return Some(News::Wish(Wish::Unmount)),
            _ => {}
        }
    }
}

/// Tells the daemon that its wish was looked after.
pub(super) fn confirm(socket: &OwnedFd) {
    let _ = rustix::net::send(socket, &[UNMOUNT], SendFlags::NOSIGNAL);
}

/// Returns the FUSE device and the root of the mount.
pub(super) fn receive_descriptors(socket: &OwnedFd) -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut space = [core::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = control.drain().flat_map(|message| {
        let RecvAncillaryMessage::ScmRights(descriptors) = message else { return None };
        Some(descriptors)
    });
    let mut descriptors = descriptors.by_ref().flatten();
    descriptors.next().zip(descriptors.next()).ok_or(Errno::BADMSG)
}

fn send_descriptors(socket: &OwnedFd, descriptors: [BorrowedFd<'_>; 2]) -> Result<(), Errno> {
    let mut space = [core::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::NOBUFS);
    }
    rustix::net::sendmsg(socket.as_fd(), &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL).map(drop)
}

fn message(kind: u8, value: u64) -> [u8; MESSAGE_BYTES] {
    let mut message = [kind; MESSAGE_BYTES];
    if let Some(room) = message.last_chunk_mut() {
        *room = value.to_ne_bytes();
    }
    message
}

const MESSAGE_BYTES: usize = 9;
const SLEEPER: u8 = b's';
const CLOSED: u8 = b'c';
const UNMOUNT: u8 = b'u';
/// How long a keeper may take to unmount on a busy machine.
const PATIENCE: Timespec = Timespec { tv_sec: 3, tv_nsec: 0 };
/// How long a keeper without users may take to end.
const FAREWELL: Timespec = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };
