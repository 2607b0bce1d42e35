//! The data plane as the control side drives it: workers, and the bridges and ports they serve.

mod error;
mod running;

pub use error::PlaneError;

use super::memory::MemoryPort;
use super::name::Interface;
use super::neighbours::{BridgeNeighbours, Relay};
use super::packet::{PacketSocket, Sharing, open_mirror};
use super::seat::NodePort;
use super::tap::TapDevice;
use super::transmit::Medium;
use super::worker::{self, Command, Engine, Nudge, Reporter, Source, Wire};
use bridge::Bridge;
use core::fmt;
use core::num::NonZero;
use frame::{Mac, PortId};
use running::Running;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// A number of a bridge or wire, given by the control side and never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BridgeId(pub u32);

/// How workers run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlaneOptions {
    /// Threads that forward, at least one.
    pub workers: usize,
    /// Nice value of the workers, -20..=19; 0 leaves that of the process. Below 0 takes CAP_SYS_NICE.
    pub nice: i8,
    /// How long a worker looks for more frames before it sleeps; costs that much processor time after each burst.
    pub spin: Duration,
}

impl PlaneOptions {
    /// A nice value that gives workers three quarters of a processor that they share with one busy sender: two
    /// senders at full rate on two processors still leave 0.5 Mpps, where 0 leaves 0.3 and -20 gives 0.7 at the
    /// expense of TCP between local hosts, which the workers then interrupt.
    pub const RECOMMENDED_NICE: i8 = -5;
}

impl Default for PlaneOptions {
    /// Half the processors, at most four; the nice value of the process, for another may be refused; no spinning,
    /// which bought 4 µs of 40 for a twelfth of a processor.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { workers: (processors / 2).clamp(1, 4), nice: 0, spin: Duration::ZERO }
    }
}

/// What a worker has to tell the control side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlaneEvent {
    /// The port's device is gone; the port is to be removed. Each worker says so, once for each direction.
    ///
    /// An interface that was down already goes unnoticed here: [`LinkMonitor`](super::netlink::LinkMonitor) tells.
    PortFailed {
        /// The bridge.
        bridge: BridgeId,
        /// The port.
        port: PortId,
        /// What the system said.
        errno: Errno,
    },
    /// A station appeared on another port than before.
    AddressMoved {
        /// The bridge.
        bridge: BridgeId,
        /// The station's VLAN, 0 for none.
        vid: u16,
        /// Its address.
        mac: Mac,
        /// Where it was.
        from: PortId,
        /// Where it is.
        to: PortId,
    },
    /// The program has closed its end of a seat, which is to be removed from its node. Told once.
    SeatClosed {
        /// The seat's number, by which the control side tells the seats of all nodes apart.
        id: u64,
    },
}

/// The running data plane. Dropping it stops the workers.
pub struct Plane {
    workers: Vec<Running>,
    events: Receiver<PlaneEvent>,
    bell: Arc<OwnedFd>,
    lost: Arc<AtomicU64>,
}

impl Plane {
    /// Starts the workers.
    ///
    /// # Errors
    /// [`PlaneError::Start`] if a thread or its descriptors cannot be had, [`PlaneError::Nice`] if its priority is
    /// not allowed.
    pub fn start(options: PlaneOptions) -> Result<Self, PlaneError> {
        let (report, events) = sync_channel(EVENTS);
        let bell = worker::bell().map_err(PlaneError::Start)?;
        let mut plane = Self { workers: Vec::new(), events, bell, lost: Arc::default() };
        for number in 0..options.workers.max(1) {
            let reporter = Reporter::new(report.clone(), plane.bell.clone(), plane.lost.clone());
            plane.workers.push(Running::start(number, options, reporter)?);
        }
        Ok(plane)
    }

