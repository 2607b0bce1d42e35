//! A program of this kernel, by the system calls that Trestle's own programs make on Haiku.

use super::poll::{DISCONNECTED, ERROR, READ, WRITE};
use super::{Interest, Node, Process, Socket, Status, poll};
use haiku_abi::{AF_INET, B_FILE_ERROR, O_NONBLOCK, O_RDWR, SOCK_DGRAM, bigtime_t};
use kernel_glue::haiku_user::{self as program, Argument, Blocking, Calls, Fd, Ready};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A program with its descriptors. Those that are open when it is dropped are closed, as at a process's end.
#[derive(Debug)]
pub struct Program {
    process: Process,
    open: Mutex<BTreeMap<i32, Open>>,
}

#[derive(Clone, Debug)]
enum Open {
    Node(Arc<Node>),
    Socket(Arc<Socket>),
}

impl Program {
    /// Starts a program of a process's.
    #[must_use]
    pub fn of(process: Process) -> Self {
        Self { process, open: Mutex::new(BTreeMap::new()) }
    }

    fn enter(&self, open: Open) -> Fd {
        let mut table = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let free = (3..).find(|fd| !table.contains_key(fd)).unwrap_or(i32::MAX);
        table.insert(free, open);
        Fd(free)
    }

    fn find(&self, fd: Fd) -> Result<Open, program::Status> {
        let table = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        table.get(&fd.0).cloned().ok_or(program::Status(B_FILE_ERROR))
    }

    fn node(&self, fd: Fd) -> Result<Arc<Node>, program::Status> {
        match self.find(fd)? {
            Open::Node(node) => Ok(node),
            Open::Socket(_) => Err(program::Status(B_FILE_ERROR)),
        }
    }
}

impl Calls for Program {
    fn socket(&self) -> Result<Fd, program::Status> {
        let socket = self.process.socket(AF_INET, SOCK_DGRAM, 0).map_err(told)?;
        Ok(self.enter(Open::Socket(Arc::new(socket))))
    }

    fn open(&self, path: &str, blocking: Blocking) -> Result<Fd, program::Status> {
        let mode = match blocking {
            Blocking::Yes => O_RDWR,
            Blocking::No => O_RDWR | O_NONBLOCK,
        };
        let node = self.process.open(path, mode.cast_signed()).map_err(told)?;
        Ok(self.enter(Open::Node(Arc::new(node))))
    }

    fn close(&self, fd: Fd) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&fd.0);
        // Not by dropping the last handle, which another thread may have in a call that waits for this.
        let _ = match open {
            Some(Open::Node(node)) => node.close(),
            Some(Open::Socket(socket)) => socket.close(),
            None => Ok(()),
        };
    }

    fn read(&self, fd: Fd, into: &mut [u8]) -> Result<usize, program::Status> {
        self.node(fd)?.read(into).map_err(told)
    }

    fn write(&self, fd: Fd, from: &[u8]) -> Result<usize, program::Status> {
        self.node(fd)?.write(from).map_err(told)
    }

    fn ioctl(&self, fd: Fd, request: u32, argument: Argument<'_>) -> Result<i32, program::Status> {
        let (address, bytes) = (argument.address(), argument.len());
        match self.find(fd)? {
            Open::Node(node) => node.control(request, address, bytes),
            Open::Socket(socket) => socket.control(request, address, bytes),
        }
        .map(|()| 0)
        .map_err(told)
    }

    fn poll(&self, fd: Fd, wanted: Ready, patience: Duration) -> Result<Ready, program::Status> {
        let mut events = 0;
        events |= if wanted.contains(Ready::READ) { READ } else { 0 };
        events |= if wanted.contains(Ready::WRITE) { WRITE } else { 0 };
        let microseconds = bigtime_t::try_from(patience.as_micros()).unwrap_or(bigtime_t::MAX);
        let open = self.find(fd)?;
        let interest = match &open {
            Open::Node(node) => Interest::Node(node, events),
            Open::Socket(socket) => Interest::Socket(socket, events),
        };
        let found = poll(&[interest], microseconds).map_err(told)?.first().copied().unwrap_or_default();
        let mut ready = Ready::empty();
        ready.set(Ready::READ, found & READ != 0);
        ready.set(Ready::WRITE, found & WRITE != 0);
        ready.set(Ready::HUNG_UP, found & (ERROR | DISCONNECTED) != 0);
        Ok(ready)
    }
}

fn told(status: Status) -> program::Status {
    program::Status(status.0)
}
