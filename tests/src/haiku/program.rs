//! A program in the kernel, by the system calls that Trestle's own programs make on Haiku.

use haiku_abi::{AF_INET, O_NONBLOCK, O_RDWR, SOCK_DGRAM, bigtime_t};
use kernel_glue::haiku_user::{Blocking, Calls, Descriptor, Ready, Status};
use kernelland::user::{self, DISCONNECTED, ERROR, Interest, Node, Process, READ, Socket, WRITE};
use std::ffi::OsString;
use std::time::Duration;

/// A program of a user's.
#[derive(Clone, Copy, Debug)]
pub struct Program(Process);

/// What it has open.
#[derive(Debug)]
pub enum Open {
    /// A node.
    Node(Node),
    /// A socket.
    Socket(Socket),
}

impl Program {
    /// Starts a program of root's.
    pub fn root() -> Self {
        Self(Process::root())
    }

    /// Starts a program of a user's.
    pub fn of_user(user: u32) -> Self {
        Self(Process::of_user(user))
    }

    /// Runs `ifconfig` with arguments separated by blanks.
    ///
    /// # Errors
    /// In words, as the command prints them.
    pub fn ifconfig(self, arguments: &str) -> Result<String, String> {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        trestle::haiku::ifconfig(&self, &arguments)
    }

    /// As [`Self::ifconfig`], which must succeed.
    #[track_caller]
    pub fn ok(self, arguments: &str) -> String {
        self.ifconfig(arguments).unwrap_or_else(|error| panic!("ifconfig {arguments}: {error}"))
    }
}

impl Calls for Program {
    type Descriptor = Open;

    fn socket(&self) -> Result<Open, Status> {
        self.0.socket(AF_INET, SOCK_DGRAM, 0).map(Open::Socket).map_err(told)
    }

    fn open(&self, path: &str, blocking: Blocking) -> Result<Open, Status> {
        let mode = match blocking {
            Blocking::Yes => O_RDWR,
            Blocking::No => O_RDWR | O_NONBLOCK,
        };
        self.0.open(path, mode).map(Open::Node).map_err(told)
    }
}

impl Descriptor for Open {
    fn read(&self, into: &mut [u8]) -> Result<usize, Status> {
        match self {
            Self::Node(node) => node.read(into),
            Self::Socket(socket) => socket.recv(into, 0),
        }
        .map_err(told)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Status> {
        match self {
            Self::Node(node) => node.write(from),
            Self::Socket(socket) => socket.send(from, 0),
        }
        .map_err(told)
    }

    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), Status> {
        match self {
            Self::Node(node) => node.ioctl_bytes(request, argument),
            Self::Socket(socket) => socket.ioctl_bytes(request, argument),
        }
        .map_err(told)
    }

    fn poll(&self, wanted: Ready, patience: Duration) -> Result<Ready, Status> {
        let mut events = 0;
        events |= if wanted.contains(Ready::READ) { READ } else { 0 };
        events |= if wanted.contains(Ready::WRITE) { WRITE } else { 0 };
        let microseconds = bigtime_t::try_from(patience.as_micros()).unwrap_or(bigtime_t::MAX);
        let interest = match self {
            Self::Node(node) => Interest::Node(node, events),
            Self::Socket(socket) => Interest::Socket(socket, events),
        };
        let found = user::poll(&[interest], microseconds).map_err(told)?.first().copied().unwrap_or_default();
        let mut ready = Ready::empty();
        ready.set(Ready::READ, found & READ != 0);
        ready.set(Ready::WRITE, found & WRITE != 0);
        ready.set(Ready::HUNG_UP, found & (ERROR | DISCONNECTED) != 0);
        Ok(ready)
    }
}

fn told(status: user::Status) -> Status {
    Status(status.0)
}
