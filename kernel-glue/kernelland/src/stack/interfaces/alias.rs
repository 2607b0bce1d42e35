//! Addresses are added to interfaces, and changed there.

use super::Interface;
use super::addresses::{part_of, update};
use crate::stack::address::{Address, Part, Reference};
use crate::stack::domain::Domain;
use crate::stack::family::Port;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::Place;
use haiku_abi::*;
use std::sync::Arc;

/// Adds an address. It gets no routes, and may be empty.
pub(crate) fn add_address(interface: &Arc<Interface>, domain: &'static Domain, request: &ifaliasreq) -> status_t {
    let [local, destination, mask] =
        [request.ifra_addr, request.ifra_destination, request.ifra_mask].map(Sockaddr::from);
    let is_alien = |address: &Sockaddr| ![domain.family().number(), AF_UNSPEC].contains(&address.family());
    if [&local, &destination, &mask].into_iter().any(is_alien) {
        return B_BAD_VALUE;
    }
    let address = Address::empty(interface, domain);
    for (part, to) in [(Part::Local, &local), (Part::Destination, &destination), (Part::Mask, &mask)] {
        address.set(part, Some(to));
    }
    if let Err(failed) = interface.ensure_link(domain) {
        return failed;
    }
    // Held while the way to the link is told, as in Haiku: no device may want this interface's lock in what it is asked
    // by ARP, which has a lock of its own then.
    let _state = interface.lock.lock();
    interface.add(address.clone());
    let (Some(local), Some(link)) = (address.local(), interface.link(domain.family())) else { return B_OK };
    let status = link.change_address(interface, &address, SIOCAIFADDR, None, Some(&local));
    if status != B_OK {
        interface.remove_address(&address);
    }
    status
}

/// `B_SOCKET_SET_ALIAS`: sets what differs of one address.
pub(super) fn set_alias(interface: &Arc<Interface>, domain: &'static Domain, place: Place) -> status_t {
    if place.length() != size_of::<ifaliasreq>() {
        return B_BAD_VALUE;
    }
    let family = domain.family();
    let state = interface.lock.lock();
    let Ok(request) = place.read::<ifaliasreq>() else { return B_BAD_ADDRESS };
    let local = Sockaddr::from(request.ifra_addr);
    let address = match usize::try_from(request.ifra_index) {
        Ok(index) => interface.address_at(index),
        Err(_) => {
            let given = !family.is_empty(Some(&local), Port::Ignored);
            let named = given.then(|| interface.address_for_local(domain, &local)).flatten();
            Some(named.or_else(|| interface.first_of(family)).unwrap_or_else(|| {
                let address = Address::empty(interface, domain);
                interface.add(address.clone());
                address
            }))
        }
    };
    let Some(address) = address else { return B_BAD_VALUE };
    drop(state);
    let destination = if family.has_broadcast() { SIOCSIFBRDADDR } else { SIOCSIFDSTADDR };
    let changes = [
        (SIOCSIFADDR, local, true),
        (SIOCSIFNETMASK, request.ifra_mask.into(), false),
        (destination, request.ifra_destination.into(), false),
    ];
    for (option, to, may_be_empty) in changes {
        let part = part_of(option).unwrap_or(Part::Local);
        let same = family.equal(Some(&to), address.get(part).as_ref());
        if same || (!may_be_empty && family.is_empty(Some(&to), Port::Ignored)) {
            continue;
        }
        match change(interface, &address, option, Some(&to)) {
            B_OK => {}
            failed => return failed,
        }
    }
    B_OK
}

/// `SIOCSIFADDR` and its like: changes the first address of the family, or removes the one that is named.
pub(super) fn set_address(interface: &Arc<Interface>, domain: &'static Domain, option: u32, place: Place) -> status_t {
    if place.length() != size_of::<ifreq>() {
        return B_BAD_VALUE;
    }
    let family = domain.family();
    let state = interface.lock.lock();
    let Ok(new) = place.after(IF_NAMESIZE).read_address() else { return B_BAD_ADDRESS };
    if option == SIOCDIFADDR {
        let is_it =
            |address: &Reference| address.domain().is(domain) && family.equal(address.local().as_ref(), Some(&new));
        let Some(address) = interface.addresses().into_iter().find(is_it) else { return B_BAD_VALUE };
        drop(state);
        return change(interface, &address, option, None);
    }
    let address = interface.first_of(family).unwrap_or_else(|| {
        let address = Address::empty(interface, domain);
        interface.add(address.clone());
        address
    });
    drop(state);
    change(interface, &address, option, Some(&new))
}

/// Changes a part of an address by way of the link, which may have to know.
fn change(interface: &Arc<Interface>, address: &Reference, option: u32, to: Option<&Sockaddr>) -> status_t {
    let family = address.domain().family();
    let Some(part) = part_of(option) else { return B_BAD_VALUE };
    let (old, new) = (family.adopted(address.get(part).as_ref()), family.adopted(to));
    if family.equal(old.as_ref(), new.as_ref()) {
        return B_OK;
    }
    let Some(link) = interface.link(family) else { return B_BAD_VALUE };
    match link.change_address(interface, address, option, old.as_ref(), new.as_ref()) {
        B_OK => update(address, option, new.as_ref()),
        failed => failed,
    }
}

impl From<sockaddr_storage> for Sockaddr {
    fn from(storage: sockaddr_storage) -> Self {
        let mut address = Self::EMPTY;
        let [length, family, rest @ ..] = address.bytes_mut();
        (*length, *family, *rest) = (storage.ss_len, storage.ss_family, storage.ss_data);
        address
    }
}
