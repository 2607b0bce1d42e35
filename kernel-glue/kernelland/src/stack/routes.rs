//! Routes of one family, in the order in which they are tried.

mod report;
mod table;

pub(crate) use report::{control, describe, list, size};
pub(crate) use table::*;

use crate::stack::address::Reference;
use crate::stack::deferred;
use crate::stack::family::Family;
use crate::stack::interfaces::Interface;
use crate::stack::member::member;
use crate::stack::sockaddr::{Sockaddr, read as read_address};
use haiku_abi::*;
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::ptr::{from_ref, null_mut};
use std::sync::Arc;

/// A route, at whose front others see a `net_route`. It does not change.
#[repr(C)]
pub(crate) struct Route {
    abi: net_route,
    /// Let go of with the routes of the family locked, as in Haiku: what ends with it ends under that lock.
    address: ManuallyDrop<Reference>,
    /// Boxed, as the front points to them.
    destination: Option<Box<Sockaddr>>,
    mask: Option<Box<Sockaddr>>,
    gateway: Option<Box<Sockaddr>>,
}

// SAFETY: nothing of a route changes once it is made.
unsafe impl Send for Route {}
// SAFETY: as above.
unsafe impl Sync for Route {}

/// A route as it is asked for.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) destination: Option<Sockaddr>,
    pub(crate) mask: Option<Sockaddr>,
    pub(crate) gateway: Option<Sockaddr>,
    pub(crate) flags: u32,
    pub(crate) address: Option<Reference>,
}

/// What the lock of a family's routes protects.
pub(crate) struct Routes {
    list: RefCell<Vec<Arc<Route>>>,
    /// Who wants to know, with each change, where packets to an address go.
    infos: RefCell<Vec<Info>>,
}

/// A route info of whoever, which lives while it is registered. It holds a reference to its route.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Info(*mut net_route_info);

// SAFETY: the structure is used under the lock of the routes.
unsafe impl Send for Info {}

/// Flags that make routes different ones.
const KINDS: u32 = RTF_GATEWAY | RTF_HOST | RTF_LOCAL | RTF_DEFAULT;

impl Route {
    /// A route through that address, with what is wanted of it as it is.
    fn new(wanted: &Wanted, address: Reference) -> Self {
        let [destination, mask, gateway] = [wanted.destination, wanted.mask, wanted.gateway].map(|at| at.map(Box::new));
        let at =
            |place: &Option<Box<Sockaddr>>| place.as_deref().map_or(null_mut(), |at| from_ref(at).cast_mut().cast());
        let abi = net_route {
            destination: at(&destination),
            mask: at(&mask),
            gateway: at(&gateway),
            flags: wanted.flags,
            mtu: 0,
            interface_address: address.as_raw(),
        };
        Self { abi, address: ManuallyDrop::new(address), destination, mask, gateway }
    }

    /// A route that goes straight out of an interface, whatever the destination.
    pub(crate) fn direct(address: Reference) -> Arc<Self> {
        let wanted = Wanted { destination: None, mask: None, gateway: None, flags: 0, address: None };
        Arc::new(Self::new(&wanted, address))
    }

    pub(crate) fn address(&self) -> &Reference {
        &self.address
    }

    pub(crate) fn interface(&self) -> &Arc<Interface> {
        self.address.interface()
    }

    pub(crate) fn flags(&self) -> u32 {
        self.abi.flags
    }

    pub(crate) fn gateway(&self) -> Option<&Sockaddr> {
        self.gateway.as_deref()
    }

    /// Bytes of a packet, with its IP header, that may go this way.
    pub(crate) fn mtu(&self) -> usize {
        match self.abi.mtu {
            0 => self.interface().hardware().mtu(),
            mtu => mtu as usize,
        }
    }

    /// The pointer by which others know the route.
    pub(crate) fn into_raw(self: Arc<Self>) -> *mut net_route {
        Arc::into_raw(self).cast_mut().cast()
    }

