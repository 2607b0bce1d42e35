//! The daemon, as those see it who must outlive it.

use crate::control::{Call, CallError, Client, Ioctl, IoctlAnswer, Open, Reply};
use kernel_glue::admin::{self, AdminError, Change, Request};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fmt;
use std::path::PathBuf;

/// Which daemon answers at a path, and whether it still runs.
#[derive(Debug)]
pub(crate) struct Daemon {
    path: PathBuf,
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    pid: Option<u32>,
    /// Readable when the process has ended; `None` where it cannot be watched.
    watch: Option<OwnedFd>,
}

/// Who answered, compared with last time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// The same daemon, or the first.
    Same,
    /// Another one: it knows none of our handles.
    Another,
}

impl Daemon {
    /// Names a daemon that is yet to be asked.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, known: None }
    }

    /// Connects to whichever daemon answers. Each call is made on a connection of its own: places for them are few.
    pub(crate) fn connect(&mut self) -> Result<(Client, Found), CallError> {
        let client = Client::connect(&self.path)?;
        let pid = client.server();
        let found = match &self.known {
            Some(known) if known.pid != pid || known.has_ended() => Found::Another,
            Some(_) => return Ok((client, Found::Same)),
            None => Found::Same,
        };
        let process = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let watch = process.and_then(|process| pidfd_open(process, PidfdFlags::empty()).ok());
        self.known = Some(Known { pid, watch });
        Ok((client, found))
    }

    /// Returns the descriptor that is readable when the daemon has ended, `None` when none is known to run.
    pub(crate) fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.known.as_ref()?.watch.as_ref().map(AsFd::as_fd)
    }

    /// Returns whether the daemon that was known has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.known.as_ref().is_some_and(Known::has_ended)
    }
}

impl Known {
    fn has_ended(&self) -> bool {
        let Some(watch) = &self.watch else { return false };
        let mut fds = [PollFd::new(watch, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }
}

/// Opens a node with the daemon's end of a socket; returns the handle and the device.
pub(crate) fn open(client: &mut Client, open: &Open, socket: BorrowedFd<'_>) -> Result<(u64, Option<String>), Trouble> {
    let reply = client.call_with(&Call::Open(open.clone()), socket)?;
    if let Reply::Opened { handle, name } = reply { Ok((handle, name)) } else { Err(Trouble::of(reply)) }
}

/// Executes an ioctl; one that fails is an error.
pub(crate) fn ioctl(client: &mut Client, ioctl: Ioctl) -> Result<IoctlAnswer, Trouble> {
    let reply = client.call(&Call::Ioctl(ioctl))?;
    let Reply::Ioctl(answer) = reply else { return Err(Trouble::of(reply)) };
    if answer.errno == 0 { Ok(answer) } else { Err(Trouble::Failed { errno: answer.errno, detail: answer.detail }) }
}

/// Closes a handle; a daemon that does not answer has none to close.
pub(crate) fn close(client: &mut Client, handle: u64) {
    let _ = client.call(&Call::CloseHandle { handle });
}

/// Applies a change.
pub(crate) fn change(client: &mut Client, change: Change) -> Result<(), Trouble> {
    let reply = client.call(&Call::Admin(Request::Change(change)))?;
    if let Reply::Admin(admin::Reply::Changed { .. }) = reply { Ok(()) } else { Err(Trouble::of(reply)) }
}

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The daemon cannot be asked.
    Call(CallError),
    /// It refused.
    Refused(AdminError),
    /// An ioctl failed.
    Failed {
        /// Linux's number.
        errno: i32,
        /// The daemon's reason.
        detail: Option<String>,
    },
    /// It answered something else.
    Foreign(String),
    /// The system refused.
    System(Errno),
}

impl Trouble {
    fn of(reply: Reply) -> Self {
        reply.unexpected().map_or_else(Self::Foreign, Self::Refused)
    }

    /// Returns what the system call of the program fails with.
    pub(crate) fn errno(&self) -> Errno {
        match self {
            // The kernel's word where there is no TUN/TAP driver.
            Self::Call(_) => Errno::NODEV,
            Self::Refused(error) => error.errno.map_or(Errno::IO, system_errno),
            Self::Failed { errno, .. } => Errno::from_raw_os_error(*errno),
            Self::Foreign(_) => Errno::IO,
            Self::System(errno) => *errno,
        }
    }

    /// Returns whether there may be an answer later.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Call(_))
    }
}

fn system_errno(class: admin::Errno) -> Errno {
    match class {
        admin::Errno::NotFound => Errno::NOENT,
        admin::Errno::Exists => Errno::EXIST,
        admin::Errno::Busy => Errno::BUSY,
        admin::Errno::Invalid => Errno::INVAL,
        admin::Errno::NotPermitted => Errno::PERM,
        admin::Errno::NoSpace => Errno::NOSPC,
        admin::Errno::NotAvailable => Errno::ADDRNOTAVAIL,
        admin::Errno::NotSupported => Errno::OPNOTSUPP,
        admin::Errno::Io | _ => Errno::IO,
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Self {
        Self::System(errno)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(out),
            Self::Refused(error) => error.fmt(out),
            Self::Failed { errno, detail } => {
                std::io::Error::from_raw_os_error(*errno).fmt(out)?;
                detail.as_ref().map_or(Ok(()), |detail| write!(out, ": {detail}"))
            }
            Self::Foreign(what) => write!(out, "the daemon answered {what}; is it of the same version?"),
            Self::System(errno) => errno.fmt(out),
        }
    }
}
