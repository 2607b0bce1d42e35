//! A namespace with one device, the daemon that serves it, and the program that holds it.

use super::holder::{COMMAND, Role, TUN};
use super::side::{Face, Kind};
use crate::Fault;
use crate::bed::Directory;
use crate::clock::within;
use crate::ns::Ns;
use crate::peer::trestle::Serving;
use frame::HEADER_BYTES;
use kernel_glue::admin::InterfaceReport;
use ppp_shim::shim::{Version, header};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::io::{Errno, read, readv, write, writev};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use smoltcp::phy::{Medium, RawSocket};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read, Seek};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

/// A place for one device. Dropping it removes all that it made, the programs first.
#[derive(Debug)]
pub(super) struct Place {
    /// What the device is.
    pub(super) kind: Kind,
    face: Face,
    daemon: Option<Serving>,
    ns: Ns,
    directory: Directory,
}

/// The program that holds the device; killed when dropped.
#[derive(Debug)]
pub(super) struct Holder {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// The kernel's end of the device: a packet socket.
#[derive(Debug)]
pub(super) struct End {
    socket: OwnedFd,
    /// What goes before a packet where the interface is Ethernet and the device is not; else nothing.
    header: Vec<u8>,
}

/// The counters of the device's interface.
#[derive(Debug)]
pub(super) struct Counters {
    file: File,
    name: &'static str,
}

impl Place {
    /// Makes the device, without anybody who holds it.
    pub(super) fn new(kind: Kind, face: Face) -> Result<Self, Fault> {
        let mut place = Self { kind, face, daemon: None, ns: Ns::new("node")?, directory: Directory::new()? };
        match face {
            Face::Kernel => {
                place.ns.ip(&format!("tuntap add dev {} mode {}", place.name(), &place.name()[..3]))?;
                place.ns.ip(&format!("link set {} up", place.name()))?;
            }
            Face::Exec | Face::Node => {
                let daemon = place.daemon.insert(Serving::start(&place.ns, &place.directory.0)?);
                daemon.ifconfig(&format!("{} create", place.kind.device()))?;
            }
        }
        Ok(place)
    }

    /// Starts the holder in a role, and waits until it holds the device and the interface is up.
    pub(super) fn hold(&self, role: Role) -> Result<Holder, Fault> {
        let this = std::env::current_exe().map_err(Fault::system("find this program"))?.display().to_string();
        let path = match (&self.daemon, self.face) {
            (Some(daemon), Face::Node) => daemon.node(self.name()).display().to_string(),
            (_, Face::Kernel | Face::Exec | Face::Node) => TUN.to_owned(),
        };
        let words = [COMMAND, role.name(), &path, self.name()];
        let mut command = match (&self.daemon, self.face) {
            (Some(daemon), Face::Exec) => daemon.exec(&self.ns, &this)?,
            (_, Face::Kernel | Face::Exec | Face::Node) => self.ns.command_among_mounts(&this),
        };
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Fault::system("start a holder"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Fault::Late("the holder's pipes"));
        };
        let holder = Holder { child, input, output };
        if holder.tells(Duration::from_secs(10), &mut [0; 1])? != 1 {
            return Err(Fault::Late("a device for its holder"));
        }
        let runs = || self.ns.ip(&format!("link show {}", self.name())).is_ok_and(|text| text.contains("LOWER_UP"));
        if within(Duration::from_secs(5), runs) { Ok(holder) } else { Err(Fault::Late("the device's interface")) }
    }

    /// Opens the kernel's end.
    pub(super) fn end(&self) -> Result<End, Fault> {
        let (name, header) = (self.name(), self.header()?);
        self.ns.ip(&format!("link set {name} promisc on"))?;
        self.ns.enter(|| {
            let socket = RawSocket::new(name, Medium::Ethernet).map_err(Fault::system("open a packet socket"))?;
            let this = pidfd_open(getpid(), PidfdFlags::empty());
            let socket = this.and_then(|this| pidfd_getfd(this, socket.as_raw_fd(), PidfdGetfdFlags::empty()));
            socket.map(|socket| End { socket, header }).map_err(Fault::system("copy a descriptor"))
        })?
    }

