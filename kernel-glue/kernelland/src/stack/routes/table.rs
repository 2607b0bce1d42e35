//! Routes as the rest of the stack and the datalink module reach them.

use super::{Info, Route, Wanted};
use crate::stack::address::Reference;
use crate::stack::buffer::{Borrowed, Buffer};
use crate::stack::domain::{self, Domain};
use crate::stack::interfaces::Interface;
use crate::stack::sockaddr::{Sockaddr, read as read_address};
use haiku_abi::*;
use std::ptr::{from_ref, null_mut};
use std::sync::Arc;

impl Domain {
    pub(crate) fn add_route(&self, wanted: &Wanted) -> status_t {
        self.routes().lock().add(self.family(), wanted)
    }

    pub(crate) fn remove_route(&self, wanted: &Wanted) -> status_t {
        if self.routes().lock().remove(self.family(), wanted) { B_OK } else { B_ENTRY_NOT_FOUND }
    }

    pub(crate) fn route_to(&self, to: &Sockaddr) -> Option<Arc<Route>> {
        self.routes().lock().find(self.family(), to)
    }

    /// The route that a packet takes. What its source lacks is filled in.
    pub(crate) fn route_of(&self, buffer: &mut Buffer) -> Result<Arc<Route>, status_t> {
        let routes = self.routes().lock();
        let route = routes.find(self.family(), &buffer.destination()).ok_or(ENETUNREACH)?;
        if let Some(local) = route.address().local() {
            let source = self.family().completed(buffer.source(), &local)?;
            buffer.set_source(&source);
        }
        Ok(route)
    }

    /// Takes out all routes through an interface.
    pub(crate) fn forget_interface(&self, interface: &Interface) {
        let is_its = |address: &Reference| std::ptr::eq(from_ref(address.interface().as_ref()), interface);
        self.routes().lock().invalidate(self.family(), is_its);
    }

    /// Takes out all routes through an address.
    pub(crate) fn forget_address(&self, through: &Reference) {
        self.routes().lock().invalidate(self.family(), |address| address.is(through));
    }
}

impl Wanted {
    /// # Safety
    /// `raw` is a route of the caller's, whose addresses may be read.
    unsafe fn read(raw: *const net_route) -> Option<Self> {
        // SAFETY: the caller's.
        let route = unsafe { raw.as_ref() }?;
        // SAFETY: the caller's.
        let address = unsafe { Reference::borrow(route.interface_address) };
        // SAFETY: the caller's.
        let [destination, mask, gateway] =
            [route.destination, route.mask, route.gateway].map(|at| unsafe { read_address(at) });
        Some(Self { destination, mask, gateway, flags: route.flags, address })
    }
}

/// # Safety
/// `route` is a route of the caller's, whose addresses may be read.
pub(crate) unsafe extern "C" fn add_route(domain: *mut net_domain, route: *const net_route) -> status_t {
    // SAFETY: the caller's.
    let wanted = unsafe { Wanted::read(route) };
    let (Some(domain), Some(wanted)) = (domain::by_pointer(domain), wanted) else { return B_BAD_VALUE };
    domain.add_route(&wanted)
}

/// # Safety
/// As above.
pub(crate) unsafe extern "C" fn remove_route(domain: *mut net_domain, route: *const net_route) -> status_t {
    // SAFETY: the caller's.
    let wanted = unsafe { Wanted::read(route) };
    let (Some(domain), Some(wanted)) = (domain::by_pointer(domain), wanted) else { return B_BAD_VALUE };
    domain.remove_route(&wanted)
}

/// # Safety
/// `to` may be read.
pub(crate) unsafe extern "C" fn get_route(domain: *mut net_domain, to: *const sockaddr) -> *mut net_route {
    // SAFETY: the caller's.
    let to = unsafe { read_address(to) };
    let route = domain::by_pointer(domain).zip(to).and_then(|(domain, to)| domain.route_to(&to));
    route.map_or(null_mut(), Route::into_raw)
}

/// # Safety
/// `raw` is a packet of the caller's, `place` a pointer of theirs.
pub(crate) unsafe extern "C" fn get_buffer_route(
    domain: *mut net_domain,
    raw: *mut net_buffer,
    place: *mut *mut net_route,
) -> status_t {
    // SAFETY: the caller's.
    let buffer = unsafe { Borrowed::new(raw) };
    let (Some(domain), Some(mut buffer)) = (domain::by_pointer(domain), buffer) else { return B_BAD_VALUE };
    match domain.route_of(&mut buffer) {
        Ok(route) => {
            // SAFETY: the caller's.
            unsafe { place.write(route.into_raw()) };
            B_OK
        }
        Err(failed) => failed,
    }
}

/// # Safety
/// `route` is null or a reference that the caller gives up.
pub(crate) unsafe extern "C" fn put_route(_domain: *mut net_domain, route: *mut net_route) {
    if !route.is_null() {
        // SAFETY: the caller's.
        drop(unsafe { Route::from_raw(route) });
    }
}

/// Sets the route that the info keeps for as long as it is registered, which follows what is added and removed.
///
/// # Safety
/// `info` is the caller's, with an address in it, and lives while it is registered.
pub(crate) unsafe extern "C" fn register_route_info(domain: *mut net_domain, info: *mut net_route_info) -> status_t {
    let Some(domain) = domain::by_pointer(domain) else { return B_BAD_VALUE };
    domain.routes().lock().register(domain.family(), Info(info));
    B_OK
}

/// # Safety
/// `info` is registered.
pub(crate) unsafe extern "C" fn unregister_route_info(domain: *mut net_domain, info: *mut net_route_info) -> status_t {
    let Some(domain) = domain::by_pointer(domain) else { return B_BAD_VALUE };
    domain.routes().lock().unregister(Info(info));
    B_OK
}

/// Looks anew, for an address that was changed.
///
/// # Safety
/// `info` is registered.
pub(crate) unsafe extern "C" fn update_route_info(domain: *mut net_domain, info: *mut net_route_info) -> status_t {
    let Some(domain) = domain::by_pointer(domain) else { return B_BAD_VALUE };
    domain.routes().lock().update(domain.family(), Info(info));
    B_OK
}
