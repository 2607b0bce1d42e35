//! A program's socket, by the table that the network stack gives the kernel.

use super::{Plain, Process, Status, length, result};
use crate::depth::call_out;
use crate::network;
use crate::select::Info;
use crate::thread::{current, locked};
use haiku_abi::admin::{EXCHANGE_V1, Exchange, ifdrv};
use haiku_abi::{
    B_BUFFER_OVERFLOW, B_FILE_ERROR, B_NOT_SUPPORTED, net_socket, selectsync, sockaddr, socklen_t, status_t,
};
use std::ffi::c_void;
use std::sync::{Arc, Mutex};

/// A socket. Several threads may use it; it is closed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    process: Process,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    socket: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    closed: bool,
    freed: bool,
}

impl Socket {
    pub(super) fn open(process: Process, family: i32, kind: i32, protocol: i32) -> Result<Self, Status> {
        let mut socket = std::ptr::null_mut();
        process.call(|| {
            let open = network::interface()?.open.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, with room for the socket.
            result(call_out(current(), || unsafe { open(family, kind, protocol, &raw mut socket) }))
        })?;
        let shared = Shared { socket: socket.expose_provenance(), state: Mutex::default() };
        Ok(Self { process, shared: Arc::new(shared) })
    }

    /// Gives the socket an address.
    ///
    /// # Errors
    /// The stack's.
    pub fn bind<A: Plain>(&self, address: &A) -> Result<(), Status> {
        self.with(|socket| {
            let bind = network::interface()?.bind.ok_or(Status(B_NOT_SUPPORTED))?;
            let (address, bytes) = address_of(address);
            // SAFETY: the stack's function, for a socket that is open, with an address that lives during the call.
            result(unsafe { bind(socket, address, bytes) })
        })
    }

    /// Connects.
    ///
    /// # Errors
    /// The stack's.
    pub fn connect<A: Plain>(&self, address: &A) -> Result<(), Status> {
        self.with(|socket| {
            let connect = network::interface()?.connect.ok_or(Status(B_NOT_SUPPORTED))?;
            let (address, bytes) = address_of(address);
            // SAFETY: as for `bind`.
            result(unsafe { connect(socket, address, bytes) })
        })
    }

    /// Lets others connect.
    ///
    /// # Errors
    /// The stack's.
    pub fn listen(&self, backlog: i32) -> Result<(), Status> {
        self.with(|socket| {
            let listen = network::interface()?.listen.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that is open.
            result(unsafe { listen(socket, backlog) })
        })
    }

    /// Waits for somebody who connects.
    ///
    /// # Errors
    /// The stack's.
    pub fn accept(&self) -> Result<Self, Status> {
        let mut accepted = std::ptr::null_mut();
        self.with(|socket| {
            let accept = network::interface()?.accept.ok_or(Status(B_NOT_SUPPORTED))?;
            let (none, no_length) = (std::ptr::null_mut(), std::ptr::null_mut());
            // SAFETY: the stack's function, for a socket that is open, with room for the new one.
            result(unsafe { accept(socket, none, no_length, &raw mut accepted) })
        })?;
        let shared = Shared { socket: accepted.expose_provenance(), state: Mutex::default() };
        Ok(Self { process: self.process, shared: Arc::new(shared) })
    }

    /// Ends one direction or both (0 reading, 1 writing, 2 both).
    ///
    /// # Errors
    /// The stack's.
    pub fn shutdown(&self, how: i32) -> Result<(), Status> {
        self.with(|socket| {
            let shutdown = network::interface()?.shutdown.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that is open.
            result(unsafe { shutdown(socket, how) })
        })
    }

    /// Sends to where the socket is connected.
    ///
    /// # Errors
    /// The stack's.
    pub fn send(&self, data: &[u8], flags: i32) -> Result<usize, Status> {
        self.with(|socket| {
            let send = network::interface()?.send.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that is open, with bytes that live during the call.
            length(unsafe { send(socket, data.as_ptr().cast(), data.len(), flags) })
        })
    }

