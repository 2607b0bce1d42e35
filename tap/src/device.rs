//! The device as the system sees it: packets go to the application and come from it, the link goes up and down.

use crate::counters::{Counters, Tally};
use crate::gate::{Crowded, Gate};
use crate::seat::Seat;
use crate::sync::{Apart, AtomicBool, AtomicU8, AtomicU32, Ordering, Queue, SharedLock, fence};
use crate::{DeviceName, Ready};
use alloc::boxed::Box;
use alloc::sync::Arc;
use bitflags::bitflags;
use core::fmt;
use core::ops::RangeInclusive;
use frame::DropReason;

/// A TAP or TUN device: bounded queues between a system and the descriptors that applications hold.
///
/// `P` is the platform's owned packet and `W` its token for one who waits: a request to be answered, a semaphore, a
/// bell. A token is given to the `wake` of whoever changes what it waits for, after every lock is released; it is not
/// an answer but the advice to try again. A device begins with its link down. Nothing here allocates per packet,
/// waits, or reads a clock; every method may be called by any thread.
pub struct Device<P, W> {
    name: DeviceName,
    queue_packets: AtomicU32,
    state: AtomicU32,
    carrier: AtomicU8,
    mtu_bytes: AtomicU32,
    opens: AtomicU32,
    /// The open descriptors among which packets are spread; replaced as a whole.
    seats: SharedLock<Seats<P, W>>,
    /// Packets that applications wrote.
    written: Box<Apart<Queue<P>>>,
    /// Someone found `written` full since packets were last taken.
    starved: AtomicBool,
    system: Gate<W>,
    to_application: Box<Tally>,
    from_application: Box<Tally>,
}

/// The descriptors that have a device open, as one that looks at them keeps them.
type Seats<P, W> = Arc<[Arc<Seat<P, W>>]>;

/// What a device begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// Packets that each queue holds, brought within [`Settings::QUEUE_PACKETS`].
    pub queue_packets: usize,
}

impl Settings {
    /// What a queue may hold.
    pub const QUEUE_PACKETS: RangeInclusive<usize> = 16..=4096;
}

impl Default for Settings {
    /// Returns queues of 512 packets, about what Linux's `TUN_READQ_SIZE` is.
    fn default() -> Self {
        Self { queue_packets: 512 }
    }
}

/// What became of a look for a packet that an application wrote.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum Take<P> {
    /// A packet.
    Packet(P),
    /// The token is kept; once it is given to a `wake`, try again.
    Waiting,
    /// The device is destroyed; the token is dropped.
    Dead,
    /// As many wait as may; the token is dropped.
    Crowded,
}

/// Whether the operator wants the device to carry packets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// Packets pass.
    Up,
    /// Packets are refused both ways.
    Down,
}

/// What decides whether the interface has a carrier.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Carrier {
    /// It has one while an application has the device open.
    #[default]
    FollowsOpen,
    /// It always has one.
    Up,
    /// It never has one.
    Down,
}

bitflags! {
    #[derive(Clone, Copy)]
    pub(crate) struct State: u32 {
        const UP = 1 << 0;
        /// Destroyed: never cleared.
        const DEAD = 1 << 1;
    }
}

