//! The functions of `network/stack/kernel_interface/v1`: sockets as the kernel's system calls reach them.

use super::io::{self, Message};
use super::{Kind, Socket, capture, options, udp};
use crate::stack::kernel;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::Place;
use haiku_abi::{sockaddr as Address, *};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr::null_mut;
use std::sync::Arc;

/// The module.
pub(crate) static MODULE: net_stack_interface_module_info = net_stack_interface_module_info {
    info: module_info {
        name: NET_STACK_INTERFACE_MODULE_NAME.as_ptr(),
        flags: 0,
        std_ops: Some(kernel::variadic(std_ops)),
    },
    open: Some(open),
    close: Some(close),
    free: Some(free),
    bind: Some(bind),
    shutdown: Some(shutdown),
    connect: Some(connect),
    listen: Some(listen),
    accept: Some(accept),
    recv: Some(recv),
    recvfrom: Some(recvfrom),
    recvmsg: Some(recvmsg),
    send: Some(send),
    sendto: Some(sendto),
    sendmsg: Some(sendmsg),
    getsockopt: Some(getsockopt),
    setsockopt: Some(setsockopt),
    getpeername: Some(getpeername),
    getsockname: Some(getsockname),
    sockatmark: Some(sockatmark),
    socketpair: Some(socketpair),
    ioctl: Some(ioctl),
    select: Some(select),
    deselect: Some(deselect),
    get_next_socket_stat: Some(get_next_socket_stat),
};

/// The module with which the whole stack begins and ends.
unsafe extern "C" fn std_ops(op: i32) -> status_t {
    match op {
        B_MODULE_INIT => crate::stack::start(),
        B_MODULE_UNINIT => crate::stack::end(),
        _ => B_ERROR,
    }
}

/// The socket, for the time of a call.
///
/// # Safety
/// `raw` is a socket that is open for the call.
unsafe fn at(raw: *mut net_socket) -> ManuallyDrop<Arc<Socket>> {
    // SAFETY: sockets are given out by `open` as such pointers; the count is not touched.
    ManuallyDrop::new(unsafe { Arc::from_raw(raw.cast_const().cast::<Socket>()) })
}

/// Reads an address that a caller gave with its length. It may not say its own.
///
/// # Safety
/// `address` is null or has `bytes` bytes.
unsafe fn given(address: *const Address, bytes: socklen_t) -> Option<Sockaddr> {
    if bytes == 0 || address.is_null() {
        return None;
    }
    let mut read = Sockaddr::EMPTY;
    let bytes = (bytes as usize).min(size_of::<Sockaddr>());
    // SAFETY: the caller's; no more than fits.
    unsafe { address.cast::<u8>().copy_to(read.bytes_mut().as_mut_ptr(), bytes) };
    read.set_len(bytes as u8);
    Some(read)
}

/// Writes an address and its length for a caller, as much as fits.
///
/// # Safety
/// `place` is null or has as many bytes as `bytes` says, which is null or the caller's.
unsafe fn give(address: &Sockaddr, place: *mut Address, bytes: *mut socklen_t) {
    // SAFETY: the caller's.
    let Some(room) = (unsafe { bytes.as_mut() }) else { return };
    let fits = usize::from(address.len()).min(*room as usize);
    if !place.is_null() {
        // SAFETY: the caller's; no more than fits.
        unsafe { address.bytes().as_ptr().copy_to(place.cast(), fits) };
    }
    *room = u32::from(address.len());
}

unsafe extern "C" fn open(family: i32, kind: i32, protocol: i32, place: *mut *mut net_socket) -> status_t {
    match Socket::open(family, kind, protocol) {
        Ok(socket) => {
            // SAFETY: the caller's.
            unsafe { place.write(Arc::into_raw(socket).cast_mut().cast()) };
            B_OK
        }
        Err(failed) => failed,
    }
}

unsafe extern "C" fn close(raw: *mut net_socket) -> status_t {
    // SAFETY: the caller's.
    unsafe { at(raw) }.close()
}

unsafe extern "C" fn free(raw: *mut net_socket) -> status_t {
    // SAFETY: the caller gives the socket back.
    let socket = unsafe { Arc::from_raw(raw.cast_const().cast::<Socket>()) };
    socket.free();
    B_OK
}

unsafe extern "C" fn bind(raw: *mut net_socket, address: *const Address, bytes: socklen_t) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    // SAFETY: the caller's.
    let address = unsafe { given(address, bytes) };
    io::bind(&socket, &address.unwrap_or_else(|| socket.family().nowhere()))
}

unsafe extern "C" fn shutdown(raw: *mut net_socket, how: i32) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    match &socket.kind {
        Kind::Udp => udp::shutdown(&socket, how),
        Kind::Raw | Kind::Link(_) => B_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn connect(raw: *mut net_socket, address: *const Address, bytes: socklen_t) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    // SAFETY: the caller's.
    let Some(address) = (unsafe { given(address, bytes) }) else { return ENETUNREACH };
    io::connect(&socket, &address)
}

