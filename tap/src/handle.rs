//! The device as an application sees it: one open descriptor.

use crate::device::State;
use crate::gate::Crowded;
use crate::seat::{Mode, Seat, SeatFlags};
use crate::{Device, Header, Ready};
use alloc::sync::Arc;
use core::fmt;
use spin::Once;

/// An open descriptor. It is attached to a device once, at open or by a later ioctl, and for good.
///
/// As with [`Device`], any thread may call any method. A token that is kept may be given to another thread's `wake`
/// before the call that kept it returns.
pub struct Handle<P, W> {
    seat: Arc<Seat<P, W>>,
    device: Once<Arc<Device<P, W>>>,
}

/// Why a read gives no packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing is queued (EAGAIN).
    Empty,
    /// The device is gone (EBADFD on Linux, ENXIO elsewhere).
    Dead,
    /// The descriptor has no device, or no part in it (EBADFD).
    Detached,
    /// As many wait as may (ENOMEM).
    Crowded,
}

/// Why a packet is not taken from an application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WriteError {
    /// The queue is full (EAGAIN); a [`Ready::WRITE`] follows when it is not.
    Full,
    /// The interface is down (EIO).
    Down,
    /// The device is gone (EBADFD on Linux, ENXIO elsewhere).
    Dead,
    /// The descriptor has no device, or no part in it (EBADFD).
    Detached,
    /// As many wait as may (ENOMEM).
    Crowded,
}

/// What became of a read that may wait.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Read<P> {
    /// A packet.
    Packet(P),
    /// The token is kept; once it is given to a `wake`, try again.
    Waiting,
    /// The token is dropped.
    Failed(ReadError),
}

/// What became of a write that may wait.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Write<P> {
    /// The packet is queued.
    Done,
    /// The token is kept and the packet comes back; once the token is given to a `wake`, try again.
    Waiting(P),
    /// The token is dropped.
    Failed(P, WriteError),
}

/// Why a descriptor cannot be attached, or detached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AttachError {
    /// It has a device already.
    Attached,
    /// The device is gone.
    Dead,
    /// The descriptor is closed.
    Closed,
    /// It has no part in a device.
    Detached,
}

impl<P, W> Handle<P, W> {
    /// Makes a descriptor without a device: reads and writes fail until it is attached.
    #[must_use]
    pub fn new() -> Self {
        Self { seat: Arc::new(Seat::new()), device: Once::new() }
    }

    /// Attaches the descriptor, and wakes those who wait at it.
    ///
    /// # Errors
    /// The descriptor stays as it was, except that one which meets a device in its destruction has that as its own.
    pub fn attach(&self, device: &Arc<Device<P, W>>, wake: &mut dyn FnMut(W)) -> Result<(), AttachError> {
        if device.is_dead() {
            return Err(AttachError::Dead);
        }
        if self.seat.flags().contains(SeatFlags::CLOSED) {
            return Err(AttachError::Closed);
        }
        let mut first = false;
        self.device.call_once(|| {
            first = true;
            Arc::clone(device)
        });
        if !first {
            return Err(AttachError::Attached);
        }
        let enlisted = device.enlist(&self.seat).map_err(|_| AttachError::Dead);
        device.count_open();
        // Whoever closes meanwhile sees that there is something to leave, or is seen here.
        if self.seat.set(SeatFlags::JOINED).contains(SeatFlags::CLOSED) {
            self.leave();
            return Err(AttachError::Closed);
        }
        self.seat.gate.hand_out(Ready::all(), wake);
        enlisted
    }

    /// Returns the device, once there is one.
    #[inline]
    pub fn device(&self) -> Option<&Arc<Device<P, W>>> {
        self.device.get()
    }

    /// Takes the next packet for the application.
    ///
    /// # Errors
    /// [`ReadError::Empty`], [`ReadError::Dead`], [`ReadError::Detached`].
    #[inline]
    pub fn read(&self) -> Result<P, ReadError> {
        match self.seat.queue().and_then(crate::sync::Queue::pop) {
            Some(packet) => Ok(packet),
            None => Err(self.why_empty()),
        }
    }

