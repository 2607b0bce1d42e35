//! The program that holds a device: this one, started again with [`COMMAND`], a role, a path and a name.

use super::packet::{BYTES, packet, stamp, stamped};
use super::side::Kind;
use crate::Fault;
use crate::clock::nanoseconds;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::{Errno, read, write};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use smoltcp::phy::{Medium, TunTapInterface};

/// The argument that makes this program a holder.
pub(super) const COMMAND: &str = "hold";

/// How many packets a holder tells of at once.
pub(super) const ACKNOWLEDGED: usize = 32;

/// What a holder does once it has the device, which it says by a byte on its standard output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    /// Reads, and writes a byte to its output for every [`ACKNOWLEDGED`] packets.
    Read,
    /// The same, each read after a poll that said so, as event loops do.
    PollRead,
    /// Reads and writes back, with the same bytes.
    Echo,
    /// Writes until killed.
    Write,
    /// Reads, and writes to its output how many nanoseconds old each packet was.
    AgeByRead,
    /// Waits in poll, and writes how old each packet was when poll returned.
    AgeByPoll,
    /// Writes a packet with the time for each byte of its input.
    Stamp,
    /// Waits in poll and reads what comes.
    Idle,
}

impl Role {
    const ALL: [Self; 8] = [
        Self::Read,
        Self::PollRead,
        Self::Echo,
        Self::Write,
        Self::AgeByRead,
        Self::AgeByPoll,
        Self::Stamp,
        Self::Idle,
    ];

    /// Returns the argument that chooses it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::PollRead => "poll-read",
            Self::Echo => "echo",
            Self::Write => "write",
            Self::AgeByRead => "age-by-read",
            Self::AgeByPoll => "age-by-poll",
            Self::Stamp => "stamp",
            Self::Idle => "idle",
        }
    }
}

/// Opens the device and plays the role until killed.
///
/// # Errors
/// When there is no such role, or the device cannot be opened, read or written.
pub(super) fn run(role: &str, path: &str, name: &str) -> Result<(), Fault> {
    let known = Role::ALL.into_iter().find(|known| known.name() == role);
    let role = known.ok_or_else(|| Fault::Missing(format!("the role {role}")))?;
    let kind = if name.starts_with("tun") { Kind::Tun } else { Kind::Tap };
    let device = if path == TUN { attach(kind, name)? } else { node(path)? };
    play(role, kind, &device).map_err(Fault::system("hold a device"))
}

/// Opens a device as programs do that know Linux's, by code that is not ours.
fn attach(kind: Kind, name: &str) -> Result<OwnedFd, Fault> {
    let medium = match kind {
        Kind::Tap => Medium::Ethernet,
        Kind::Tun => Medium::Ip,
    };
    let device = TunTapInterface::new(name, medium).map_err(Fault::system("open /dev/net/tun"))?;
    let this = pidfd_open(getpid(), PidfdFlags::empty());
    let copy = this.and_then(|this| pidfd_getfd(this, device.as_raw_fd(), PidfdGetfdFlags::empty()));
    copy.map_err(Fault::system("copy a descriptor"))
}

fn node(path: &str) -> Result<OwnedFd, Fault> {
    open(path, OFlags::RDWR | OFlags::CLOEXEC, rustix::fs::Mode::empty()).map_err(Fault::system("open a node"))
}

fn play(role: Role, kind: Kind, device: &OwnedFd) -> Result<(), Errno> {
    let flags = fcntl_getfl(device)?;
    let waits = matches!(role, Role::PollRead | Role::AgeByPoll | Role::Idle);
    fcntl_setfl(device, if waits { flags | OFlags::NONBLOCK } else { flags - OFlags::NONBLOCK })?;
    tell(&[0])?;
    let mut buffer = vec![0; 2048];
    let mut packet = packet(kind);
    let mut heard = 0;
    loop {
        match role {
            Role::Write => put(device, &packet)?,
            Role::Stamp => {
                if read(rustix::stdio::stdin(), &mut [0; 1])? == 0 {
                    return Ok(());
                }
                stamp(&mut packet, nanoseconds());
                put(device, &packet)?;
            }
            Role::Read | Role::PollRead | Role::Echo | Role::AgeByRead | Role::AgeByPoll | Role::Idle => {
                let then = if waits { Some(readable(device)?) } else { None };
                let bytes = match read(device, buffer.as_mut_slice()) {
                    Ok(bytes) => bytes,
                    Err(Errno::AGAIN | Errno::INTR) => continue,
                    Err(errno) => return Err(errno),
                };
                let then = then.unwrap_or_else(nanoseconds);
                let heard_packet = buffer.get(..bytes).unwrap_or_default();
                let Some(stamp) = stamped(heard_packet) else { continue };
                if role == Role::Echo {
                    put(device, heard_packet)?;
                }
                heard += 1;
                match role {
                    Role::AgeByRead | Role::AgeByPoll => tell(&then.saturating_sub(stamp).to_le_bytes())?,
                    _ if heard % ACKNOWLEDGED == 0 => tell(&[0])?,
                    _ => {}
                }
            }
        }
    }
}

/// Waits until there is something to read, and returns when that was.
fn readable(device: &OwnedFd) -> Result<u64, Errno> {
    poll(&mut [PollFd::from_borrowed_fd(device.as_fd(), PollFlags::IN)], None)?;
    Ok(nanoseconds())
}

/// Writes a packet, waiting for room.
fn put(device: &OwnedFd, packet: &[u8]) -> Result<(), Errno> {
    loop {
        match write(device, packet) {
            Ok(_) => return Ok(()),
            Err(Errno::AGAIN | Errno::NOBUFS) => {
                poll(&mut [PollFd::from_borrowed_fd(device.as_fd(), PollFlags::OUT)], None)?;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Writes to the standard output.
fn tell(bytes: &[u8]) -> Result<(), Errno> {
    write(rustix::stdio::stdout(), bytes).map(|_| ())
}

/// Where Linux has its devices.
pub(super) const TUN: &str = "/dev/net/tun";

const _: () = assert!(BYTES <= 2048);
