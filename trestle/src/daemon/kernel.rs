//! Linux as the system beneath: TAP devices of ours, packet sockets on interfaces of others, netlink for both.

mod live;
mod nodes;
mod quiet;
mod snapshot;
mod steps;
mod words;

use super::Options;
use super::engines::{Engines, Told, not_shared, refused};
use super::system::{Asked, Opener, System, SystemEvent};
use bridge::Config;
use frame::{Mac, PortId};
use kernel_glue::admin::{AdminStatus, Attached, Device, Errno, InetAddress, Perform, Step, SystemError};
use kernel_glue::linux::fuse::Descriptor;
use kernel_glue::linux::netlink::{Changed, LinkMonitor, Netlink, Up};
use kernel_glue::linux::{BridgeNeighbours, Interface, InterfaceName, Plane, PlaneError, PlaneOptions, TapDevice};
use nodes::Nodes;
use quiet::Quiet;
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketType, socket};
use snapshot::Snapshot;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;
use tap::ioctl::{Answer, Request};
use tap::{ControlError, Credentials, DeviceName, HandleId, Kind, Opening};

/// Starts the workers as an operator asked. Without a word of the operator, they get the recommended priority if this
/// process may give it.
fn start_plane(options: &Options) -> Result<Plane, PlaneError> {
    let default = PlaneOptions::default();
    let plane = |nice| PlaneOptions {
        workers: options.workers.unwrap_or(default.workers),
        nice,
        spin: options.spin_micros.map_or(default.spin, |micros| Duration::from_micros(micros.into())),
    };
    match options.priority.and_then(|nice| i8::try_from(nice).ok()) {
        Some(nice) => Plane::start(plane(nice)),
        None => match Plane::start(plane(PlaneOptions::RECOMMENDED_NICE)) {
            Err(PlaneError::Nice { .. }) => Plane::start(plane(default.nice)),
            started => started,
        },
    }
}

/// The network namespace in which the daemon was started.
pub(crate) struct Kernel {
    engines: Engines,
    netlink: Netlink,
    monitor: LinkMonitor,
    links: Snapshot,
    /// The kernel's end of every interface of ours.
    taps: BTreeMap<String, TapDevice>,
    nodes: Nodes,
    /// How devices were configured last.
    configured: BTreeMap<String, Device>,
    /// Settings of borrowed interfaces, by name.
    quiet: BTreeMap<String, Quiet>,
    /// Descriptions that we set; the kernel does not tell them.
    descriptions: BTreeMap<String, String>,
    events: VecDeque<SystemEvent>,
}

impl Kernel {
    /// Starts the data plane, and looks around.
    ///
    /// # Errors
    /// What the kernel refused, in words.
    pub(crate) fn start(options: &Options) -> Result<Self, String> {
        let plane = start_plane(options).map_err(|error| error.to_string())?;
        let netlink = |error: std::io::Error| format!("cannot ask the kernel for its interfaces: {error}");
        // The monitor first: what happens after the first look is not missed.
        let monitor = LinkMonitor::open().map_err(netlink)?;
        let mut kernel = Self {
            engines: Engines::new(plane),
            netlink: Netlink::open().map_err(netlink)?,
            monitor,
            links: Snapshot::default(),
            taps: BTreeMap::new(),
            nodes: Nodes::default(),
            configured: BTreeMap::new(),
            quiet: BTreeMap::new(),
            descriptions: BTreeMap::new(),
            events: VecDeque::new(),
        };
        kernel.look().map_err(|error| error.detail)?;
        Ok(kernel)
    }

    fn look(&mut self) -> Result<(), SystemError> {
        self.links = Snapshot::take(&mut self.netlink).map_err(|error| refused(&error))?;
        Ok(())
    }

    fn renew(&mut self, index: u32) -> Result<(), SystemError> {
        self.links.renew(&mut self.netlink, index).map_err(|error| refused(&error))
    }

    fn index(&self, interface: &str) -> Result<u32, SystemError> {
        if let Some(link) = self.links.get(interface) {
            return Ok(link.index);
        }
        Err(match self.taps.contains_key(interface) {
            true => SystemError {
                errno: Errno::NotFound,
                detail: format!("{interface} is in another network namespace; set it there"),
            },
            false => SystemError { errno: Errno::NotFound, detail: format!("the system has no {interface}") },
        })
    }

    fn create(&mut self, name: &str, mac: Mac, kind: Kind) -> Result<(), SystemError> {
        if self.links.get(name).is_some() {
            return Err(SystemError {
                errno: Errno::Exists,
                detail: format!(
                    "the system has an interface {name} of its own; choose another unit, or delete that one: ip link del {name}"
                ),
            });
        }
        let device = InterfaceName::new(name).map_err(|error| refused(&error))?;
        let socket = socket(AddressFamily::UNIX, SocketType::DGRAM, None).map_err(|errno| refused(&errno))?;
        let queues = self.engines.plane.workers();
        let tap = TapDevice::create(device, queues);
        self.taps.insert(name.to_owned(), tap.map_err(|error| words::device(&error))?);
        let set = name_to_index(&socket, name).map_err(|errno| refused(&errno)).and_then(|index| {
            self.netlink.set_mac(index, mac).map_err(|error| words::netlink(&error))?;
            if kind == Kind::Tun {
                quiet::let_be_alone(name);
            }
            self.renew(index)
        });
        if set.is_err() {
            self.taps.remove(name);
        }
        set
    }