    /// Takes the next packet, or keeps the token until there may be one.
    pub fn read_or_wait(&self, token: W) -> Read<P> {
        match self.read() {
            Ok(packet) => return Read::Packet(packet),
            Err(ReadError::Empty) => {}
            Err(why) => return Read::Failed(why),
        }
        let again = || match self.read() {
            Err(ReadError::Empty) => None,
            done => Some(done),
        };
        match self.seat.gate.wait_unless(Ready::READ, token, again) {
            Ok(None) => Read::Waiting,
            Ok(Some((Ok(packet), _))) => Read::Packet(packet),
            Ok(Some((Err(why), _))) => Read::Failed(why),
            Err(Crowded(_)) => Read::Failed(ReadError::Crowded),
        }
    }

    /// Queues a packet that the application wrote, and wakes the system.
    ///
    /// # Errors
    /// The packet comes back.
    #[inline]
    pub fn write(&self, packet: P, wake: &mut dyn FnMut(W)) -> Result<(), (P, WriteError)> {
        match self.way_out() {
            Ok(device) => device.accept(packet, wake).map_err(|packet| (packet, WriteError::Full)),
            Err(why) => Err(self.refused(packet, why)),
        }
    }

    /// Queues a packet, or keeps the token until there may be room.
    pub fn write_or_wait(&self, packet: P, token: W, wake: &mut dyn FnMut(W)) -> Write<P> {
        let packet = match self.write(packet, wake) {
            Ok(()) => return Write::Done,
            Err((packet, WriteError::Full)) => packet,
            Err((packet, why)) => return Write::Failed(packet, why),
        };
        let mut kept = Some(packet);
        let again = || {
            let device = match self.way_out() {
                Ok(device) => device,
                Err(why) => return Some(Err(why)),
            };
            kept = device.push(kept.take()?).err();
            kept.is_none().then_some(Ok(device))
        };
        let waited = self.seat.gate.wait_unless(Ready::WRITE, token, again);
        match (waited, kept) {
            (Ok(Some((Ok(device), _))), _) => {
                device.wake_system(wake);
                Write::Done
            }
            (Ok(Some((Err(why), _))), Some(packet)) => {
                let (packet, why) = self.refused(packet, why);
                Write::Failed(packet, why)
            }
            (Err(Crowded(_)), Some(packet)) => Write::Failed(packet, WriteError::Crowded),
            (Ok(None), Some(packet)) => Write::Waiting(packet),
            // Only a packet that was queued is not kept.
            (_, None) => Write::Done,
        }
    }

    /// Returns what the descriptor can do.
    pub fn ready(&self) -> Ready {
        let Some(device) = self.device() else { return Ready::ERROR };
        if device.state().contains(State::DEAD) {
            return Ready::ERROR | Ready::HANGUP;
        }
        if self.seat.flags().intersects(SeatFlags::CLOSED | SeatFlags::ASIDE) {
            return Ready::ERROR;
        }
        let mut ready = Ready::empty();
        ready.set(Ready::READ, self.seat.queue().is_some_and(|queue| !queue.is_empty()));
        ready.set(Ready::WRITE, !device.state().contains(State::UP) || device.has_room());
        ready
    }

    /// Returns what the descriptor can do, and keeps the token until that changes for `interest`.
    ///
    /// The token is kept whatever is returned, so that an edge which follows is told. Errors and hang-ups are told
    /// whether asked for or not. An equal token is kept once, with the interests of both.
    ///
    /// # Errors
    /// The token comes back when too many wait already.
    pub fn ready_or_wait(&self, interest: Ready, token: W) -> Result<Ready, W>
    where
        W: PartialEq,
    {
        self.seat.gate.watch(interest | Ready::ERROR | Ready::HANGUP, token).map_err(|Crowded(token)| token)?;
        Ok(self.ready())
    }

    /// Takes back the first token that `which` chooses: the call that it stands for is interrupted.
    ///
    /// `None` says that the token is with a `wake` already.
    pub fn cancel(&self, which: impl FnMut(&W) -> bool) -> Option<W> {
        self.seat.gate.cancel(which)
    }

    /// Returns how many tokens are kept.
    pub fn waiting(&self) -> usize {
        self.seat.gate.len()
    }

    /// Returns what precedes each packet.
    #[inline]
    pub fn header(&self) -> Header {
        self.seat.header()
    }

    /// Sets what precedes each packet read or written from here on.
    pub fn set_header(&self, header: Header) {
        self.seat.set_header(header);
    }

