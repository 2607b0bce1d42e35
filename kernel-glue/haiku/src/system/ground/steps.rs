//! Steps, carried out by the stack and by what is ours.

use super::super::datalink::{self, Added};
use super::super::words;
use super::links::Linked;
use super::own::far_of;
use super::{Ground, Own};
use crate::kernel::Status;
use crate::node;
use crate::stack::InterfaceName;
use crate::unit::{self, Unit, UnitName};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use frame::Mac;
use kernel_glue::admin::{AdminStatus, Device, Errno, InetAddress, LinkWish, Perform, Step, SystemError};
use tap::ioctl::Lifetime;

impl Perform for Ground {
    fn perform(&mut self, step: &Step) -> Result<Option<Step>, SystemError> {
        match step {
            Step::Detach { bridge, port, what } => {
                self.detach(bridge, *port);
                Ok(Some(Step::Attach { bridge: bridge.clone(), port: *port, what: what.clone() }))
            }
            Step::Attach { bridge, port, what } => {
                self.attach(bridge, *port, what)?;
                Ok(Some(Step::Detach { bridge: bridge.clone(), port: *port, what: what.clone() }))
            }
            Step::CreateInterface { name, mac } => {
                self.take_over(name, *mac)?;
                Ok(Some(Step::DestroyInterface { name: name.clone() }))
            }
            Step::CreateDevice { name, mac, device } => self.create_device(name, *mac, device),
            Step::ConfigureDevice { name, device } => self.configure_device(name, device),
            Step::SetMac { interface, mac } => self.set_mac(interface, *mac),
            Step::SetMtu { interface, bytes } => self.set_mtu(interface, *bytes),
            Step::AddEngine { bridge } => {
                self.add_engine(bridge)?;
                Ok(Some(Step::RemoveEngine { bridge: bridge.clone() }))
            }
            Step::RemoveEngine { bridge } => {
                self.remove_engine(bridge);
                Ok(None)
            }
            Step::SetAdmin { interface, status } => self.set_admin(interface, *status),
            Step::AddAddress { interface, address } => self.add_address(interface, *address),
            Step::DeleteAddress { interface, address } => self.delete_address(interface, *address),
            // The interface itself is the stack's. It goes when the change is made.
            Step::DestroyInterface { name } => {
                self.own.remove(name);
                Ok(None)
            }
            // A unit is at its interface whenever no bridge has it; and only the state keeps descriptions.
            Step::Join { .. } | Step::Part { .. } | Step::SetDescription { .. } => Ok(None),
        }
    }
}

// Each step is in a frame of its own: the stacks of the kernel are small.
impl Ground {
    #[inline(never)]
    fn create_device(&mut self, name: &str, mac: Mac, device: &Device) -> Result<Option<Step>, SystemError> {
        self.take_over(name, mac)?;
        if let Err(error) = self.configure(name, device) {
            self.own.remove(name);
            return Err(error);
        }
        Ok(Some(Step::DestroyInterface { name: name.to_owned() }))
    }

    #[inline(never)]
    fn configure_device(&mut self, name: &str, device: &Device) -> Result<Option<Step>, SystemError> {
        let before = self.own.get(name).and_then(|own| own.device.clone());
        self.configure(name, device)?;
        Ok(before.map(|device| Step::ConfigureDevice { name: name.to_owned(), device: *device }))
    }

    /// Takes an interface in charge that somebody has made.
    #[inline(never)]
    fn take_over(&mut self, name: &str, mac: Mac) -> Result<(), SystemError> {
        let unit = name.parse::<UnitName>().ok().and_then(unit::find).filter(|unit| !unit.is_dead());
        let none = || SystemError {
            errno: Errno::NotFound,
            detail: alloc::format!("the stack has no interface {name}; trestle makes it before it says create"),
        };
        let own = Own::new(unit.ok_or_else(none)?);
        if own.unit.record().mac() != mac {
            own.unit.record().set_mac(mac);
        }
        self.own.insert(name.to_owned(), own);
        Ok(())
    }

