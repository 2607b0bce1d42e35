//! One open file of a node: reads, writes and questions for readiness, as the kernel asks for them.

use super::clerk::Opened;
use super::device::{Descriptor, Kind, Waiter, Waiting};
use super::farewell::Farewell;
use super::packet::Packet;
use super::protocol::POLL_SCHEDULE_NOTIFY;
use super::protocol::answer;
use super::protocol::request::Poll;
use super::service::Service;
use crate::linux::clock::monotonic;
use core::fmt;
use rustix::event::PollFlags;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tap::{Node, Pace, PacketError, Read, ReadError, Ready, Verdict, WriteError};

/// An open file.
pub(super) struct Open {
    /// By which the daemon knows it.
    pub(super) id: u64,
    /// What was opened.
    pub(super) node: Node,
    pub(super) descriptor: Arc<Descriptor>,
    service: Arc<Service>,
    /// What notices name; 0 before the first question for readiness.
    kernel_handle: AtomicU64,
    /// Writes that wait for room, in their order.
    writes: Mutex<VecDeque<Write>>,
    pace: Mutex<Pace>,
}

/// Whether a call may wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Patience {
    Wait,
    Now,
}

/// A write that is to be answered.
struct Write {
    unique: u64,
    /// With the header that was stripped.
    bytes: usize,
    packet: Packet,
}

impl Patience {
    /// Reads the flags of the descriptor as they are at this call.
    pub(super) fn of(flags: u32) -> Self {
        if flags & libc::O_NONBLOCK.cast_unsigned() == 0 { Self::Wait } else { Self::Now }
    }
}

impl Open {
    pub(super) fn new(node: Node, Opened { id, descriptor }: Opened, service: Arc<Service>) -> Self {
        let (kernel_handle, writes) = (AtomicU64::new(0), Mutex::default());
        Self { id, node, descriptor, service, kernel_handle, writes, pace: Mutex::default() }
    }

    /// Answers a read: with a packet, later, or with an error.
    pub(super) fn on_read(self: &Arc<Self>, waiting: Waiting, patience: Patience) {
        if waiting.size < self.descriptor.header().bytes() {
            // Not even the header fits; the packet stays.
            return self.service.channel.refuse(waiting.unique, Errno::INVAL);
        }
        match patience {
            Patience::Wait => Arc::clone(self).read(waiting),
            Patience::Now => match self.descriptor.read() {
                Ok(packet) => self.hand_over(waiting, &packet),
                Err(why) => self.refuse(waiting.unique, errno_of_read(why)),
            },
        }
    }

    /// Answers a read that may wait, at first or when its token has come back.
    pub(super) fn read(self: Arc<Self>, waiting: Waiting) {
        match self.descriptor.read_or_wait(Waiter(Kind::Read(Arc::clone(&self), waiting))) {
            Read::Packet(packet) => self.hand_over(waiting, &packet),
            Read::Waiting => {}
            Read::Failed(why) => self.refuse(waiting.unique, errno_of_read(why)),
        }
    }

    /// Answers a write: taken, later, or with an error.
    pub(super) fn on_write(self: &Arc<Self>, unique: u64, data: &[u8], patience: Patience) {
        let packet = match self.unwrapped(data) {
            Ok(packet) => packet,
            Err(errno) => return self.service.channel.refuse(unique, errno),
        };
        let write = Write { unique, bytes: data.len(), packet };
        // Those who wait come first.
        let outcome = if self.writes().is_empty() { self.write(write) } else { Err((write, WriteError::Full)) };
        match (outcome, patience) {
            (Ok(()), _) => {}
            (Err((write, WriteError::Full)), Patience::Wait) => {
                self.writes().push_back(write);
                self.write_waiting();
            }
            (Err((write, why)), Patience::Wait | Patience::Now) => self.refuse(write.unique, errno_of_write(why)),
        }
    }

    /// Takes the writes that wait, as far as there is room.
    pub(super) fn write_waiting(self: &Arc<Self>) {
        // Locked throughout, so that they stay in order. What a write wakes is the plane, whose bell takes no lock.
        let mut writes = self.writes();
        while let Some(first) = writes.pop_front() {
            let first = match self.write(first) {
                Ok(()) => continue,
                Err((first, WriteError::Full)) => first,
                Err((first, why)) => {
                    self.refuse(first.unique, errno_of_write(why));
                    continue;
                }
            };
            // Room that was made before the token lay there is seen by this look, and room made after by the token.
            match self.descriptor.ready_or_wait(Ready::WRITE, Waiter(Kind::Writes(Arc::clone(self)))) {
                Ok(ready) => {
                    writes.push_front(first);
                    if !ready.intersects(Ready::WRITE | Ready::ERROR) {
                        return;
                    }
                }
                Err(_crowded) => self.refuse(first.unique, Errno::NOMEM),
            }
        }
    }

    /// Answers how ready the file is, and remembers who sleeps until that changes.
    pub(super) fn on_poll(self: &Arc<Self>, unique: u64, poll: Poll) {
        let ready = if poll.flags & POLL_SCHEDULE_NOTIFY == 0 {
            Ok(self.descriptor.ready())
        } else {
            if self.kernel_handle.swap(poll.kernel_handle, Ordering::Relaxed) == 0 {
                self.service.tell_keeper(|keeper| keeper.sleeper(poll.kernel_handle));
            }
            self.descriptor.ready_or_wait(interest(poll.events), Waiter(Kind::Sleepers(Arc::clone(self))))
        };
        match ready {
            Ok(ready) if ready.contains(Ready::HANGUP) => self.farewell(unique, Farewell::HangUp),
            Ok(ready) => self.service.channel.answer(unique, &answer::ready(events(ready)), &[]),
            // No promise to wake can be given; who asked sees POLLERR.
            Err(_crowded) => self.service.channel.refuse(unique, Errno::NOMEM),
        }
    }

