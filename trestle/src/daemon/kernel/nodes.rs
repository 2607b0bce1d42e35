//! TAP and TUN devices on Linux: their queues and nodes, and how packets pass.

mod links;
mod live;
mod neighbours;
mod opens;

use super::super::engines::refused;
use super::super::inbox::Letterbox;
use super::super::system::Asked;
use crate::control::node_directory;
use frame::{DropCounts, Mac, PortId};
use kernel_glue::admin::{Device, Errno, InetAddress, SystemError};
use kernel_glue::linux::fuse::{NodeDevice, NodeOptions, NodeServer, Owner, Packet, Pool, Waiter};
use kernel_glue::linux::{BridgeId, NodePort, Plane, TapDevice, Wire};
use rustix::process::{getegid, geteuid};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use tap::{DeviceName, DeviceSettings, Devices, HandleId, Kind, Link, Transport};

/// Every device, and every descriptor that an application has of one.
#[derive(Default)]
pub(super) struct Nodes {
    books: Devices<Packet, Waiter>,
    devices: BTreeMap<DeviceName, Served>,
    opens: BTreeMap<HandleId, Open>,
    server: Option<NodeServer>,
    pool: Pool,
    asked: VecDeque<Asked>,
}

/// A device as it runs.
struct Served {
    tap: TapDevice,
    /// Set for a tun: what makes frames of its packets.
    link: Option<links::Linked>,
    queues: Arc<tap::Device<Packet, Waiter>>,
    port: NodePort,
    /// Where the plane has the application face.
    place: Option<(BridgeId, PortId)>,
    /// Set while the application face and the interface are joined.
    wire: Option<Wire>,
    /// Set while it is in a bridge: a wire with nothing at its other end, which reads what the host sends beside it.
    sink: Option<(BridgeId, Wire)>,
    /// What the interface refused while it was joined before, and what went nowhere.
    refused: DropCounts,
}

/// A descriptor.
struct Open {
    transport: Transport,
    uid: u32,
    pid: Option<u32>,
    /// A socket whose descriptor has no device yet.
    socket: Option<OwnedFd>,
}

impl Nodes {
    /// Publishes the nodes of all devices, those to come included.
    pub(super) fn publish(&mut self, server: NodeServer) {
        for &name in self.devices.keys() {
            if let Some(settings) = self.books.settings(name) {
                server.publish(name, owner(settings));
            }
        }
        self.server = Some(server);
    }

    /// Returns where packets of nodes get their buffers.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Makes a device over its kernel interface.
    pub(super) fn create(
        &mut self,
        name: &str,
        mac: Mac,
        device: &Device,
        tap: &TapDevice,
        plane: &Plane,
    ) -> Result<(), SystemError> {
        let name: DeviceName = name.parse().map_err(|error| refused(&error))?;
        let settings = settings(device, mac);
        let who = owner(&settings);
        let queues = self.books.create(name, settings).map_err(|error| refused(&error))?;
        let face = NodeDevice::new(Arc::clone(&queues), &self.pool).map_err(|errno| refused(&errno));
        let face = match face {
            Ok(face) => face,
            Err(error) => {
                let _ = self.books.destroy(name, &mut Waiter::woken);
                return Err(error);
            }
        };
        let face: Arc<NodeDevice> = Arc::new(face);
        let (link, port) = match name.kind {
            Kind::Tap => (None, NodePort::new(name.kind, Some(face))),
            Kind::Tun => {
                let link = links::Linked::new(name, mac, device.link.as_deref().cloned().unwrap_or_default(), plane)?;
                let port = NodePort::with_link(link.port.clone(), Some(face));
                (Some(link), port)
            }
        };
        port.set_queue(device.queue_packets);
        if let Some(server) = &self.server {
            server.publish(name, who);
        }
        self.devices.insert(
            name,
            Served {
                tap: tap.clone(),
                link,
                queues,
                port,
                place: None,
                wire: None,
                sink: None,
                refused: DropCounts::ZERO,
            },
        );
        self.follow_carrier(name);
        Ok(())
    }

