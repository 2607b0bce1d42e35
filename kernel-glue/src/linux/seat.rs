//! Application faces as the plane serves them.
//!
//! A node has readers: an in-process [`Face`], and seats, each a socket whose other end a program holds for a descriptor
//! of the device. A seat belongs to its node and not to a port, so that it stays while the node goes from a wire to a
//! bridge and back; what a program writes meanwhile waits in its socket.

mod receive;
mod send;
mod socket;

pub use socket::{seat_pair, tell_end};

pub(super) use receive::Receiver;
pub(super) use send::{Outward, Sender};

use super::buffer::Burst;
use super::counts::{Meter, Passed};
use super::face::Face;
use super::link_port::LinkPort;
use super::worker::Source;
use frame::DropReason;
use frame::offload::{Gso, Offload};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tap::ioctl::{Offloads, Part};
use tap::{Header, Kind};

/// The application face of one device. Clones are the same face.
#[derive(Clone, Debug)]
pub struct NodePort(Arc<Node>);

#[derive(Debug)]
struct Node {
    common: Arc<Common>,
    face: Option<Arc<dyn Face>>,
    seats: Mutex<Vec<Arc<Seat>>>,
    queue_packets: AtomicU16,
    /// Seats there have been, which spreads them over the workers.
    seated: AtomicUsize,
}

/// What the seats of a node share.
#[derive(Debug)]
struct Common {
    kind: Kind,
    mtu_bytes: AtomicU32,
    /// Set where the other side of the port is Ethernet, and this one is not.
    link: Option<Arc<LinkPort>>,
    from_app: Meter,
    to_app: Meter,
}

/// What passed an application face.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FaceCounts {
    /// What the application wrote; dropped is what was no packet.
    pub from_app: Passed,
    /// What the application was given; dropped is what found its queue full, or nobody to read it.
    pub to_app: Passed,
}

/// One program's descriptor, as the plane holds its other end.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) id: u64,
    /// Which seat of its node it was, from 0.
    number: usize,
    fd: OwnedFd,
    terms: Mutex<Terms>,
    common: Arc<Common>,
    from_app: Meter,
    to_app: Meter,
    /// Whether it was reported as closed.
    told: AtomicBool,
    /// Whether its program wants no packets for now.
    aside: AtomicBool,
}

/// How a program wants its packets.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    header: Header,
    offloads: Offloads,
    service: Service,
}

/// Whether a program gets packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Service {
    #[default]
    Open,
    /// It was told of the end, after which nothing may come.
    Ended,
}

/// Packets that wait for a program at most, Linux's `txqueuelen` of a TUN device and a little more.
const QUEUE_PACKETS: u16 = 512;
/// Queue of a program that takes super-frames: 64 of them and as many again.
const LARGE_QUEUE_BYTES: usize = 8 << 20;

impl NodePort {
    /// Makes the face of a device whose applications and port both carry `kind`; `face` gets what no seat does.
    pub fn new(kind: Kind, face: Option<Arc<dyn Face>>) -> Self {
        Self::with(kind, None, face)
    }

    /// Makes the face of a device whose applications carry IP packets, and its port Ethernet frames.
    pub fn with_link(link: Arc<LinkPort>, face: Option<Arc<dyn Face>>) -> Self {
        Self::with(Kind::Tun, Some(link), face)
    }

    fn with(kind: Kind, link: Option<Arc<LinkPort>>, face: Option<Arc<dyn Face>>) -> Self {
        let mtu_bytes = AtomicU32::new(u32::MAX);
        let common = Common { kind, mtu_bytes, link, from_app: Meter::default(), to_app: Meter::default() };
        Self(Arc::new(Node {
            common: Arc::new(common),
            face,
            seats: Mutex::default(),
            queue_packets: AtomicU16::new(QUEUE_PACKETS),
            seated: AtomicUsize::new(0),
        }))
    }

    /// Adds a seat, one end of a Unix socket of packets or datagrams. The plane serves it from the next
    /// [`sync_node`](super::Plane::sync_node) on.
    ///
    /// # Errors
    /// `EEXIST` if there is a seat of that number, `EPROTOTYPE` if the socket is of another kind.
    pub fn seat(&self, id: u64, fd: OwnedFd, header: Header) -> Result<(), Errno> {
        socket::check(fd.as_fd())?;
        let mut seats = self.seats();
        if seats.iter().any(|seat| seat.id == id) {
            return Err(Errno::EXIST);
        }
        socket::bound_queue(fd.as_fd(), socket::queue_bytes(self.0.queue_packets.load(Ordering::Relaxed)));
        seats.push(Arc::new(Seat {
            id,
            number: self.0.seated.fetch_add(1, Ordering::Relaxed),
            fd,
            terms: Mutex::new(Terms { header, ..Terms::default() }),
            common: self.0.common.clone(),
            from_app: Meter::default(),
            to_app: Meter::default(),
            told: AtomicBool::new(false),
            aside: AtomicBool::new(false),
        }));
        Ok(())
    }

    /// Ends a seat: the program is [told](tell_end) at once, whoever else holds our end of the socket. What it wrote and
    /// no worker has read is dropped.
    ///
    /// The descriptor is closed when the plane has been told by [`sync_node`](super::Plane::sync_node).
    pub fn unseat(&self, id: u64) {
        let mut seats = self.seats();
        if let Some(place) = seats.iter().position(|seat| seat.id == id) {
            let seat = seats.remove(place);
            // Nobody waits to hear of an end that was asked for.
            seat.told.store(true, Ordering::Relaxed);
            let mut terms = seat.lock_terms();
            terms.service = Service::Ended;
            socket::tell_end(seat.as_fd());
            let lost = socket::drain(seat.as_fd());
            seat.common.from_app.drop(DropReason::PortDown, lost);
        }
    }

