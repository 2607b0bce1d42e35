//! Raw sockets: whole IP packets of one protocol.

use super::{Socket, options};
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::family::Family;
use crate::stack::ipv4::{self, Header};
use crate::stack::ipv6;
use crate::stack::lock::Mutex;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::sync::Arc;

static OPEN: Mutex<Vec<Arc<Socket>>> = Mutex::new(c"raw sockets", Vec::new());

pub(crate) fn init() {
    OPEN.init();
}

pub(crate) fn uninit() {
    OPEN.destroy();
}

pub(super) fn add(socket: &Arc<Socket>) {
    OPEN.lock().push(socket.clone());
}

pub(super) fn remove(socket: &Arc<Socket>) {
    let mut open = OPEN.lock();
    let at = open.iter().position(|other| Arc::ptr_eq(other, socket));
    let out = at.map(|at| open.remove(at));
    drop(open);
    drop(out);
}

/// Copies a packet to every socket of its protocol; says whether there was one.
pub(crate) fn deliver(family: i32, buffer: &Buffer) -> bool {
    let open = OPEN.lock();
    let is_for =
        |socket: &&Arc<Socket>| socket.domain.family().number() == family && socket.protocol == buffer.protocol();
    let all: Vec<_> = open.iter().filter(is_for).cloned().collect();
    drop(open);
    all.iter().for_each(|socket| _ = socket.enqueue_shared(buffer));
    !all.is_empty()
}

/// Sets where packets go that are sent without an address.
pub(super) fn connect(socket: &Socket, peer: &Sockaddr) -> status_t {
    let Some(peer) = socket.family().adopted(Some(peer)) else { return EAFNOSUPPORT };
    let mut state = socket.state();
    state.peer = peer;
    state.is_connected = true;
    B_OK
}

/// Sends a packet whose addresses are set, or stand in the header that the sender made.
pub(super) fn send(socket: &Socket, mut buffer: Buffer) -> Sent {
    let state = socket.state();
    let (mut inet, mut inet6) = (state.inet, state.inet6);
    (inet.device, inet6.device) = (state.device, state.device);
    if state.options & options::SO_BROADCAST != 0 {
        inet.broadcast = ipv4::Broadcast::May;
    }
    drop(state);
    buffer.set_protocol(socket.protocol);
    match socket.family() {
        Family::Inet if inet.header == Header::Sender => {
            let Some(header) = buffer.header::<{ ipv4::HEADER_BYTES }>() else { return Err((buffer, B_BAD_VALUE)) };
            let [.., s0, s1, s2, s3, d0, d1, d2, d3] = header;
            buffer.set_source(&Sockaddr::v4([s0, s1, s2, s3].into(), 0));
            buffer.set_destination(&Sockaddr::v4([d0, d1, d2, d3].into(), 0));
            ipv4::send(buffer, &inet)
        }
        Family::Inet => ipv4::send(buffer, &inet),
        Family::Inet6 => ipv6::send(buffer, &inet6),
        Family::Link => Err((buffer, B_BAD_VALUE)),
    }
}