/// There are no sockets with connections to wait for.
unsafe extern "C" fn listen(_raw: *mut net_socket, _backlog: i32) -> status_t {
    B_NOT_SUPPORTED
}

unsafe extern "C" fn accept(
    _raw: *mut net_socket,
    _address: *mut Address,
    _bytes: *mut socklen_t,
    _accepted: *mut *mut net_socket,
) -> status_t {
    B_NOT_SUPPORTED
}

unsafe extern "C" fn recv(raw: *mut net_socket, data: *mut c_void, length: usize, flags: i32) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let vector = iovec { iov_base: data, iov_len: length };
    // SAFETY: the caller's.
    let received = unsafe { io::receive(&socket, &[vector], flags) };
    number(received.map(|received| received.map_or(0, |received| received.bytes)))
}

unsafe extern "C" fn recvfrom(
    raw: *mut net_socket,
    data: *mut c_void,
    length: usize,
    flags: i32,
    address: *mut Address,
    bytes: *mut socklen_t,
) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let vector = iovec { iov_base: data, iov_len: length };
    // SAFETY: the caller's.
    let received = unsafe { io::receive(&socket, &[vector], flags) };
    number(received.map(|received| {
        let Some(received) = received else { return 0 };
        // SAFETY: the caller's.
        unsafe { give(&received.from, address, bytes) };
        received.bytes
    }))
}

/// The vectors of a message.
///
/// # Safety
/// The message's vectors may be read.
unsafe fn vectors<'a>(message: &Message) -> &'a [iovec] {
    match usize::try_from(message.vector_count) {
        Ok(count @ 1..) if !message.vectors.is_null() => {
            // SAFETY: the caller's.
            unsafe { std::slice::from_raw_parts(message.vectors, count) }
        }
        _ => &[],
    }
}

unsafe extern "C" fn recvmsg(raw: *mut net_socket, message: *mut c_void, flags: i32) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    // SAFETY: the caller's.
    let Some(message) = (unsafe { message.cast::<Message>().as_mut() }) else { return B_BAD_VALUE as ssize_t };
    // SAFETY: the caller's.
    let vectors = unsafe { vectors(message) };
    // SAFETY: the caller's.
    let received = unsafe { io::receive(&socket, vectors, flags) };
    (message.control_bytes, message.flags) = (0, 0);
    number(received.map(|received| {
        let Some(received) = received else { return 0 };
        message.flags = if received.truncated { MSG_TRUNC } else { 0 };
        let room = message.name_bytes;
        // SAFETY: the caller's.
        unsafe { give(&received.from, message.name.cast(), &mut message.name_bytes) };
        message.name_bytes = message.name_bytes.min(room);
        received.bytes
    }))
}

unsafe extern "C" fn send(raw: *mut net_socket, data: *const c_void, length: usize, flags: i32) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let vector = iovec { iov_base: data.cast_mut(), iov_len: length };
    // SAFETY: the caller's.
    number(unsafe { io::send(&socket, &[vector], flags, None) })
}

unsafe extern "C" fn sendto(
    raw: *mut net_socket,
    data: *const c_void,
    length: usize,
    flags: i32,
    address: *const Address,
    bytes: socklen_t,
) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let vector = iovec { iov_base: data.cast_mut(), iov_len: length };
    // SAFETY: the caller's.
    let to = unsafe { given(address, bytes) };
    if to.is_none() && bytes != 0 {
        return B_BAD_VALUE as ssize_t;
    }
    // SAFETY: the caller's.
    number(unsafe { io::send(&socket, &[vector], flags, to) })
}

unsafe extern "C" fn sendmsg(raw: *mut net_socket, message: *const c_void, flags: i32) -> ssize_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    // SAFETY: the caller's.
    let Some(message) = (unsafe { message.cast::<Message>().as_ref() }) else { return B_BAD_VALUE as ssize_t };
    if !message.control.is_null() && message.control_bytes > 0 {
        return B_NOT_SUPPORTED as ssize_t;
    }
    // SAFETY: the caller's.
    let to = unsafe { given(message.name.cast_const().cast(), message.name_bytes) };
    // SAFETY: the caller's.
    let vectors = unsafe { vectors(message) };
    // SAFETY: the caller's.
    number(unsafe { io::send(&socket, vectors, flags, to) })
}

unsafe extern "C" fn getsockopt(
    raw: *mut net_socket,
    level: i32,
    option: i32,
    value: *mut c_void,
    length: *mut socklen_t,
) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    // SAFETY: the caller's.
    let Some(length) = (unsafe { length.as_mut() }) else { return B_BAD_VALUE };
    match options::get(&socket, level, option) {
        Ok(bytes) if bytes.len() > *length as usize => B_BAD_VALUE,
        Ok(bytes) => {
            *length = bytes.len() as u32;
            Place::new(value, bytes.len()).write_bytes(&bytes)
        }
        Err(failed) => failed,
    }
}

