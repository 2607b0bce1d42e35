//! The functions of `network/stack/datalink/v1`.

use super::{control, local, local_link, send_routed};
use crate::stack::address::Reference;
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::domain::{self, Domain};
use crate::stack::family::Family;
use crate::stack::interfaces::{self, Interface, Only};
use crate::stack::links::Link;
use crate::stack::routes::{self, Route};
use crate::stack::user::Place;
use crate::stack::{ipv4, ipv6, kernel, sockaddr};
use haiku_abi::{sockaddr as Address, *};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

/// The module.
pub(crate) static MODULE: net_datalink_module_info = net_datalink_module_info {
    info: module_info {
        name: NET_DATALINK_MODULE_NAME.as_ptr(),
        flags: 0,
        std_ops: Some(kernel::variadic(kernel::nothing_to_make)),
    },
    control: Some(control_hook),
    send_routed_data: Some(send_routed_data),
    send_data: Some(send_data),
    is_local_address: Some(is_local_address),
    is_local_link_address: Some(is_local_link_address),
    get_interface: Some(get_interface),
    get_interface_with_address: Some(get_interface_with_address),
    put_interface: Some(put_interface),
    get_interface_address: Some(get_interface_address),
    get_next_interface_address: Some(get_next_interface_address),
    put_interface_address: Some(put_interface_address),
    join_multicast: Some(join_multicast),
    leave_multicast: Some(leave_multicast),
    add_route: Some(routes::add_route),
    remove_route: Some(routes::remove_route),
    get_route: Some(routes::get_route),
    get_buffer_route: Some(routes::get_buffer_route),
    put_route: Some(routes::put_route),
    register_route_info: Some(routes::register_route_info),
    unregister_route_info: Some(routes::unregister_route_info),
    update_route_info: Some(routes::update_route_info),
};

unsafe extern "C" fn control_hook(
    domain: *mut net_domain,
    option: i32,
    value: *mut c_void,
    length: *mut usize,
) -> status_t {
    let Some(domain) = domain::by_pointer(domain) else { return B_BAD_VALUE };
    // SAFETY: the caller gives the length's place.
    let Some(length) = (unsafe { length.as_mut() }) else { return B_BAD_VALUE };
    control(domain, option.cast_unsigned(), Place::new(value, *length), length)
}

/// The packet is the route's on success.
unsafe extern "C" fn send_routed_data(route: *mut net_route, raw: *mut net_buffer) -> status_t {
    // SAFETY: the caller keeps the route; the count that this takes is given back below.
    let route = std::mem::ManuallyDrop::new(unsafe { Route::from_raw(route) });
    // SAFETY: the caller gives the packet.
    let Some(buffer) = (unsafe { Buffer::from_raw(raw) }) else { return B_BAD_VALUE };
    given_back(send_routed(&route, buffer))
}

/// The status for a caller who keeps the packet if nobody took it.
fn given_back(sent: Sent) -> status_t {
    match sent {
        Ok(()) => B_OK,
        Err((buffer, status)) => {
            let _ = buffer.into_raw();
            status
        }
    }
}

/// Sends a packet by its family alone: protocols of others are not above ours.
unsafe extern "C" fn send_data(protocol: *mut net_protocol, domain: *mut net_domain, raw: *mut net_buffer) -> status_t {
    let Some(domain) = domain::by_pointer(domain).filter(|_| protocol.is_null()) else { return B_BAD_VALUE };
    // SAFETY: the caller gives the packet.
    let Some(buffer) = (unsafe { Buffer::from_raw(raw) }) else { return B_BAD_VALUE };
    given_back(match domain.family() {
        Family::Inet => ipv4::send(buffer, &ipv4::Options::default()),
        Family::Inet6 => ipv6::send(buffer, &ipv6::Options::default()),
        Family::Link => Err((buffer, B_BAD_VALUE)),
    })
}

/// Puts an address into the caller's place, whose former one is put.
///
/// # Safety
/// `place` is null or a pointer of the caller's: null, or a reference.
unsafe fn hand_over(place: *mut *mut net_interface_address, address: Reference) {
    if place.is_null() {
        return;
    }
    // SAFETY: the caller's.
    let before = unsafe { place.replace(address.into_raw()) };
    // SAFETY: the caller's.
    drop(unsafe { Reference::from_raw(before) });
}