    /// # Safety
    /// `raw` is a route that the caller got by [`Self::into_raw`] and gives back.
    pub(crate) unsafe fn from_raw(raw: *mut net_route) -> Arc<Self> {
        // SAFETY: the caller's.
        unsafe { Arc::from_raw(raw.cast_const().cast()) }
    }

    fn has_link(&self) -> bool {
        self.interface().hardware().flags() & IFF_LINK != 0
    }

    /// Whether it is the route that is described.
    fn is(&self, family: Family, wanted: &Wanted) -> bool {
        if self.abi.flags & RTF_DEFAULT != 0 && wanted.flags & RTF_DEFAULT != 0 {
            return wanted.address.as_ref().is_some_and(|address| address.is(&self.address));
        }
        self.abi.flags & KINDS == wanted.flags & KINDS
            && family.equal_masked(self.destination.as_deref(), wanted.destination.as_ref(), wanted.mask.as_ref())
            && family.equal(self.mask.as_deref(), wanted.mask.as_ref())
            && family.equal(self.gateway.as_deref(), wanted.gateway.as_ref())
            && wanted.address.as_ref().is_none_or(|address| address.is(&self.address))
    }

    /// Whether packets to that address go this way.
    fn leads_to(&self, family: Family, to: &Sockaddr) -> bool {
        let masked = family.masked(to, self.mask.as_deref());
        family.equal(Some(&masked), self.destination.as_deref())
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        // SAFETY: the route ends, and nothing uses the address after this.
        let address = unsafe { ManuallyDrop::take(&mut self.address) };
        // Haiku's direct routes are a part of their interface, and in no list.
        if self.destination.is_none() {
            return;
        }
        let domain = address.domain();
        // The stack itself, and with it that lock, does not end before the lock is free.
        deferred::after(|| {
            let _routes = domain.routes().lock();
            drop(address);
        });
    }
}

impl Routes {
    pub(crate) const fn new() -> Self {
        Self { list: RefCell::new(Vec::new()), infos: RefCell::new(Vec::new()) }
    }

    /// Adds a route, before the first that its mask is more specific than.
    pub(crate) fn add(&self, family: Family, wanted: &Wanted) -> status_t {
        let Some(address) = wanted.address.clone() else { return B_BAD_VALUE };
        let is_default = wanted.flags & RTF_DEFAULT != 0;
        if (wanted.flags & RTF_HOST != 0 && wanted.mask.is_some())
            || (!is_default && wanted.destination.is_none())
            || (wanted.flags & RTF_GATEWAY != 0 && wanted.gateway.is_none())
            || !family.is_mask(wanted.mask.as_ref())
        {
            return B_BAD_VALUE;
        }
        let mut list = self.list.borrow_mut();
        if list.iter().any(|route| route.is(family, wanted)) {
            return B_FILE_EXISTS;
        }
        let adopted = |from: Option<&Sockaddr>| match from {
            None => Ok(None),
            Some(from) if from.len() != 0 && from.family() == family.number() => Ok(Some(*from)),
            Some(_) => Err(B_NO_MEMORY),
        };
        let zero = || Ok(Some(family.unspecified(0)));
        let destination = if is_default { zero() } else { adopted(wanted.destination.as_ref()) };
        let mask = if is_default { zero() } else { adopted(wanted.mask.as_ref()) };
        let (Ok(destination), Ok(mask), Ok(gateway)) = (destination, mask, adopted(wanted.gateway.as_ref())) else {
            return B_NO_MEMORY;
        };
        let destination = destination.map(|to| family.masked(&to, mask.as_ref()));
        let made = Wanted { destination, mask, gateway, flags: wanted.flags, address: None };
        let route = Route::new(&made, address);
        let bit = |mask: Option<&Sockaddr>| family.first_mask_bit(mask);
        let goes_before = |before: &Arc<Route>| {
            bit(before.mask.as_deref()) > bit(made.mask.as_ref())
                || (is_default
                    && before.flags() & RTF_DEFAULT != 0
                    && before.interface().hardware().link_speed() < route.interface().hardware().link_speed())
        };
        let at = list.iter().position(goes_before).unwrap_or(list.len());
        list.insert(at, Arc::new(route));
        drop(list);
        self.refresh(family);
        B_OK
    }

