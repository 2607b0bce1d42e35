//! UDP (RFC 768).

use super::{Kind, Socket, options};
use crate::stack::buffer::{Buffer, Sent, checksum};
use crate::stack::datalink;
use crate::stack::domain::Domain;
use crate::stack::family::{Family, Port};
use crate::stack::icmp::{self, Unreachable};
use crate::stack::lock::Mutex;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::{domain, ipv4, ipv6};
use haiku_abi::*;
use std::net::IpAddr;
use std::sync::Arc;

const HEADER_BYTES: usize = 8;
/// Where a header has its checksum.
const CHECKSUM: usize = 6;
/// Ports that are given to who asks for none.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// All open sockets of either family, and the port that was given last.
struct Endpoints {
    open: Vec<Arc<Socket>>,
    last_port: u16,
}

static ENDPOINTS: Mutex<Endpoints> = Mutex::new(c"udp domain", Endpoints { open: Vec::new(), last_port: 49_151 });

pub(crate) fn init() {
    ENDPOINTS.init();
}

pub(crate) fn uninit() {
    ENDPOINTS.destroy();
}

pub(super) fn add(socket: &Arc<Socket>) {
    ENDPOINTS.lock().open.push(socket.clone());
}

pub(super) fn remove(socket: &Arc<Socket>) {
    let mut endpoints = ENDPOINTS.lock();
    let at = endpoints.open.iter().position(|other| Arc::ptr_eq(other, socket));
    let out = at.map(|at| endpoints.open.remove(at));
    drop(endpoints);
    drop(out);
}

/// Binds a socket, to a free port if it wants none.
pub(super) fn bind(socket: &Arc<Socket>, address: &Sockaddr) -> status_t {
    let family = socket.family();
    if address.family() != family.number() {
        return EAFNOSUPPORT;
    }
    let mut endpoints = ENDPOINTS.lock();
    if socket.state().is_active {
        return EINVAL;
    }
    bind_locked(&mut endpoints, socket, *address)
}

fn bind_locked(endpoints: &mut Endpoints, socket: &Arc<Socket>, mut address: Sockaddr) -> status_t {
    let family = socket.family();
    let active = |other: &&Arc<Socket>| other.family() == family && other.state().is_active;
    if address.port() == 0 {
        let taken: Vec<u16> = endpoints.open.iter().filter(active).map(|other| other.state().local.port()).collect();
        let after = endpoints.last_port.checked_add(1).unwrap_or(*EPHEMERAL.start());
        let ports = (after..=*EPHEMERAL.end()).chain(EPHEMERAL);
        let Some(port) = ports.into_iter().find(|port| !taken.contains(port)) else { return ENOBUFS };
        endpoints.last_port = port;
        address.set_port(port);
    } else {
        for other in endpoints.open.iter().filter(active) {
            let theirs = other.state();
            if theirs.local.port() != address.port() {
                continue;
            }
            let (shared, same) =
                (theirs.options & socket.state().options, family.equal(Some(&theirs.local), Some(&address)));
            let may = shared_ports(shared, same);
            if !may {
                return EADDRINUSE;
            }
        }
    }
    let is_ours = family.is_empty(Some(&address), Port::Ignored)
        || address.address().is_some_and(|address| match address {
            IpAddr::V4(address) => address.is_multicast(),
            IpAddr::V6(address) => address.is_multicast(),
        })
        || datalink::local(socket.domain, &address).is_some();
    if !is_ours {
        return if family == Family::Inet { EADDRNOTAVAIL } else { B_ERROR };
    }
    let mut state = socket.state();
    state.local = family.adopted(Some(&address)).unwrap_or(address);
    state.is_active = true;
    B_OK
}

/// Whether two sockets may have one port: both ask to share it, and by `SO_REUSEPORT` if the address is the same too.
fn shared_ports(options: i32, same_address: bool) -> bool {
    let either = options::SO_REUSEADDR | options::SO_REUSEPORT;
    options & if same_address { options::SO_REUSEPORT } else { either } != 0
}

/// Sets whom the socket talks to; without a family, nobody.
pub(super) fn connect(socket: &Arc<Socket>, peer: &Sockaddr) -> status_t {
    let family = socket.family();
    let mut endpoints = ENDPOINTS.lock();
    socket.state().is_active = false;
    if peer.family() == AF_UNSPEC {
        socket.state().peer = Sockaddr::EMPTY;
    } else {
        let Some(mut peer) = family.adopted(Some(peer)) else { return EAFNOSUPPORT };
        if family.is_empty(Some(&peer), Port::Ignored) {
            peer = family.loopback(peer.port());
        }
        socket.state().peer = peer;
        if let Some(local) = socket.domain.route_to(&peer).and_then(|route| route.address().local()) {
            let mut state = socket.state();
            let port = state.local.port();
            state.local = local;
            state.local.set_port(port);
        }
    }
    let local = socket.state().local;
    let status = bind_locked(&mut endpoints, socket, local);
    if status == B_OK {
        socket.state().is_connected = true;
    }
    status
}