    /// Chooses what precedes each packet of a seat, from the next burst on.
    pub fn set_header(&self, id: u64, header: Header) {
        self.change(id, |terms| terms.header = header);
    }

    /// Chooses the work that a seat with a virtio-net header takes over, from the next burst on.
    pub fn set_offload(&self, id: u64, offloads: Offloads) {
        self.change(id, |terms| terms.offloads = offloads);
        let packets = self.0.queue_packets.load(Ordering::Relaxed);
        let bytes = match offloads.is_empty() {
            true => socket::queue_bytes(packets),
            false => socket::queue_bytes(packets).max(LARGE_QUEUE_BYTES),
        };
        if let Some(seat) = self.seats().iter().find(|seat| seat.id == id) {
            socket::bound_queue(seat.as_fd(), bytes);
        }
    }

    /// Chooses whether a seat gets its share of packets, from the next [`sync_node`](super::Plane::sync_node) on.
    pub fn set_part(&self, id: u64, part: Part) {
        if let Some(seat) = self.seats().iter().find(|seat| seat.id == id) {
            seat.aside.store(part == Part::Aside, Ordering::Relaxed);
        }
    }

    /// Returns how many packets wait for programs behind seats, in full-size ones: what a queue is bounded by.
    pub fn queued(&self) -> u32 {
        self.seats().iter().map(|seat| socket::queued(seat.as_fd())).fold(0, u32::saturating_add)
    }

    /// Refuses longer packets of the application from here on; without the Ethernet header and up to two tags.
    pub fn set_mtu(&self, mtu_bytes: u32) {
        self.0.common.mtu_bytes.store(mtu_bytes, Ordering::Relaxed);
    }

    /// Chooses how many full-size packets wait for each seat at most.
    pub fn set_queue(&self, packets: u16) {
        self.0.queue_packets.store(packets, Ordering::Relaxed);
        for seat in self.seats().iter().filter(|seat| seat.terms().offloads.is_empty()) {
            socket::bound_queue(seat.as_fd(), socket::queue_bytes(packets));
        }
    }

    /// Returns what passed, seats that are gone included.
    pub fn counts(&self) -> FaceCounts {
        let Common { from_app, to_app, .. } = &*self.0.common;
        FaceCounts { from_app: from_app.read(), to_app: to_app.read() }
    }

    /// Returns what passed one seat, `None` if it is gone.
    pub fn seat_counts(&self, id: u64) -> Option<FaceCounts> {
        let seats = self.seats();
        let seat = seats.iter().find(|seat| seat.id == id)?;
        Some(FaceCounts { from_app: seat.from_app.read(), to_app: seat.to_app.read() })
    }

    /// Returns the sources that one of `workers` workers reads.
    pub(super) fn sources(&self, worker: usize, workers: usize) -> Vec<Source> {
        let face = self.0.face.clone().filter(|_| worker == 0);
        let face = face.map(|face| Source::Face(FaceSource { face, common: self.0.common.clone() }));
        let seats = self.seats();
        let own = seats.iter().filter(|seat| seat.number % workers.max(1) == worker);
        face.into_iter().chain(own.cloned().map(Source::Seat)).collect()
    }

    /// Returns where a worker sends.
    pub(super) fn outward(&self) -> Outward {
        let seats = self.seats();
        let seats = seats.iter().filter(|seat| !seat.aside.load(Ordering::Relaxed)).cloned().collect();
        Outward { common: self.0.common.clone(), face: self.0.face.clone(), seats }
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Terms)) {
        if let Some(seat) = self.seats().iter().find(|seat| seat.id == id) {
            change(&mut seat.lock_terms());
        }
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        // No step between lock and unlock can panic half-way through a change.
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Common {
    fn mtu_bytes(&self) -> u32 {
        self.mtu_bytes.load(Ordering::Relaxed)
    }
}

impl Seat {
    /// Returns whether its end is told for the first time.
    pub(super) fn tell_end(&self) -> bool {
        !self.told.swap(true, Ordering::Relaxed)
    }

    fn terms(&self) -> Terms {
        *self.lock_terms()
    }

    fn lock_terms(&self) -> MutexGuard<'_, Terms> {
        // As for the seats.
        self.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Books a burst that was received.
    fn received(&self, burst: &Burst<'_>, packets: u64, bytes: u64) {
        [&self.from_app, &self.common.from_app].into_iter().for_each(|meter| book(meter, burst, packets, bytes));
    }
}

fn book(meter: &Meter, burst: &Burst<'_>, packets: u64, bytes: u64) {
    meter.pass(packets, bytes);
    burst.losses().for_each(|(why, frames)| meter.drop(why, frames.into()));
}

impl AsFd for Seat {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Terms {
    /// Returns whether the program does itself what is left to do.
    fn takes(self, offload: &Offload) -> bool {
        let wanted = match offload.gso {
            Gso::None => Offloads::empty(),
            Gso::TcpV4 => Offloads::TSO4,
            Gso::TcpV6 => Offloads::TSO6,
            // Linux gives both or none.
            Gso::UdpSegment => Offloads::USO4.union(Offloads::USO6),
            Gso::UdpFragment => return false,
        };
        let congestion = if offload.ecn { Offloads::TSO_ECN } else { Offloads::empty() };
        let checksum = if offload.needs_checksum { Offloads::CSUM } else { Offloads::empty() };
        self.header.vnet().is_some() && self.offloads.contains(wanted | congestion | checksum)
    }
}

/// A face as a worker reads it.
#[derive(Clone, Debug)]
pub(super) struct FaceSource {
    pub(super) face: Arc<dyn Face>,
    common: Arc<Common>,
}

#[cfg(test)]
mod tests;