    /// Changes what is set for a device.
    pub(super) fn configure(&mut self, name: &str, device: &Device) -> Result<(), SystemError> {
        let name: DeviceName = name.parse().map_err(|error| refused(&error))?;
        let Some(before) = self.books.settings(name) else { return Ok(()) };
        let settings = DeviceSettings { mtu_bytes: before.mtu_bytes, ..settings(device, before.mac) };
        if let Some(server) = &self.server {
            server.publish(name, owner(&settings));
        }
        self.books.set(name, settings).map_err(|error| refused(&error))?;
        if let Some(served) = self.devices.get_mut(&name) {
            served.port.set_queue(device.queue_packets);
            if let (Some(link), Some(wish)) = (&mut served.link, &device.link) {
                link.wish(wish);
            }
        }
        self.follow_carrier(name);
        Ok(())
    }

    /// Ends a device at once. Who has it open finds out.
    pub(super) fn destroy(&mut self, name: &str, plane: &Plane) {
        self.detached(name, plane);
        let Ok(name) = name.parse::<DeviceName>() else { return };
        let Some(served) = self.devices.remove(&name) else { return };
        if let Some(server) = &self.server {
            server.withdraw(name);
        }
        let opens: Vec<_> = self.books.opens(name).map(|(id, _)| id).collect();
        let _ = self.books.destroy(name, &mut Waiter::woken);
        for id in opens {
            // A node's descriptor stays until the program closes it; a socket has ended by this.
            if self.opens.get(&id).is_some_and(|open| open.transport == Transport::Socket) {
                served.port.unseat(id.0);
                let _ = self.books.close(id, &mut Waiter::woken);
                self.opens.remove(&id);
            }
        }
    }

    /// Follows the kernel's interface: whether it is up, its MTU and its addresses.
    pub(super) fn follow_interface(
        &mut self,
        name: &str,
        link: Link,
        mtu_bytes: u32,
        mac: Mac,
        addresses: &[InetAddress],
    ) {
        let Ok(name) = name.parse::<DeviceName>() else { return };
        let Some(served) = self.devices.get_mut(&name) else { return };
        if served.queues.link() != link {
            served.queues.set_link(link, &mut Waiter::woken);
        }
        // What is too long for a tun its link says; the kernel's takes it as well.
        let longest = if served.link.is_some() { u32::MAX } else { mtu_bytes };
        served.queues.set_mtu_bytes(longest);
        served.port.set_mtu(longest);
        if let Some(link) = &mut served.link {
            link.follow_host(mac, mtu_bytes, addresses);
        }
        if let Some(settings) = self.books.settings(name)
            && (settings.mtu_bytes, settings.mac) != (mtu_bytes, mac)
        {
            let settings = DeviceSettings { mtu_bytes, mac, ..settings.clone() };
            // An MTU that the kernel has and the books refuse stays what it was there.
            let _ = self.books.set(name, settings);
        }
    }

    /// Joins the application face of a device to its interface.
    pub(super) fn join(&mut self, name: &str, plane: &Plane, id: BridgeId) -> Result<(), SystemError> {
        let served = self.served(name)?;
        let wire = plane.add_wire(id).map_err(|error| refused(&error))?;
        let joined = plane
            .add_tap_port(id, PortId::HOST, &served.tap)
            .and_then(|()| plane.add_node_port(id, Wire::NODE, &served.port));
        if let Err(error) = joined {
            plane.remove_bridge(id);
            return Err(refused(&error));
        }
        if let Some(link) = &mut served.link {
            link.at_host();
        }
        served.place = Some((id, Wire::NODE));
        served.wire = Some(wire);
        self.follow_carrier_of(name);
        Ok(())
    }

    /// Parts them.
    pub(super) fn part(&mut self, name: &str, plane: &Plane) {
        let Ok(served) = self.served(name) else { return };
        if let Some((id, _)) = served.place.take() {
            plane.remove_bridge(id);
        }
        if let Some(wire) = served.wire.take() {
            wire.port_counters(PortId::HOST).drops.nonzero().for_each(|(why, count)| served.refused.add(why, count));
        }
        self.follow_carrier_of(name);
    }