unsafe extern "C" fn setsockopt(
    raw: *mut net_socket,
    level: i32,
    option: i32,
    value: *const c_void,
    length: socklen_t,
) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let mut bytes = vec![0; (length as usize).min(MAX_OPTION_BYTES)];
    // SAFETY: the vector has that many bytes; what the caller's place has is the copy's to find out.
    if unsafe { kernel::copy(bytes.as_mut_ptr(), value.cast(), bytes.len()) } != B_OK {
        return B_BAD_ADDRESS;
    }
    options::set(&socket, level, option, &bytes)
}

unsafe extern "C" fn getpeername(raw: *mut net_socket, address: *mut Address, bytes: *mut socklen_t) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let (peer, is_connected) = (socket.state().peer, socket.state().is_connected);
    if !is_connected || peer.len() == 0 || peer.family() == AF_UNSPEC {
        return ENOTCONN;
    }
    // SAFETY: the caller's.
    unsafe { give(&peer, address, bytes) };
    B_OK
}

unsafe extern "C" fn getsockname(raw: *mut net_socket, address: *mut Address, bytes: *mut socklen_t) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let mut local = socket.state().local;
    if local.len() == 0 {
        local.set_family(socket.family().number());
        local.set_len(size_of::<Address>() as u8);
    }
    // SAFETY: the caller's.
    unsafe { give(&local, address, bytes) };
    B_OK
}

unsafe extern "C" fn sockatmark(_raw: *mut net_socket) -> i32 {
    B_UNSUPPORTED
}

unsafe extern "C" fn socketpair(family: i32, kind: i32, protocol: i32, sockets: *mut *mut net_socket) -> status_t {
    let opened = [(); 2].map(|()| Socket::open(family, kind, protocol));
    let [Ok(first), Ok(second)] = opened else {
        return opened.into_iter().find_map(Result::err).unwrap_or(B_ERROR);
    };
    let nowhere = first.family().nowhere();
    let connected = [io::bind(&first, &nowhere), io::bind(&second, &nowhere)]
        .into_iter()
        .chain([(&second, &first), (&first, &second)].map(|(this, that)| {
            let peer = that.state().local;
            io::connect(this, &peer)
        }))
        .find(|&status| status != B_OK);
    let status = connected.unwrap_or(B_OK);
    for (index, socket) in [first, second].into_iter().enumerate() {
        let raw = if status == B_OK {
            Arc::into_raw(socket).cast_mut().cast()
        } else {
            socket.close();
            socket.free();
            null_mut()
        };
        // SAFETY: the caller gives room for two.
        unsafe { sockets.wrapping_add(index).write(raw) };
    }
    status
}

unsafe extern "C" fn ioctl(raw: *mut net_socket, op: u32, argument: *mut c_void, length: usize) -> status_t {
    // SAFETY: the caller's.
    let socket = unsafe { at(raw) };
    let place = Place::new(argument, length);
    match op {
        FIONREAD if argument.is_null() => B_BAD_VALUE,
        FIONREAD => place.write(&(socket.available().max(0) as i32)),
        B_SET_BLOCKING_IO | B_SET_NONBLOCKING_IO => {
            let value = i32::from(op == B_SET_NONBLOCKING_IO).to_ne_bytes();
            options::set(&socket, -1, options::SO_NONBLOCK, &value)
        }
        _ => match &socket.kind {
            Kind::Link(link) => capture::request(&socket, link, op, place),
            Kind::Udp | Kind::Raw => crate::stack::datalink::control(socket.domain, op, place, &mut place.length()),
        },
    }
}

unsafe extern "C" fn select(raw: *mut net_socket, event: u8, sync: *mut selectsync) -> status_t {
    // SAFETY: the caller's.
    unsafe { at(raw) }.select(event, sync)
}

unsafe extern "C" fn deselect(raw: *mut net_socket, event: u8, sync: *mut selectsync) -> status_t {
    // SAFETY: the caller's.
    unsafe { at(raw) }.deselect(event, sync)
}

/// Sockets are not listed.
unsafe extern "C" fn get_next_socket_stat(_family: i32, _cookie: *mut u32, _stat: *mut c_void) -> status_t {
    B_ENTRY_NOT_FOUND
}

fn number(result: Result<usize, status_t>) -> ssize_t {
    result.map_or_else(|failed| failed as ssize_t, |bytes| bytes as ssize_t)
}

/// Bytes of the longest option.
const MAX_OPTION_BYTES: usize = 256;
const MSG_TRUNC: i32 = 0x10;