    /// Returns whether calls wait, where the platform does not say so with each call.
    pub fn mode(&self) -> Mode {
        if self.seat.flags().contains(SeatFlags::NONBLOCKING) { Mode::NonBlocking } else { Mode::Blocking }
    }

    /// Sets whether calls wait.
    pub fn set_mode(&self, mode: Mode) {
        match mode {
            Mode::Blocking => drop(self.seat.clear(SeatFlags::NONBLOCKING)),
            Mode::NonBlocking => drop(self.seat.set(SeatFlags::NONBLOCKING)),
        }
    }

    /// Leaves the device's queues but stays open (`IFF_DETACH_QUEUE`); reads and writes fail meanwhile.
    ///
    /// # Errors
    /// The descriptor has no part in a device.
    pub fn stand_aside(&self, wake: &mut dyn FnMut(W)) -> Result<(), AttachError> {
        let device = self.device().ok_or(AttachError::Detached)?;
        if self.seat.set(SeatFlags::ASIDE).intersects(SeatFlags::ASIDE | SeatFlags::CLOSED) {
            return Err(AttachError::Detached);
        }
        device.delist(&self.seat);
        self.seat.gate.hand_out(Ready::all(), wake);
        Ok(())
    }

    /// Takes part again (`IFF_ATTACH_QUEUE`).
    ///
    /// # Errors
    /// The descriptor has not stood aside, or its device is gone.
    pub fn step_in(&self, wake: &mut dyn FnMut(W)) -> Result<(), AttachError> {
        let flags = self.seat.flags();
        let Some(device) = self.device().filter(|_| flags.contains(SeatFlags::ASIDE)) else {
            return Err(AttachError::Attached);
        };
        if flags.contains(SeatFlags::CLOSED) {
            return Err(AttachError::Closed);
        }
        device.enlist(&self.seat).map_err(|_| AttachError::Dead)?;
        self.seat.clear(SeatFlags::ASIDE);
        self.seat.gate.hand_out(Ready::all(), wake);
        Ok(())
    }

    /// Closes the descriptor: every token goes to `wake`, what was not read is dropped. What was written stays.
    pub fn close(&self, wake: &mut dyn FnMut(W)) {
        if self.seat.set(SeatFlags::CLOSED).contains(SeatFlags::CLOSED) {
            return;
        }
        self.leave();
        self.seat.gate.hand_out(Ready::all(), wake);
    }

    /// Undoes an attachment, once.
    fn leave(&self) {
        if let (true, Some(device)) = (self.seat.clear(SeatFlags::JOINED).contains(SeatFlags::JOINED), self.device()) {
            device.delist(&self.seat);
            device.count_close();
        }
    }

    #[cold]
    fn why_empty(&self) -> ReadError {
        match self.device() {
            Some(device) if device.is_dead() => ReadError::Dead,
            Some(_) if !self.seat.flags().intersects(SeatFlags::CLOSED | SeatFlags::ASIDE) => ReadError::Empty,
            Some(_) | None => ReadError::Detached,
        }
    }

    #[inline]
    fn way_out(&self) -> Result<&Device<P, W>, WriteError> {
        let Some(device) = self.device() else { return Err(WriteError::Detached) };
        let state = device.state();
        if state.contains(State::DEAD) {
            return Err(WriteError::Dead);
        }
        if self.seat.flags().intersects(SeatFlags::CLOSED | SeatFlags::ASIDE) {
            return Err(WriteError::Detached);
        }
        if !state.contains(State::UP) {
            return Err(WriteError::Down);
        }
        Ok(device)
    }

    #[cold]
    fn refused(&self, packet: P, why: WriteError) -> (P, WriteError) {
        if let (WriteError::Down, Some(device)) = (why, self.device()) {
            device.refuse_write();
        }
        (packet, why)
    }
}

impl<P, W> Default for Handle<P, W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, W> Drop for Handle<P, W> {
    /// Closes a descriptor that was not; its tokens are dropped.
    fn drop(&mut self) {
        self.close(&mut drop);
    }
}

impl<P, W> fmt::Debug for Handle<P, W> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.device().map(|device| device.name());
        out.debug_struct("Handle").field("device", &name).field("header", &self.header()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