    fn attach(&mut self, bridge: &str, port: PortId, what: &Attached) -> Result<(), SystemError> {
        match what {
            Attached::Own(name) => {
                let Some(tap) = self.taps.get(name) else { return self.index(name).map(drop) };
                self.engines.attach(bridge, port, what, |plane, id| plane.add_tap_port(id, port, tap))
            }
            Attached::Application(name) => {
                let (nodes, sink) = (&mut self.nodes, self.engines.number());
                self.engines.attach(bridge, port, what, |plane, id| nodes.attach(name, plane, (id, port), sink))
            }
            Attached::Shared(name) => Err(not_shared(name)),
            Attached::Foreign(name) | Attached::Mirror(name) => {
                let index = self.index(name)?;
                let device = InterfaceName::new(name).map_err(|error| refused(&error))?;
                let interface = Interface { name: device, index };
                if matches!(what, Attached::Mirror(_)) {
                    return self
                        .engines
                        .attach(bridge, port, what, |plane, id| plane.add_mirror_port(id, port, interface));
                }
                self.engines.attach(bridge, port, what, |plane, id| plane.add_packet_port(id, port, interface))?;
                let mut quiet = Quiet::default();
                if let Err(error) = quiet.impose(name) {
                    tracing::warn!("{name}: the host may answer ARP there for addresses on {bridge}: {error}");
                }
                self.quiet.insert(name.clone(), quiet);
                Ok(())
            }
        }
    }

    fn set_mtu(&mut self, interface: &str, bytes: u32) -> Result<Option<Step>, SystemError> {
        let before = match self.links.get(interface) {
            Some(link) => link.mtu_bytes,
            // A borrowed interface that is gone has no MTU to give back.
            None if !self.taps.contains_key(interface) => return Ok(None),
            None => return self.index(interface).map(|_| None),
        };
        let index = self.index(interface)?;
        if before == bytes {
            return Ok(None);
        }
        self.netlink.set_mtu(index, bytes).map_err(|error| words::netlink(&error))?;
        Ok(Some(Step::SetMtu { interface: interface.to_owned(), bytes: before }))
    }

    fn set_admin(&mut self, interface: &str, status: AdminStatus) -> Result<Option<Step>, SystemError> {
        let index = self.index(interface)?;
        let up = match status {
            AdminStatus::Up => Up::Yes,
            AdminStatus::Down => Up::No,
        };
        let before =
            if self.links.get(interface).is_some_and(|link| link.up) { AdminStatus::Up } else { AdminStatus::Down };
        self.netlink.set_flags_up(index, up).map_err(|error| words::netlink(&error))?;
        Ok((before != status).then(|| Step::SetAdmin { interface: interface.to_owned(), status: before }))
    }

    fn add_address(&mut self, interface: &str, address: &InetAddress) -> Result<(), SystemError> {
        let index = self.index(interface)?;
        if let Some(far) = address.destination {
            let added = self.netlink.add_point_to_point(index, address.address, far);
            return added.map_err(|error| words::address(&error, interface, address));
        }
        let broadcast = match address.broadcast {
            Some(IpAddr::V4(broadcast)) => Some(broadcast),
            // Where nobody but the peer is, there is nothing to broadcast to.
            _ if self.configured.get(interface).is_some_and(|device| device.kind == Kind::Tun) => None,
            Some(IpAddr::V6(_)) | None => words::highest(address),
        };
        self.netlink
            .add_address(index, address.address, address.prefix, broadcast)
            .map_err(|error| words::address(&error, interface, address))
    }

    fn delete_address(&mut self, interface: &str, address: &InetAddress) -> Result<(), SystemError> {
        let index = self.index(interface)?;
        let deleted = match address.destination {
            Some(far) => self.netlink.delete_point_to_point(index, address.address, far),
            None => self.netlink.delete_address(index, address.address, address.prefix),
        };
        deleted.map_err(|error| words::netlink(&error))
    }

    /// Looks at all interfaces again and notes what became of those that are attached.
    fn compare(&mut self) {
        let before = self.links.clone();
        if let Err(error) = self.look() {
            tracing::error!("cannot look at interfaces: {error}");
            return;
        }
        if self.links == before {
            return;
        }
        let held = |name: &str| !self.taps.contains_key(name) && self.engines.holds(name);
        let borrowed: Vec<_> = before.iter().filter(|link| held(&link.name)).collect();
        for link in borrowed {
            match self.links.by_index(link.index) {
                Some(same) if same.name == link.name => {}
                Some(renamed) => {
                    self.engines.rename(&link.name, &renamed.name);
                    if let Some(quiet) = self.quiet.remove(&link.name) {
                        self.quiet.insert(renamed.name.clone(), quiet);
                    }
                    self.events.push_back(SystemEvent::Renamed { from: link.name.clone(), to: renamed.name.clone() });
                }
                None => {
                    self.engines.detach_interface(&link.name);
                    self.quiet.remove(&link.name);
                    self.events.push_back(SystemEvent::Gone { interface: link.name.clone() });
                }
            }
        }
        self.follow_interfaces();
        self.events.push_back(SystemEvent::LinksChanged);
    }

