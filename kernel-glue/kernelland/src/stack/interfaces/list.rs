//! All interfaces.

use super::{Interface, add_address};
use crate::stack::address::Reference;
use crate::stack::devices::{Device, DeviceRef};
use crate::stack::domain::Domain;
use crate::stack::lock::Recursive;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::Writer;
use haiku_abi::*;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;

/// The interfaces in the order in which they were added, and the number that the last one got.
struct Interfaces {
    list: RefCell<Vec<Arc<Interface>>>,
    last_index: Cell<u32>,
}

static INTERFACES: Recursive<Interfaces> =
    Recursive::new(Interfaces { list: RefCell::new(Vec::new()), last_index: Cell::new(0) });

pub(crate) fn init() {
    INTERFACES.init(c"net interfaces");
    super::addresses::init();
}

pub(crate) fn uninit() {
    INTERFACES.destroy();
    super::addresses::uninit();
}

impl Interfaces {
    fn find(&self, is: impl Fn(&Arc<Interface>) -> bool) -> Option<Arc<Interface>> {
        self.list.borrow().iter().find(|interface| is(interface)).cloned()
    }
}

/// The interface that is found, unless it is busy, with its way to the link for that family.
fn usable(domain: &'static Domain, find: impl FnOnce(&Interfaces) -> Option<Arc<Interface>>) -> Option<Arc<Interface>> {
    let interfaces = INTERFACES.lock();
    let interface = find(&interfaces)?;
    if interface.is_busy() {
        return None;
    }
    // Making the way registers handlers, whose locks may be held by who waits for the list.
    drop(interfaces);
    interface.ensure_link(domain).ok()?;
    Some(interface)
}

pub(crate) fn by_name(domain: &'static Domain, name: &str) -> Option<Arc<Interface>> {
    usable(domain, |interfaces| interfaces.find(|interface| interface.name() == name))
}

/// The interface of that number, or the first one.
pub(crate) fn by_index(domain: &'static Domain, index: u32) -> Option<Arc<Interface>> {
    usable(domain, |interfaces| interfaces.find(|interface| index == 0 || interface.index() == index))
}

/// The interface of the device of that number.
pub(crate) fn for_device(domain: &'static Domain, index: u32) -> Option<Arc<Interface>> {
    usable(domain, |interfaces| interfaces.find(|interface| interface.hardware().index() == index))
}

/// The interface that a link address means: by hardware address, name or number.
pub(crate) fn for_link(domain: &'static Domain, link: &Sockaddr) -> Option<Arc<Interface>> {
    let means = |interface: &Arc<Interface>| {
        let (name, address) = (link.link_name(), link.hardware());
        !interface.is_busy()
            && (interface.hardware().address() == address
                || (!name.is_empty() && interface.name().as_bytes() == name)
                || (name.is_empty() && address.is_empty() && link.link_index() == interface.index()))
    };
    usable(domain, |interfaces| interfaces.find(means))
}

pub(crate) fn count() -> usize {
    INTERFACES.lock().list.borrow().len()
}

/// Adds an interface for a device, with an address that may be empty.
pub(crate) fn add(name: &str, domain: &'static Domain, request: &ifaliasreq, device: &DeviceRef) -> status_t {
    let interfaces = INTERFACES.lock();
    if interfaces.find(|interface| interface.name() == name).is_some() {
        return B_NAME_IN_USE;
    }
    interfaces.last_index.set(interfaces.last_index.get() + 1);
    let interface = Interface::new(name, interfaces.last_index.get(), device.clone());
    interfaces.list.borrow_mut().push(interface.clone());
    drop(interfaces);
    let status = add_address(&interface, domain, request);
    if status != B_OK {
        take_out(&interface);
    }
    status
}

/// Takes an interface down and out of the list. It ends when nobody holds it any more.
pub(crate) fn remove(interface: &Arc<Interface>) {
    interface.set_down();
    interface.remove_addresses();
    take_out(interface);
}

/// Removes the interface of a device that is gone, with the list locked all the while.
pub(crate) fn device_removed(device: &Arc<Device>) {
    let interfaces = INTERFACES.lock();
    let name = device.hardware().name();
    let found = interfaces.find(|interface| interface.name() == name);
    if let Some(interface) = &found {
        remove(interface);
    }
    drop(interfaces);
    drop(found);
}

fn take_out(interface: &Arc<Interface>) {
    let interfaces = INTERFACES.lock();
    let mut list = interfaces.list.borrow_mut();
    let at = list.iter().position(|other| Arc::ptr_eq(other, interface));
    let out = at.map(|at| list.remove(at));
    drop(list);
    drop(interfaces);
    drop(out);
}

/// Runs `act` with the list locked.
pub(super) fn locked<T>(act: impl FnOnce() -> T) -> T {
    let _interfaces = INTERFACES.lock();
    act()
}

/// Runs `act` for each interface that is not busy until it returns something, with the list locked.
fn each<T>(act: impl FnMut(&Arc<Interface>) -> Option<T>) -> Option<T> {
    let interfaces = INTERFACES.lock();
    let list = interfaces.list.borrow().clone();
    list.iter().filter(|interface| !interface.is_busy()).find_map(act)
}

/// The address of the family whose broadcast address that is.
pub(crate) fn local_broadcast(domain: &Domain, destination: &Sockaddr) -> Option<Reference> {
    each(|interface| interface.address_for_destination(domain, destination))
}

/// The first address of the family on the interface with that hardware address; with `Only::Unconfigured` one that is
/// not set yet, or an interface that is being configured.
pub(crate) fn local_link(domain: &Domain, link: &Sockaddr, only: Only) -> Option<Reference> {
    each(|interface| {
        let is_its = interface.hardware().address() == link.hardware();
        is_its.then(|| match only {
            Only::Unconfigured => interface.first_unconfigured(domain.family()),
            Only::Any => interface.first_of(domain.family()),
        })
    })
    .flatten()
}

/// Which addresses are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Only {
    Unconfigured,
    Any,
}

/// Lists all interfaces for a program; returns how many bytes that took.
pub(crate) fn list(domain: &Domain, at: *mut c_void, room: usize) -> Result<usize, status_t> {
    let interfaces = INTERFACES.lock();
    let mut writer = Writer::new(at, room);
    let list = interfaces.list.borrow().clone();
    for interface in list {
        let address = interface.first_of(domain.family()).and_then(|address| address.local());
        let address = address.unwrap_or_else(Sockaddr::unspecified);
        writer.push_entry(&interface.name_seen, &address)?;
    }
    Ok(writer.written())
}
