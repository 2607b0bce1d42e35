//! A program of this kernel, by the system calls that Trestle's own programs make on Haiku.

use super::poll::{DISCONNECTED, ERROR, INVALID, READ, WRITE};
use super::{Interest, Node, Process, Socket, Status, poll};
use haiku_abi::{AF_INET, B_FILE_ERROR, O_NONBLOCK, O_RDWR, SOCK_DGRAM, bigtime_t};
use kernel_glue::haiku_user::{self as program, Blocking, Calls, Descriptor, Ready};
use std::time::Duration;

/// A program.
#[derive(Clone, Copy, Debug)]
pub struct Program(Process);

/// What a program has open. It is closed when it is dropped.
#[derive(Debug)]
pub enum Open {
    /// A device.
    Node(Node),
    /// A socket.
    Socket(Socket),
}

impl Program {
    /// Starts a program of a process's.
    #[must_use]
    pub fn of(process: Process) -> Self {
        Self(process)
    }
}

impl Calls for Program {
    type Descriptor = Open;

    fn socket(&self) -> Result<Open, program::Status> {
        self.0.socket(AF_INET, SOCK_DGRAM, 0).map(Open::Socket).map_err(told)
    }

    fn open(&self, path: &str, blocking: Blocking) -> Result<Open, program::Status> {
        let mode = match blocking {
            Blocking::Yes => O_RDWR,
            Blocking::No => O_RDWR | O_NONBLOCK,
        };
        self.0.open(path, mode).map(Open::Node).map_err(told)
    }
}

impl Open {
    fn node(&self) -> Result<&Node, program::Status> {
        match self {
            Self::Node(node) => Ok(node),
            Self::Socket(_) => Err(program::Status(B_FILE_ERROR)),
        }
    }
}

impl Descriptor for Open {
    fn read(&self, into: &mut [u8]) -> Result<usize, program::Status> {
        self.node()?.read(into).map_err(told)
    }

    fn write(&self, from: &[u8]) -> Result<usize, program::Status> {
        self.node()?.write(from).map_err(told)
    }

    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), program::Status> {
        match self {
            Self::Node(node) => node.ioctl_bytes(request, argument),
            Self::Socket(socket) => socket.ioctl_bytes(request, argument),
        }
        .map_err(told)
    }

    fn poll(&self, wanted: Ready, patience: Duration) -> Result<Ready, program::Status> {
        let mut events = 0;
        events |= if wanted.contains(Ready::READ) { READ } else { 0 };
        events |= if wanted.contains(Ready::WRITE) { WRITE } else { 0 };
        let microseconds = bigtime_t::try_from(patience.as_micros()).unwrap_or(bigtime_t::MAX);
        let interest = match self {
            Self::Node(node) => Interest::Node(node, events),
            Self::Socket(socket) => Interest::Socket(socket, events),
        };
        let found = poll(&[interest], microseconds).map_err(told)?.first().copied().unwrap_or_default();
        let mut ready = Ready::empty();
        ready.set(Ready::READ, found & READ != 0);
        ready.set(Ready::WRITE, found & WRITE != 0);
        ready.set(Ready::HUNG_UP, found & (ERROR | DISCONNECTED | INVALID) != 0);
        Ok(ready)
    }
}

fn told(status: Status) -> program::Status {
    program::Status(status.0)
}
