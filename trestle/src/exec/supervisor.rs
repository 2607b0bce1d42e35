//! The process beside the program: it answers the calls that the filter stops.

use super::daemon::{Daemon, Trouble};
use super::keep::{GONE, Held, Keep, Life};
use super::path::Nodes;
use super::process;
use super::seat::{self, Seat, TUNSETIFF};
use crate::control::Open;
use kernel_glue::linux::seat_pair;
use kernel_glue::linux::supervise::{Flags, Listener, Notice, Pass, Trapped, read_bytes, read_text, write_bytes};
use rustix::event::PollFlags;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{OFlags, fcntl_setfl, fstat};
use rustix::io::Errno;
use tap::ioctl::{self, Dialect};
use tap::{DeviceName, Node};

/// What the supervisor knows.
#[derive(Debug)]
pub(crate) struct Supervisor {
    keep: Keep,
    nodes: Nodes,
    device: Option<DeviceName>,
}

impl Supervisor {
    /// Starts with nothing open.
    pub(crate) fn new(daemon: Daemon, nodes: Nodes, device: Option<DeviceName>) -> Self {
        Self { keep: Keep::new(daemon), nodes, device }
    }

    /// Opens a device before there is a program, and returns the application's end.
    pub(crate) fn open_attached(&mut self, device: DeviceName, process: Option<u32>) -> Result<OwnedFd, Trouble> {
        let (end, mut held) = self.open(Node::Any, process)?;
        held.seat.attach(&mut self.keep.client()?, device.kind, Some(device))?;
        self.keep.add(held);
        Ok(end)
    }

    /// Serves until no process has the filter any more.
    pub(crate) fn run(&mut self, listener: &Listener) {
        loop {
            let ready = self.keep.wait(&[listener.as_fd()]);
            self.keep.tend(&ready);
            let calls = ready.others.first().copied().unwrap_or(PollFlags::empty());
            if calls.contains(PollFlags::IN) {
                self.serve(listener);
            } else if calls.intersects(GONE) {
                return;
            }
        }
    }

    /// Answers one call. An answer fails only when the caller was killed meanwhile.
    fn serve(&mut self, listener: &Listener) {
        let Ok(notice) = listener.receive() else { return };
        let _ = match notice.call {
            Trapped::Open { directory, path, flags } => match self.node(&notice, directory, path) {
                Some(node) => self.answer_open(listener, &notice, node, flags),
                None => listener.pass(&notice),
            },
            Trapped::Ioctl { descriptor, number, value } => {
                let socket = process::socket(notice.thread, descriptor);
                match socket.filter(|inode| self.keep.holds(*inode)) {
                    Some(inode) => {
                        let result = self.ioctl(listener, &notice, inode, number, value);
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
        let flags = match open_flags(notice, flags) {
            Ok(flags) => flags,
            Err(errno) => return listener.answer(notice, Err(errno)),
        };
        if flags.intersects(OFlags::PATH | OFlags::DIRECTORY) {
            return listener.pass(notice);
        }
        let process = process::of_thread(notice.thread);
        if !listener.is_waiting(notice) {
            return Err(Errno::NOENT);
        }
        let (end, held) = match self.open(node, process) {
            Ok(opened) => opened,
            Err(error) => {
                self.keep.voice.say(format_args!("open {node}: {error}"));
                return listener.answer(notice, Err(error.errno()));
            }
        };
        let pass = if flags.contains(OFlags::CLOEXEC) { Pass::CloseOnExec } else { Pass::Keep };
        let injected =
            fcntl_setfl(&end, flags & OFlags::NONBLOCK).and_then(|()| listener.inject(notice, end.as_fd(), pass));
        if let Err(errno) = injected {
            // Both ends are closed here, by which the daemon knows.
            return listener.answer(notice, Err(errno));
        }
        self.keep.add(held);
        Ok(())
    }

    fn open(&mut self, node: Node, process: Option<u32>) -> Result<(OwnedFd, Held), Trouble> {
        if self.keep.count() >= MAX_HELD {
            return Err(Trouble::System(Errno::NFILE));
        }
        let (ours, end) = seat_pair(QUEUE_PACKETS)?;
        let inode = fstat(&end)?.st_ino;
        let device = self.device.map(|device| device.to_string());
        let open = Open { node: node.to_string(), device, process };
        let seat = Seat::open(&mut self.keep.client()?, open, ours)?;
        Ok((end, Held { seat, inode, life: Life::Alive }))
    }

    fn ioctl(
        &mut self,
        listener: &Listener,
        notice: &Notice,
        inode: u64,
        number: u32,
        value: u64,
    ) -> Result<(), Errno> {
        let shape = ioctl::shape(Dialect::Linux, number).ok_or(Errno::NOTTY)?;
        let mut memory = vec![0; shape.read];
        read_bytes(notice.thread, value, &mut memory)?;
        if !listener.is_waiting(notice) {
            return Err(Errno::SRCH);
        }
        let asked = (number == TUNSETIFF).then(|| seat::name_in(&memory));
        let result = self.keep.client().map_err(Trouble::from).and_then(|mut client| {
            // A daemon that has just come back may not have taken everything up again.
            let seat = self.keep.find(inode).ok_or(Trouble::System(Errno::BADFD))?;
            seat.ioctl(&mut client, number, value, memory)
        });
        let answer = result.map_err(|error| {
            let request = ioctl::name(Dialect::Linux, number).unwrap_or_default();
            match asked {
                Some(name) => self.keep.voice.say(format_args!("{request} {name:?}: {error}")),
                None if error.is_absence() => self.keep.voice.say(format_args!("{request}: {error}")),
                None => {}
            }
            error.errno()
        })?;
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

fn open_flags(notice: &Notice, flags: Flags) -> Result<OFlags, Errno> {
    let bits = match flags {
        Flags::Given(bits) => bits,
        Flags::At(address) => {
            let mut bytes = [0; 8];
            read_bytes(notice.thread, address, &mut bytes)?;
            u64::from_ne_bytes(bytes)
        }
    };
    Ok(OFlags::from_bits_retain(bits as u32))
}

/// Opens that one supervisor keeps at most: half of the descriptors that a process usually may have.
const MAX_HELD: usize = 512;
/// What the program may write ahead of the daemon: as much as a kernel interface queues (`txqueuelen`).
const QUEUE_PACKETS: u16 = 500;
/// linux/limits.h.
const PATH_MAX: usize = 4096;