    /// Takes a route out, and says whether there was one. Its end may end an interface.
    pub(crate) fn remove(&self, family: Family, wanted: &Wanted) -> bool {
        let mut list = self.list.borrow_mut();
        let out = list.iter().position(|route| route.is(family, wanted)).map(|at| list.remove(at));
        drop(list);
        let was_there = out.is_some();
        drop(out);
        if was_there {
            self.refresh(family);
        }
        was_there
    }

    /// Takes all routes out that go through such an address.
    pub(crate) fn invalidate(&self, family: Family, through: impl Fn(&Reference) -> bool) {
        let gone: Vec<_> = self.list.borrow_mut().extract_if(.., |route| through(&route.address)).collect();
        if !gone.is_empty() {
            drop(gone);
            self.refresh(family);
        }
    }

    /// Looks anew for the route of every info. What ends with a former one may take infos out.
    fn refresh(&self, family: Family) {
        let mut at = 0;
        loop {
            let info = self.infos.borrow().get(at).copied();
            let Some(info) = info else { break };
            self.update(family, info);
            at += usize::from(self.infos.borrow().get(at) == Some(&info));
        }
    }

    fn update(&self, family: Family, info: Info) {
        let before = info.set(self.find(family, &info.address()));
        drop(before);
    }

    fn register(&self, family: Family, info: Info) {
        self.infos.borrow_mut().push(info);
        info.begin(self.find(family, &info.address()));
    }

    fn unregister(&self, info: Info) {
        self.infos.borrow_mut().retain(|&other| other != info);
        let before = info.set(None);
        drop(before);
    }

    /// The first route to that address whose device has a link; without any link, the first.
    pub(crate) fn find(&self, family: Family, to: &Sockaddr) -> Option<Arc<Route>> {
        let list = self.list.borrow();
        if to.family() == AF_LINK {
            return list.iter().find(|route| route.is_through(to)).cloned();
        }
        let mut candidates = list.iter().filter(|route| route.leads_to(family, to));
        let first = candidates.clone().next()?;
        Some(candidates.find(|route| route.has_link()).unwrap_or(first).clone())
    }

    fn snapshot(&self) -> Vec<Arc<Route>> {
        self.list.borrow().clone()
    }
}

impl Info {
    fn address(self) -> Sockaddr {
        let address = member!(self.0 => net_route_info, address);
        // SAFETY: the info is registered, with an address in it.
        unsafe { read_address(address) }.unwrap_or(Sockaddr::EMPTY)
    }

    /// Sets the first route, whatever was there before.
    fn begin(self, to: Option<Arc<Route>>) {
        let place = member!(self.0 => net_route_info, route);
        // SAFETY: the info lives while it is registered.
        unsafe { place.write(to.map_or(null_mut(), Route::into_raw)) };
    }

    /// Sets the route, and gives back the one that the info held.
    fn set(self, to: Option<Arc<Route>>) -> Option<Arc<Route>> {
        let place = member!(self.0 => net_route_info, route);
        // SAFETY: as above.
        let before = unsafe { place.replace(to.map_or(null_mut(), Route::into_raw)) };
        // SAFETY: the info held the reference.
        (!before.is_null()).then(|| unsafe { Route::from_raw(before) })
    }
}

impl Route {
    /// Whether it goes through the device that a link address names.
    fn is_through(&self, link: &Sockaddr) -> bool {
        let hardware = self.interface().hardware();
        match (link.link_name(), link.hardware()) {
            ([], []) => false,
            ([], address) => hardware.address().starts_with(address),
            (name, _) => hardware.name().as_bytes() == name,
        }
    }
}
