//! Requests about interfaces and routes, as they come from sockets and from the kernel.

use crate::stack::devices::{self, Missing};
use crate::stack::domain::Domain;
use crate::stack::family::Family;
use crate::stack::kernel::{name_field, name_of};
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::{Place, done};
use crate::stack::{interfaces, routes};
use haiku_abi::*;
use std::mem::offset_of;

/// Handles a request of a socket of that family. The length is changed where the answer has another.
pub(crate) fn control(domain: &'static Domain, option: u32, place: Place, length: &mut usize) -> status_t {
    match try_control(domain, option, place, length) {
        Ok(()) => B_OK,
        Err(failed) => failed,
    }
}

fn try_control(domain: &'static Domain, option: u32, place: Place, length: &mut usize) -> Result<(), status_t> {
    if domain.family() == Family::Link {
        return Err(B_BAD_VALUE);
    }
    match option {
        SIOCGIFINDEX => {
            let name = read_name(place, IF_NAMESIZE)?;
            let interface = interfaces::by_name(domain, &name).ok_or(B_BAD_VALUE)?;
            *length = size_of::<ifreq>();
            write_index(place, &name, interface.index())
        }
        SIOCGIFNAME => {
            check_room(place, size_of::<ifreq>())?;
            let index: u32 = place.after(offset_of!(ifreq, argument)).read()?;
            let interface = interfaces::by_index(domain, index).ok_or(B_BAD_VALUE)?;
            *length = size_of::<ifreq>();
            write_index(place, interface.name(), index)
        }
        SIOCAIFADDR => {
            check_room(place, size_of::<ifaliasreq>())?;
            done(add(domain, &place.read()?))
        }
        SIOCDIFADDR => {
            let request: ifreq = place.read()?;
            let interface = interfaces::by_name(domain, &name_of(&request.ifr_name)).ok_or(B_BAD_VALUE)?;
            let address: Sockaddr = place.after(IF_NAMESIZE).read_some(2)?;
            if address.family() != AF_UNSPEC && address.len() != 0 {
                return done(interface.control(domain, SIOCDIFADDR, place));
            }
            interfaces::remove(&interface);
            Ok(())
        }
        SIOCGIFCOUNT => write_count(place, interfaces::count()),
        SIOCGIFCONF => {
            let mut config: ifconf = place.read()?;
            let room = usize::try_from(config.ifc_len).map_err(|_| B_BAD_VALUE)?;
            config.ifc_len = interfaces::list(domain, config.ifc_buf, room)? as i32;
            done(place.write(&config))
        }
        SIOCGRTSIZE => write_count(place, routes::size(domain)),
        SIOCGRTTABLE => {
            let config: ifconf = place.read()?;
            let room = usize::try_from(config.ifc_len).map_err(|_| B_BAD_VALUE)?;
            done(routes::list(domain, config.ifc_buf, room))
        }
        SIOCGETRT => done(routes::describe(domain, place)),
        _ => {
            // Of a request for a driver only the name is ours to read, and a driver's may end after it.
            let given = if place.length() >= IF_NAMESIZE { place.length() } else { size_of::<ifreq>() };
            let request: ifreq = place.read_some(given)?;
            let interface = interfaces::by_name(domain, &name_of(&request.ifr_name)).ok_or(B_BAD_VALUE)?;
            done(interface.control(domain, option, place))
        }
    }
}

/// Adds an address to an interface, or an interface for the device of that name.
fn add(domain: &'static Domain, request: &ifaliasreq) -> status_t {
    let name = name_of(&request.ifra_name);
    if let Some(interface) = interfaces::by_name(domain, &name) {
        return interfaces::add_address(&interface, domain, request);
    }
    match devices::find(&name, Missing::Ask) {
        Some(device) => interfaces::add(&name, domain, request, &device),
        None => B_DEVICE_NOT_FOUND,
    }
}

fn check_room(place: Place, bytes: usize) -> Result<(), status_t> {
    if place.length() > 0 && place.length() < bytes { Err(B_BAD_VALUE) } else { Ok(()) }
}

fn read_name(place: Place, bytes: usize) -> Result<String, status_t> {
    check_room(place, bytes)?;
    let request: ifreq = place.read_some(bytes)?;
    Ok(name_of(&request.ifr_name))
}

/// Answers with a whole request: the name, the number, and zeros, whatever length it came with.
pub(crate) fn write_index(place: Place, name: &str, index: u32) -> Result<(), status_t> {
    let mut answer = [0_u8; size_of::<ifreq>()];
    let (front, rest) = answer.split_at_mut(IF_NAMESIZE);
    for (to, from) in front.iter_mut().zip(name_field(name)) {
        *to = from.cast_unsigned();
    }
    if let Some(place) = rest.first_chunk_mut() {
        *place = index.to_ne_bytes();
    }
    done(place.write_bytes(&answer))
}

/// Answers with a number where a list's room would be.
pub(crate) fn write_count(place: Place, count: usize) -> Result<(), status_t> {
    let mut answer = [0_u8; size_of::<ifconf>()];
    if let Some(place) = answer.last_chunk_mut() {
        *place = (count as u64).to_ne_bytes();
    }
    done(place.write_bytes(&answer))
}
