//! The shim of one tun: IP packets of an application on one side, Ethernet frames of the stack or a bridge on the other.

use crate::housekeeper;
use crate::identity;
use crate::kernel::{Lock, Status, clock, random};
use crate::net_buffer::NetBuf;
use crate::place::boxed;
use crate::ring::Ring;
use crate::waiter::{Device, Waiter};
use alloc::boxed::Box;
use alloc::vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};
use frame::offload::{Offload, VNET_BYTES};
use frame::{DropCounts, DropReason, FrameBuf, HEADER_BYTES, Instant, Mac};
use kernel_glue::link::{Inward, Link, LinkConfig, LinkReport, Outward, Place};
use tap::{DeviceName, Kind};

/// The link of one device, and what it has to send.
///
/// `send_data` takes the lock, with locks of the stack held; so nothing is called under it but what makes, reads and
/// frees packets of our own.
pub(crate) struct TunPort {
    linked: Lock<Linked>,
    /// Frames of its own: answers, requests, and what has waited for an address.
    own: Ring<NetBuf>,
    /// Packets for the application that are on their way.
    back: Ring<NetBuf>,
    /// When it is to be polled next, in microseconds; the end of time if nothing is due.
    due: AtomicU64,
}

struct Linked {
    link: Box<Link>,
    /// Room for the largest frame, for packets that lie in pieces and those that the link gives out.
    scratch: Box<[u8]>,
    /// What it was told last.
    config: Box<LinkConfig>,
    drops: Box<DropCounts>,
}

impl TunPort {
    /// Makes a link that stands at the interface of the address `host`, for everybody beyond.
    #[inline(never)]
    pub(crate) fn new(name: DeviceName, host: Mac) -> Result<Box<Self>, Status> {
        let mut text = heapless::String::<24>::new();
        write!(text, "{name} peer").map_err(|_| Status::B_BAD_VALUE)?;
        let peer = identity::mac(&text);
        let config = boxed(|| LinkConfig {
            scope: arp::Scope::All,
            mtu_bytes: 1500,
            ..LinkConfig::new(Place::Host(host), peer, random::secret())
        });
        let link = boxed(|| Link::new(LinkConfig::clone(&config)));
        let scratch = vec![0; SCRATCH_BYTES].into();
        let linked = Linked { link, scratch, config, drops: boxed(|| DropCounts::ZERO) };
        Ok(Box::new(Self {
            linked: Lock::new(c"trestle tun", linked),
            own: Ring::new(OWN),
            back: Ring::new(OWN),
            due: AtomicU64::new(u64::MAX),
        }))
    }

    /// Changes what the link is told.
    #[inline(never)]
    pub(crate) fn configure(&self, device: &Device, change: impl FnOnce(&mut LinkConfig)) {
        let mut config = self.config();
        change(&mut config);
        self.with(device, |linked, now| linked.configure(config, now));
    }

    /// Returns what the link was told last.
    #[inline(never)]
    pub(crate) fn config(&self) -> Box<LinkConfig> {
        self.linked.lock().config.clone()
    }

    /// Says that an application has come.
    pub(crate) fn arrive(&self, device: &Device) {
        self.with(device, |linked, now| linked.link.arrive(now));
    }

    /// Says that the last application has gone.
    pub(crate) fn leave(&self) {
        self.linked.lock().link.leave();
    }

    /// Returns what the link knows and has done.
    pub(crate) fn report(&self) -> LinkReport {
        self.linked.lock().link.report(clock::now())
    }

    /// Returns what it dropped.
    pub(crate) fn drops(&self) -> DropCounts {
        *self.linked.lock().drops
    }

    /// Makes a frame of a packet that the application wrote; `None` if it is none, or not yet.
    pub(crate) fn inward(&self, packet: NetBuf, device: &Device) -> Option<NetBuf> {
        let (done, back) = self.with(device, |linked, now| linked.inward(packet, now));
        if let Some(packet) = back {
            let flow = tap::flow(Kind::Tun, packet.head());
            // What does not fit is lost, and counted there.
            let _ = device.offer(flow, packet, &mut Waiter::wake);
        }
        done
    }

    /// Gives the application what a frame carries, and returns why the packet in it is lost, if it is.
    ///
    /// # Errors
    /// The frame comes back as it was, and why it is not for the application.
    pub(crate) fn outward(&self, frame: NetBuf, device: &Device) -> Result<Option<DropReason>, (NetBuf, DropReason)> {
        let Some(packet) = self.with(device, |linked, now| linked.outward(frame, now))? else { return Ok(None) };
        let flow = tap::flow(Kind::Tun, packet.head());
        Ok(device.offer(flow, packet, &mut Waiter::wake).err().map(|(_, why)| why))
    }

    /// Drops what it has to send: where that was to go is no more.
    pub(crate) fn flush(&self) {
        while self.own.pop().is_some() {}
    }

    /// Takes the next frame of its own.
    pub(crate) fn take_own(&self) -> Option<NetBuf> {
        self.own.pop()
    }

