//! Bridges as a system serves them, whatever its interfaces are.

use super::system::SystemEvent;
use bridge::{Bridge, Config};
use frame::PortId;
use kernel_glue::admin::{Attached, Errno, SystemError};
use kernel_glue::linux::{BridgeId, BridgeNeighbours, Plane, PlaneError, PlaneEvent, random};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The engines and the plane that feeds them.
pub(super) struct Engines {
    pub(super) plane: Plane,
    by_name: BTreeMap<String, Served>,
    next: u32,
}

struct Served {
    id: BridgeId,
    engine: Arc<Bridge>,
    neighbours: Arc<BridgeNeighbours>,
    /// Under which addresses of neighbours are spread.
    secret: [u64; 2],
    ports: BTreeMap<PortId, Attached>,
}

/// What the plane told.
pub(super) enum Told {
    /// Something for the control side.
    Event(SystemEvent),
    /// A port's device is gone; the port is closed.
    Failed { what: Attached, errno: String },
    /// An interface that is joined to its applications is gone.
    WireFailed { wire: BridgeId, errno: String },
    /// A program has closed its end of a socket, by the number of its descriptor.
    SeatClosed(u64),
    /// Nothing that anybody waits for.
    Nothing,
}

impl Engines {
    pub(super) fn new(plane: Plane) -> Self {
        Self { plane, by_name: BTreeMap::new(), next: 0 }
    }

    pub(super) fn add(&mut self, name: &str) -> Result<(), SystemError> {
        let secret = random::secret().map_err(|error| refused(&error))?;
        let [first, second, ..] = random::secret().map_err(|error| refused(&error))?;
        let id = self.number();
        let engine = Arc::new(Bridge::new(Config::default(), self.plane.workers(), secret));
        let neighbours = self.plane.add_bridge(id, &engine).map_err(|error| refused(&error))?;
        let served = Served { id, engine, neighbours, secret: [first, second], ports: BTreeMap::new() };
        self.by_name.insert(name.to_owned(), served);
        Ok(())
    }

    /// Returns a number for the plane that is not used yet.
    pub(super) fn number(&mut self) -> BridgeId {
        self.next = self.next.wrapping_add(1);
        BridgeId(self.next)
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(served) = self.by_name.remove(name) {
            self.plane.remove_bridge(served.id);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Bridge>> {
        self.by_name.get(name).map(|served| &served.engine)
    }

    /// Returns what a bridge has learned of neighbours.
    pub(super) fn neighbours(&self, name: &str) -> Option<&Arc<BridgeNeighbours>> {
        self.by_name.get(name).map(|served| &served.neighbours)
    }

    /// Puts a configuration in force. Neighbours are known while some port answers for them.
    pub(super) fn publish(&self, name: &str, config: Config) {
        let Some(served) = self.by_name.get(name) else { return };
        if *served.engine.config() == config {
            return;
        }
        if config.ports.iter().any(|(_, of)| !of.suppress.is_off()) {
            served.neighbours.start(served.secret);
            served.engine.publish(config);
        } else {
            served.engine.publish(config);
            served.neighbours.stop();
        }
    }

    /// Returns what is attached to a port.
    pub(super) fn attached(&self, bridge: &str, port: PortId) -> Option<&Attached> {
        self.by_name.get(bridge)?.ports.get(&port)
    }

    /// Returns whether an interface is attached anywhere.
    pub(super) fn holds(&self, interface: &str) -> bool {
        self.by_name.values().flat_map(|served| served.ports.values()).any(|what| what.interface() == interface)
    }

    /// Attaches something, which `add` gives to the plane.
    pub(super) fn attach(
        &mut self,
        bridge: &str,
        port: PortId,
        what: &Attached,
        add: impl FnOnce(&Plane, BridgeId) -> Result<(), PlaneError>,
    ) -> Result<(), SystemError> {
        let Some(served) = self.by_name.get_mut(bridge) else {
            return Err(SystemError { errno: Errno::NotFound, detail: format!("{bridge} has no engine") });
        };
        add(&self.plane, served.id).map_err(|error| refused(&error))?;
        served.ports.insert(port, what.clone());
        Ok(())
    }

    /// Detaches whatever a port has; its descriptors are closed when this returns.
    pub(super) fn detach(&mut self, bridge: &str, port: PortId) {
        if let Some(served) = self.by_name.get_mut(bridge)
            && served.ports.remove(&port).is_some()
        {
            self.plane.remove_port(served.id, port);
        }
    }

    /// Detaches an interface wherever it is.
    pub(super) fn detach_interface(&mut self, interface: &str) {
        for served in self.by_name.values_mut() {
            let ports = served.ports.iter().filter(|(_, what)| what.interface() == interface);
            for port in ports.map(|(port, _)| *port).collect::<Vec<_>>() {
                served.ports.remove(&port);
                self.plane.remove_port(served.id, port);
            }
        }
    }

    /// Names an attached interface anew.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        for what in self.by_name.values_mut().flat_map(|served| served.ports.values_mut()) {
            *what = what.renamed(from, to);
        }
    }

    /// Takes the plane's next event; `None` when there is none.
    pub(super) fn poll_event(&mut self) -> Option<Told> {
        match self.plane.poll_event()? {
            PlaneEvent::PortFailed { bridge, port, errno } => {
                let Some(served) = self.by_name.values_mut().find(|served| served.id == bridge) else {
                    return Some(Told::WireFailed { wire: bridge, errno: errno.to_string() });
                };
                let Some(what) = served.ports.remove(&port) else { return Some(Told::Nothing) };
                self.plane.remove_port(served.id, port);
                Some(Told::Failed { what, errno: errno.to_string() })
            }
            PlaneEvent::SeatClosed { id } => Some(Told::SeatClosed(id)),
            PlaneEvent::AddressMoved { bridge, vid, mac, from, to } => {
                let name = self.by_name.iter().find(|(_, served)| served.id == bridge).map(|(name, _)| name.clone());
                Some(name.map_or(Told::Nothing, |bridge| {
                    Told::Event(SystemEvent::Moved { bridge, vlan: vid, address: mac, from, to })
                }))
            }
        }
    }
}

/// Refuses to leave the host its addresses on a member: only the bridge gets what a packet socket takes from a card.
pub(super) fn not_shared(interface: &str) -> SystemError {
    SystemError { errno: Errno::NotSupported, detail: format!("{interface} belongs to its bridge whole") }
}

/// Wraps what a system call or the plane said.
pub(super) fn refused(error: &impl ToString) -> SystemError {
    SystemError { errno: Errno::Io, detail: error.to_string() }
}