    /// Makes the application face of a device a port of a bridge. By `sink` the plane numbers what reads the interface
    /// meanwhile: kept in its queue, what the host sends would reach the application when the device leaves the bridge.
    pub(super) fn attach(
        &mut self,
        name: &str,
        plane: &Plane,
        (bridge, port): (BridgeId, PortId),
        sink: BridgeId,
    ) -> Result<(), kernel_glue::linux::PlaneError> {
        let Ok(served) = self.served(name) else { return Ok(()) };
        if let Some(link) = &mut served.link {
            link.at_bridge();
        }
        let wire = plane.add_wire(sink)?;
        let added = plane
            .add_tap_port(sink, PortId::HOST, &served.tap)
            .and_then(|()| plane.add_node_port(bridge, port, &served.port));
        if added.is_err() {
            plane.remove_bridge(sink);
            return added;
        }
        served.sink = Some((sink, wire));
        served.place = Some((bridge, port));
        Ok(())
    }

    /// Notes that it is no port any more.
    pub(super) fn detached(&mut self, name: &str, plane: &Plane) {
        let Ok(served) = self.served(name) else { return };
        if let Some((id, wire)) = served.sink.take() {
            plane.remove_bridge(id);
            wire.port_counters(Wire::NODE).drops.nonzero().for_each(|(why, count)| served.refused.add(why, count));
            served.place = None;
        }
    }

    /// Returns the device whose interface is read under a number of the plane.
    pub(super) fn joined_by(&self, id: BridgeId) -> Option<String> {
        let reads = |served: &Served| match &served.sink {
            Some((sink, _)) => *sink == id,
            None => served.wire.is_some() && served.place.is_some_and(|(at, _)| at == id),
        };
        self.devices.iter().find(|(_, served)| reads(served)).map(|(name, _)| name.to_string())
    }

    /// Returns whether the application face of a device carries packets.
    pub(super) fn is_running(&self, name: &str) -> bool {
        let served = name.parse().ok().and_then(|name: DeviceName| self.devices.get(&name));
        served.is_some_and(|served| served.queues.carrier() && served.queues.link() == Link::Up)
    }

    /// Announces on their bridges those whose application has come, once their ports carry frames.
    pub(super) fn announce(&mut self) {
        for served in self.devices.values_mut() {
            let running = served.queues.carrier() && served.queues.link() == Link::Up;
            if let Some(link) = &mut served.link {
                link.follow_application(running);
            }
        }
    }

    fn follow_carrier_of(&self, name: &str) {
        if let Ok(name) = name.parse() {
            self.follow_carrier(name);
        }
    }

    /// Gives the interface a carrier while an application is there. That of a tap in a bridge has none, for its frames do
    /// not pass it; that of a tun keeps it, for programs wait for it before they begin (wireguard-go).
    fn follow_carrier(&self, name: DeviceName) {
        let Some(served) = self.devices.get(&name) else { return };
        let carrier = match (served.wire.is_some() || served.link.is_some()) && served.queues.carrier() {
            true => kernel_glue::linux::Carrier::Present,
            false => kernel_glue::linux::Carrier::Absent,
        };
        if let Err(error) = served.tap.set_carrier(carrier) {
            tracing::warn!("{name}: {error}");
        }
    }

    fn served(&mut self, name: &str) -> Result<&mut Served, SystemError> {
        let found = name.parse().ok().and_then(|name: DeviceName| self.devices.get_mut(&name));
        found.ok_or_else(|| SystemError { errno: Errno::NotFound, detail: format!("there is no device {name}") })
    }
}

/// Mounts the directory of nodes, beside the control socket if the environment names none.
///
/// # Errors
/// In words; the daemon goes on without nodes.
pub(super) fn serve(pool: &Pool, letterbox: &Letterbox) -> Result<NodeServer, String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let options = NodeOptions {
        directory: node_directory(),
        // Who opens one makes a device.
        clones: Owner { uid: geteuid().as_raw(), gid: getegid().as_raw(), mode: 0o600 },
        keeper: Some(vec![program.into(), "keeper".into()]),
        threads: 1,
        pool: pool.clone(),
    };
    NodeServer::mount(&options, Arc::new(letterbox.clone())).map_err(|error| error.to_string())
}

fn settings(device: &Device, mac: Mac) -> DeviceSettings {
    let mut settings = DeviceSettings { lifetime: device.life.into(), mac, ..DeviceSettings::default() };
    device.configure(&mut settings);
    settings
}

fn owner(settings: &DeviceSettings) -> Owner {
    Owner { uid: settings.owner, gid: settings.group, mode: settings.mode }
}
