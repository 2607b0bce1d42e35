//! Sending and receiving.

use super::{Kind, Socket, capture, options, raw, udp};
use crate::stack::buffer::Buffer;
use crate::stack::ipv4::Broadcast;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::ffi::c_void;
use std::sync::Arc;

/// `struct msghdr`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Message {
    pub(super) name: *mut sockaddr,
    pub(super) name_bytes: socklen_t,
    pub(super) vectors: *mut iovec,
    pub(super) vector_count: i32,
    pub(super) control: *mut c_void,
    pub(super) control_bytes: socklen_t,
    pub(super) flags: i32,
}

const _: () = assert!(size_of::<Message>() == 48);

const MSG_TRUNC: i32 = 0x10;
const MSG_NOSIGNAL: i32 = 0x800;

/// What was received.
pub(super) struct Received {
    /// Bytes that fit, or all there were if the caller wants to know that.
    pub(super) bytes: usize,
    pub(super) truncated: bool,
    pub(super) from: Sockaddr,
}

/// Receives one packet into the vectors.
///
/// # Safety
/// The vectors are memory that may be written, or a program's addresses.
pub(super) unsafe fn receive(socket: &Socket, vectors: &[iovec], flags: i32) -> Result<Option<Received>, status_t> {
    if socket.state().no_receive {
        return Ok(None);
    }
    let buffer = socket.dequeue(flags & !(MSG_NOSIGNAL | MSG_TRUNC))?;
    let mut done = 0;
    for vector in vectors {
        let bytes = vector.iov_len.min(buffer.len() - done);
        // SAFETY: the caller's.
        unsafe { buffer.read_raw(done, vector.iov_base.cast(), bytes) }?;
        done += bytes;
    }
    let truncated = done < buffer.len();
    let bytes = if truncated && flags & MSG_TRUNC != 0 { buffer.len() } else { done };
    Ok(Some(Received { bytes, truncated, from: buffer.source() }))
}

/// Sends one packet from the vectors.
///
/// # Safety
/// The vectors are memory that may be read, or a program's addresses.
pub(super) unsafe fn send(
    socket: &Arc<Socket>,
    vectors: &[iovec],
    flags: i32,
    to: Option<Sockaddr>,
) -> Result<usize, status_t> {
    let state = socket.state();
    let (peer, room, is_bound) = (state.peer, state.send.bytes as usize, state.local.len() != 0);
    drop(state);
    let to = match (to, peer.len()) {
        (Some(_), 1..) => return Err(EISCONN),
        (Some(to), 0) => to,
        (None, 1..) => peer,
        (None, 0) => return Err(EDESTADDRREQ),
    };
    let total = vectors.iter().map(|vector| vector.iov_len).fold(0_usize, usize::saturating_add);
    if total > room {
        return Err(EMSGSIZE);
    }
    if !is_bound {
        match bind(socket, &socket.family().nowhere()) {
            B_OK => {}
            failed => return Err(failed),
        }
    }
    let mut buffer = Buffer::new(256).ok_or(ENOBUFS)?;
    for vector in vectors.iter().filter(|vector| vector.iov_len > 0) {
        // SAFETY: the caller's.
        unsafe { buffer.append_raw(vector.iov_base.cast(), vector.iov_len) }.map_err(|_| ENOBUFS)?;
    }
    buffer.set_flags((flags & !MSG_NOSIGNAL).cast_unsigned());
    buffer.set_source(&socket.state().local);
    buffer.set_destination(&to);
    let sent = match &socket.kind {
        Kind::Udp => {
            let mut state = socket.state();
            let may = state.options & options::SO_BROADCAST != 0;
            state.inet.broadcast = if may { Broadcast::May } else { Broadcast::MayNot };
            drop(state);
            udp::send(socket, buffer)
        }
        Kind::Raw => raw::send(socket, buffer),
        Kind::Link(_) => capture::send(socket, buffer),
    };
    match sent {
        Ok(()) => Ok(total),
        Err((buffer, failed)) => {
            drop(buffer);
            Err(failed)
        }
    }
}

/// Gives a socket an address of its own, once.
pub(super) fn bind(socket: &Arc<Socket>, address: &Sockaddr) -> status_t {
    if socket.state().local.len() != 0 {
        return B_BAD_VALUE;
    }
    match &socket.kind {
        Kind::Udp => udp::bind(socket, address),
        Kind::Raw => {
            let Some(address) = socket.family().adopted(Some(address)) else { return EAFNOSUPPORT };
            if !options::may_bind(socket, &address) {
                return EADDRNOTAVAIL;
            }
            socket.state().local = address;
            B_OK
        }
        Kind::Link(capture) => capture::bind(socket, capture, address),
    }
}

pub(super) fn connect(socket: &Arc<Socket>, address: &Sockaddr) -> status_t {
    if socket.state().local.len() == 0 {
        match bind(socket, &socket.family().nowhere()) {
            B_OK => {}
            failed => return failed,
        }
    }
    match &socket.kind {
        Kind::Udp => udp::connect(socket, address),
        Kind::Raw => raw::connect(socket, address),
        Kind::Link(_) => B_NOT_SUPPORTED,
    }
}