unsafe extern "C" fn is_local_address(
    domain: *mut net_domain,
    address: *const Address,
    place: *mut *mut net_interface_address,
    matched: *mut u32,
) -> bool {
    // SAFETY: the caller's.
    let address = unsafe { sockaddr::read(address) };
    let found = domain::by_pointer(domain).zip(address).and_then(|(domain, address)| local(domain, &address));
    let Some((found, kind)) = found else { return false };
    // SAFETY: the caller's.
    unsafe { hand_over(place, found) };
    if !matched.is_null() {
        // SAFETY: the caller's.
        unsafe { matched.write(kind) };
    }
    true
}

unsafe extern "C" fn is_local_link_address(
    domain: *mut net_domain,
    unconfigured: bool,
    address: *const Address,
    place: *mut *mut net_interface_address,
) -> bool {
    let only = if unconfigured { Only::Unconfigured } else { Only::Any };
    // SAFETY: the caller's.
    let address = unsafe { sockaddr::read(address) };
    let found = domain::by_pointer(domain).zip(address).and_then(|(domain, link)| local_link(domain, &link, only));
    let Some(found) = found else { return false };
    // SAFETY: the caller's.
    unsafe { hand_over(place, found) };
    true
}

unsafe extern "C" fn get_interface(domain: *mut net_domain, index: u32) -> *mut net_interface {
    let Some(domain) = domain::by_pointer(domain) else {
        kernel::panic("get_interface without a domain");
        return null_mut();
    };
    interfaces::by_index(domain, index).map_or(null_mut(), Interface::into_raw)
}

unsafe extern "C" fn get_interface_with_address(address: *const Address) -> *mut net_interface {
    // SAFETY: the caller's.
    let address = unsafe { sockaddr::read(address) };
    let found = address.and_then(|address| interfaces::local_address(&address));
    found.map_or(null_mut(), |address| address.interface().clone().into_raw())
}

unsafe extern "C" fn put_interface(interface: *mut net_interface) {
    if !interface.is_null() {
        // SAFETY: the caller gives its reference back.
        drop(unsafe { Interface::from_raw(interface) });
    }
}

unsafe extern "C" fn get_interface_address(address: *const Address) -> *mut net_interface_address {
    // SAFETY: the caller's.
    let address = unsafe { sockaddr::read(address) };
    let found = address.and_then(|address| interfaces::local_address(&address));
    found.map_or(null_mut(), Reference::into_raw)
}

unsafe extern "C" fn get_next_interface_address(
    interface: *mut net_interface,
    place: *mut *mut net_interface_address,
) -> bool {
    // SAFETY: the caller keeps the interface.
    let interface = unsafe { Interface::borrow(interface) };
    // SAFETY: the caller's: null, or a reference that it gives for the next.
    let before = unsafe { place.read() };
    // SAFETY: as above.
    let before = unsafe { Reference::from_raw(before) };
    let next = interface.address_after(before.as_ref());
    let found = next.is_some();
    // SAFETY: the caller's.
    unsafe { place.write(next.map_or(null_mut(), Reference::into_raw)) };
    found
}

unsafe extern "C" fn put_interface_address(address: *mut net_interface_address) {
    // SAFETY: the caller gives its reference back.
    drop(unsafe { Reference::from_raw(address) });
}

/// The link of an interface for a domain, and the group there.
///
/// # Safety
/// The caller keeps the interface, and `group` may be read.
unsafe fn link_of(
    interface: *mut net_interface,
    domain: *mut net_domain,
    group: *const Address,
) -> Option<(Arc<Interface>, Arc<Link>, sockaddr::Sockaddr)> {
    // SAFETY: the caller's.
    let interface = unsafe { Interface::borrow(interface) };
    // SAFETY: the caller's.
    let group = unsafe { sockaddr::read(group) }?;
    let link = domain::by_pointer(domain).map(Domain::family).and_then(|family| interface.link(family))?;
    Some((interface, link, group))
}

unsafe extern "C" fn join_multicast(
    interface: *mut net_interface,
    domain: *mut net_domain,
    group: *const Address,
) -> status_t {
    // SAFETY: the caller's.
    let found = unsafe { link_of(interface, domain, group) };
    found.map_or(B_BAD_VALUE, |(interface, link, group)| link.join(&interface, &group))
}

unsafe extern "C" fn leave_multicast(
    interface: *mut net_interface,
    domain: *mut net_domain,
    group: *const Address,
) -> status_t {
    // SAFETY: the caller's.
    let found = unsafe { link_of(interface, domain, group) };
    found.map_or(B_BAD_VALUE, |(interface, link, group)| link.leave(&interface, &group))
}