    /// Returns how many workers run: what [`Bridge::new`] and [`TapDevice::create`] are to be told.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Begins to serve a bridge. What its workers learn of neighbours is in what this returns, once that is
    /// [started](BridgeNeighbours::start).
    ///
    /// # Errors
    /// [`PlaneError::Bridge`] if the bridge has no handle for each worker left.
    pub fn add_bridge(&self, id: BridgeId, bridge: &Arc<Bridge>) -> Result<Arc<BridgeNeighbours>, PlaneError> {
        let neighbours = Arc::<BridgeNeighbours>::default();
        for (number, worker) in self.workers.iter().enumerate() {
            let told = bridge.worker(number).ok_or(Errno::BUSY).and_then(|engine| {
                let relay = Relay::new(engine, neighbours.clone());
                let command = Command::AddBridge { id, engine: Engine::Bridge(Box::new(relay)) };
                worker.tell(command)
            });
            if let Err(errno) = told {
                // Those before this one serve it already; if the number is taken, there is none before.
                self.workers.iter().take(number).for_each(|worker| worker.forget(Command::RemoveBridge(id)));
                return Err(PlaneError::Bridge { bridge: id, errno });
            }
        }
        Ok(neighbours)
    }

    /// Begins to serve a wire; its ports are added as those of a bridge are.
    ///
    /// # Errors
    /// [`PlaneError::Bridge`] if the number is taken.
    pub fn add_wire(&self, id: BridgeId) -> Result<Wire, PlaneError> {
        let wire = Wire::default();
        for (number, worker) in self.workers.iter().enumerate() {
            if let Err(errno) = worker.tell(Command::AddBridge { id, engine: Engine::Wire(wire.clone()) }) {
                // As above.
                self.workers.iter().take(number).for_each(|worker| worker.forget(Command::RemoveBridge(id)));
                return Err(PlaneError::Bridge { bridge: id, errno });
            }
        }
        Ok(wire)
    }

    /// Stops serving a bridge or wire; its ports are closed when this returns, the seats of a node stay open.
    pub fn remove_bridge(&self, id: BridgeId) {
        self.workers.iter().for_each(|worker| worker.forget(Command::RemoveBridge(id)));
    }

    /// Makes a TAP device a port, each worker reading its own queue. The caller keeps the device.
    ///
    /// # Errors
    /// [`PlaneError::Port`] if the bridge is not served.
    pub fn add_tap_port(&self, bridge: BridgeId, port: PortId, tap: &TapDevice) -> Result<(), PlaneError> {
        self.add_port(bridge, port, |worker| {
            let queue = tap.queue_for_writing(worker).cloned().ok_or(Errno::BADF)?;
            let medium = Medium::Tap(queue);
            Ok((tap.queue(worker).cloned().map(Source::Tap).into_iter().collect(), medium))
        })
    }

    /// Makes a kernel interface a port, in promiscuous mode for as long.
    ///
    /// The caller has checked that it is an Ethernet interface.
    ///
    /// # Errors
    /// [`PlaneError::Device`] if the interface cannot be opened.
    pub fn add_packet_port(&self, bridge: BridgeId, port: PortId, interface: Interface) -> Result<(), PlaneError> {
        let sharing = match self.workers.len() {
            1 => Sharing::Alone,
            _ => Sharing::Group(fanout_group(interface.index)),
        };
        let sockets =
            self.workers.iter().map(|_| PacketSocket::open(interface, sharing)).collect::<Result<Vec<_>, _>>()?;
        let mut sockets = sockets.into_iter();
        self.add_port(bridge, port, |_| {
            let socket = sockets.next().ok_or(Errno::BADF)?;
            let medium = socket.medium();
            Ok((vec![Source::Packet(socket)], medium))
        })
    }

    /// Makes a kernel interface a port that only sends. Its frames are not received, and it is not made promiscuous.
    ///
    /// # Errors
    /// [`PlaneError::Device`] if the interface cannot be opened.
    pub fn add_mirror_port(&self, bridge: BridgeId, port: PortId, interface: Interface) -> Result<(), PlaneError> {
        let media = self.workers.iter().map(|_| open_mirror(interface)).collect::<Result<Vec<_>, _>>()?;
        let mut media = media.into_iter();
        self.add_port(bridge, port, |_| Ok((Vec::new(), media.next().ok_or(Errno::BADF)?)))
    }