    /// Sends to an address.
    ///
    /// # Errors
    /// The stack's.
    pub fn send_to<A: Plain>(&self, data: &[u8], flags: i32, address: &A) -> Result<usize, Status> {
        self.with(|socket| {
            let sendto = network::interface()?.sendto.ok_or(Status(B_NOT_SUPPORTED))?;
            let (address, bytes) = address_of(address);
            // SAFETY: as for `send`, with an address that lives during the call.
            length(unsafe { sendto(socket, data.as_ptr().cast(), data.len(), flags, address, bytes) })
        })
    }

    /// Receives.
    ///
    /// # Errors
    /// The stack's.
    pub fn recv(&self, to: &mut [u8], flags: i32) -> Result<usize, Status> {
        self.with(|socket| {
            let recv = network::interface()?.recv.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that is open, with room that lives during the call.
            length(unsafe { recv(socket, to.as_mut_ptr().cast(), to.len(), flags) })
        })
    }

    /// Receives, and says from where.
    ///
    /// # Errors
    /// The stack's.
    pub fn recv_from<A: Plain>(&self, to: &mut [u8], flags: i32, from: &mut A) -> Result<usize, Status> {
        self.with(|socket| {
            let recvfrom = network::interface()?.recvfrom.ok_or(Status(B_NOT_SUPPORTED))?;
            let mut bytes = address_bytes::<A>();
            let from = std::ptr::from_mut(from).cast();
            let (data, room) = (to.as_mut_ptr().cast(), to.len());
            // SAFETY: as for `recv`, with room for an address and its length.
            length(unsafe { recvfrom(socket, data, room, flags, from, &raw mut bytes) })
        })
    }

    /// Returns the socket's own address.
    ///
    /// # Errors
    /// The stack's.
    pub fn name<A: Plain>(&self, name: &mut A) -> Result<(), Status> {
        self.with(|socket| {
            let getsockname = network::interface()?.getsockname.ok_or(Status(B_NOT_SUPPORTED))?;
            let mut bytes = address_bytes::<A>();
            // SAFETY: the stack's function, for a socket that is open, with room for an address and its length.
            result(unsafe { getsockname(socket, std::ptr::from_mut(name).cast(), &raw mut bytes) })
        })
    }

    /// Sets an option.
    ///
    /// # Errors
    /// The stack's.
    pub fn set_option<T: Plain>(&self, level: i32, option: i32, value: &T) -> Result<(), Status> {
        self.with(|socket| {
            let setsockopt = network::interface()?.setsockopt.ok_or(Status(B_NOT_SUPPORTED))?;
            let (value, bytes) = (std::ptr::from_ref(value).cast::<c_void>(), address_bytes::<T>());
            // SAFETY: the stack's function, for a socket that is open, with a value that lives during the call.
            result(unsafe { setsockopt(socket, level, option, value, bytes) })
        })
    }

    /// Makes a request with a structure as its argument.
    ///
    /// # Errors
    /// The stack's, or the device's that it reaches.
    pub fn ioctl<T: Plain>(&self, op: u32, argument: &mut T) -> Result<(), Status> {
        let pointer = std::ptr::from_mut(argument).cast::<c_void>();
        self.control(op, pointer, size_of::<T>())
    }

    /// Makes a request with bytes as its argument, of which there may be none.
    ///
    /// # Errors
    /// As [`Self::ioctl`].
    pub fn ioctl_bytes(&self, op: u32, argument: &mut [u8]) -> Result<(), Status> {
        self.control(op, argument.as_mut_ptr().cast(), argument.len())
    }

    /// Asks a device of ours by the road of `SIOCSDRVSPEC` or `SIOCGDRVSPEC`: `interface` names any that it has, `room` is for the
    /// reply.
    ///
    /// # Errors
    /// As [`Self::ioctl`]; `B_BUFFER_OVERFLOW` when the reply is larger than the room.
    pub fn exchange(&self, op: u32, interface: &str, request: &[u8], room: usize) -> Result<Vec<u8>, Status> {
        let mut reply = vec![0u8; room];
        let (Ok(request_bytes), Ok(reply_room)) = (u32::try_from(request.len()), u32::try_from(room)) else {
            return Err(Status(B_BUFFER_OVERFLOW));
        };
        let mut exchange = Exchange {
            request: request.as_ptr(),
            request_bytes,
            reply_room,
            reply: reply.as_mut_ptr(),
            reply_bytes: 0,
            reserved: 0,
        };
        let mut argument = ifdrv {
            ifd_name: [0; 32],
            ifd_cmd: EXCHANGE_V1,
            ifd_len: size_of::<Exchange>(),
            ifd_data: (&raw mut exchange).cast(),
        };
        for (to, from) in argument.ifd_name.iter_mut().take(31).zip(interface.bytes()) {
            *to = from.cast_signed();
        }
        self.control(op, (&raw mut argument).cast(), size_of::<ifdrv>())?;
        reply.truncate(exchange.reply_bytes as usize);
        Ok(reply)
    }

