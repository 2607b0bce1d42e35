//! Neighbour discovery (RFC 4861) for IPv6 over Ethernet, as far as Haiku has it: it answers, and it learns from who asks.
//!
//! Requests of its own go out by a route to their group. Without a route that covers groups, as without a default route,
//! there is none: then a neighbour is reached only after it has asked.

use super::frame;
use super::neighbours::{Found, Neighbours, Protocol};
use super::port::{self, locals};
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::family::Family;
use crate::stack::interfaces::{self, Interface};
use crate::stack::sockaddr::Sockaddr;
use crate::stack::{domain, ipv6};
use haiku_abi::*;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// What an interface's way keeps.
pub(super) type Port = port::Port<Ipv6Addr>;

static CACHE: Neighbours<Ipv6Addr> = Neighbours::new(c"ndp cache", Protocol { name: "NDP", ask, send: send_waiting });

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;
/// The flag "solicited" of an advertisement.
const SOLICITED: u8 = 0x40;
/// Bytes of a message with one option.
const MESSAGE_BYTES: usize = 32;

pub(super) fn init() {
    CACHE.init(|| CACHE.on_timer());
}

pub(super) fn uninit() {
    CACHE.uninit();
}

/// A solicitation or advertisement with the one option that counts.
struct Message {
    kind: u8,
    flags: u8,
    target: Ipv6Addr,
    option: u8,
    mac: [u8; 6],
}

impl Message {
    fn parse(buffer: &Buffer) -> Option<Self> {
        let bytes: [u8; MESSAGE_BYTES] = buffer.header()?;
        let [kind, _, _, _, flags, _, _, _, rest @ ..] = bytes;
        let (target, option) = rest.split_first_chunk::<16>()?;
        let &[option, length, a, b, c, d, e, f] = option else { return None };
        (length == 1).then_some(Self { kind, flags, target: Ipv6Addr::from(*target), option, mac: [a, b, c, d, e, f] })
    }

    /// The message with no checksum, which IPv6 adds.
    fn bytes(&self) -> [u8; MESSAGE_BYTES] {
        let mut bytes = [0; MESSAGE_BYTES];
        let front = [self.kind, 0, 0, 0, self.flags, 0, 0, 0].into_iter().chain(self.target.octets());
        let all = front.chain([self.option, 1]).chain(self.mac);
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        bytes
    }
}

/// Sends a packet to the neighbour that its destination is.
pub(super) fn send(port: &Port, interface: &Arc<Interface>, mut buffer: Buffer) -> Sent {
    let destination = buffer.destination();
    if let Some(hardware) = port.own().hardware {
        buffer.set_source(&Sockaddr::ether(0, ETHER_TYPE_IPV6 as u16, hardware));
    }
    if buffer.flags() & MSG_MCAST as u32 != 0 {
        let Some(group) = group(&destination) else { return Err((buffer, EINVAL)) };
        buffer.set_destination(&group);
        return frame::send(interface, buffer);
    }
    let Some(IpAddr::V6(address)) = destination.address() else { return Err((buffer, B_BAD_VALUE)) };
    if !CACHE.knows(address)
        && let Err(failed) = solicit(port, interface, address)
    {
        return Err((buffer, failed));
    }
    match CACHE.resolve(interface, address, buffer) {
        Found::Mac(mac, mut buffer) => {
            buffer.set_destination(&Sockaddr::ether(0, ETHER_TYPE_IPV6 as u16, mac));
            frame::send(interface, buffer)
        }
        Found::Waits => Ok(()),
        Found::Failed(buffer, status) => Err((buffer, status)),
    }
}

/// The group's Ethernet address (RFC 2464 §7).
pub(super) fn group(group: &Sockaddr) -> Option<Sockaddr> {
    let Some(IpAddr::V6(address)) = group.address() else { return None };
    let [.., a, b, c, d] = address.octets();
    Some(Sockaddr::ether(0, ETHER_TYPE_IPV6 as u16, [0x33, 0x33, a, b, c, d]))
}

/// The group in which an address is asked for (RFC 4291 §2.7.1).
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

pub(super) fn up(port: &Port, interface: &Arc<Interface>) -> status_t {
    port.up(interface, |local| set_local(port, interface, local))
}

pub(super) fn down(_port: &Port, interface: &Arc<Interface>) {
    locals(interface).for_each(|local| remove_local(interface, local));
}

