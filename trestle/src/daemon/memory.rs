//! This process as the system beneath: interfaces are queues, and those of ours have a host of their own.
//!
//! For where not even a namespace can be had. Everything above, from the control socket to the forwarding workers, is
//! what runs on a kernel.

use super::engines::{Engines, Told, not_shared, refused};
use super::system::{System, SystemEvent};
use crate::embedded::{Embedded, Wire};
use arp::Binding;
use bridge::{Bridge, Config};
use frame::offload::Offload;
use frame::{Instant, Mac, PortId};
use kernel_glue::admin::{
    AdminStatus, Attached, Condition, Errno, Facts, InetAddress, Live, OwnLink, Perform, Platform, Step, SystemError,
    SystemInterface, SystemKind,
};
use kernel_glue::linux::{BridgeNeighbours, MemoryHost, MemoryPort, Plane, PlaneOptions, clock, memory_port};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Frames that wait on a wire, each way.
const QUEUE: usize = 256;
/// An Ethernet frame at MTU 1500 with a VLAN tag.
const FRAME_BYTES: usize = 1518;

/// Interfaces in memory.
pub(crate) struct Memory {
    engines: Engines,
    own: BTreeMap<String, Own>,
    foreign: BTreeMap<String, (MemoryPort, Mac)>,
    hosts: Hosts,
}

/// The hosts that run on interfaces, by their names.
#[derive(Clone, Default)]
pub(crate) struct Hosts(Arc<Mutex<BTreeMap<String, Arc<Embedded>>>>);

impl Hosts {
    /// Returns the host on an interface, if one runs.
    pub(crate) fn get(&self, interface: &str) -> Option<Arc<Embedded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(interface).cloned()
    }

    fn set(&self, interface: &str, host: Option<Embedded>) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match host {
            Some(host) => hosts.insert(interface.to_owned(), Arc::new(host)),
            None => hosts.remove(interface),
        };
    }
}

struct Own {
    port: MemoryPort,
    wire: Arc<MemoryHost>,
    mac: Mac,
    mtu_bytes: u32,
    admin: AdminStatus,
    description: String,
    addresses: BTreeSet<InetAddress>,
}

impl Memory {
    /// Makes a system without interfaces.
    ///
    /// # Errors
    /// In words, when no worker can be started.
    pub(crate) fn start() -> Result<Self, String> {
        let options = PlaneOptions { workers: 1, nice: 0, spin: Duration::ZERO };
        let plane = Plane::start(options).map_err(|error| error.to_string())?;
        let engines = Engines::new(plane);
        Ok(Self { engines, own: BTreeMap::new(), foreign: BTreeMap::new(), hosts: Hosts::default() })
    }

    /// Returns where hosts can be found while the system is at work.
    pub(crate) fn hosts(&self) -> Hosts {
        self.hosts.clone()
    }

    /// Adds an interface of somebody else, with a host behind it.
    ///
    /// # Errors
    /// In words, when no descriptor or thread can be had.
    pub(crate) fn plug(&mut self, interface: &str, mac: Mac, address: (Ipv4Addr, u8)) -> Result<(), String> {
        let (port, wire) = memory_port(QUEUE, FRAME_BYTES).map_err(|error| error.to_string())?;
        let host = Embedded::start(interface, Arc::new(wire), mac.0, address).map_err(|error| error.to_string())?;
        self.foreign.insert(interface.to_owned(), (port, mac));
        self.hosts.set(interface, Some(host));
        Ok(())
    }

    fn own(&mut self, interface: &str) -> Result<&mut Own, SystemError> {
        let none = || SystemError { errno: Errno::NotFound, detail: format!("there is no {interface}") };
        self.own.get_mut(interface).ok_or_else(none)
    }

    /// Starts or stops the host of one of our interfaces, as its settings ask.
    fn settle(&mut self, interface: &str) -> Result<(), SystemError> {
        // One host at a time reads a wire.
        self.hosts.set(interface, None);
        let own = self.own(interface)?;
        let address = own.addresses.iter().find_map(|one| match one.address {
            IpAddr::V4(ip) => Some((ip, one.prefix)),
            IpAddr::V6(_) => None,
        });
        if let (AdminStatus::Up, Some(address)) = (own.admin, address) {
            let wire = Arc::clone(&own.wire);
            let host = Embedded::start(interface, wire, own.mac.0, address).map_err(|error| refused(&error))?;
            self.hosts.set(interface, Some(host));
        }
        Ok(())
    }

