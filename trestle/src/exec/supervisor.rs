//! The process beside the program: it answers the calls that the filter stops, and keeps what they opened.

use super::daemon::{Daemon, Found, Trouble};
use super::path::Nodes;
use super::process;
use super::seat::{self, Seat, TUNSETIFF};
use super::shape::shape;
use super::voice::Voice;
use crate::control::{CallError, Client, Open};
use frame::Instant;
use kernel_glue::linux::clock;
use kernel_glue::linux::supervise::{Flags, Listener, Notice, Pass, Trapped, read_bytes, read_text, write_bytes};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{OFlags, fcntl_setfl, fstat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};
use std::time::Duration;
use tap::{DeviceName, Node};

/// What the supervisor knows.
#[derive(Debug)]
pub(crate) struct Supervisor {
    daemon: Daemon,
    nodes: Nodes,
    device: Option<DeviceName>,
    held: Vec<Held>,
    /// When a daemon is to be looked for; `None` while one is there.
    retry: Option<Instant>,
    voice: Voice,
}

#[derive(Debug)]
struct Held {
    seat: Seat,
    /// The application's end, by which its descriptors are known.
    inode: u64,
}

impl Supervisor {
    /// Starts with nothing open.
    pub(crate) fn new(daemon: Daemon, nodes: Nodes, device: Option<DeviceName>) -> Self {
        Self { daemon, nodes, device, held: Vec::new(), retry: None, voice: Voice::new() }
    }

    /// Opens a device before there is a program, and returns the application's end.
    pub(crate) fn open_attached(&mut self, device: DeviceName, process: Option<u32>) -> Result<OwnedFd, Trouble> {
        let (end, mut held) = self.open(Node::Any, process)?;
        let (mut client, _) = self.daemon.connect()?;
        held.seat.attach(&mut client, device.kind, Some(device))?;
        self.held.push(held);
        Ok(end)
    }

    /// Serves until no process has the filter any more.
    pub(crate) fn run(&mut self, listener: &Listener) {
        loop {
            let ready = self.wait(listener);
            if self.daemon.has_ended() && self.retry.is_none() {
                self.retry = Some(clock::monotonic());
            }
            self.tend(&ready.hung_up);
            if ready.call {
                self.serve(listener);
            } else if ready.end {
                return;
            }
            let due = self.retry.is_some_and(|at| at <= clock::monotonic());
            if due && !self.held.is_empty() {
                // What comes of it is seen at the next look.
                drop(self.client());
            }
        }
    }

