//! IPv4 (RFC 791) as a host has it: nothing is forwarded.

mod fragments;

pub(crate) use fragments::{init, uninit};

use crate::stack::buffer::{Buffer, Sent, checksum};
use crate::stack::datalink;
use crate::stack::domain::INET;
use crate::stack::icmp::{self, Unreachable};
use crate::stack::interfaces::Only;
use crate::stack::routes::Route;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::sockets::{raw, udp};
use haiku_abi::*;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const ICMP: u8 = 1;
pub(crate) const UDP: u8 = 17;

/// Bytes of a header without options.
pub(crate) const HEADER_BYTES: usize = 20;
const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;
const MULTICAST: u32 = MSG_MCAST as u32;
const BROADCAST: u32 = MSG_BCAST as u32;

/// How packets are sent.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) ttl: u8,
    pub(crate) multicast_ttl: u8,
    pub(crate) service: u8,
    pub(crate) fragment: Fragment,
    pub(crate) header: Header,
    pub(crate) broadcast: Broadcast,
    /// The device that packets go out by, if not by a route.
    pub(crate) device: u32,
}

/// Whether a packet that is too long is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fragment {
    May,
    MayNot,
}

/// Who makes the header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Ours,
    Sender,
}

/// Whether the sender may send to all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broadcast {
    May,
    MayNot,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ttl: 254,
            multicast_ttl: 1,
            service: 0,
            fragment: Fragment::May,
            header: Header::Ours,
            broadcast: Broadcast::May,
            device: 0,
        }
    }
}

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// Sends a packet of a protocol to its destination, by the route there.
pub(crate) fn send(mut buffer: Buffer, options: &Options) -> Sent {
    match datalink::route_for(&INET, &mut buffer, options.device) {
        Ok(route) => send_routed(&route, buffer, options),
        Err(failed) => Err((buffer, failed)),
    }
}

/// Puts the header on and sends a packet by a route.
pub(crate) fn send_routed(route: &Route, mut buffer: Buffer, options: &Options) -> Sent {
    if let Err(failed) = add_header(route, &mut buffer, options) {
        return Err((buffer, failed));
    }
    let mtu = route.mtu();
    if buffer.len() <= mtu {
        return datalink::send_routed(route, buffer);
    }
    match options.fragment {
        Fragment::MayNot => Err((buffer, EMSGSIZE)),
        Fragment::May => fragments::send(route, buffer, mtu),
    }
}

fn add_header(route: &Route, buffer: &mut Buffer, options: &Options) -> Result<(), status_t> {
    let (source, destination) = (v4(&buffer.source()), v4(&buffer.destination()));
    let mut flags = buffer.flags() & !(BROADCAST | MULTICAST);
    buffer.set_flags(flags);
    if destination.is_unspecified() {
        return Err(EDESTADDRREQ);
    }
    let network_broadcast = route.address().destination().map(|at| v4(&at));
    let to_all = destination.is_broadcast() || network_broadcast == Some(destination);
    if route.interface().hardware().flags() & IFF_BROADCAST != 0 && to_all {
        if options.broadcast == Broadcast::MayNot {
            return Err(B_BAD_VALUE);
        }
        flags |= BROADCAST;
    } else if destination.is_multicast() {
        flags |= MULTICAST;
    }
    buffer.set_flags(flags);
    match options.header {
        Header::Ours => {
            let length = buffer.len() + HEADER_BYTES;
            let [l0, l1] = u16::try_from(length).map_err(|_| EMSGSIZE)?.to_be_bytes();
            let [i0, i1] = (NEXT_ID.fetch_add(1, Ordering::Relaxed) as u16).to_be_bytes();
            let [f0, f1] = if options.fragment == Fragment::MayNot { DONT_FRAGMENT } else { 0 }.to_be_bytes();
            let ttl = if flags & MULTICAST != 0 { options.multicast_ttl } else { options.ttl };
            let front = [0x45, options.service, l0, l1, i0, i1, f0, f1, ttl, buffer.protocol(), 0, 0];
            let mut header = [0; HEADER_BYTES];
            let fields = front.into_iter().chain(source.octets()).chain(destination.octets());
            header.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
            set_checksum(&mut header);
            buffer.prepend(&header)?;
            buffer.add_checksum(NET_BUFFER_L3_CHECKSUM_VALID);
        }
        Header::Sender => complete_header(buffer, source)?,
    }
    if buffer.len() > 0xffff { Err(EMSGSIZE) } else { Ok(()) }
}

/// Fills in the source and the checksum of a header that the sender made, where it left them out.
fn complete_header(buffer: &mut Buffer, source: Ipv4Addr) -> Result<(), status_t> {
    let mut header: [u8; HEADER_BYTES] = buffer.header().ok_or(B_BAD_VALUE)?;
    let [.., c0, c1, s0, s1, s2, s3, _, _, _, _] = &mut header;
    if [*s0, *s1, *s2, *s3] == [0; 4] {
        [*s0, *s1, *s2, *s3] = source.octets();
        (*c0, *c1) = (0, 0);
    } else if (*c0, *c1) != (0, 0) {
        return Ok(());
    }
    set_checksum(&mut header);
    buffer.write(0, &header)
}

/// Sets a header's checksum, over all of it.
fn set_checksum(header: &mut [u8]) {
    if let Some([c0, c1]) = header.get_mut(10..12) {
        (*c0, *c1) = (0, 0);
    }
    let sum = !checksum::fold(checksum::sum(header));
    if let Some(place) = header.get_mut(10..12) {
        place.copy_from_slice(&sum.to_ne_bytes());
    }
}