pub(super) fn shutdown(socket: &Socket, direction: i32) -> status_t {
    let mut state = socket.state();
    if !state.is_active {
        return ENOTCONN;
    }
    state.no_receive |= direction != 1;
    state.no_send |= direction != 0;
    B_OK
}

/// Sends a packet whose addresses are set.
pub(super) fn send(socket: &Socket, mut buffer: Buffer) -> Sent {
    if socket.state().no_send {
        return Err((buffer, EPIPE));
    }
    match socket.take_error() {
        B_OK => {}
        failed => return Err((buffer, failed)),
    }
    let device = socket.state().device;
    let route = match datalink::route_for(socket.domain, &mut buffer, device) {
        Ok(route) => route,
        Err(failed) => return Err((buffer, failed)),
    };
    if let Err(failed) = add_header(&mut buffer) {
        return Err((buffer, failed));
    }
    let state = socket.state();
    let (inet, inet6) = (state.inet, state.inet6);
    drop(state);
    match socket.family() {
        Family::Inet => ipv4::send_routed(&route, buffer, &inet),
        Family::Inet6 => ipv6::send_routed(&route, buffer, &inet6),
        Family::Link => Err((buffer, B_BAD_VALUE)),
    }
}

fn add_header(buffer: &mut Buffer) -> Result<(), status_t> {
    let length = u16::try_from(buffer.len() + HEADER_BYTES).map_err(|_| EMSGSIZE)?;
    buffer.set_protocol(ipv4::UDP);
    let [s0, s1] = buffer.source().port().to_be_bytes();
    let [d0, d1] = buffer.destination().port().to_be_bytes();
    let [l0, l1] = length.to_be_bytes();
    buffer.prepend(&[s0, s1, d0, d1, l0, l1, 0, 0])?;
    let sum = match !sum(buffer)? {
        0 => 0xffff,
        sum => sum,
    };
    buffer.write(CHECKSUM, &sum.to_ne_bytes())?;
    buffer.add_checksum(NET_BUFFER_L4_CHECKSUM_VALID);
    Ok(())
}

/// The sum over a datagram and the addresses it goes between.
fn sum(buffer: &Buffer) -> Result<u16, status_t> {
    let addresses = match (buffer.source().address(), buffer.destination().address()) {
        (Some(IpAddr::V4(source)), Some(IpAddr::V4(destination))) => {
            let rest = (buffer.len() as u16).to_be_bytes();
            let sum = checksum::sum(&source.octets()) + checksum::sum(&destination.octets());
            sum + checksum::sum(&rest) + checksum::sum(&[0, ipv4::UDP])
        }
        (Some(IpAddr::V6(source)), Some(IpAddr::V6(destination))) => {
            ipv6::pseudo_header(source, destination, buffer.len(), ipv6::UDP)
        }
        _ => return Err(B_BAD_VALUE),
    };
    Ok(checksum::fold(u64::from(buffer.sum(0, buffer.len())?) + addresses))
}