    /// Closes the socket, while other threads may still be in calls with it.
    ///
    /// # Errors
    /// `B_FILE_ERROR` when it is closed already.
    pub fn close(&self) -> Result<(), Status> {
        self.process.call(|| {
            if std::mem::replace(&mut locked(&self.shared.state).closed, true) {
                return Err(Status(B_FILE_ERROR));
            }
            let close = network::interface()?.close.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that was open until now.
            let closed = result(call_out(current(), || unsafe { close(self.shared.pointer()) }));
            self.shared.free_if_quiet();
            closed
        })
    }

    pub(super) fn process(&self) -> Process {
        self.process
    }

    pub(super) fn select(&self, info: &Arc<Info>, event: u8) -> Result<bool, status_t> {
        let _flight = self.shared.begin().map_err(|status| status.0)?;
        let Some(select) = network::interface().map_err(|status| status.0)?.select else { return Ok(false) };
        let sync = info.handle().cast::<selectsync>();
        // SAFETY: the stack's function, for a socket that is open, with a handle that stays until it is deselected.
        Ok(call_out(current(), || unsafe { select(self.shared.pointer(), event, sync) }) >= 0)
    }

    pub(super) fn deselect(&self, info: &Arc<Info>, event: u8) {
        let (Ok(_flight), Ok(interface)) = (self.shared.begin(), network::interface()) else { return };
        if let Some(deselect) = interface.deselect {
            let sync = info.handle().cast::<selectsync>();
            // SAFETY: as for `select`. Its status says nothing.
            let _ = call_out(current(), || unsafe { deselect(self.shared.pointer(), event, sync) });
        }
    }

    fn control(&self, op: u32, argument: *mut c_void, bytes: usize) -> Result<(), Status> {
        self.with(|socket| {
            let ioctl = network::interface()?.ioctl.ok_or(Status(B_NOT_SUPPORTED))?;
            // SAFETY: the stack's function, for a socket that is open; the argument lives during the call and has this size.
            result(unsafe { ioctl(socket, op, argument, bytes) })
        })
    }

    fn with<R>(&self, call: impl FnOnce(*mut net_socket) -> Result<R, Status>) -> Result<R, Status> {
        self.process.call(|| {
            let _flight = self.shared.begin()?;
            call_out(current(), || call(self.shared.pointer()))
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Closed before, maybe.
        let _ = self.close();
    }
}

impl Shared {
    fn pointer(&self) -> *mut net_socket {
        std::ptr::with_exposed_provenance_mut(self.socket)
    }

    fn begin(&self) -> Result<Flight<'_>, Status> {
        let mut state = locked(&self.state);
        if state.closed {
            return Err(Status(B_FILE_ERROR));
        }
        state.in_flight = state.in_flight.saturating_add(1);
        Ok(Flight(self))
    }

    fn free_if_quiet(&self) {
        {
            let mut state = locked(&self.state);
            if !state.closed || state.in_flight > 0 || state.freed {
                return;
            }
            state.freed = true;
        }
        if let Some(free) = network::interface().ok().and_then(|interface| interface.free) {
            // SAFETY: the stack's function, once, after every other call. Its status says nothing.
            let _ = call_out(current(), || unsafe { free(self.pointer()) });
        }
    }
}

/// A call that is under way.
struct Flight<'s>(&'s Shared);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        {
            let mut state = locked(&self.0.state);
            state.in_flight = state.in_flight.saturating_sub(1);
        }
        self.0.free_if_quiet();
    }
}

fn address_of<A: Plain>(address: &A) -> (*const sockaddr, socklen_t) {
    (std::ptr::from_ref(address).cast(), address_bytes::<A>())
}

fn address_bytes<A>() -> socklen_t {
    socklen_t::try_from(size_of::<A>()).unwrap_or(socklen_t::MAX)
}