pub(super) fn change_address(
    port: &Port,
    interface: &Arc<Interface>,
    old: Option<&Sockaddr>,
    new: Option<&Sockaddr>,
) -> status_t {
    if let Some(IpAddr::V6(new)) = new.and_then(Sockaddr::address) {
        match set_local(port, interface, new) {
            B_OK => {}
            failed => return failed,
        }
    }
    if let Some(IpAddr::V6(old)) = old.and_then(Sockaddr::address) {
        remove_local(interface, old);
        if port.own().local == Some(old) {
            port.set_local(locals(interface).last());
        }
    }
    B_OK
}

fn set_local(port: &Port, interface: &Arc<Interface>, local: Ipv6Addr) -> status_t {
    if !local.is_unspecified() {
        change_group(interface, local, |device, group| device.join(group));
    }
    let mac = interface.hardware().mac();
    port.adopt(mac, local);
    CACHE.set_local(interface, local, mac)
}

fn remove_local(interface: &Arc<Interface>, local: Ipv6Addr) {
    change_group(interface, local, |device, group| device.leave(group));
    CACHE.remove(local);
}

/// Has the device listen to the address's group, or not any more.
///
/// An interface that goes up or down is not found, so nothing happens then. One that is found is never put again, as in
/// Haiku: an interface whose IPv6 addresses change while it is up stays for ever.
fn change_group(
    interface: &Arc<Interface>,
    local: Ipv6Addr,
    act: fn(crate::stack::devices::Hardware, &Sockaddr) -> status_t,
) {
    if let Some(found) = interfaces::by_index(&domain::INET6, interface.index()) {
        if let Some(group) = group(&Sockaddr::v6(solicited_node(local), 0)) {
            act(found.hardware(), &group);
        }
        std::mem::forget(found);
    }
}

/// Sends a request for an address. Runs on the timers' thread.
fn ask(interface: &Arc<Interface>, address: Ipv6Addr) {
    let link = interface.link(Family::Inet6);
    if let Some(super::Kind::Ndp(port)) = link.as_ref().map(|link| &link.kind) {
        // Nobody waits for what becomes of one request.
        let _ = solicit(port, interface, address);
    }
}

fn solicit(port: &Port, interface: &Arc<Interface>, address: Ipv6Addr) -> Result<(), status_t> {
    let mac = interface.hardware().mac();
    let message = Message { kind: SOLICITATION, flags: 0, target: address, option: SOURCE_LINK_ADDRESS, mac };
    let mut buffer = Buffer::new(256).ok_or(B_NO_MEMORY)?;
    buffer.prepend(&message.bytes())?;
    buffer.set_source(&Sockaddr::v6(port.own().local.unwrap_or(Ipv6Addr::UNSPECIFIED), 0));
    buffer.set_destination(&Sockaddr::v6(solicited_node(address), 0));
    buffer.set_protocol(ipv6::ICMPV6);
    ipv6::send(buffer, &ipv6::Options::FOR_NEIGHBOURS).map_err(|(_, failed)| failed)
}

/// Sends a packet that has waited, under the cache's lock.
fn send_waiting(interface: &Arc<Interface>, mut buffer: Buffer, mac: [u8; 6]) {
    buffer.set_destination(&Sockaddr::ether(0, ETHER_TYPE_IPV6 as u16, mac));
    drop(frame::send(interface, buffer));
}

/// Handles a message of neighbour discovery, whose headers are off.
pub(crate) fn receive(buffer: Buffer) {
    let Some(message) = Message::parse(&buffer) else { return };
    match (message.kind, message.option) {
        (SOLICITATION, SOURCE_LINK_ADDRESS) => solicited(buffer, &message),
        (ADVERTISEMENT, TARGET_LINK_ADDRESS) if buffer.flags() & MSG_MCAST as u32 == 0 => {
            CACHE.learn(message.target, message.mac);
        }
        _ => {}
    }
}

/// Learns who asked, and answers in the request's own packet, without the lock.
fn solicited(mut buffer: Buffer, request: &Message) {
    let Some(IpAddr::V6(from)) = buffer.source().address() else { return };
    let mut ours = None;
    CACHE.asked(from, request.mac, request.target, |_, mac| ours = Some(mac));
    let Some(mac) = ours else { return };
    let (target, option) = (request.target, TARGET_LINK_ADDRESS);
    let message = Message { kind: ADVERTISEMENT, flags: SOLICITED, target, option, mac };
    if buffer.trim(MESSAGE_BYTES).is_err() || buffer.write(0, &message.bytes()).is_err() {
        return;
    }
    buffer.set_destination(&Sockaddr::v6(from, 0));
    buffer.set_source(&Sockaddr::v6(target, 0));
    buffer.set_flags(0);
    // Who asked asks again.
    drop(ipv6::send(buffer, &ipv6::Options::FOR_NEIGHBOURS));
}
