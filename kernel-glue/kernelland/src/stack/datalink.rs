//! `network/stack/datalink/v1`: interfaces, addresses and routes, for protocols and devices.

mod control;
mod table;

pub(crate) use control::{control, write_count, write_index};
pub(crate) use table::MODULE;

use crate::stack::address::{Address, Reference};
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::devices::Count;
use crate::stack::domain::Domain;
use crate::stack::interfaces::{self, Only};
use crate::stack::routes::Route;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::sync::Arc;

/// Finds the way of a packet: by the device that its sender is bound to, or by a route to its destination.
pub(crate) fn route_for(domain: &'static Domain, buffer: &mut Buffer, device: u32) -> Result<Arc<Route>, status_t> {
    if device == 0 {
        return domain.route_of(buffer);
    }
    let interface = interfaces::for_device(domain, device).ok_or(ENETUNREACH)?;
    Ok(Route::direct(Address::empty(&interface, domain)))
}

/// Sends a packet the way that was found for it.
pub(crate) fn send_routed(route: &Route, mut buffer: Buffer) -> Sent {
    let (interface, flags) = (route.interface(), route.flags());
    if flags & RTF_REJECT != 0 {
        return Err((buffer, ENETUNREACH));
    }
    if flags & (RTF_HOST | RTF_LOCAL) != 0 {
        // Then the consumer of the device hands the packet to the domain.
        drop(buffer.set_interface_address(Some(route.address().clone())));
    }
    if flags & RTF_LOCAL != 0 {
        let device = interface.device();
        device.show_monitors(&mut buffer);
        let bytes = buffer.len();
        let sent = device.enqueue(buffer);
        device.hardware().count(if sent.is_ok() { Count::Sent(bytes) } else { Count::SendError });
        return sent;
    }
    if flags & RTF_GATEWAY != 0 {
        let Some(gateway) = route.gateway() else { return Err((buffer, B_MISMATCHED_VALUES)) };
        buffer.set_destination(gateway);
    }
    match interface.link(route.address().domain().family()) {
        Some(link) => link.send(interface, buffer),
        None => Err((buffer, ENETUNREACH)),
    }
}

/// Whether an address is ours, or the broadcast address of one of ours; returns that one and `MSG_BCAST` or 0.
pub(crate) fn local(domain: &Domain, address: &Sockaddr) -> Option<(Reference, u32)> {
    if domain.family().number() != address.family() {
        return None;
    }
    if let Some(local) = interfaces::local_address(address) {
        return Some((local, 0));
    }
    if !domain.family().has_broadcast() {
        return None;
    }
    interfaces::local_broadcast(domain, address).map(|local| (local, MSG_BCAST as u32))
}

/// The address of the family on the interface with that hardware address.
pub(crate) fn local_link(domain: &Domain, link: &Sockaddr, only: Only) -> Option<Reference> {
    (link.family() == AF_LINK).then(|| interfaces::local_link(domain, link, only)).flatten()
}