    fn failed(&mut self, what: Attached, errno: &str) {
        let name = what.interface().to_owned();
        tracing::warn!("{name}: {errno}");
        match what {
            Attached::Own(_) | Attached::Application(_) => {
                self.nodes.destroy(&name, &self.engines.plane);
                self.taps.remove(&name);
                self.events.push_back(SystemEvent::Gone { interface: name });
            }
            // If it is still there, it is attached again by whatever changes next.
            Attached::Foreign(_) | Attached::Shared(_) | Attached::Mirror(_) => {
                self.events.push_back(SystemEvent::Gone { interface: name });
            }
        }
        if let Err(error) = self.look() {
            tracing::error!("cannot look at interfaces: {error}");
        }
    }
}

impl Perform for Kernel {
    fn perform(&mut self, step: &Step) -> Result<Option<Step>, SystemError> {
        let done = self.carry_out(step)?;
        // What the next step is decided on. Everything else comes by the monitor.
        match step {
            Step::SetMac { interface, .. } | Step::SetMtu { interface, .. } | Step::SetAdmin { interface, .. } => {
                if let Some(index) = self.links.get(interface).map(|link| link.index) {
                    self.renew(index)?;
                    self.follow_interfaces();
                }
            }
            Step::CreateDevice { .. } => self.follow_interfaces(),
            Step::DestroyInterface { name } => self.links.forget(name),
            Step::AddAddress { .. }
            | Step::DeleteAddress { .. }
            | Step::CreateInterface { .. }
            | Step::ConfigureDevice { .. }
            | Step::Join { .. }
            | Step::Part { .. }
            | Step::SetDescription { .. }
            | Step::Attach { .. }
            | Step::Detach { .. }
            | Step::AddEngine { .. }
            | Step::RemoveEngine { .. } => {}
        }
        Ok(done)
    }
}

impl System for Kernel {
    fn publish(&mut self, bridge: &str, config: Config) {
        self.engines.publish(bridge, config);
        self.nodes.announce();
    }

    fn bindings(&self, bridge: &str) -> Option<&Arc<BridgeNeighbours>> {
        self.engines.neighbours(bridge)
    }

    fn event_fds(&self) -> Vec<BorrowedFd<'_>> {
        vec![self.engines.plane.event_fd(), self.monitor.as_fd()]
    }

    fn watched_fds(&self) -> Vec<BorrowedFd<'_>> {
        self.nodes.waiting().collect()
    }

    fn poll_event(&mut self) -> Option<SystemEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            match self.engines.poll_event() {
                Some(Told::Event(event)) => return Some(event),
                Some(Told::Failed { what, errno }) => self.failed(what, &errno),
                Some(Told::WireFailed { wire, errno }) => {
                    if let Some(device) = self.nodes.joined_by(wire) {
                        self.engines.detach_interface(&device);
                        self.nodes.detached(&device, &self.engines.plane);
                        self.nodes.part(&device, &self.engines.plane);
                        self.failed(Attached::Application(device), &errno);
                    }
                }
                Some(Told::SeatClosed(id)) => self.nodes.close(HandleId(id), &self.engines.plane),
                Some(Told::Nothing) => {}
                None if self.monitor.drain() == Changed::Yes => self.compare(),
                None => {
                    self.nodes.close_abandoned(&self.engines.plane);
                    return None;
                }
            }
        }
    }

    fn open(&mut self, opening: Opening, opener: &mut Opener) -> Result<HandleId, ControlError> {
        self.nodes.open(opening, opener, &self.engines.plane)
    }

    fn control(&mut self, id: HandleId, request: Request, who: &Credentials) -> Result<Answer, ControlError> {
        self.nodes.control(id, request, who, &self.engines.plane)
    }

    fn is_opener(&self, id: HandleId, who: &Credentials) -> bool {
        self.nodes.is_opener(id, who)
    }

    fn reserve(&mut self, id: HandleId, made: DeviceName) {
        self.nodes.reserve(id, made);
    }

    fn restore(&mut self, device: &str) {
        if let Some(configured) = self.configured.get(device)
            && let Err(error) = self.nodes.configure(device, configured)
        {
            tracing::error!("{device}: {error}");
        }
        self.follow_interfaces();
    }

    fn leave(&mut self) {
        self.nodes.leave();
    }

    fn close(&mut self, id: HandleId) {
        self.nodes.close(id, &self.engines.plane);
    }

    fn descriptor(&self, id: HandleId) -> Option<Arc<Descriptor>> {
        self.nodes.descriptor(id)
    }

    fn poll_asked(&mut self) -> Option<Asked> {
        self.nodes.poll_asked()
    }
}
