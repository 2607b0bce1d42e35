//! One open of a node: the daemon's end of its socket, and what it takes to open it again at another daemon.

use super::daemon::{self, Trouble};
use crate::control::{Client, Ioctl, IoctlAnswer, Open};
use kernel_glue::linux::tell_end;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::net::{RecvFlags, recv};
use tap::{DeviceName, Kind};

/// A handle at the daemon. Dropping it leaves the daemon to notice that the application's end is closed.
#[derive(Debug)]
pub(crate) struct Seat {
    /// A copy of the daemon's end: while it is here, the application of a dead daemon finds silence, not the end.
    socket: OwnedFd,
    open: Open,
    handle: u64,
    name: Option<String>,
    replay: Vec<Ioctl>,
}

impl Seat {
    /// Opens a node, with `socket` as the daemon's end.
    pub(crate) fn open(client: &mut Client, open: Open, socket: OwnedFd) -> Result<Self, Trouble> {
        let (handle, name) = daemon::open(client, &open, socket.as_fd())?;
        Ok(Self { socket, open, handle, name, replay: Vec::new() })
    }

    /// Executes an ioctl of the application.
    pub(crate) fn ioctl(
        &mut self,
        client: &mut Client,
        number: u32,
        value: u64,
        memory: Vec<u8>,
    ) -> Result<IoctlAnswer, Trouble> {
        let ioctl = Ioctl { handle: self.handle, number, value, memory };
        let answer = daemon::ioctl(client, ioctl.clone())?;
        self.record(ioctl, &answer);
        Ok(answer)
    }

    /// Attaches to a device of a kind, by name if one is wanted; packets then carry no header.
    pub(crate) fn attach(&mut self, client: &mut Client, kind: Kind, name: Option<DeviceName>) -> Result<(), Trouble> {
        let mut request = [0; IFREQ_BYTES];
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        for (to, from) in request.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        let kind = match kind {
            Kind::Tap => IFF_TAP,
            Kind::Tun => IFF_TUN,
        };
        set_flags(&mut request, kind | IFF_NO_PI);
        self.ioctl(client, TUNSETIFF, 0, request.to_vec()).map(drop)
    }

    /// Opens the node again, at a daemon that knows nothing of it, and repeats what the application had set.
    pub(crate) fn reopen(&mut self, client: &mut Client) -> Result<(), Trouble> {
        (self.handle, _) = daemon::open(client, &self.open, self.socket.as_fd())?;
        for ioctl in &mut self.replay {
            ioctl.handle = self.handle;
            daemon::ioctl(client, ioctl.clone())?;
        }
        Ok(())
    }

    /// Lets the application see that the device is gone, once.
    pub(crate) fn tell_end(&self) {
        tell_end(self.socket.as_fd());
    }

    /// Swallows what the application has sent, in the absence of a daemon: like any interface without a carrier, it
    /// neither blocks a writer nor keeps old packets. Stops after a number of packets, for there may be no end.
    pub(crate) fn swallow(&self) {
        for _ in 0..SWALLOWED_AT_ONCE {
            if recv(&self.socket, &mut [0; 1][..], RecvFlags::DONTWAIT | RecvFlags::TRUNC).is_err() {
                return;
            }
        }
    }

    /// Returns the handle.
    pub(crate) fn handle(&self) -> u64 {
        self.handle
    }

    /// Returns the device, or before it is attached the node.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.open.node)
    }

    /// Keeps an ioctl that changed something; of several with one number, the last.
    fn record(&mut self, mut ioctl: Ioctl, answer: &IoctlAnswer) {
        if ioctl.number >> DIRECTION_SHIFT != WRITES && ioctl.number != SIOCSIFHWADDR {
            return;
        }
        if ioctl.number == TUNSETIFF {
            // The name that was given, not the pattern; and the device may be there already.
            for (to, from) in ioctl.memory.iter_mut().zip(answer.memory.iter().take(NAME_BYTES)) {
                *to = *from;
            }
            let flags = flags(&ioctl.memory);
            set_flags(&mut ioctl.memory, flags & !IFF_TUN_EXCL);
            self.name = Some(name_in(&ioctl.memory));
        }
        match self.replay.iter_mut().find(|kept| kept.number == ioctl.number) {
            Some(kept) => *kept = ioctl,
            None => self.replay.push(ioctl),
        }
    }
}

impl AsFd for Seat {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Returns the name in a `struct ifreq`.
pub(crate) fn name_in(request: &[u8]) -> String {
    let name = request.iter().take(NAME_BYTES).take_while(|byte| **byte != 0).copied().collect::<Vec<_>>();
    String::from_utf8_lossy(&name).into_owned()
}

fn flags(request: &[u8]) -> u16 {
    request.get(NAME_BYTES..).and_then(<[u8]>::first_chunk).map_or(0, |flags| u16::from_ne_bytes(*flags))
}

fn set_flags(request: &mut [u8], flags: u16) {
    if let Some(place) = request.get_mut(NAME_BYTES..).and_then(<[u8]>::first_chunk_mut) {
        *place = flags.to_ne_bytes();
    }
}

/// linux/if_tun.h and linux/if.h.
pub(crate) const TUNSETIFF: u32 = 0x4004_54ca;
const SIOCSIFHWADDR: u32 = 0x8924;
const IFF_TUN: u16 = 0x0001;
const IFF_TAP: u16 = 0x0002;
const IFF_NO_PI: u16 = 0x1000;
const IFF_TUN_EXCL: u16 = 0x8000;
/// `struct ifreq`: a name, then a union whose first member here is the flags.
const IFREQ_BYTES: usize = 40;
const NAME_BYTES: usize = 16;
/// `_IOC_DIR`: the driver's requests that change something are declared `_IOW`.
const DIRECTION_SHIFT: u32 = 30;
const WRITES: u32 = 1;
/// A guess.
const SWALLOWED_AT_ONCE: usize = 256;
