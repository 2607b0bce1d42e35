//! The application's side of a tap or tun: frames come from it and go to it, wherever the other side is.

use crate::bell::{Alarm, Bell};
use crate::kernel::{Shared, Status};
use crate::net_buffer::NetBuf;
use crate::node;
use crate::tun::TunPort;
use crate::waiter::{Device, Waiter};
use crate::{housekeeper, system};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use frame::{DropReason, FrameBuf, Mac};
use tap::{DeviceName, Kind, Link, Take};

/// The application's side of a unit.
pub(crate) struct Application {
    device: Arc<Device>,
    /// The shim of a tun.
    tun: Option<Box<TunPort>>,
    place: Shared<Place>,
    /// Wakes the stack's reader.
    wire: Arc<Alarm>,
    node: AtomicU8,
    /// It is to be removed, with its interface: the application that made it has closed it.
    doomed: AtomicBool,
    /// Bytes that were given to the application, and that were taken from it.
    given_bytes: AtomicU64,
    taken_bytes: AtomicU64,
}

/// Who takes what the application sends.
enum Place {
    /// The interface, which is up or down.
    Wire(Link),
    /// A bridge, whose alarm this is; the interface is idle meanwhile, and what it was is kept.
    Bridge(Arc<Alarm>, Link),
}

/// What became of a look for a frame of the application.
pub(crate) enum Taken {
    /// A frame.
    Frame(NetBuf),
    /// There is none; the alarm goes off when there may be.
    Nothing,
    /// The unit is gone.
    Dead,
}

/// Whether the node is published, as [`Application::step_node`] goes through it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum NodeState {
    /// Not yet.
    Absent,
    /// By somebody, just now.
    Publishing,
    /// It is.
    Published,
    /// The unit is gone, and its node with it.
    Gone,
}

impl Application {
    /// Makes it, with the device in the books; it begins at the interface, which is down.
    #[inline(never)]
    pub(super) fn new(name: DeviceName, mac: Mac, reader: &Arc<Bell>) -> Result<Self, Status> {
        let tun = match name.kind {
            Kind::Tap => None,
            Kind::Tun => Some(TunPort::new(name, mac)?),
        };
        let device = node::books::create(name, mac)?;
        device.set_mtu_bytes(super::FIRST_MTU_BYTES);
        let wire = Alarm::new(reader);
        let place = Shared::new(Place::Wire(Link::Down));
        let node = AtomicU8::new(NodeState::Absent as u8);
        let doomed = AtomicBool::new(false);
        let (given_bytes, taken_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { device, tun, place, wire, node, doomed, given_bytes, taken_bytes })
    }

    /// Returns the device: queues, descriptors, counters.
    pub(crate) fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Returns the shim, of a tun.
    pub(crate) fn tun(&self) -> Option<&TunPort> {
        self.tun.as_deref()
    }

    /// Has a bridge take what the application sends, which is rung when there is something.
    ///
    /// The link is up while the bridge has it; the interface of the same name is idle.
    pub(crate) fn join(&self, bell: &Arc<Bell>) -> Arc<Alarm> {
        let alarm = Alarm::new(bell);
        {
            let mut place = self.place.write();
            let interface = place.interface();
            *place = Place::Bridge(Arc::clone(&alarm), interface);
        }
        self.settle();
        alarm.ring();
        alarm
    }

    /// Gives the application back to the interface. The thread that took its frames for the bridge calls it.
    pub(crate) fn leave(&self) {
        let before = {
            let mut place = self.place.write();
            let interface = place.interface();
            core::mem::replace(&mut *place, Place::Wire(interface))
        };
        if let Place::Bridge(alarm, _) = before {
            // Else an application that never sends would have the device keep the alarms of all bridges it was in.
            let is_it = |kept: &Waiter| matches!(kept, Waiter::Alarm(kept) if Arc::ptr_eq(kept, &alarm));
            drop(self.device.cancel(is_it));
        }
        self.settle();
        self.wire.ring();
    }

    /// Returns whether a bridge has it.
    pub(crate) fn is_bridged(&self) -> bool {
        matches!(*self.place.read(), Place::Bridge(..))
    }

    /// Takes the next frame of the application; when there is none, the alarm is kept until there may be. What the shim
    /// has to send of its own comes here as well.
    pub(crate) fn take(&self, alarm: &Arc<Alarm>) -> Taken {
        for _ in 0..ATTEMPTS {
            if let Some(frame) = self.tun().and_then(TunPort::take_own) {
                return Taken::Frame(frame);
            }
            let packet = match self.take_packet(alarm) {
                Ok(Some(packet)) => packet,
                Ok(None) => return Taken::Nothing,
                Err(taken) => return taken,
            };
            let Some(tun) = &self.tun else { return Taken::Frame(packet) };
            if let Some(frame) = tun.inward(packet, &self.device) {
                return Taken::Frame(frame);
            }
        }
        // Others have their turn first.
        alarm.ring();
        Taken::Nothing
    }

    fn take_packet(&self, alarm: &Arc<Alarm>) -> Result<Option<NetBuf>, Taken> {
        if !alarm.arm() {
            // The device has the alarm already: should a packet come after this look, it goes off.
            return match self.device.take(&mut Waiter::wake) {
                None if self.device.is_dead() => Err(Taken::Dead),
                taken => {
                    taken.iter().for_each(|packet| self.count_taken(packet));
                    Ok(taken)
                }
            };
        }
        match self.device.take_or_wait(Waiter::Alarm(Arc::clone(alarm)), &mut Waiter::wake) {
            Take::Waiting => Ok(None),
            Take::Packet(packet) => {
                alarm.disarm();
                self.count_taken(&packet);
                Ok(Some(packet))
            }
            Take::Dead => Err(Taken::Dead),
            Take::Crowded => {
                // A device is in one place at a time, and has one alarm for each at most.
                alarm.disarm();
                Ok(None)
            }
        }
    }