    #[inline(never)]
    fn configure(&mut self, name: &str, device: &Device) -> Result<(), SystemError> {
        let own = self.own.get_mut(name).ok_or_else(|| words::missing(name))?;
        let Some(application) = own.unit.application() else { return Err(words::not_found("node", name)) };
        // A clone node is just making it otherwise, maybe, so that it is left alone until somebody says something.
        let life = own.device.as_ref().filter(|before| before.life != device.life).map(|_| device.life);
        let set = node::books::change(application.device().name(), |settings| {
            device.configure(settings);
            settings.lifetime = life.map_or(settings.lifetime, Lifetime::from);
        });
        set.map_err(|status| words::refused(status.code(), ""))?;
        // Programs can open it before anybody brings it up: by that it comes up.
        node::publish(&own.unit).map_err(|status| words::refused(status.code(), "another driver may have the node"))?;
        if let Some(wish) = &device.link {
            let mac = own.unit.record().mac();
            own.link.get_or_insert_with(|| Box::new(Linked::new(LinkWish::default(), mac))).wish(&own.unit, wish);
        }
        own.device = Some(Box::new(device.clone()));
        Ok(())
    }

    /// A station of the network that knows the host by its old address would not learn the new one soon; ARP of the host
    /// itself notes it when the interface comes up.
    #[inline(never)]
    fn set_mac(&mut self, interface: &str, mac: Mac) -> Result<Option<Step>, SystemError> {
        let own = self.own.get(interface).ok_or_else(|| words::missing(interface))?;
        let before = own.unit.record().mac();
        if before == mac {
            return Ok(None);
        }
        let refused = |status: Status| words::refused(status.code(), "");
        let was = own.set_admin(AdminStatus::Down).map_err(refused)?;
        write_mac(&own.unit, mac);
        if let Err(status) = own.set_admin(was) {
            write_mac(&own.unit, before);
            // If it stays down all the same, the next look notes that.
            let _ = own.set_admin(was);
            return Err(refused(status));
        }
        Ok(Some(Step::SetMac { interface: interface.to_owned(), mac: before }))
    }

    #[inline(never)]
    fn set_mtu(&mut self, interface: &str, bytes: u32) -> Result<Option<Step>, SystemError> {
        let name = self.stack_name(interface)?;
        let before = match datalink::Handle::named(&name) {
            Ok(handle) => handle.mtu_bytes(),
            // A borrowed interface that is gone has no MTU to give back.
            Err(_) if !self.own.contains_key(interface) => return Ok(None),
            Err(status) => return Err(words::refused(status.code(), "")),
        };
        if before == bytes {
            return Ok(None);
        }
        let remedy = "its driver takes others: see mtu in /bin/ifconfig";
        datalink::set_mtu(&name, bytes).map_err(|status| words::refused(status.code(), remedy))?;
        Ok(Some(Step::SetMtu { interface: interface.to_owned(), bytes: before }))
    }

    #[inline(never)]
    fn set_admin(&mut self, interface: &str, status: AdminStatus) -> Result<Option<Step>, SystemError> {
        let name = self.stack_name(interface)?;
        let before = match self.own.get(interface) {
            Some(own) => own.set_admin(status),
            None => datalink::set_admin(&name, status),
        };
        let before = before.map_err(|status| words::refused(status.code(), ""))?;
        Ok((before != status).then(|| Step::SetAdmin { interface: interface.to_owned(), status: before }))
    }

    #[inline(never)]
    fn add_address(&mut self, interface: &str, address: InetAddress) -> Result<Option<Step>, SystemError> {
        let own = self.own.get(interface).ok_or_else(|| words::missing(interface))?;
        let added = datalink::add_address(own.unit.interface(), &address, far_of(&own.unit));
        match added.map_err(|status| words::address(status.code(), interface, &address))? {
            Added::Now => Ok(Some(Step::DeleteAddress { interface: interface.to_owned(), address })),
            Added::Before => Ok(None),
        }
    }

    #[inline(never)]
    fn delete_address(&mut self, interface: &str, address: InetAddress) -> Result<Option<Step>, SystemError> {
        let name = self.stack_name(interface)?;
        match datalink::delete_address(&name, address.address) {
            Ok(()) => Ok(Some(Step::AddAddress { interface: interface.to_owned(), address })),
            // Somebody was faster.
            Err(Status::B_BAD_VALUE) => Ok(None),
            Err(status) => Err(words::refused(status.code(), "")),
        }
    }

    /// Returns the name by which the stack knows an interface, ours or not.
    fn stack_name(&self, interface: &str) -> Result<InterfaceName, SystemError> {
        let own = self.own.get(interface).map(|own| *own.unit.interface());
        own.or_else(|| InterfaceName::new(interface)).ok_or_else(|| words::missing(interface))
    }
}

/// Gives a unit an address, wherever it is written.
fn write_mac(unit: &Unit, mac: Mac) {
    unit.record().set_mac(mac);
    if let Some(name) = unit.name().device() {
        // A unit that is going has no device any more.
        let _ = node::books::change(name, |settings| settings.mac = mac);
    }
}
