//! A bridge at work in the kernel: its ports, and the one thread that carries frames between them.
//!
//! Whoever has a frame for a bridge only queues it: monitors, those who send, and applications never forward. The worker
//! takes turns among the ports that have frames, a burst each.

mod edit;
mod mailbox;
mod neighbours;
mod seat;
mod worker;

pub(crate) use neighbours::Neighbours;

use crate::bell::Bell;
use crate::inlet::Inlet;
use crate::kernel::{Spin, Status, thread};
use crate::member::{AttachError, Card, HostMode, Member, Part};
use crate::unit::Unit;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bridge::{Bridge, Config, PortFlags};
use frame::PortId;
use haiku_abi::B_REAL_TIME_DISPLAY_PRIORITY;
use mailbox::{Mailbox, Order};
use seat::{Port, Seat};
use worker::{Shared, Worker};

/// A bridge and its worker.
///
/// The methods are the control side's: they are called one at a time, by a thread that holds no lock of the stack, and
/// those that make something under a permit of the heap. Only dropping a handle may be done by anyone.
pub(crate) struct BridgeHandle {
    shared: Arc<Shared>,
    ports: Spin<Vec<Attached>>,
    thread: Option<thread::Thread>,
}

/// A port, as the control side knows it.
struct Attached {
    port: PortId,
    member: Option<Arc<Member>>,
}

/// What becomes a port.
pub(crate) enum Attachment<'a> {
    /// The bridge's own interface; only as [`PortId::HOST`].
    Host(Arc<Unit>),
    /// A tap or tun of ours: its application is on the bridge, its interface idles.
    Application(Arc<Unit>),
    /// An Ethernet interface of another driver, by name.
    Nic {
        /// Its name.
        interface: &'a str,
        /// Whose the host's addresses are.
        host: HostMode,
    },
    /// As `Nic`, for a span port: it only sends, and the host keeps all that it receives.
    Mirror {
        /// Its name.
        interface: &'a str,
    },
}

impl BridgeHandle {
    /// Makes a bridge without ports and starts its worker. `secret` is of the random source; `notice` is called by the
    /// worker, without a lock held, whenever the [condition](crate::member::Condition) of a member has changed.
    ///
    /// # Errors
    /// The kernel has no semaphore or thread left.
    pub(crate) fn create(config: Config, secret: [u64; 4], notice: fn()) -> Result<Self, Status> {
        let bell = Bell::new(c"trestle bridge")?;
        let mailbox = Mailbox::new(&bell)?;
        let bridge = Arc::new(Bridge::new(config, 1, secret));
        let engine = bridge.worker(0).ok_or(Status::B_ERROR)?;
        let shared = Arc::new(Shared { bridge, bell, mailbox, neighbours: Neighbours::new(), notice });
        let worker = Worker::new(Arc::clone(&shared), engine);
        let thread = thread::spawn(c"trestle bridge", PRIORITY, move || worker.run())?;
        Ok(Self { shared, ports: Spin::new(Vec::new()), thread: Some(thread) })
    }

    /// Returns the engine: table, counters by port, configuration.
    pub(crate) fn engine(&self) -> &Arc<Bridge> {
        &self.shared.bridge
    }

    /// Returns who has which address, as the worker sees it.
    pub(crate) fn neighbours(&self) -> &Neighbours {
        &self.shared.neighbours
    }

    /// Makes a configuration the current one.
    ///
    /// Where it has a member's port up, the bridge gets what the member receives; else the host keeps it.
    pub(crate) fn publish(&self, config: Config) {
        for (port, member) in self.members() {
            member.set_active(is_up(&config, port));
        }
        self.shared.bridge.publish(config);
    }

    /// Adds a port. Nothing passes it unless the configuration in force has it up.
    ///
    /// # Errors
    /// The interface cannot become one.
    pub(crate) fn attach(&self, port: PortId, what: Attachment<'_>) -> Result<(), AttachError> {
        if self.ports.lock().iter().any(|attached| attached.port == port) {
            return Err(AttachError::PortInUse);
        }
        let bell = &self.shared.bell;
        let card = |interface, part| Card::attach(interface, part, bell).map(|card| Port::Card(Box::new(card)));
        let place = match what {
            Attachment::Host(unit) => {
                let inlet = Arc::new(Inlet::new(bell));
                unit.host().ok_or(AttachError::Own)?.set_inlet(Some(Arc::clone(&inlet)));
                Port::Host(unit, inlet)
            }
            Attachment::Application(unit) => {
                let alarm = unit.application().ok_or(AttachError::Own)?.join(bell);
                Port::Application(unit, alarm)
            }
            Attachment::Nic { interface, host } => card(interface, Part::Port(host))?,
            Attachment::Mirror { interface } => card(interface, Part::Mirror)?,
        };
        let member = match &place {
            Port::Card(card) => Some(Arc::clone(card.member())),
            Port::Host(..) | Port::Application(..) | Port::Gone => None,
        };
        self.ports.lock().push(Attached { port, member: member.clone() });
        self.shared.mailbox.order(Order::Attach(port, Seat::new(place)));
        if let Some(member) = member {
            // One that takes the place of another has its configuration, which nobody publishes again.
            member.set_active(is_up(&self.shared.bridge.config(), port));
        }
        Ok(())
    }

    /// Takes a port away, if it is there; returns when the worker has let it go.
    ///
    /// The reference to a member's interface is given back some milliseconds later.
    pub(crate) fn detach(&self, port: PortId) {
        let attached = {
            let mut ports = self.ports.lock();
            let at = ports.iter().position(|attached| attached.port == port);
            at.map(|at| ports.swap_remove(at))
        };
        if attached.is_some() {
            self.shared.mailbox.order(Order::Detach(port));
        }
    }

    /// Returns the member behind a port, `None` for other ports.
    pub(crate) fn member(&self, port: PortId) -> Option<Arc<Member>> {
        self.ports.lock().iter().find(|attached| attached.port == port)?.member.clone()
    }

    /// Lists the members, with their ports.
    pub(crate) fn members(&self) -> Vec<(PortId, Arc<Member>)> {
        let ports = self.ports.lock();
        ports.iter().filter_map(|Attached { port, member }| Some((*port, member.clone()?))).collect()
    }

    /// Ends the worker and waits for it; every port is let go.
    pub(crate) fn stop(mut self) {
        self.shared.mailbox.stop();
        if let Some(thread) = self.thread.take() {
            thread.join();
        }
    }
}

impl Drop for BridgeHandle {
    /// Has the worker let every port go and end by itself. It waits for nobody and takes no lock of the stack.
    fn drop(&mut self) {
        self.shared.mailbox.stop();
    }
}

/// Returns whether frames pass a port by a configuration.
fn is_up(config: &Config, port: PortId) -> bool {
    config.ports.iter().any(|(other, of)| *other == port && of.flags.contains(PortFlags::UP))
}

/// That of the stack's readers: were it lower, a flood would keep the worker from running; were it higher, the worker
/// them.
const PRIORITY: i32 = B_REAL_TIME_DISPLAY_PRIORITY - 10;