    /// Makes one end of a [`memory_port`](super::memory_port) a port, read by the first worker.
    ///
    /// # Errors
    /// [`PlaneError::Port`] if the bridge is not served.
    pub fn add_memory_port(&self, bridge: BridgeId, port: PortId, memory: &MemoryPort) -> Result<(), PlaneError> {
        self.add_port(bridge, port, |worker| {
            let source = (worker == 0).then(|| Source::Memory(memory.clone()));
            Ok((source.into_iter().collect(), Medium::Memory(memory.clone())))
        })
    }

    /// Makes an application face a port, each worker reading its share of the seats.
    ///
    /// # Errors
    /// [`PlaneError::Port`] if the bridge or wire is not served.
    pub fn add_node_port(&self, bridge: BridgeId, port: PortId, node: &NodePort) -> Result<(), PlaneError> {
        let workers = self.workers();
        self.add_port(bridge, port, |worker| Ok((node.sources(worker, workers), Medium::Node(node.outward()))))
    }

    /// Serves the seats that an application face has since, and those no more that it had; what is closed by that is
    /// closed when this returns.
    ///
    /// # Errors
    /// [`PlaneError::Port`] if the port is not there, or a seat cannot be watched. It is to be unseated then.
    pub fn sync_node(&self, bridge: BridgeId, port: PortId, node: &NodePort) -> Result<(), PlaneError> {
        let workers = self.workers();
        let mut synced = Ok(());
        for (number, worker) in self.workers.iter().enumerate() {
            let (sources, medium) = (node.sources(number, workers), Medium::Node(node.outward()));
            let told = worker.tell(Command::RenewPort { bridge, port, sources, medium });
            // The others go on: a descriptor is closed when none has it.
            synced = synced.and(told.map_err(|errno| PlaneError::Port { bridge, port, errno }));
        }
        synced
    }

    /// Closes a port; its descriptors are closed when this returns.
    pub fn remove_port(&self, bridge: BridgeId, port: PortId) {
        self.workers.iter().for_each(|worker| worker.forget(Command::RemovePort { bridge, port }));
    }

    /// Returns a descriptor that becomes readable when [`poll_event`](Self::poll_event) has something, and stays so
    /// until that has answered `None`.
    pub fn event_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Returns the next event.
    pub fn poll_event(&self) -> Option<PlaneEvent> {
        self.events.try_recv().ok().or_else(|| {
            worker::clear(self.bell.as_fd());
            // Reported between the look and the clearing.
            self.events.try_recv().ok()
        })
    }

    /// Returns what wakes a worker.
    pub(super) fn nudge(&self) -> Option<Nudge> {
        self.workers.first().map(Running::nudge)
    }

    /// Returns how many events were lost because nobody took them in time.
    pub fn events_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn add_port(
        &self,
        bridge: BridgeId,
        port: PortId,
        mut ends: impl FnMut(usize) -> Result<(Vec<Source>, Medium), Errno>,
    ) -> Result<(), PlaneError> {
        for (number, worker) in self.workers.iter().enumerate() {
            let told = ends(number)
                .and_then(|(sources, medium)| worker.tell(Command::AddPort { bridge, port, sources, medium }));
            if let Err(errno) = told {
                // As above.
                self.workers.iter().take(number).for_each(|worker| worker.forget(Command::RemovePort { bridge, port }));
                return Err(PlaneError::Port { bridge, port, errno });
            }
        }
        Ok(())
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.stop();
        }
    }
}

impl fmt::Debug for Plane {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Plane").field("workers", &self.workers.len()).finish_non_exhaustive()
    }
}

/// Fanout groups are numbered by namespace; two planes on one interface are told apart by their processes.
fn fanout_group(index: u32) -> u16 {
    (index ^ std::process::id().rotate_left(8)) as u16
}

/// Events that wait for the control side at most.
const EVENTS: usize = 1024;

#[cfg(test)]
mod tests;
