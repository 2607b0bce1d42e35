//! Programs: what a test does as a process of a user, by system calls.
//!
//! Calls run on the thread that makes them, which is in a system call meanwhile: module code sees the caller's user and team. A call
//! that may be interrupted can be, by [`CallingThread::interrupt`].

mod address;
mod interface;
mod node;
mod plain;
mod poll;
mod reference;
mod socket;

pub use address::{from_inet, from_inet6, inet, inet6};
pub use interface::Interface;
pub use node::Node;
pub use plain::Plain;
pub use poll::{DISCONNECTED, ERROR, INVALID, Interest, READ, WRITE, poll};
pub use reference::Reference;
pub use socket::Socket;

use crate::thread::{Inside, Thread, current};
use crate::{depth, lock, syscalls, team};
use haiku_abi::{status_t, team_id};
use std::sync::atomic::Ordering::SeqCst;

/// A status of Haiku's that is not `B_OK`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Status(pub status_t);

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:#010x})", crate::status::name(self.0).to_string_lossy(), self.0)
    }
}

impl std::fmt::Debug for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Status {}

/// A program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process {
    team: team_id,
    user: u32,
}

impl Process {
    /// Starts a program of root's.
    pub fn root() -> Self {
        Self::of_user(0)
    }

    /// Starts a program of a user's.
    pub fn of_user(user: u32) -> Self {
        Self { team: team::new(), user }
    }

    /// Opens a node by its path, with or without `/dev/`, with `O_*` flags of Haiku's.
    ///
    /// # Errors
    /// The kernel's or the driver's.
    pub fn open(self, path: &str, mode: i32) -> Result<Node, Status> {
        Node::open(self, path, mode)
    }

    /// Makes a socket of a family and a type; protocol 0 is the type's usual one.
    ///
    /// # Errors
    /// The network stack's.
    pub fn socket(self, family: i32, kind: i32, protocol: i32) -> Result<Socket, Status> {
        Socket::open(self, family, kind, protocol)
    }

    /// Calls a function that a module registered as a generic system call.
    ///
    /// # Errors
    /// The module's.
    pub fn generic_call(self, subsystem: &str, function: u32, buffer: &mut [u8]) -> Result<(), Status> {
        let status = self.call(|| syscalls::call(subsystem, function, buffer.as_mut_ptr().cast(), buffer.len()));
        result(status)
    }

    /// Runs a system call. What the kernel holds must be given back when it returns.
    pub(crate) fn call<R>(self, call: impl FnOnce() -> R) -> R {
        let thread = current();
        let before = (thread.team.swap(self.team, SeqCst), thread.user_id.swap(self.user, SeqCst));
        thread.set_in_system_call(Inside::SystemCall);
        let result = depth::enter(thread, call);
        thread.set_in_system_call(Inside::Kernel);
        thread.team.store(before.0, SeqCst);
        thread.user_id.store(before.1, SeqCst);
        thread.interrupted.store(false, SeqCst);
        if !depth::is_inside(thread) {
            lock::check_none_held(thread, "returns to its program");
        }
        result
    }
}

/// A thread that makes calls, for others to interrupt.
#[derive(Clone, Copy, Debug)]
pub struct CallingThread(&'static Thread);

impl CallingThread {
    /// Returns the running thread.
    pub fn this() -> Self {
        Self(current())
    }

    /// Interrupts the call that the thread makes or will make next, as far as it may be interrupted.
    pub fn interrupt(self) {
        self.0.interrupt();
    }

    /// Whether the thread waits in the kernel now.
    pub fn waits(self) -> bool {
        self.0.waits_for().is_some()
    }
}

pub(crate) fn result(status: status_t) -> Result<(), Status> {
    if status < 0 { Err(Status(status)) } else { Ok(()) }
}

pub(crate) fn length(length: isize) -> Result<usize, Status> {
    usize::try_from(length).map_err(|_| Status(status_t::try_from(length).unwrap_or(haiku_abi::B_ERROR)))
}

/// An address that no program has: the kernel's side of the address space begins here.
pub const KERNEL_ADDRESS: usize = 0xffff_ff00_0000_0000;