    fn create(&mut self, name: &str, mac: Mac) -> Result<(), SystemError> {
        let (port, wire) = memory_port(QUEUE, FRAME_BYTES).map_err(|error| refused(&error))?;
        let own = Own {
            port,
            wire: Arc::new(wire),
            mac,
            mtu_bytes: 1500,
            admin: AdminStatus::Down,
            description: String::new(),
            addresses: BTreeSet::new(),
        };
        self.own.insert(name.to_owned(), own);
        Ok(())
    }

    fn attach(&mut self, bridge: &str, port: PortId, what: &Attached) -> Result<(), SystemError> {
        let memory = match what {
            Attached::Own(name) => self.own(name)?.port.clone(),
            Attached::Application(name) => return Err(no_nodes(name)),
            Attached::Shared(name) => return Err(not_shared(name)),
            Attached::Foreign(name) | Attached::Mirror(name) => match self.foreign.get(name) {
                Some((memory, _)) => memory.clone(),
                None => return Err(SystemError { errno: Errno::NotFound, detail: format!("there is no {name}") }),
            },
        };
        self.engines.attach(bridge, port, what, |plane, id| plane.add_memory_port(id, port, &memory))
    }

    fn set_mtu(&mut self, interface: &str, bytes: u32) -> Result<Option<Step>, SystemError> {
        if bytes > 1500 {
            return Err(SystemError {
                errno: Errno::Invalid,
                detail: "memory interfaces carry 1500 bytes at most".into(),
            });
        }
        let Some(own) = self.own.get_mut(interface) else { return Ok(None) };
        let before = std::mem::replace(&mut own.mtu_bytes, bytes);
        Ok(Some(Step::SetMtu { interface: interface.to_owned(), bytes: before }))
    }
}

impl Facts for Memory {
    fn platform(&self) -> Platform {
        Platform::Linux
    }

    fn interface(&self, name: &str) -> Option<SystemInterface> {
        let kind = if self.engines.get(name).is_some() { SystemKind::Bridge } else { SystemKind::Ethernet };
        let own = self.own.get(name).map(|own| (own.mac, own.mtu_bytes, &own.addresses));
        let none = BTreeSet::new();
        let (ether, mtu_bytes, addresses) = own.or_else(|| Some((self.foreign.get(name)?.1, 1500, &none)))?;
        Some(SystemInterface {
            kind,
            mtu_bytes,
            min_mtu_bytes: 72,
            max_mtu_bytes: 1500,
            ether,
            addresses: addresses.iter().map(|one| one.address).collect(),
            master: None,
        })
    }

    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool {
        self.engines.get(bridge).is_some_and(|engine| engine.holds(vlan, address, clock::monotonic()))
    }
}

