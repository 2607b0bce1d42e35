//! What programs see of routes.

use super::{Route, Wanted};
use crate::stack::domain::Domain;
use crate::stack::interfaces::Interface;
use crate::stack::kernel::name_field;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::{Place, Writer};
use haiku_abi::*;
use std::ptr::null_mut;
use std::sync::Arc;

/// Bytes of an entry without its addresses.
const ENTRY_BYTES: usize = IF_NAMESIZE + size_of::<route_entry>();

/// Bytes of a list of all routes.
pub(crate) fn size(domain: &Domain) -> usize {
    let routes = domain.routes().lock().snapshot();
    routes.iter().map(|route| ENTRY_BYTES + addresses(route).map(|at| usize::from(at.len())).sum::<usize>()).sum()
}

/// Lists all routes: each a request's front, then its addresses, to which the front points.
pub(crate) fn list(domain: &Domain, at: *mut std::ffi::c_void, room: usize) -> status_t {
    let routes = domain.routes().lock().snapshot();
    let mut place = Place::new(at, room);
    for route in routes {
        let bytes = ENTRY_BYTES + addresses(&route).map(|at| usize::from(at.len())).sum::<usize>();
        if place.length() < bytes {
            return ENOBUFS;
        }
        let mut after = place.after(ENTRY_BYTES);
        let mut put = |address: Option<&Sockaddr>| {
            let Some(address) = address else { return Ok(null_mut()) };
            let here = after;
            after = after.after(usize::from(address.len()));
            match here.write_address(Some(address), usize::from(address.len())) {
                B_OK => Ok(here.raw().cast()),
                _ => Err(B_BAD_ADDRESS),
            }
        };
        let written = [route.destination.as_deref(), route.mask.as_deref(), route.gateway.as_deref()].map(&mut put);
        let [Ok(destination), Ok(mask), Ok(gateway)] = written else { return B_BAD_ADDRESS };
        let (flags, mtu) = (route.abi.flags, route.abi.mtu);
        let entry = route_entry { destination, mask, gateway, source: null_mut(), flags, mtu };
        let name = name_field(route.interface().name()).map(|byte| byte.cast_unsigned());
        if place.write_bytes(&name) != B_OK || place.after(IF_NAMESIZE).write(&entry) != B_OK {
            return B_BAD_ADDRESS;
        }
        place = place.after(bytes);
    }
    B_OK
}

/// Says which route packets to an address take.
pub(crate) fn describe(domain: &Domain, place: Place) -> status_t {
    match try_describe(domain, place) {
        Ok(()) => B_OK,
        Err(failed) => failed,
    }
}

fn try_describe(domain: &Domain, place: Place) -> Result<(), status_t> {
    if place.length() < size_of::<route_entry>() {
        return Err(B_BAD_VALUE);
    }
    let mut entry: route_entry = place.read()?;
    if entry.destination.is_null() {
        return Err(B_BAD_ADDRESS);
    }
    let to = Place::new(entry.destination.cast(), 0).read_address()?;
    let route = domain.route_to(&to).ok_or(B_ENTRY_NOT_FOUND)?;
    let after = place.after(size_of::<route_entry>());
    let mut writer = Writer::new(after.raw(), after.length());
    let mut put = |address: Option<&Sockaddr>| address.map_or(Ok(null_mut()), |address| writer.push_address(address));
    entry.destination = put(route.destination.as_deref())?.cast();
    entry.mask = put(route.mask.as_deref())?.cast();
    entry.gateway = put(route.gateway.as_deref())?.cast();
    entry.source = put(route.address().local().as_ref())?.cast();
    (entry.flags, entry.mtu) = (route.abi.flags, route.abi.mtu);
    match place.write(&entry) {
        B_OK => Ok(()),
        failed => Err(failed),
    }
}

/// `SIOCADDRT` and `SIOCDELRT`: a route through the first address that the interface has of the family.
pub(crate) fn control(interface: &Arc<Interface>, domain: &'static Domain, option: u32, place: Place) -> status_t {
    if place.length() != size_of::<ifreq>() {
        return B_BAD_VALUE;
    }
    let wanted = (|| {
        let entry: route_entry = place.after(IF_NAMESIZE).read()?;
        let read = |at: *mut sockaddr| {
            if at.is_null() { Ok(None) } else { Place::new(at.cast(), 0).read_address().map(Some) }
        };
        let (destination, mask, gateway) = (read(entry.destination)?, read(entry.mask)?, read(entry.gateway)?);
        let address = interface.first_of(domain.family());
        Ok(Wanted { destination, mask, gateway, flags: entry.flags, address })
    })();
    match wanted {
        Ok(wanted) if option == SIOCADDRT => domain.add_route(&wanted),
        Ok(wanted) => domain.remove_route(&wanted),
        Err(failed) => failed,
    }
}

fn addresses(route: &Route) -> impl Iterator<Item = &Sockaddr> {
    [route.destination.as_deref(), route.mask.as_deref(), route.gateway.as_deref()].into_iter().flatten()
}
