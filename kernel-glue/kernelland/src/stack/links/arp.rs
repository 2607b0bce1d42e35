//! ARP (RFC 826) for IPv4 over Ethernet.

use super::frame;
use super::neighbours::{Found, Neighbours, Protocol};
use super::port::{self, Internet, locals};
use crate::stack::address::Reference;
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::interfaces::Interface;
use crate::stack::kernel;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What an interface's way keeps.
pub(super) type Port = port::Port<Ipv4Addr>;

static CACHE: Neighbours<Ipv4Addr> = Neighbours::new(c"arp cache", Protocol { name: "ARP", ask, send: send_waiting });

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const MESSAGE_BYTES: usize = 28;

pub(super) fn init() {
    CACHE.init(|| CACHE.on_timer());
}

pub(super) fn uninit() {
    CACHE.uninit();
}

/// A message between Ethernet stations about IPv4 addresses.
struct Message {
    operation: u16,
    sender: ([u8; 6], Ipv4Addr),
    target: ([u8; 6], Ipv4Addr),
}

impl Message {
    fn parse(buffer: &Buffer) -> Result<Self, status_t> {
        let bytes: [u8; MESSAGE_BYTES] = buffer.header().ok_or(B_BAD_VALUE)?;
        let [h0, h1, p0, p1, hardware, protocol, o0, o1, rest @ ..] = bytes;
        if [h0, h1, p0, p1] != [0, 1, 8, 0] {
            return Err(B_BAD_TYPE);
        }
        if (hardware, protocol) != (6, 4) {
            return Err(B_BAD_DATA);
        }
        let mac = |at: usize| rest.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        let address = |at: usize| {
            let octets: [u8; 4] = rest.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
            Ipv4Addr::from(octets)
        };
        let operation = u16::from_be_bytes([o0, o1]);
        Ok(Self { operation, sender: (mac(0), address(6)), target: (mac(10), address(16)) })
    }

    fn bytes(&self) -> [u8; MESSAGE_BYTES] {
        let mut bytes = [0; MESSAGE_BYTES];
        let front = [0, 1, 8, 0, 6, 4].into_iter().chain(self.operation.to_be_bytes());
        let ends =
            [self.sender, self.target].into_iter().flat_map(|(mac, address)| mac.into_iter().chain(address.octets()));
        bytes.iter_mut().zip(front.chain(ends)).for_each(|(place, byte)| *place = byte);
        bytes
    }
}

/// Sends a packet to the neighbour that its destination is.
pub(super) fn send(port: &Port, interface: &Arc<Interface>, mut buffer: Buffer) -> Sent {
    let destination = buffer.destination();
    if let Some(hardware) = port.own().hardware {
        buffer.set_source(&Sockaddr::ether(0, ETHER_TYPE_IP as u16, hardware));
    }
    if buffer.flags() & MSG_MCAST as u32 != 0 {
        let Some(group) = group(&destination) else { return Err((buffer, EINVAL)) };
        buffer.set_destination(&group);
    } else if buffer.flags() & MSG_BCAST as u32 == 0 {
        let Some(IpAddr::V4(address)) = destination.address() else { return Err((buffer, B_BAD_VALUE)) };
        match CACHE.resolve(interface, address, buffer) {
            Found::Mac(mac, back) => {
                buffer = back;
                buffer.set_destination(&Sockaddr::ether(0, ETHER_TYPE_IP as u16, mac));
            }
            Found::Waits => return Ok(()),
            Found::Failed(buffer, status) => return Err((buffer, status)),
        }
    }
    frame::send(interface, buffer)
}

/// The group's Ethernet address (RFC 1112 §6.4).
pub(super) fn group(group: &Sockaddr) -> Option<Sockaddr> {
    let Some(IpAddr::V4(address)) = group.address() else { return None };
    let [_, b, c, d] = address.octets();
    Some(Sockaddr::ether(0, ETHER_TYPE_IP as u16, [1, 0, 0x5e, b & 0x7f, c, d]))
}

pub(super) fn up(port: &Port, interface: &Arc<Interface>) -> status_t {
    port.up(interface, |local| set_local(port, interface, local))
}