    /// Has those who sleep ask again.
    pub(super) fn notify(&self) {
        self.service.channel.notify_poll(self.kernel_handle.load(Ordering::Relaxed));
    }

    /// Frees the caller of a read or a write that waits; `None` if none of that name does.
    pub(super) fn interrupt(&self, unique: u64) -> Option<()> {
        let read = self.descriptor.cancel(|waiter| matches!(waiter.0, Kind::Read(_, read) if read.unique == unique));
        if read.is_none() {
            let mut writes = self.writes();
            let at = writes.iter().position(|write| write.unique == unique)?;
            writes.remove(at)?;
        }
        self.service.channel.refuse(unique, Errno::INTR);
        Some(())
    }

    /// Lets go of all that the file holds.
    pub(super) fn close(&self) {
        self.descriptor.close(&mut Waiter::woken);
        let kernel_handle = self.kernel_handle.load(Ordering::Relaxed);
        if kernel_handle != 0 {
            self.service.tell_keeper(|keeper| keeper.closed(kernel_handle));
        }
    }

    fn hand_over(&self, waiting: Waiting, packet: &Packet) {
        let (header, kind) = (self.descriptor.header(), self.kind());
        let bytes = packet.bytes();
        let Some(fit) = header.fit(waiting.size, bytes.len()) else {
            // The header has grown since the read began.
            return self.service.channel.refuse(waiting.unique, Errno::INVAL);
        };
        let header = header.write(bytes, kind, fit.cut, &packet.offload());
        self.service.channel.answer(waiting.unique, &header, bytes.get(..fit.packet_bytes).unwrap_or_default());
    }

    fn write(&self, write: Write) -> Result<(), (Write, WriteError)> {
        let Write { unique, bytes, packet } = write;
        match self.descriptor.write(packet, &mut Waiter::woken) {
            Ok(()) => {
                self.service.channel.answer(unique, &answer::written(bytes), &[]);
                Ok(())
            }
            Err((packet, why)) => Err((Write { unique, bytes, packet }, why)),
        }
    }

    /// Takes the header off what was written, and checks the rest.
    fn unwrapped(&self, data: &[u8]) -> Result<Packet, Errno> {
        let (offload, bytes) = self.descriptor.header().strip(data).map_err(errno_of_packet)?;
        // As in Linux, the MTU binds the system, not the program.
        let mtu_bytes = self.descriptor.device().map_or(u32::MAX, |device| device.mtu_bytes());
        tap::check_write(self.kind(), bytes, &offload, mtu_bytes).map_err(errno_of_packet)?;
        self.service.pool.packet(&offload, bytes).ok_or(Errno::NOBUFS)
    }

    /// Answers with an error; on a dead device, at the pace for it.
    pub(super) fn refuse(&self, unique: u64, errno: Errno) {
        if self.descriptor.device().is_some_and(|device| device.is_dead()) {
            self.farewell(unique, Farewell::Refuse(errno));
        } else {
            self.service.channel.refuse(unique, errno);
        }
    }

    /// Answers who uses a dead device, the first at once and all others in their time.
    fn farewell(&self, unique: u64, farewell: Farewell) {
        let verdict = self.pace.lock().unwrap_or_else(PoisonError::into_inner).next(monotonic());
        match verdict {
            Verdict::AtOnce => farewell.tell(&self.service.channel, unique),
            Verdict::At(at) => self.service.answer_later(at, unique, farewell),
        }
    }

    fn kind(&self) -> tap::Kind {
        self.descriptor.device().map_or(tap::Kind::Tap, |device| device.name().kind)
    }

    fn writes(&self) -> MutexGuard<'_, VecDeque<Write>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "open {}", self.id)
    }
}

/// Returns what poll(2) calls `ready`.
fn events(ready: Ready) -> u32 {
    let table = [
        (Ready::READ, PollFlags::IN | PollFlags::RDNORM),
        (Ready::WRITE, PollFlags::OUT | PollFlags::WRNORM),
        (Ready::ERROR, PollFlags::ERR),
        (Ready::HANGUP, PollFlags::HUP),
    ];
    let all =
        table.iter().filter(|(bit, _)| ready.contains(*bit)).fold(PollFlags::empty(), |all, (_, flags)| all | *flags);
    u32::from(all.bits())
}

/// Returns what those wait for who wait for `events`.
fn interest(events: u32) -> Ready {
    let any = |flags: PollFlags| events & u32::from(flags.bits()) != 0;
    let mut interest = Ready::empty();
    interest.set(Ready::READ, any(PollFlags::IN | PollFlags::RDNORM));
    interest.set(Ready::WRITE, any(PollFlags::OUT | PollFlags::WRNORM));
    interest
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn errno_of_read(why: ReadError) -> Errno {
    match why {
        ReadError::Empty => Errno::AGAIN,
        ReadError::Crowded => Errno::NOMEM,
        // Dead or detached.
        _ => Errno::BADFD,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn errno_of_write(why: WriteError) -> Errno {
    match why {
        WriteError::Full => Errno::AGAIN,
        WriteError::Down => Errno::IO,
        WriteError::Crowded => Errno::NOMEM,
        // Dead or detached.
        _ => Errno::BADFD,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn errno_of_packet(why: PacketError) -> Errno {
    match why {
        PacketError::Long(_) => Errno::MSGSIZE,
        PacketError::Family(_) => Errno::AFNOSUPPORT,
        // Empty, short, or of no version.
        _ => Errno::INVAL,
    }
}