    fn wait(&self, listener: &Listener) -> Ready {
        let mut fds = vec![PollFd::new(listener, PollFlags::IN)];
        // What the application writes is the daemon's to read, while there is one.
        let interest = if self.retry.is_some() { PollFlags::IN } else { PollFlags::empty() };
        fds.extend(self.held.iter().map(|held| PollFd::new(&held.seat, interest)));
        if let (None, Some(watch)) = (self.retry, self.daemon.watch()) {
            fds.push(PollFd::from_borrowed_fd(watch, PollFlags::IN));
        }
        let patience = self.retry.filter(|_| !self.held.is_empty()).map(|at| {
            let left = at.since(clock::monotonic());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        // An interrupted wait finds nothing, and is repeated.
        let _ = poll(&mut fds, patience.as_ref());
        let [listener, rest @ ..] = fds.as_slice() else { return Ready::default() };
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Ready {
            call: listener.revents().contains(PollFlags::IN),
            end: listener.revents().intersects(gone),
            hung_up: rest.iter().take(self.held.len()).map(|fd| fd.revents().intersects(gone)).collect(),
        }
    }

    /// Drops what hung up: the application has closed its last descriptor, or the daemon has destroyed the device.
    fn tend(&mut self, hung_up: &[bool]) {
        let mut hung_up = hung_up.iter();
        self.held.retain(|_| !hung_up.next().is_some_and(|gone| *gone));
        if self.retry.is_some() {
            for held in &self.held {
                held.seat.swallow();
            }
        }
    }

    /// Connects to the daemon; at another one than before, what is open is opened again first.
    fn client(&mut self) -> Result<Client, CallError> {
        let connected = self.daemon.connect();
        let (mut client, found) = connected.inspect_err(|_| self.postpone())?;
        if found == Found::Another || self.retry.is_some() {
            self.reopen(&mut client)?;
        }
        Ok(client)
    }

    fn postpone(&mut self) {
        self.retry = Some(clock::monotonic().plus(RETRY));
    }

    fn reopen(&mut self, client: &mut Client) -> Result<(), CallError> {
        let mut lost = None;
        self.held.retain_mut(|held| {
            if lost.is_some() {
                return true;
            }
            match held.seat.reopen(client) {
                Ok(()) => true,
                Err(Trouble::Call(error)) => {
                    lost = Some(error);
                    true
                }
                Err(error) => {
                    self.voice.say(format_args!("{}: lost with the daemon: {error}", held.seat.name()));
                    held.seat.hang_up();
                    false
                }
            }
        });
        match lost {
            None => {
                self.retry = None;
                Ok(())
            }
            Some(error) => {
                self.postpone();
                Err(error)
            }
        }
    }

    fn serve(&mut self, listener: &Listener) {
        let Ok(notice) = listener.receive() else { return };
        // An answer fails only when the caller was killed meanwhile.
        let _ = match notice.call {
            Trapped::Open { directory, path, flags } => match self.node(&notice, directory, path) {
                Some(node) => self.answer_open(listener, &notice, node, flags),
                None => listener.pass(&notice),
            },
            Trapped::Ioctl { descriptor, number, value } => {
                let inode = process::socket(notice.thread, descriptor);
                match self.held.iter().position(|held| Some(held.inode) == inode) {
                    Some(at) => {
                        let result = self.ioctl(listener, &notice, at, number, value);
                        listener.answer(&notice, result.map(|()| 0))
                    }
                    None => listener.pass(&notice),
                }
            }
            Trapped::Other => listener.pass(&notice),
        };
    }

    /// Returns the node that an open is for. Where the program's memory cannot be read, none is.
    fn node(&self, notice: &Notice, directory: i32, path: u64) -> Option<Node> {
        let path = read_text(notice.thread, path, PATH_MAX).ok()?;
        self.nodes.find(&path, || process::directory(notice.thread, directory))
    }

    fn answer_open(&mut self, listener: &Listener, notice: &Notice, node: Node, flags: Flags) -> Result<(), Errno> {
        let flags = match flags {
            Flags::Given(flags) => Ok(flags),
            Flags::At(address) => {
                let mut bytes = [0; 8];
                read_bytes(notice.thread, address, &mut bytes).map(|()| u64::from_ne_bytes(bytes))
            }
        };
        let flags = match flags {
            Ok(flags) => OFlags::from_bits_retain(flags as u32),
            Err(errno) => return listener.answer(notice, Err(errno)),
        };
        if flags.intersects(OFlags::PATH | OFlags::DIRECTORY) {
            return listener.pass(notice);
        }
        let process = process::of_thread(notice.thread);
        if !listener.is_waiting(notice) {
            return Err(Errno::NOENT);
        }
        match self.open(node, process) {
            Ok((end, held)) => {
                let pass = if flags.contains(OFlags::CLOEXEC) { Pass::CloseOnExec } else { Pass::Keep };
                let injected = fcntl_setfl(&end, flags & OFlags::NONBLOCK)
                    .and_then(|()| listener.inject(notice, end.as_fd(), pass));
                if let Err(errno) = injected {
                    return listener.answer(notice, Err(errno));
                }
                self.held.push(held);
                Ok(())
            }
            Err(error) => {
                self.voice.say(format_args!("open {node}: {error}"));
                listener.answer(notice, Err(error.errno()))
            }
        }
    }

    fn open(&mut self, node: Node, process: Option<u32>) -> Result<(OwnedFd, Held), Trouble> {
        if self.held.len() >= MAX_HELD {
            return Err(Trouble::System(Errno::NFILE));
        }
        let (end, ours) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // More than the system allows is cut down to that.
        let _ = sockopt::set_socket_send_buffer_size(&end, SEND_BUFFER_BYTES);
        let inode = fstat(&end)?.st_ino;
        let device = self.device.map(|device| device.to_string());
        let open = Open { node: node.to_string(), device, process };
        let mut client = self.client()?;
        let seat = Seat::open(&mut client, open, ours)?;
        Ok((end, Held { seat, inode }))
    }

    fn ioctl(&mut self, listener: &Listener, notice: &Notice, at: usize, number: u32, value: u64) -> Result<(), Errno> {
        let shape = shape(number).ok_or(Errno::NOTTY)?;
        let mut memory = vec![0; shape.read];
        read_bytes(notice.thread, value, &mut memory)?;
        if !listener.is_waiting(notice) {
            return Err(Errno::SRCH);
        }
        let inode = self.held.get(at).map(|held| held.inode);
        let asked = (number == TUNSETIFF).then(|| seat::name_in(&memory));
        let result = self.client().map_err(Trouble::from).and_then(|mut client| {
            // A daemon that has just come back may not have taken everything up again.
            let held = self.held.iter_mut().find(|held| Some(held.inode) == inode);
            let seat = &mut held.ok_or(Trouble::System(Errno::BADFD))?.seat;
            seat.ioctl(&mut client, number, value, memory)
        });
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                match asked {
                    Some(name) => self.voice.say(format_args!("TUNSETIFF {name:?}: {error}")),
                    None if error.is_absence() => self.voice.say(format_args!("ioctl {number:#x}: {error}")),
                    None => {}
                }
                return Err(error.errno());
            }
        };
        let back = answer.memory.get(..shape.write.min(answer.memory.len())).unwrap_or_default();
        if back.is_empty() {
            return Ok(());
        }
        if !listener.is_waiting(notice) {
            return Err(Errno::SRCH);
        }
        write_bytes(notice.thread, value, back)
    }
}

/// What a wait found.
#[derive(Debug, Default)]
struct Ready {
    call: bool,
    end: bool,
    hung_up: Vec<bool>,
}

/// Opens that one supervisor keeps at most: half of the descriptors that a process usually may have.
const MAX_HELD: usize = 512;
/// How long after a vain look for a daemon the next follows.
const RETRY: Duration = Duration::from_millis(250);
/// What the program may write ahead of the daemon: some 500 packets of full size, as the kernel accounts for them.
const SEND_BUFFER_BYTES: usize = 512 << 10;
/// linux/limits.h.
const PATH_MAX: usize = 4096;