/// What a header says.
#[derive(Clone, Copy)]
struct Parsed {
    header_bytes: usize,
    total_bytes: usize,
    id: u16,
    fragment: u16,
    protocol: u8,
    source: Ipv4Addr,
    destination: Ipv4Addr,
}

impl Parsed {
    fn read(buffer: &Buffer) -> Option<Self> {
        let header: [u8; HEADER_BYTES] = buffer.header()?;
        let [first, _, l0, l1, i0, i1, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = header;
        let this = Self {
            header_bytes: usize::from(first & 15) * 4,
            total_bytes: usize::from(u16::from_be_bytes([l0, l1])),
            id: u16::from_be_bytes([i0, i1]),
            fragment: u16::from_be_bytes([f0, f1]),
            protocol,
            source: [s0, s1, s2, s3].into(),
            destination: [d0, d1, d2, d3].into(),
        };
        (first >> 4 == 4 && this.header_bytes >= HEADER_BYTES).then_some(this)
    }
}

/// Handles a packet whose link header is off. What is not for us is answered by "host unreachable", however it came.
pub(crate) fn receive(mut buffer: Buffer) {
    let Some(header) = Parsed::read(&buffer).filter(|header| header.total_bytes <= buffer.len()) else { return };
    let checked = buffer.checksums() & NET_BUFFER_L3_CHECKSUM_VALID != 0;
    if !checked && buffer.sum(0, header.header_bytes) != Ok(0xffff) {
        return;
    }
    let was_group = buffer.flags() & (BROADCAST | MULTICAST) != 0;
    buffer.set_flags(buffer.flags() & !(BROADCAST | MULTICAST));
    let for_us = classify(&mut buffer, header.destination, was_group);
    buffer.set_source(&Sockaddr::v4(header.source, 0));
    buffer.set_destination(&Sockaddr::v4(header.destination, 0));
    buffer.set_protocol(header.protocol);
    if !for_us {
        if !was_group {
            icmp::complain(&buffer, Unreachable::Host);
        }
        return;
    }
    if buffer.trim(header.total_bytes).is_err() {
        return;
    }
    if header.fragment & (MORE_FRAGMENTS | OFFSET) == 0 {
        return deliver(buffer, header.header_bytes);
    }
    if let Some(whole) = fragments::receive(buffer, &header) {
        // The header that comes off is as long as that of the piece that came last, whichever that was, as in Haiku.
        deliver(whole, header.header_bytes);
    }
}

/// Finds the address of ours that a packet is for, and whether it is for one or for all; says if it is for us.
fn classify(buffer: &mut Buffer, destination: Ipv4Addr, was_group: bool) -> bool {
    let link = buffer.destination();
    if destination.is_broadcast() {
        buffer.set_flags(buffer.flags() | BROADCAST);
        return match datalink::local_link(&INET, &link, Only::Unconfigured) {
            Some(address) => {
                drop(buffer.set_interface_address(Some(address)));
                true
            }
            None => was_group,
        };
    }
    if destination.is_multicast() {
        buffer.set_flags(buffer.flags() | MULTICAST);
        return true;
    }
    let found = datalink::local(&INET, &Sockaddr::v4(destination, 0));
    let found = found.or_else(|| datalink::local_link(&INET, &link, Only::Unconfigured).map(|address| (address, 0)));
    match found {
        Some((address, kind)) => {
            drop(buffer.set_interface_address(Some(address)));
            buffer.set_flags(buffer.flags() | kind);
            true
        }
        None => {
            // What came to a group of the link may be for us all the same; who gets it decides.
            let kind = if was_group { BROADCAST } else { 0 };
            buffer.set_flags(buffer.flags() | kind);
            was_group
        }
    }
}

/// Hands a whole packet to its protocol, and copies to raw sockets.
fn deliver(mut buffer: Buffer, header_bytes: usize) {
    let raw = raw::deliver(AF_INET, &buffer);
    // Kept for messages about the packet. Somebody else's stored header is lost by this.
    let _ = buffer.store_header();
    if buffer.remove_header(header_bytes).is_err() {
        return;
    }
    match buffer.protocol() {
        UDP if buffer.flags() & MULTICAST != 0 => udp::deliver_multicast(buffer),
        ICMP if buffer.flags() & MULTICAST != 0 => {}
        UDP => udp::receive(buffer),
        ICMP => icmp::receive(buffer),
        _ if raw => {}
        _ => icmp::complain(&buffer, Unreachable::Protocol),
    }
}

/// Hands what a message complains about to the protocol that sent it, if we did: the packet begins with its header.
pub(crate) fn complaint(mut buffer: Buffer, status: status_t) {
    let Some(header) = Parsed::read(&buffer) else { return };
    if buffer.sum(0, header.header_bytes.min(buffer.len())) != Ok(0xffff) {
        return;
    }
    let (source, destination) = (Sockaddr::v4(header.source, 0), Sockaddr::v4(header.destination, 0));
    if datalink::local(&INET, &source).is_none() || buffer.remove_header(header.header_bytes).is_err() {
        return;
    }
    buffer.set_source(&source);
    buffer.set_destination(&destination);
    if header.protocol == UDP {
        udp::complaint(&INET, &buffer, status);
    }
}

pub(crate) fn v4(address: &Sockaddr) -> Ipv4Addr {
    match address.address() {
        Some(IpAddr::V4(address)) => address,
        Some(IpAddr::V6(_)) | None => Ipv4Addr::UNSPECIFIED,
    }
}
