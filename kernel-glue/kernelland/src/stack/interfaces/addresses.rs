//! An interface's addresses, the addresses that are ours by any interface, and the routes they have by themselves.

use super::Interface;
use crate::stack::address::{Address, Part, Reference};
use crate::stack::domain::Domain;
use crate::stack::family::Family;
use crate::stack::lock::Mutex;
use crate::stack::routes::Wanted;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;

/// Every address that is set, the latest last.
static LOCAL: Mutex<Vec<Reference>> = Mutex::new(c"net local addresses", Vec::new());

pub(super) fn init() {
    LOCAL.init();
}

pub(super) fn uninit() {
    LOCAL.destroy();
}

/// The interface address that is this one.
pub(crate) fn local_address(of: &Sockaddr) -> Option<Reference> {
    let is = |address: &&Reference| {
        let family = address.domain().family();
        let local = address.local();
        family.number() == of.family() && local.is_some_and(|local| family.equal(Some(&local), Some(of)))
    };
    LOCAL.lock().iter().rev().find(is).cloned()
}

/// Which member of an address a request is about.
pub(super) fn part_of(option: u32) -> Option<Part> {
    match option {
        SIOCSIFADDR | SIOCGIFADDR | SIOCDIFADDR => Some(Part::Local),
        SIOCSIFNETMASK | SIOCGIFNETMASK => Some(Part::Mask),
        SIOCSIFBRDADDR | SIOCSIFDSTADDR | SIOCGIFBRDADDR | SIOCGIFDSTADDR => Some(Part::Destination),
        _ => None,
    }
}

impl Reference {
    /// Adds the routes that an address has by itself: to its network if it has a mask, and to itself.
    pub(super) fn add_default_routes(&self, option: u32) {
        for wanted in self.default_routes(option) {
            self.domain().add_route(&wanted);
        }
    }

    fn remove_default_routes(&self, option: u32) {
        for wanted in self.default_routes(option) {
            self.domain().remove_route(&wanted);
        }
    }

    fn default_routes(&self, option: u32) -> Vec<Wanted> {
        let wanted =
            |mask, flags| Wanted { destination: self.local(), mask, gateway: None, flags, address: Some(self.clone()) };
        let mut routes = Vec::new();
        if let Some(mask) = self.mask()
            && matches!(option, SIOCSIFADDR | SIOCSIFNETMASK)
        {
            routes.push(wanted(Some(mask), 0));
        }
        if option == SIOCSIFADDR {
            routes.push(wanted(None, RTF_LOCAL | RTF_HOST));
        }
        routes
    }

    fn is_set(&self) -> bool {
        self.local().is_some()
    }
}

/// Changes an address, and what follows from it: its mask and broadcast address, its routes, and whether it is found.
pub(crate) fn update(address: &Reference, option: u32, new: Option<&Sockaddr>) -> status_t {
    let Some(part) = part_of(option) else { return B_BAD_VALUE };
    let mut local = LOCAL.lock();
    address.remove_default_routes(option);
    if option == SIOCDIFADDR {
        drop(local);
        address.domain().forget_address(address);
        address.interface().remove_address(address);
        return B_OK;
    }
    let out = take_out(&mut local, address);
    address.set(part, new);
    if matches!(option, SIOCSIFADDR | SIOCSIFNETMASK) {
        set_defaults(address, option, new);
    }
    address.add_default_routes(option);
    if address.is_set() {
        local.push(address.clone());
    }
    drop(local);
    drop(out);
    B_OK
}

/// Sets the mask and the broadcast address that go with an address, or the latter that goes with a mask.
fn set_defaults(address: &Reference, option: u32, new: Option<&Sockaddr>) {
    let family = address.domain().family();
    let Some(local) = address.local() else {
        address.set(Part::Destination, None);
        return;
    };
    let mask = if option == SIOCSIFADDR { Some(family.default_mask(&local)) } else { new.copied() };
    if option == SIOCSIFADDR {
        address.set(Part::Mask, mask.as_ref());
    }
    let broadcast = mask.and_then(|mask| family.default_broadcast(&local, &mask));
    address.set(Part::Destination, broadcast.as_ref());
}

fn take_out(local: &mut Vec<Reference>, address: &Reference) -> Option<Reference> {
    let at = local.iter().position(|other| other.is(address))?;
    Some(local.remove(at))
}

impl Interface {
    pub(crate) fn addresses(&self) -> Vec<Reference> {
        self.lock.lock().addresses.borrow().clone()
    }

    fn find_address(&self, is: impl Fn(&Reference) -> bool) -> Option<Reference> {
        self.lock.lock().addresses.borrow().iter().find(|address| is(address)).cloned()
    }

    pub(crate) fn first_of(&self, family: Family) -> Option<Reference> {
        self.find_address(|address| address.domain().family() == family)
    }

    pub(crate) fn first_unconfigured(&self, family: Family) -> Option<Reference> {
        let configuring = self.flags() & IFF_CONFIGURING != 0;
        self.find_address(|address| address.domain().family() == family && (!address.is_set() || configuring))
    }

    /// The address whose broadcast address that is, where the device has broadcasts.
    pub(crate) fn address_for_destination(&self, domain: &Domain, destination: &Sockaddr) -> Option<Reference> {
        if self.hardware().flags() & IFF_BROADCAST == 0 {
            return None;
        }
        self.find_address(|address| has(address, domain, Part::Destination, destination))
    }

    pub(crate) fn address_for_local(&self, domain: &Domain, local: &Sockaddr) -> Option<Reference> {
        self.find_address(|address| has(address, domain, Part::Local, local))
    }

    pub(crate) fn address_at(&self, index: usize) -> Option<Reference> {
        self.lock.lock().addresses.borrow().get(index).cloned()
    }

    pub(crate) fn index_of(&self, address: &Reference) -> Option<usize> {
        self.lock.lock().addresses.borrow().iter().position(|other| other.is(address))
    }

    /// The address after that one, or the first.
    pub(crate) fn address_after(&self, before: Option<&Reference>) -> Option<Reference> {
        let next = before.map_or(Some(0), |before| self.index_of(before).map(|at| at + 1));
        next.and_then(|at| self.address_at(at))
    }

    pub(super) fn add(&self, address: Reference) {
        self.lock.lock().addresses.borrow_mut().push(address.clone());
        if address.is_set() {
            LOCAL.lock().push(address);
        }
    }

    pub(super) fn remove_address(&self, address: &Reference) {
        let state = self.lock.lock();
        let mut addresses = state.addresses.borrow_mut();
        let at = addresses.iter().position(|other| other.is(address));
        let out = at.map(|at| addresses.remove(at));
        drop(addresses);
        drop(state);
        let hidden = take_out(&mut LOCAL.lock(), address);
        drop((out, hidden));
    }

    pub(super) fn remove_addresses(&self) {
        while let Some(address) = self.address_at(0) {
            self.remove_address(&address);
        }
    }
}

fn has(address: &Address, domain: &Domain, part: Part, wanted: &Sockaddr) -> bool {
    let family = domain.family();
    address.domain().is(domain) && address.get(part).is_some_and(|has| family.equal(Some(&has), Some(wanted)))
}
