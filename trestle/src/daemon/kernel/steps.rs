//! Steps, carried out by the kernel.

use super::super::inbox::Letterbox;
use super::{Kernel, nodes, words};
use frame::Mac;
use kernel_glue::admin::{Attached, Device, Step, SystemError};
use tap::{Kind, Link};

impl Kernel {
    fn create_device(&mut self, name: &str, mac: Mac, device: &Device) -> Result<(), SystemError> {
        self.create(name, mac, device.kind)?;
        let Some(tap) = self.taps.get(name) else { return Ok(()) };
        let made = self.nodes.create(name, mac, device, tap, &self.engines.plane);
        match made {
            Ok(()) => drop(self.configured.insert(name.to_owned(), device.clone())),
            Err(_) => {
                self.taps.remove(name);
                self.links.forget(name);
            }
        }
        made
    }

    /// Publishes nodes, where the system allows it; without them there is `trestle exec`.
    pub(in super::super) fn publish_nodes(&mut self, letterbox: &Letterbox) {
        match nodes::serve(self.nodes.pool(), letterbox) {
            Ok(server) => self.nodes.publish(server),
            Err(error) => tracing::warn!("no nodes are published: {error}"),
        }
    }

    /// Lets devices follow their interfaces.
    pub(super) fn follow_interfaces(&mut self) {
        for name in self.configured.keys() {
            // One in another network namespace is set there, and cannot be seen from here.
            if let Some(link) = self.links.get(name) {
                let state = if link.up { Link::Up } else { Link::Down };
                let addresses = self.links.addresses(name).unwrap_or_default();
                self.nodes.follow_interface(name, state, link.mtu_bytes, link.mac, addresses);
            }
        }
    }

    pub(super) fn carry_out(&mut self, step: &Step) -> Result<Option<Step>, SystemError> {
        match step {
            Step::Detach { bridge, port, what } => {
                self.engines.detach(bridge, *port);
                if let Attached::Application(name) = what {
                    self.nodes.detached(name, &self.engines.plane);
                }
                if let Some(quiet) = self.quiet.remove(what.interface()) {
                    quiet.lift(what.interface());
                }
                Ok(Some(Step::Attach { bridge: bridge.clone(), port: *port, what: what.clone() }))
            }
            Step::Attach { bridge, port, what } => {
                self.attach(bridge, *port, what)?;
                Ok(Some(Step::Detach { bridge: bridge.clone(), port: *port, what: what.clone() }))
            }
            Step::CreateInterface { name, mac } => {
                self.create(name, *mac, Kind::Tap)?;
                Ok(Some(Step::DestroyInterface { name: name.clone() }))
            }
            Step::CreateDevice { name, mac, device } => {
                self.create_device(name, *mac, device)?;
                Ok(Some(Step::DestroyInterface { name: name.clone() }))
            }
            Step::ConfigureDevice { name, device } => {
                let before = self.configured.insert(name.clone(), device.clone());
                self.nodes.configure(name, device)?;
                Ok(before.map(|device| Step::ConfigureDevice { name: name.clone(), device }))
            }
            Step::Join { device } => {
                let id = self.engines.number();
                self.nodes.join(device, &self.engines.plane, id)?;
                Ok(Some(Step::Part { device: device.clone() }))
            }
            Step::Part { device } => {
                self.nodes.part(device, &self.engines.plane);
                Ok(Some(Step::Join { device: device.clone() }))
            }
            Step::DestroyInterface { name } => {
                self.nodes.destroy(name, &self.engines.plane);
                self.configured.remove(name);
                self.taps.remove(name);
                self.descriptions.remove(name);
                Ok(None)
            }
            Step::SetMac { interface, mac } => {
                let index = self.index(interface)?;
                let before = self.links.get(interface).map_or(*mac, |link| link.mac);
                self.netlink.set_mac(index, *mac).map_err(|error| words::netlink(&error))?;
                Ok(Some(Step::SetMac { interface: interface.clone(), mac: before }))
            }
            Step::SetMtu { interface, bytes } => self.set_mtu(interface, *bytes),
            Step::SetDescription { interface, text } => {
                let index = self.index(interface)?;
                self.netlink.set_alias(index, text).map_err(|error| words::netlink(&error))?;
                let before = self.descriptions.insert(interface.clone(), text.clone()).unwrap_or_default();
                Ok(Some(Step::SetDescription { interface: interface.clone(), text: before }))
            }
            Step::AddEngine { bridge } => {
                self.engines.add(bridge)?;
                Ok(Some(Step::RemoveEngine { bridge: bridge.clone() }))
            }
            Step::RemoveEngine { bridge } => {
                self.engines.remove(bridge);
                Ok(None)
            }
            Step::SetAdmin { interface, status } => self.set_admin(interface, *status),
            Step::AddAddress { interface, address } => {
                self.add_address(interface, address)?;
                Ok(Some(Step::DeleteAddress { interface: interface.clone(), address: *address }))
            }
            Step::DeleteAddress { interface, address } => {
                self.delete_address(interface, address)?;
                Ok(Some(Step::AddAddress { interface: interface.clone(), address: *address }))
            }
        }
    }
}