/// Takes a datagram's header off and writes the ports to its addresses, if it is whole.
fn take_header_off(buffer: &mut Buffer) -> Option<()> {
    let [s0, s1, d0, d1, l0, l1, c0, c1] = buffer.header()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    set_ports(buffer, u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    if length > buffer.len() || length < HEADER_BYTES {
        return None;
    }
    buffer.trim(length).ok()?;
    let checked = buffer.checksums() & NET_BUFFER_L4_CHECKSUM_VALID != 0;
    if [c0, c1] != [0, 0] && !checked && sum(buffer) != Ok(0xffff) {
        return None;
    }
    buffer.remove_header(HEADER_BYTES).ok()
}

fn set_ports(buffer: &mut Buffer, from: u16, to: u16) {
    let (mut source, mut destination) = (buffer.source(), buffer.destination());
    source.set_port(from);
    destination.set_port(to);
    buffer.set_source(&source);
    buffer.set_destination(&destination);
}

/// Handles a datagram whose IP header is off. While no socket of its family is open nobody is told of a closed port.
pub(crate) fn receive(mut buffer: Buffer) {
    let Some(domain) = domain::by_family(buffer.destination().family()) else { return };
    let is_open = ENDPOINTS.lock().open.iter().any(|socket| socket.domain.is(domain));
    if !is_open || take_header_off(&mut buffer).is_none() {
        return;
    }
    if buffer.flags() & MSG_BCAST as u32 != 0 {
        return deliver_to_all(domain, &buffer);
    }
    let endpoints = ENDPOINTS.lock();
    let found = endpoints.find(domain, &buffer.destination(), &buffer.source(), buffer.index());
    drop(endpoints);
    match found {
        Some(socket) => {
            // A full queue loses the datagram.
            socket.enqueue_shared(&buffer);
        }
        None if domain.family() == Family::Inet => icmp::complain(&buffer, Unreachable::Port),
        None => {}
    }
}

impl Endpoints {
    /// The socket for a datagram: by both ends, by ours, by theirs and our port, or by our port alone.
    fn find(&self, domain: &Domain, local: &Sockaddr, peer: &Sockaddr, device: u32) -> Option<Arc<Socket>> {
        let family = domain.family();
        let any = family.unspecified(local.port());
        let find = |local: &Sockaddr, peer: Option<&Sockaddr>| {
            let is_it = |socket: &&Arc<Socket>| {
                let state = socket.state();
                let is_for = |has: &Sockaddr| match peer {
                    Some(peer) => has.len() != 0 && family.equal_with_port(has, peer),
                    None => family.is_empty(Some(has), Port::Counts),
                };
                socket.domain.is(domain)
                    && state.is_active
                    && family.equal_with_port(&state.local, local)
                    && is_for(&state.peer)
                    && (state.device == 0 || device == 0 || state.device == device)
            };
            self.open.iter().find(is_it).cloned()
        };
        find(local, Some(peer))
            .or_else(|| find(local, None))
            .or_else(|| find(&any, Some(peer)))
            .or_else(|| find(&any, None))
    }
}

/// Hands a broadcast to every socket that it may be for.
fn deliver_to_all(domain: &Domain, buffer: &Buffer) {
    let family = domain.family();
    let (to, from) = (buffer.destination(), buffer.source());
    let mask = buffer.interface_address().and_then(|address| address.mask());
    let is_for = |socket: &&Arc<Socket>| {
        let state = socket.state();
        socket.domain.is(domain)
            && state.is_active
            && (state.device == 0 || state.device == buffer.index())
            && state.local.port() == to.port()
            && (family.is_empty(Some(&state.peer), Port::Counts) || family.equal_with_port(&state.peer, &from))
            && (mask.is_none()
                || family.is_empty(Some(&state.local), Port::Ignored)
                || family.equal_masked(Some(&state.local), Some(&to), mask.as_ref()))
    };
    let all: Vec<_> = ENDPOINTS.lock().open.iter().filter(is_for).cloned().collect();
    all.iter().for_each(|socket| _ = socket.enqueue_shared(buffer));
}

/// Hands a datagram to a group to every socket that has joined it.
pub(crate) fn deliver_multicast(mut buffer: Buffer) {
    let Some(group) = buffer.destination().address() else { return };
    if take_header_off(&mut buffer).is_none() {
        return;
    }
    let port = buffer.destination().port();
    let has_joined = |socket: &&Arc<Socket>| {
        let state = socket.state();
        state.is_active && state.local.port() == port && state.groups.iter().any(|&(joined, _)| joined == group)
    };
    let all: Vec<_> = ENDPOINTS.lock().open.iter().filter(has_joined).cloned().collect();
    all.iter().for_each(|socket| _ = socket.enqueue_shared(&buffer));
}

/// Tells the socket that sent a datagram what became of it: its source and destination are as it was sent.
pub(crate) fn complaint(domain: &'static Domain, buffer: &Buffer, status: status_t) {
    let Some([s0, s1, d0, d1]) = buffer.header() else { return };
    let (mut local, mut peer) = (buffer.source(), buffer.destination());
    local.set_port(u16::from_be_bytes([s0, s1]));
    peer.set_port(u16::from_be_bytes([d0, d1]));
    let is_it = |socket: &&Arc<Socket>| {
        let (state, family) = (socket.state(), domain.family());
        socket.domain.is(domain)
            && state.is_active
            && family.equal_with_port(&state.local, &local)
            && state.peer.len() != 0
            && family.equal_with_port(&state.peer, &peer)
    };
    let found = ENDPOINTS.lock().open.iter().find(is_it).cloned();
    if let Some(socket) = found.filter(|socket| matches!(socket.kind, Kind::Udp)) {
        socket.notify(B_SELECT_ERROR, status);
        socket.queue.wake_one();
    }
}
