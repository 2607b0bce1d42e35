//! IPv6 (RFC 8200) as a host has it, without extension headers and without fragments.

use crate::stack::buffer::{Buffer, Sent, checksum};
use crate::stack::datalink;
use crate::stack::domain::INET6;
use crate::stack::icmp6;
use crate::stack::interfaces::Only;
use crate::stack::routes::Route;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::sockets::{raw, udp};
use haiku_abi::*;
use std::net::{IpAddr, Ipv6Addr};

pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;
pub(crate) const HEADER_BYTES: usize = 40;
/// Where a message of ICMPv6 has its checksum.
const ICMPV6_CHECKSUM: usize = HEADER_BYTES + 2;
const MULTICAST: u32 = MSG_MCAST as u32;

/// How packets are sent.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) hops: u8,
    pub(crate) multicast_hops: u8,
    /// The device that packets go out by, if not by a route.
    pub(crate) device: u32,
}

impl Options {
    /// Messages of neighbour discovery must not have passed a router (RFC 4861 §7.1).
    pub(crate) const FOR_NEIGHBOURS: Self = Self { hops: 255, multicast_hops: 255, device: 0 };
}

impl Default for Options {
    fn default() -> Self {
        Self { hops: 64, multicast_hops: 1, device: 0 }
    }
}

/// Sends a packet of a protocol to its destination, by the route there.
pub(crate) fn send(mut buffer: Buffer, options: &Options) -> Sent {
    match datalink::route_for(&INET6, &mut buffer, options.device) {
        Ok(route) => send_routed(&route, buffer, options),
        Err(failed) => Err((buffer, failed)),
    }
}

/// Puts the header on and sends a packet by a route.
pub(crate) fn send_routed(route: &Route, mut buffer: Buffer, options: &Options) -> Sent {
    if let Err(failed) = add_header(&mut buffer, options) {
        return Err((buffer, failed));
    }
    if buffer.len() > route.mtu() {
        return Err((buffer, EMSGSIZE));
    }
    datalink::send_routed(route, buffer)
}

fn add_header(buffer: &mut Buffer, options: &Options) -> Result<(), status_t> {
    let (source, destination) = (v6(&buffer.source()), v6(&buffer.destination()));
    buffer.set_flags(buffer.flags() & !(MSG_BCAST as u32 | MULTICAST));
    if destination.is_unspecified() {
        return Err(EDESTADDRREQ);
    }
    if destination.is_multicast() {
        buffer.set_flags(buffer.flags() | MULTICAST);
    }
    let bytes = buffer.len();
    let length = u16::try_from(bytes + HEADER_BYTES).map_err(|_| EMSGSIZE)? - HEADER_BYTES as u16;
    let [l0, l1] = length.to_be_bytes();
    let hops = if destination.is_multicast() { options.multicast_hops } else { options.hops };
    let protocol = buffer.protocol();
    let front = [0x60, 0, 0, 0, l0, l1, protocol, hops];
    let mut header = [0; HEADER_BYTES];
    let fields = front.into_iter().chain(source.octets()).chain(destination.octets());
    header.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
    buffer.prepend(&header)?;
    if protocol == ICMPV6 && bytes >= 8 {
        buffer.write(ICMPV6_CHECKSUM, &[0, 0])?;
        let sum = u64::from(buffer.sum(HEADER_BYTES, bytes)?);
        let sum = !checksum::fold(sum + pseudo_header(source, destination, bytes, protocol));
        buffer.write(ICMPV6_CHECKSUM, &sum.to_ne_bytes())?;
    }
    Ok(())
}

/// The sum of what a protocol's checksum covers besides the packet (RFC 8200 §8.1).
pub(crate) fn pseudo_header(source: Ipv6Addr, destination: Ipv6Addr, bytes: usize, protocol: u8) -> u64 {
    let sum = |bytes: &[u8]| checksum::sum(bytes);
    let rest = (bytes as u32).to_be_bytes();
    sum(&source.octets()) + sum(&destination.octets()) + sum(&rest) + sum(&[0, 0, 0, protocol])
}

/// Handles a packet whose link header is off. What is not for us is dropped in silence.
pub(crate) fn receive(mut buffer: Buffer) {
    let Some(header) = buffer.header::<HEADER_BYTES>() else { return };
    let [first, _, _, _, l0, l1, protocol, _, addresses @ ..] = header;
    let bytes = HEADER_BYTES + usize::from(u16::from_be_bytes([l0, l1]));
    if first >> 4 != 6 || bytes > buffer.len() {
        return;
    }
    let (source, destination) = addresses.split_at(16);
    let address = |octets: &[u8]| octets.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |&octets| octets.into());
    let (source, destination) = (address(source), address(destination));
    buffer.set_flags(buffer.flags() & !(MSG_BCAST as u32 | MULTICAST));
    if destination.is_multicast() {
        buffer.set_flags(buffer.flags() | MULTICAST);
    } else {
        let link = buffer.destination();
        let found = datalink::local(&INET6, &Sockaddr::v6(destination, 0)).map(|(address, _)| address);
        match found.or_else(|| datalink::local_link(&INET6, &link, Only::Unconfigured)) {
            Some(address) => drop(buffer.set_interface_address(Some(address))),
            None => return,
        }
    }
    buffer.set_source(&Sockaddr::v6(source, 0));
    buffer.set_destination(&Sockaddr::v6(destination, 0));
    buffer.set_protocol(protocol);
    if buffer.trim(bytes).is_err() {
        return;
    }
    let _ = buffer.store_header();
    if buffer.remove_header(HEADER_BYTES).is_err() {
        return;
    }
    raw::deliver(AF_INET6, &buffer);
    match protocol {
        UDP if destination.is_multicast() => udp::deliver_multicast(buffer),
        UDP => udp::receive(buffer),
        ICMPV6 => icmp6::receive(buffer),
        _ => {}
    }
}

/// Hands what a message complains about to the protocol that sent it, if we did: the packet begins with its header.
pub(crate) fn complaint(mut buffer: Buffer, status: status_t) {
    let Some(header) = buffer.header::<HEADER_BYTES>() else { return };
    let [first, _, _, _, _, _, protocol, _, addresses @ ..] = header;
    let (source, destination) = addresses.split_at(16);
    let address = |octets: &[u8]| octets.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |&octets| octets.into());
    let (source, destination) = (Sockaddr::v6(address(source), 0), Sockaddr::v6(address(destination), 0));
    if first >> 4 != 6 || datalink::local(&INET6, &source).is_none() || buffer.remove_header(HEADER_BYTES).is_err() {
        return;
    }
    buffer.set_source(&source);
    buffer.set_destination(&destination);
    if protocol == UDP {
        udp::complaint(&INET6, &buffer, status);
    }
}

pub(crate) fn v6(address: &Sockaddr) -> Ipv6Addr {
    match address.address() {
        Some(IpAddr::V6(address)) => address,
        Some(IpAddr::V4(_)) | None => Ipv6Addr::UNSPECIFIED,
    }
}