impl Perform for Memory {
    fn perform(&mut self, step: &Step) -> Result<Option<Step>, SystemError> {
        match step.clone() {
            Step::Detach { bridge, port, what } => {
                self.engines.detach(&bridge, port);
                Ok(Some(Step::Attach { bridge, port, what }))
            }
            Step::Attach { bridge, port, what } => {
                self.attach(&bridge, port, &what)?;
                Ok(Some(Step::Detach { bridge, port, what }))
            }
            Step::CreateInterface { name, mac } => {
                self.create(&name, mac)?;
                Ok(Some(Step::DestroyInterface { name }))
            }
            Step::CreateDevice { name, .. } | Step::ConfigureDevice { name, .. } => Err(no_nodes(&name)),
            Step::Join { device } | Step::Part { device } => Err(no_nodes(&device)),
            Step::DestroyInterface { name } => {
                self.hosts.set(&name, None);
                self.own.remove(&name);
                Ok(None)
            }
            Step::SetMac { interface, mac } => {
                let mac = std::mem::replace(&mut self.own(&interface)?.mac, mac);
                self.settle(&interface)?;
                Ok(Some(Step::SetMac { interface, mac }))
            }
            Step::SetMtu { interface, bytes } => self.set_mtu(&interface, bytes),
            Step::SetDescription { interface, text } => {
                let text = std::mem::replace(&mut self.own(&interface)?.description, text);
                Ok(Some(Step::SetDescription { interface, text }))
            }
            Step::AddEngine { bridge } => {
                self.engines.add(&bridge)?;
                Ok(Some(Step::RemoveEngine { bridge }))
            }
            Step::RemoveEngine { bridge } => {
                self.engines.remove(&bridge);
                Ok(None)
            }
            Step::SetAdmin { interface, status } => {
                let status = std::mem::replace(&mut self.own(&interface)?.admin, status);
                self.settle(&interface)?;
                Ok(Some(Step::SetAdmin { interface, status }))
            }
            Step::AddAddress { interface, address } => {
                self.own(&interface)?.addresses.insert(address);
                self.settle(&interface)?;
                Ok(Some(Step::DeleteAddress { interface, address }))
            }
            Step::DeleteAddress { interface, address } => {
                self.own(&interface)?.addresses.remove(&address);
                self.settle(&interface)?;
                Ok(Some(Step::AddAddress { interface, address }))
            }
        }
    }
}

impl Live for Memory {
    fn engine(&self, bridge: &str) -> Option<&Bridge> {
        self.engines.get(bridge).map(|engine| &**engine)
    }

    fn condition(&self, bridge: &str, port: PortId) -> Condition {
        match self.engines.attached(bridge, port) {
            Some(_) => Condition::Running,
            None => Condition::Absent,
        }
    }

    fn bits_per_second(&self, _bridge: &str, _port: PortId) -> Option<u64> {
        None
    }

    fn own_link(&self, interface: &str) -> OwnLink {
        match self.own.get(interface).map(|own| own.admin) {
            Some(AdminStatus::Up) => OwnLink::Running,
            Some(AdminStatus::Down) | None => OwnLink::Down,
        }
    }

    fn bound(&self, bridge: &str, now: Instant) -> Vec<Binding> {
        self.engines.neighbours(bridge).map(|neighbours| neighbours.list(now)).unwrap_or_default()
    }
}

impl System for Memory {
    fn publish(&mut self, bridge: &str, config: Config) {
        self.engines.publish(bridge, config);
    }

    fn bindings(&self, bridge: &str) -> Option<&Arc<BridgeNeighbours>> {
        self.engines.neighbours(bridge)
    }

    fn event_fds(&self) -> Vec<BorrowedFd<'_>> {
        vec![self.engines.plane.event_fd()]
    }

    fn poll_event(&mut self) -> Option<SystemEvent> {
        loop {
            match self.engines.poll_event()? {
                Told::Event(event) => return Some(event),
                Told::Failed { what, errno } => {
                    tracing::warn!("{}: {errno}", what.interface());
                    return Some(SystemEvent::Gone { interface: what.interface().to_owned() });
                }
                Told::WireFailed { .. } | Told::SeatClosed(_) | Told::Nothing => {}
            }
        }
    }
}

fn no_nodes(device: &str) -> SystemError {
    SystemError {
        errno: Errno::NotSupported,
        detail: format!("there is no system that could publish a node for {device}; use a vport"),
    }
}

impl Wire for Arc<MemoryHost> {
    fn send(&mut self, frame: &[u8]) {
        // A full queue loses the frame, as any wire may.
        let _ = MemoryHost::send(self, frame, &Offload::default());
    }

    fn receive(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut frame = vec![0; FRAME_BYTES];
        let taken = MemoryHost::receive(self, &mut frame).or_else(|| {
            wait_readable(self, patience);
            MemoryHost::receive(self, &mut frame)
        });
        frame.truncate(taken?);
        Some(frame)
    }
}

/// Waits until a descriptor can be read, or patience ends.
pub(crate) fn wait_readable(fd: &impl std::os::fd::AsFd, patience: Duration) {
    if patience.is_zero() {
        return;
    }
    let timeout = Timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    // Whatever ends the wait, the next look says whether there is something.
    let _ = poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout));
}