    /// Returns the Ethernet header of packets to the peer: our tuns are Ethernet to the kernel, and its own are not.
    fn header(&self) -> Result<Vec<u8>, Fault> {
        let Some(daemon) = self.daemon.as_ref().filter(|_| self.kind == Kind::Tun) else { return Ok(Vec::new()) };
        let text = daemon.ifconfig(&format!("-j {}", self.name()))?;
        let reports: Vec<InterfaceReport> = serde_json::from_str(&text).unwrap_or_default();
        let report = reports.into_iter().next().and_then(|report| Some((report.tun?.peer_mac, report.ether)));
        let (peer, own) = report.ok_or(Fault::Output { of: "trestle ifconfig -j", text })?;
        Ok(header(peer, own, Version::V4).to_vec())
    }

    /// Opens the interface's counters.
    pub(super) fn counters(&self) -> Result<Counters, Fault> {
        let file = self.ns.enter(|| File::open("/proc/thread-self/net/dev"))?;
        Ok(Counters { file: file.map_err(Fault::system("open the counters"))?, name: self.name() })
    }

    /// Returns the processor time that the daemon has used, in clock ticks of 10 ms.
    pub(super) fn ticks(&self) -> u64 {
        self.daemon.as_ref().map_or(0, Serving::ticks)
    }

    const fn name(&self) -> &'static str {
        self.kind.device()
    }
}

impl Holder {
    /// Reads what the holder wrote, waiting for it at most so long; 0 if it wrote nothing.
    pub(super) fn tells(&self, limit: Duration, buffer: &mut [u8]) -> Result<usize, Fault> {
        if !ready(&self.output, limit)? {
            return Ok(0);
        }
        match read(&self.output, buffer) {
            Ok(0) => Err(Fault::Missing("the holder, which has ended,".to_owned())),
            told => told.map_err(Fault::system("listen to the holder")),
        }
    }

    /// Has it write a packet.
    pub(super) fn ask(&self) -> Result<(), Fault> {
        write(&self.input, &[0]).map(|_| ()).map_err(Fault::system("ask the holder"))
    }

    /// Returns the processor time that it has used, in clock ticks of 10 ms.
    pub(super) fn ticks(&self) -> u64 {
        crate::program::ticks_of(self.child.id())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

impl End {
    /// Sends a packet to the program, waiting for room.
    pub(super) fn send(&self, packet: &[u8]) -> Result<(), Fault> {
        loop {
            match writev(&self.socket, &[IoSlice::new(&self.header), IoSlice::new(packet)]) {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => {
                    let room = PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::OUT);
                    let _ = poll(&mut [room], Some(&Timespec { tv_sec: 0, tv_nsec: 100_000 }));
                }
                Err(errno) => return Err(Fault::system("send a packet")(errno)),
            }
        }
    }

    /// Returns whether a packet of the program's comes within `limit`.
    pub(super) fn hears(&self, limit: Duration) -> Result<bool, Fault> {
        ready(&self.socket, limit)
    }

    /// Reads one packet.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut header = [0; HEADER_BYTES];
        let header = header.get_mut(..self.header.len()).unwrap_or_default();
        let before = header.len();
        match readv(&self.socket, &mut [IoSliceMut::new(header), IoSliceMut::new(buffer)]) {
            Ok(bytes) => Ok(bytes.saturating_sub(before)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(errno) => Err(Fault::system("receive a packet")(errno)),
        }
    }
}

impl Counters {
    /// Returns how many packets of the program's the interface has received.
    pub(super) fn received(&mut self) -> Result<u64, Fault> {
        let mut text = String::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
        read.map_err(Fault::system("read counters"))?;
        let line = text.lines().find_map(|line| line.trim().strip_prefix(self.name)?.strip_prefix(':'));
        // `bytes packets errs …` (proc(5), /proc/net/dev).
        let packets = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        packets.ok_or(Fault::Output { of: "/proc/net/dev", text })
    }
}

fn ready(descriptor: &impl AsFd, limit: Duration) -> Result<bool, Fault> {
    let limit = Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: limit.subsec_nanos().into() };
    match poll(&mut [PollFd::from_borrowed_fd(descriptor.as_fd(), PollFlags::IN)], Some(&limit)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(errno) => Err(Fault::system("wait")(errno)),
    }
}