    /// Takes the next frame for the interface, whose reader's bell rings when there may be another.
    pub(super) fn take_for_stack(&self) -> Option<NetBuf> {
        if self.is_bridged() {
            return None;
        }
        match self.take(&self.wire) {
            Taken::Frame(frame) => Some(frame),
            Taken::Nothing | Taken::Dead => None,
        }
    }

    /// Gives the application a frame, through the shim if it is a tun. It never waits for anybody.
    ///
    /// Returns why what was in the frame is lost, if it is.
    ///
    /// # Errors
    /// The frame comes back as it was, and why it is not given; the device or the shim has counted it.
    pub(crate) fn give(&self, frame: NetBuf) -> Result<Option<DropReason>, (NetBuf, DropReason)> {
        let bytes = frame.bytes() as u64;
        let given = match &self.tun {
            None => {
                let flow = tap::flow(Kind::Tap, frame.head());
                self.device.offer(flow, frame, &mut Waiter::wake).map(|()| None)
            }
            Some(tun) => {
                let given = tun.outward(frame, &self.device);
                self.ring_for_own(tun);
                given
            }
        };
        if let Ok(None) = given {
            self.given_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        given
    }

    /// Returns the bytes that were given to the application, and those that were taken from it. The first count frames,
    /// the others what the application wrote.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.given_bytes.load(Ordering::Relaxed), self.taken_bytes.load(Ordering::Relaxed))
    }

    fn count_taken(&self, packet: &NetBuf) {
        self.taken_bytes.fetch_add(packet.bytes() as u64, Ordering::Relaxed);
    }

    /// Has the shim do what its time has come for.
    pub(crate) fn poll(&self) {
        if let Some(tun) = &self.tun {
            tun.poll(&self.device);
            self.ring_for_own(tun);
        }
    }

    /// Wakes whoever takes the shim's own frames, if there are any.
    fn ring_for_own(&self, tun: &TunPort) {
        if tun.has_own() {
            let alarm = match &*self.place.read() {
                Place::Wire(_) => Arc::clone(&self.wire),
                Place::Bridge(alarm, _) => Arc::clone(alarm),
            };
            alarm.ring();
        }
    }

    /// Follows the interface: down, an application is refused what it writes.
    pub(super) fn follow_interface(&self, link: Link) {
        let is_idle = match &mut *self.place.write() {
            Place::Wire(interface) => {
                *interface = link;
                false
            }
            Place::Bridge(_, interface) => {
                *interface = link;
                true
            }
        };
        if let (Link::Down, false, Some(tun)) = (link, is_idle, &self.tun) {
            tun.flush();
        }
        self.settle();
    }

    /// Follows the interface's MTU.
    #[inline(never)]
    pub(super) fn follow_mtu(&self, bytes: u32) {
        self.device.set_mtu_bytes(bytes);
        node::books::follow_mtu(self.device.name(), bytes);
        if let Some(tun) = &self.tun {
            tun.configure(&self.device, |config| config.mtu_bytes = bytes);
        }
    }

    /// Has the link be as its place says, whoever else changes that meanwhile.
    fn settle(&self) {
        let wanted = || self.place.read().link();
        let mut link = wanted();
        loop {
            self.device.set_link(link, &mut Waiter::wake);
            let now = wanted();
            if core::mem::replace(&mut link, now) == now {
                return;
            }
        }
    }

    pub(super) fn die(&self) {
        node::books::destroy(&self.device);
        let before = core::mem::replace(&mut *self.place.write(), Place::Wire(Link::Down));
        if let Place::Bridge(alarm, _) = before {
            alarm.ring();
        }
    }

    /// Has the thread that administers remove the unit, and the housekeeper see to it that it does.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
        housekeeper::ring();
        system::ring();
    }

    /// Returns whether the unit is to be removed.
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Acquire)
    }

    /// Says again that the unit is to be removed: it could not be yet.
    pub(crate) fn keep_doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Returns whether the unit is to be removed, once.
    pub(crate) fn take_doom(&self) -> bool {
        self.doomed.swap(false, Ordering::AcqRel)
    }

    /// Moves the node's state on, and returns whether it was as `from` says.
    pub(crate) fn step_node(&self, from: NodeState, to: NodeState) -> bool {
        self.node.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Says that there is no node from here on, and returns whether there was one.
    pub(crate) fn end_node(&self) -> bool {
        self.node.swap(NodeState::Gone as u8, Ordering::AcqRel) == NodeState::Published as u8
    }
}

impl Place {
    /// Returns whether an application may send: into a bridge always, which looks after itself.
    fn link(&self) -> Link {
        match self {
            Self::Wire(interface) => *interface,
            Self::Bridge(..) => Link::Up,
        }
    }

    fn interface(&self) -> Link {
        match self {
            Self::Wire(link) | Self::Bridge(_, link) => *link,
        }
    }
}

/// Packets of an application that come to nothing, one after another, before others have their turn; a guess.
const ATTEMPTS: usize = 64;
