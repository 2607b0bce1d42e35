//! `trestle exec`: an unmodified program whose TUN/TAP devices are the daemon's.
//!
//! The program takes this process's place. Beside it runs a supervisor, a process of nobody's, to which the kernel
//! hands each of the program's calls that may concern a TUN/TAP device (see [`kernel_glue::linux::supervise`]). An
//! open of a node gets one end of a socket pair, the daemon the other: packets do not pass through the supervisor.
//!
//! When the daemon dies, the program reads nothing and what it writes is dropped, until a daemon answers again: the
//! supervisor then opens everything anew. A device that is destroyed reads as the end of a file.

pub(crate) mod daemon;
pub(crate) mod keep;
mod path;
mod process;
pub(crate) mod seat;
mod supervisor;
mod voice;

use crate::control::{descriptor, socket_path};
use daemon::Daemon;
use kernel_glue::linux::supervise::{Listener, detach};
use path::Nodes;
use rustix::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{PTracer, Pid, set_ptracer};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use supervisor::Supervisor;
use tap::{DeviceName, Kind};

/// What to run, and with which device.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Options {
    device: Option<DeviceName>,
    fd: Option<RawFd>,
    program: OsString,
    arguments: Vec<OsString>,
}

/// Runs a program in this process's place; returns only when that fails.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let result = parse(arguments).map_err(|error| format!("{error}; see 'trestle help'"));
    match result.and_then(|options| supervise(&options).map(|()| options)) {
        Ok(options) => execute(&options),
        Err(error) => {
            eprintln!("trestle: exec: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: Vec<OsString>) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut words = lexopt::Parser::from_args(arguments);
    while let Some(word) = words.next()? {
        match word {
            Long("tap") => options.set_device(Kind::Tap, &words.value()?)?,
            Long("tun") => options.set_device(Kind::Tun, &words.value()?)?,
            Long("fd") => options.fd = Some(parse_descriptor(&words.value()?)?),
            Value(program) => {
                options.program = program;
                options.arguments = words.raw_args()?.collect();
                break;
            }
            Short(_) | Long(_) => return Err(word.unexpected()),
        }
    }
    if options.program.is_empty() {
        return Err("no program given".into());
    }
    if options.fd.is_some() && options.device.is_none() {
        return Err("--fd needs --tap or --tun, which say what it is a descriptor of".into());
    }
    Ok(options)
}

impl Options {
    fn set_device(&mut self, kind: Kind, text: &OsString) -> Result<(), lexopt::Error> {
        if let Some(device) = self.device {
            return Err(format!("{} and {device}: one device at most", text.display()).into());
        }
        self.device = Some(parse_device(kind, text)?);
        Ok(())
    }
}

/// Reads the name of a device of a kind.
pub(crate) fn parse_device(kind: Kind, text: &OsString) -> Result<DeviceName, lexopt::Error> {
    let parsed = text.to_str().and_then(|text| text.parse().ok()).filter(|name: &DeviceName| name.kind == kind);
    let word = kind.word();
    parsed.ok_or_else(|| format!("--{word} {}: not {word}0..{word}32767", text.display()).into())
}

/// Reads the number of a descriptor.
pub(crate) fn parse_descriptor(text: &OsString) -> Result<RawFd, lexopt::Error> {
    let parsed = text.to_str().and_then(|text| text.parse().ok()).filter(|number| (0..=MAX_FD).contains(number));
    parsed.ok_or_else(|| format!("--fd {}: not a number in 0..{MAX_FD}", text.display()).into())
}

/// Starts the supervisor and puts this process under it.
fn supervise(options: &Options) -> Result<(), String> {
    let place = options.fd.map(reserve).transpose()?;
    // The supervisor leaves the working directory.
    let socket = std::path::absolute(socket_path()).map_err(|error| format!("control socket: {error}"))?;
    Daemon::new(socket.clone()).connect().map_err(|error| error.to_string())?;
    let (near, far) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .map_err(|errno| format!("socketpair: {errno}"))?;
    let (device, wanted) = (options.device, options.device.filter(|_| options.fd.is_some()));
    let program = rustix::process::getpid();
    detach(far, move |channel| attend(&channel, socket, device, wanted, program))
        .map_err(|errno| format!("cannot start a supervisor: {errno}"))?;
    let (supervisor, end) = hear_greeting(&near)?;
    if let (Some(mut place), Some(end)) = (place, end) {
        // This descriptor is the program's, so it is never closed here.
        rustix::io::dup2(&end, &mut place)
            .and_then(|()| rustix::io::fcntl_setfd(&place, FdFlags::empty()))
            .map_err(|errno| format!("--fd: {errno}"))?;
        std::mem::forget(place);
    }
    // Where Yama rules (ptrace_scope 1), a supervisor that is no ancestor may look into the program only by this.
    let _ = set_ptracer(PTracer::ProcessID(supervisor));
    let listener = Listener::install().map_err(|errno| {
        let under = "; the program is under another supervisor already";
        format!("cannot install the filter: {errno}{}", if errno == Errno::BUSY { under } else { "" })
    })?;
    // From here on this process opens nothing until the supervisor has said that it attends.
    let handed = descriptor::send(&near, b"listener", Some(listener.as_fd())).and_then(|_| {
        let mut answer = [0; 1];
        match rustix::io::retry_on_intr(|| rustix::io::read(&near, &mut answer)) {
            Ok(1) => Ok(()),
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(errno) => Err(errno.into()),
        }
    });
    handed.map_err(|error| format!("the supervisor is gone: {error}"))
}

fn execute(options: &Options) -> ExitCode {
    let error = Command::new(&options.program).args(&options.arguments).exec();
    eprintln!("trestle: exec: {}: {error}", options.program.display());
    // As env(1) and nohup(1) have it.
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}

/// Takes a number for a descriptor to come, before anything of ours gets it.
fn reserve(number: RawFd) -> Result<OwnedFd, String> {
    let fail = |errno: Errno| format!("--fd {number}: {errno}");
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(fail)?;
    if null.as_raw_fd() == number {
        return Ok(null);
    }
    let place = rustix::io::fcntl_dupfd_cloexec(&null, number).map_err(fail)?;
    if place.as_raw_fd() == number { Ok(place) } else { Err(format!("--fd {number}: in use by another file")) }
}

/// The supervisor's life.
fn attend(channel: &OwnedFd, socket: PathBuf, device: Option<DeviceName>, wanted: Option<DeviceName>, program: Pid) {
    let mut supervisor = Supervisor::new(Daemon::new(socket), Nodes::of_environment(), device);
    let process = u32::try_from(program.as_raw_nonzero().get()).ok();
    let end = match wanted.map(|device| supervisor.open_attached(device, process)).transpose() {
        Ok(end) => end,
        Err(error) => {
            let _ = descriptor::send(channel, format!("{FAILED}{error}").as_bytes(), None);
            return;
        }
    };
    let greeting = format!("{STARTED}{}", rustix::process::getpid().as_raw_nonzero());
    if descriptor::send(channel, greeting.as_bytes(), end.as_ref().map(AsFd::as_fd)).is_err() {
        return;
    }
    drop(end);
    let Ok((1.., Some(listener))) = descriptor::receive(channel, &mut [0; 16]) else { return };
    if descriptor::send(channel, b".", None).is_err() {
        return;
    }
    supervisor.run(&Listener::from(listener));
}

/// Returns the number of the supervisor, and the descriptor that the program inherits.
fn hear_greeting(channel: &OwnedFd) -> Result<(Pid, Option<OwnedFd>), String> {
    let mut bytes = [0; 4096];
    let (count, end) = descriptor::receive(channel, &mut bytes).map_err(|error| format!("supervisor: {error}"))?;
    let text = bytes.get(..count).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    if let Some(error) = text.strip_prefix(FAILED) {
        return Err(error.to_owned());
    }
    let pid = text.strip_prefix(STARTED).and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    pid.map(|pid| (pid, end)).ok_or_else(|| "the supervisor ended".into())
}

/// What a greeting begins with.
const STARTED: char = '+';
const FAILED: char = '-';
/// No system allows more by default (fs.nr_open).
const MAX_FD: RawFd = 1 << 20;

#[cfg(test)]
mod tests;
