//! Interfaces, as the stack lets the add-on see and change them: by the calls in which `ifconfig`'s own ioctls end.
//!
//! The stack tells other programs of what is changed here, and runs hooks of ours meanwhile: `up`, `down`, `set_mtu`. So
//! nothing is held during a call that they take.

mod names;
mod route;
mod seen;

pub(super) use names::exists;
pub(super) use seen::{Address, Handle};

use super::sockaddr::{self, Far};
use crate::kernel::Status;
use crate::stack::{Interface, InterfaceName, control};
use alloc::boxed::Box;
use core::net::IpAddr;
use haiku_abi::{
    AF_INET, B_SOCKET_SET_ALIAS, IFF_UP, SIOCAIFADDR, SIOCDIFADDR, SIOCSIFMTU, ifaliasreq, ifreq, ifreq_argument,
    ifreq_stats,
};
use kernel_glue::admin::{AdminStatus, InetAddress};

/// Brings an interface up or down, and returns how it was.
pub(super) fn set_admin(name: &InterfaceName, admin: AdminStatus) -> Result<AdminStatus, Status> {
    let flags = Interface::flags(name)?;
    let before = if flags & IFF_UP != 0 { AdminStatus::Up } else { AdminStatus::Down };
    if before == admin {
        return Ok(before);
    }
    match admin {
        AdminStatus::Up => Interface::set_flags(name, flags | IFF_UP)?,
        AdminStatus::Down => Interface::set_flags(name, flags & !IFF_UP)?,
    }
    if admin == AdminStatus::Up {
        complete_routes(name);
    }
    Ok(before)
}

/// Completes the routes of an interface's addresses, which go whenever it goes down.
pub(super) fn complete_routes(name: &InterfaceName) {
    route::complete(name);
}

/// Sets an interface's MTU, in bytes after the Ethernet header.
pub(super) fn set_mtu(name: &InterfaceName, bytes: u32) -> Result<(), Status> {
    let mut request = about(name);
    request.argument.ifr_mtu = i32::try_from(bytes).map_err(|_| Status::B_BAD_VALUE)?;
    control(AF_INET, SIOCSIFMTU, &mut request)
}

/// Adds an address to those that an interface has.
pub(super) fn add_address(name: &InterfaceName, inet: &InetAddress, far: Far) -> Result<Added, Status> {
    let family = sockaddr::family_of(inet.address);
    let addresses = || Handle::named(name).map(|handle| handle.addresses());
    let there = addresses()?;
    if there.iter().any(|one| one.inet(far) == Some(*inet)) {
        return Ok(Added::Before);
    }
    // By the index -1 the first address of the family would be replaced, and one that is added with its value gets no
    // routes while the interface is up. So an empty one is added, and then set.
    let place = match there.iter().position(|one| one.is_empty(family)) {
        Some(place) => place,
        None => {
            control(family, SIOCAIFADDR, &mut *alias(name, -1))?;
            addresses()?.iter().position(|one| one.is_empty(family)).ok_or(Status::B_ERROR)?
        }
    };
    let mut request = alias(name, i32::try_from(place).map_err(|_| Status::B_ERROR)?);
    sockaddr::write(inet.address, &mut request.ifra_addr);
    sockaddr::write_mask(inet.address, inet.prefix, &mut request.ifra_mask);
    if let Some(other) = inet.destination.or(inet.broadcast) {
        sockaddr::write(other, &mut request.ifra_destination);
    }
    if let Err(status) = control(family, B_SOCKET_SET_ALIAS, &mut *request) {
        // A part of it may be set.
        let _ = delete_address(name, inet.address);
        return Err(status);
    }
    route::complete(name);
    Ok(Added::Now)
}

/// Whether an address was there before it was to be added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Added {
    Now,
    Before,
}

/// Takes an address away, with its routes.
pub(super) fn delete_address(name: &InterfaceName, address: IpAddr) -> Result<(), Status> {
    let mut request = about(name);
    request.argument.ifr_addr = sockaddr::short(address);
    control(sockaddr::family_of(address), SIOCDIFADDR, &mut request)
}

/// Begins a request about an interface.
fn about(name: &InterfaceName) -> ifreq {
    ifreq { ifr_name: name.field(), argument: ifreq_argument { ifr_stats: ifreq_stats::default() } }
}

/// Begins a request about one of an interface's addresses; all of it is empty.
fn alias(name: &InterfaceName, index: i32) -> Box<ifaliasreq> {
    Box::new(ifaliasreq {
        ifra_name: name.field(),
        ifra_index: index,
        ifra_addr: sockaddr::NONE,
        ifra_destination: sockaddr::NONE,
        ifra_mask: sockaddr::NONE,
        ifra_flags: 0,
    })
}