impl<P, W> Device<P, W> {
    /// Makes a device whose link is down and that nobody has open.
    pub fn new(name: DeviceName, settings: Settings) -> Self {
        let queue_packets = bounded(settings.queue_packets);
        Self {
            name,
            queue_packets: AtomicU32::new(queue_packets as u32),
            state: AtomicU32::new(0),
            carrier: AtomicU8::new(Carrier::FollowsOpen as u8),
            mtu_bytes: AtomicU32::new(u32::MAX),
            opens: AtomicU32::new(0),
            seats: SharedLock::new(Arc::new([])),
            written: boxed(|| Apart(Queue::new(queue_packets))),
            starved: AtomicBool::new(false),
            system: Gate::new(),
            to_application: boxed(Tally::default),
            from_application: boxed(Tally::default),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> DeviceName {
        self.name
    }

    /// Returns how many packets wait for an application at most, of descriptors that are opened from here on.
    pub fn queue_packets(&self) -> usize {
        self.queue_packets.load(Ordering::Relaxed) as usize
    }

    /// Sets [`Self::queue_packets`], brought within [`Settings::QUEUE_PACKETS`]. The queue the other way, and those of
    /// descriptors that are open, stay as they are.
    pub fn set_queue_packets(&self, packets: usize) {
        self.queue_packets.store(bounded(packets) as u32, Ordering::Relaxed);
    }

    /// Queues a packet for the application; `flow` chooses among several descriptors ([`crate::flow`]).
    ///
    /// # Errors
    /// The packet comes back, and is counted as dropped: [`DropReason::PortDown`] while down or destroyed,
    /// [`DropReason::NotOpen`] while nobody has the device open, [`DropReason::QueueFull`].
    #[inline]
    pub fn offer(&self, flow: u32, packet: P, wake: &mut dyn FnMut(W)) -> Result<(), (P, DropReason)> {
        if !self.state().contains(State::UP) {
            return self.refuse(packet, DropReason::PortDown);
        }
        let seats = self.seats.read();
        let Some(seat) = choose(&seats, flow) else {
            drop(seats);
            return self.refuse(packet, DropReason::NotOpen);
        };
        // Under the lock, so that nothing enters the queue of a descriptor that has left the list.
        let pushed = match seat.queue() {
            Some(queue) => queue.push(packet).map_err(|packet| (packet, DropReason::QueueFull)),
            None => Err((packet, DropReason::NotOpen)),
        };
        if let Err((packet, why)) = pushed {
            drop(seats);
            return self.refuse(packet, why);
        }
        self.to_application.pass();
        fence(Ordering::SeqCst);
        if seat.gate.is_armed(Ready::READ) {
            let seat = Arc::clone(seat);
            drop(seats);
            seat.gate.hand_out(Ready::READ, wake);
        }
        Ok(())
    }

    /// Takes the packet that an application wrote first. `wake` gets those who waited for room.
    #[inline]
    pub fn take(&self, wake: &mut dyn FnMut(W)) -> Option<P> {
        let packet = self.written.0.pop()?;
        fence(Ordering::SeqCst);
        if self.starved.load(Ordering::Relaxed) {
            self.feed(wake);
        }
        if !self.state().contains(State::UP) {
            // Written by one who found the link up just before it went down.
            drop(packet);
            self.from_application.lose(DropReason::PortDown, 1 + self.flush_written());
            return None;
        }
        Some(packet)
    }

    /// As [`Self::take`]; with nothing to take it keeps the token until an application writes.
    pub fn take_or_wait(&self, mut token: W, wake: &mut dyn FnMut(W)) -> Take<P> {
        loop {
            if let Some(packet) = self.take(wake) {
                return Take::Packet(packet);
            }
            if self.is_dead() {
                return Take::Dead;
            }
            let again = || (!self.written.0.is_empty() || self.is_dead()).then_some(());
            match self.system.wait_unless(Ready::READ, token, again) {
                Ok(None) => return Take::Waiting,
                // Once more: another may be faster, and then there is nothing again.
                Ok(Some(((), back))) => token = back,
                Err(Crowded(_)) => return Take::Crowded,
            }
        }
    }

    /// Takes back the first token of [`Self::take_or_wait`] that `which` chooses: the system stops waiting there.
    ///
    /// `None` says that the token is with a `wake` already, or was not kept.
    pub fn cancel(&self, which: impl FnMut(&W) -> bool) -> Option<W> {
        self.system.cancel(which)
    }

    /// Follows the operator. Going down drops what applications wrote, and wakes those who wait to write.
    pub fn set_link(&self, link: Link, wake: &mut dyn FnMut(W)) {
        match link {
            Link::Up if self.state().is_empty() => {
                // What slipped in while down is stale.
                self.from_application.lose(DropReason::PortDown, self.flush_written());
                // Fails if the device is destroyed meanwhile, which is for good.
                let (down, up) = (State::empty().bits(), State::UP.bits());
                let _ = self.state.compare_exchange(down, up, Ordering::SeqCst, Ordering::Relaxed);
            }
            Link::Up => return,
            Link::Down => {
                self.state.fetch_and(!State::UP.bits(), Ordering::SeqCst);
                self.from_application.lose(DropReason::PortDown, self.flush_written());
            }
        }
        self.wake_seats(Ready::WRITE, wake);
    }

    /// Returns whether packets pass.
    pub fn link(&self) -> Link {
        if self.state().contains(State::UP) { Link::Up } else { Link::Down }
    }

    /// Returns whether an application has the device open.
    pub fn is_open(&self) -> bool {
        self.opens.load(Ordering::Acquire) > 0
    }

    /// Returns how many descriptors take part in reading.
    pub fn readers(&self) -> usize {
        self.seats.read().len()
    }

    /// Returns whether the device has been destroyed.
    pub fn is_dead(&self) -> bool {
        self.state().contains(State::DEAD)
    }

    /// Returns whether the interface is to have a carrier.
    pub fn carrier(&self) -> bool {
        match self.carrier.load(Ordering::Acquire) {
            carrier if carrier == Carrier::Up as u8 => true,
            carrier if carrier == Carrier::Down as u8 => false,
            _ => self.is_open(),
        }
    }

    /// Returns how long a packet may be that an application writes, in bytes after the Ethernet header and tags.
    pub fn mtu_bytes(&self) -> u32 {
        self.mtu_bytes.load(Ordering::Relaxed)
    }

    /// Follows the MTU of the interface, in bytes; a device begins without a bound.
    pub fn set_mtu_bytes(&self, bytes: u32) {
        self.mtu_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Overrides the carrier, or lets it follow.
    pub fn set_carrier(&self, carrier: Carrier) {
        self.carrier.store(carrier as u8, Ordering::Release);
    }

    /// Returns the counters; each is exact, together they are of about one moment.
    pub fn counters(&self) -> Counters {
        let seats = Arc::clone(&self.seats.read());
        let unread = seats.iter().filter_map(|seat| seat.queue()).map(Queue::len).sum();
        Counters {
            to_application: self.to_application.read(unread),
            from_application: self.from_application.read(self.written.0.len()),
        }
    }

    /// Ends the device at once: every token goes to `wake`, every later call fails, what is queued is dropped.
    ///
    /// It waits for nobody. Descriptors keep what they refer to until they are closed.
    pub fn destroy(&self, wake: &mut dyn FnMut(W)) {
        let seats = {
            let mut seats = self.seats.write();
            self.state.fetch_and(!State::UP.bits(), Ordering::SeqCst);
            self.state.fetch_or(State::DEAD.bits(), Ordering::SeqCst);
            core::mem::replace(&mut *seats, Arc::new([]))
        };
        for seat in seats.iter() {
            self.to_application.lose(DropReason::PortDown, seat.flush());
            seat.gate.hand_out(Ready::all(), wake);
        }
        self.from_application.lose(DropReason::PortDown, self.flush_written());
        self.system.hand_out(Ready::all(), wake);
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        State::from_bits_retain(self.state.load(Ordering::Acquire))
    }

    /// Puts a descriptor in the list.
    pub(crate) fn enlist(&self, seat: &Arc<Seat<P, W>>) -> Result<(), Dead> {
        seat.furnish(self.queue_packets());
        let mut seats = self.seats.write();
        if self.is_dead() {
            return Err(Dead);
        }
        *seats = seats.iter().chain([seat]).map(Arc::clone).collect();
        Ok(())
    }

    /// Takes a descriptor out of the list and drops what it has not read.
    pub(crate) fn delist(&self, seat: &Arc<Seat<P, W>>) {
        {
            let mut seats = self.seats.write();
            *seats = seats.iter().filter(|other| !Arc::ptr_eq(other, seat)).map(Arc::clone).collect();
        }
        self.to_application.lose(DropReason::NotOpen, seat.flush());
    }

    pub(crate) fn count_open(&self) {
        self.opens.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn count_close(&self) {
        self.opens.fetch_sub(1, Ordering::AcqRel);
    }

    /// Queues what an application wrote, and wakes the system.
    #[inline]
    pub(crate) fn accept(&self, packet: P, wake: &mut dyn FnMut(W)) -> Result<(), P> {
        self.push(packet)?;
        self.system.wake(Ready::READ, wake);
        Ok(())
    }

    /// As [`Self::accept`], leaving [`Self::wake_system`] to the caller, who holds a lock.
    #[inline]
    pub(crate) fn push(&self, packet: P) -> Result<(), P> {
        if let Err(packet) = self.written.0.push(packet) {
            self.starve();
            self.written.0.push(packet)?;
        }
        self.from_application.pass();
        Ok(())
    }

    pub(crate) fn wake_system(&self, wake: &mut dyn FnMut(W)) {
        self.system.wake(Ready::READ, wake);
    }

    /// Returns whether a write finds room; if not, whoever takes next wakes those who wait.
    pub(crate) fn has_room(&self) -> bool {
        if !self.written.0.is_full() {
            return true;
        }
        self.starve();
        !self.written.0.is_full()
    }

    /// Counts a write that was refused because the link is down.
    #[cold]
    pub(crate) fn refuse_write(&self) {
        self.from_application.lose(DropReason::PortDown, 1);
    }

    #[cold]
    fn starve(&self) {
        self.starved.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    #[cold]
    fn feed(&self, wake: &mut dyn FnMut(W)) {
        // Cleared first: who starves from here on is fed by the next take.
        if self.starved.swap(false, Ordering::AcqRel) {
            self.wake_seats(Ready::WRITE, wake);
        }
    }

    fn wake_seats(&self, changed: Ready, wake: &mut dyn FnMut(W)) {
        let seats = Arc::clone(&self.seats.read());
        for seat in seats.iter() {
            seat.gate.hand_out(changed, wake);
        }
    }

    fn flush_written(&self) -> u64 {
        (0..).take_while(|_| self.written.0.pop().is_some()).count() as u64
    }

    #[cold]
    fn refuse(&self, packet: P, why: DropReason) -> Result<(), (P, DropReason)> {
        self.to_application.lose(why, 1);
        Err((packet, why))
    }
}

impl<P, W> fmt::Debug for Device<P, W> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Device").field("name", &self.name).field("link", &self.link()).finish_non_exhaustive()
    }
}

/// Makes a part in a place of its own. Stacks of kernels are small, and each part is on one before: none is to be there
/// together with the next.
#[inline(never)]
fn boxed<T>(make: impl FnOnce() -> T) -> Box<T> {
    Box::write(Box::new_uninit(), make())
}

/// The device is destroyed.
pub(crate) struct Dead;

#[inline]
fn choose<T>(seats: &[T], flow: u32) -> Option<&T> {
    match seats {
        [only] => Some(only),
        // The high bits of the product spread as evenly as a remainder, without a division.
        several => several.get(((u64::from(flow) * several.len() as u64) >> 32) as usize),
    }
}

#[cfg(not(loom))]
fn bounded(packets: usize) -> usize {
    packets.clamp(*Settings::QUEUE_PACKETS.start(), *Settings::QUEUE_PACKETS.end())
}

/// Models need queues that fill after a packet or two.
#[cfg(loom)]
fn bounded(packets: usize) -> usize {
    packets
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