    /// Returns whether there is a frame of its own.
    pub(crate) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// Returns when it is to be polled, if nothing happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        Some(self.due.load(Ordering::Acquire)).filter(|&due| due != u64::MAX).map(Instant::from_micros)
    }

    /// Has the link do what its time has come for.
    pub(crate) fn poll(&self, device: &Device) {
        if self.due().is_some_and(|due| due <= clock::now()) {
            self.due.store(u64::MAX, Ordering::Release);
            self.with(device, |linked, now| linked.drain(self, now));
        }
    }

    /// Does something to the link, and takes what comes of it.
    fn with<T>(&self, device: &Device, act: impl FnOnce(&mut Linked, Instant) -> T) -> T {
        let now = clock::now();
        let done = {
            let mut linked = self.linked.lock();
            let done = act(&mut linked, now);
            if linked.link.is_stirred(now) {
                linked.drain(self, now);
            }
            // Under the lock: what another thread has the link expect meanwhile is not to be undone.
            let due = linked.link.poll_at().map_or(u64::MAX, Instant::as_micros);
            if self.due.swap(due, Ordering::AcqRel) > due {
                housekeeper::expect(Instant::from_micros(due));
            }
            done
        };
        while let Some(packet) = self.back.pop() {
            let flow = tap::flow(Kind::Tun, packet.head());
            let _ = device.offer(flow, packet, &mut Waiter::wake);
        }
        done
    }
}

impl Linked {
    #[inline(never)]
    fn configure(&mut self, config: Box<LinkConfig>, now: Instant) {
        if config != self.config {
            self.link.configure(LinkConfig::clone(&config), now);
            self.config = config;
        }
    }

    /// Returns the frame that a packet of the application becomes, and the packet if the application gets it back.
    #[inline(never)]
    fn inward(&mut self, mut packet: NetBuf, now: Instant) -> (Option<NetBuf>, Option<NetBuf>) {
        let Self { link, scratch, drops, .. } = self;
        let none = Offload::default();
        let bytes = packet.bytes();
        let (became, in_place) = match packet.contiguous_mut() {
            Some(whole) => (link.inward(whole, &none, now), true),
            None => match scratch.get_mut(..bytes).and_then(|whole| packet.read(0, whole).then_some(whole)) {
                Some(whole) => (link.inward(whole, &none, now), false),
                None => (Inward::Drop(DropReason::TooBig), false),
            },
        };
        let frame = match became {
            Inward::Frame(header) if in_place => packet.prepend(&header),
            Inward::Frame(header) => NetBuf::from_pieces(&[&header, scratch.get(..bytes).unwrap_or_default()]),
            Inward::Return => return (None, Some(packet)),
            Inward::Kept => return (None, None),
            Inward::Drop(why) => {
                drops.add(why, 1);
                return (None, None);
            }
        };
        if frame.is_none() {
            drops.add(DropReason::NoBuffer, 1);
        }
        (frame, None)
    }

    /// Returns the packet that a frame carries for the application, if that is not the link's own business.
    #[inline(never)]
    fn outward(&mut self, frame: NetBuf, now: Instant) -> Result<Option<NetBuf>, (NetBuf, DropReason)> {
        let Self { link, scratch, drops, .. } = self;
        let bytes = frame.bytes();
        let whole = match frame.contiguous() {
            Some(whole) => whole,
            None => match scratch.get_mut(..bytes).and_then(|whole| frame.read(0, whole).then_some(whole)) {
                Some(whole) => &*whole,
                None => {
                    drops.add(DropReason::TooBig, 1);
                    return Err((frame, DropReason::TooBig));
                }
            },
        };
        let place = match link.outward(&[], whole, &Offload::default(), now) {
            Ok(Outward::Packet { packet, .. }) => (packet.as_ptr().addr() - whole.as_ptr().addr(), packet.len()),
            Ok(Outward::Kept) => return Ok(None),
            Err(why) => {
                drops.add(why, 1);
                return Err((frame, why));
            }
        };
        let packet = frame.cut(place.0, place.1);
        if packet.is_none() {
            drops.add(DropReason::NoBuffer, 1);
        }
        Ok(packet)
    }

    /// Takes what the link has to send of its own, both ways.
    #[inline(never)]
    fn drain(&mut self, port: &TunPort, now: Instant) {
        let Self { link, scratch, drops, .. } = self;
        for _ in 0..OWN {
            let (bytes, queue) = if let Some(bytes) = link.poll_frame(scratch, now) {
                (bytes, &port.own)
            } else if let Some(bytes) = link.poll_packet(scratch) {
                (bytes, &port.back)
            } else {
                return;
            };
            // The state before it says nothing: nobody leaves work undone here.
            let made = scratch.get(VNET_BYTES..bytes).and_then(|bytes| NetBuf::from_pieces(&[bytes]));
            match made.map(|made| queue.push(made)) {
                Some(Ok(())) => {}
                Some(Err(_)) => drops.add(DropReason::QueueFull, 1),
                None => drops.add(DropReason::NoBuffer, 1),
            }
        }
    }
}

/// Frames or packets of its own at once; a guess: the fragments of a datagram of 64 KiB, and some.
const OWN: usize = 64;
/// A frame of the greatest MTU, and the state before it.
const SCRATCH_BYTES: usize = VNET_BYTES + HEADER_BYTES + 65_535;