pub(super) fn down(_port: &Port, interface: &Arc<Interface>) {
    locals(interface).for_each(|local| CACHE.remove(local));
}

pub(super) fn change_address(
    port: &Port,
    interface: &Arc<Interface>,
    address: &Reference,
    option: u32,
    old: Option<&Sockaddr>,
    new: Option<&Sockaddr>,
) -> status_t {
    if let Some(IpAddr::V4(new)) = new.and_then(Sockaddr::address) {
        match set_local(port, interface, new) {
            B_OK => {}
            failed => return failed,
        }
    }
    if option == SIOCAIFADDR {
        return B_OK;
    }
    let old = match old.and_then(Sockaddr::address) {
        Some(IpAddr::V4(old)) => old,
        Some(IpAddr::V6(_)) => return B_OK,
        None => Ipv4Addr::UNSPECIFIED,
    };
    CACHE.remove(old);
    if port.own().local == Some(old) {
        let others = interface.addresses().into_iter().filter(|other| !other.is(address));
        port.set_local(others.filter_map(|other| Ipv4Addr::of(other.local()?.address()?)).last());
    }
    if port.own().local.is_none_or(|local| local.is_unspecified()) {
        // So that the interface goes on working.
        set_local(port, interface, Ipv4Addr::UNSPECIFIED);
    }
    B_OK
}

fn set_local(port: &Port, interface: &Arc<Interface>, local: Ipv4Addr) -> status_t {
    let mac = interface.hardware().mac();
    port.adopt(mac, local);
    CACHE.set_local(interface, local, mac)
}

/// Sends a request for an address. Runs on the timers' thread.
fn ask(interface: &Arc<Interface>, address: Ipv4Addr) {
    let hardware = interface.hardware();
    let mac = hardware.mac();
    let local = interface.link(crate::stack::family::Family::Inet).and_then(|link| match &link.kind {
        super::Kind::Arp(port) => port.own().local,
        super::Kind::Ndp(_) | super::Kind::Ethernet | super::Kind::Plain(_) => None,
    });
    let sender = (mac, local.unwrap_or(Ipv4Addr::UNSPECIFIED));
    let message = Message { operation: REQUEST, sender, target: ([0; 6], address) };
    let Some(mut buffer) = Buffer::new(256) else { return };
    if buffer.prepend(&message.bytes()).is_err() {
        return;
    }
    buffer.set_source(&Sockaddr::ether(hardware.index(), ETHER_TYPE_ARP as u16, mac));
    buffer.set_flags(MSG_BCAST as u32);
    drop(frame::send(interface, buffer));
}

/// Sends a packet that has waited, under the cache's lock.
fn send_waiting(interface: &Arc<Interface>, mut buffer: Buffer, mac: [u8; 6]) {
    buffer.set_destination(&Sockaddr::ether(0, ETHER_TYPE_IP as u16, mac));
    drop(frame::send(interface, buffer));
}

/// Handles a message from the link.
pub(super) fn receive(buffer: Buffer) {
    let Ok(message) = Message::parse(&buffer) else { return };
    // It is the frame's sender who is remembered, not the message's.
    let mac = buffer.source().mac();
    match message.operation {
        REQUEST => {
            let answer = |interface: &Arc<Interface>, ours| reply(interface, buffer, &message, ours);
            CACHE.asked(message.sender.1, mac, message.target.1, answer);
        }
        REPLY => CACHE.learn(message.sender.1, mac),
        other => kernel::log(&format!("unknown ARP opcode {other}")),
    }
}

/// Answers a request in its own packet, by the interface that has the address, whichever it came in by.
fn reply(interface: &Arc<Interface>, mut buffer: Buffer, request: &Message, ours: [u8; 6]) {
    let sender = (ours, request.target.1);
    let message = Message { operation: REPLY, sender, target: request.sender };
    if buffer.write(0, &message.bytes()).is_err() || buffer.trim(MESSAGE_BYTES).is_err() {
        return;
    }
    let (mut source, mut destination) = (buffer.source(), buffer.destination());
    source.set_mac(ours);
    destination.set_mac(request.sender.0);
    buffer.set_source(&source);
    buffer.set_destination(&destination);
    buffer.set_flags(0);
    drop(frame::send(interface, buffer));
}
