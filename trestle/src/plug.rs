//! `trestle plug`: a device of the daemon behind a descriptor that another program passes on.
//!
//! OpenVPN 2.7 starts the program of `--dev-node unix:PROG` with one end of a datagram socket and a description of the
//! device in its environment. Packets then go between OpenVPN and the daemon; this process waits for the end of
//! either, and plugs the socket into the daemon that comes after one that died.

mod environment;

use crate::control::{Call, CallError, Open, Reply, socket_path};
use crate::exec::daemon::{self, Daemon, Trouble};
use crate::exec::keep::{GONE, Held, Keep, Life};
use crate::exec::seat::Seat;
use crate::exec::{parse_descriptor, parse_device};
use core::net::IpAddr;
use environment::Environment;
use kernel_glue::admin::{self, Change, InetAddress, Question, Verb, Which};
use kernel_glue::linux::supervise::{credentials, inherited};
use rustix::event::PollFlags;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use rustix::fs::fstat;
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use tap::{DeviceName, Kind, Node};

/// Runs `trestle plug` with what follows it.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let result = Plan::make(arguments, |name| std::env::var(name).ok())
        .map_err(|error| format!("{error}; see 'trestle help'"))
        .and_then(|plan| run(&plan));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trestle: plug: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is plugged where.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Plan {
    fd: RawFd,
    kind: Kind,
    /// The device; `None` for one of the daemon's choice that lives as long as the plug.
    device: Option<DeviceName>,
    settings: Vec<Verb>,
    addresses: Vec<InetAddress>,
}

impl Plan {
    fn make(arguments: Vec<OsString>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;
        let (mut fd, mut device) = (None, None);
        let mut words = lexopt::Parser::from_args(arguments);
        match words.next()? {
            Some(Value(kind)) if kind == "unix" => {}
            Some(Value(_) | Short(_) | Long(_)) | None => return Err("say what: 'trestle plug unix'".into()),
        }
        while let Some(word) = words.next()? {
            match word {
                Long("tap") => device = Some(parse_device(Kind::Tap, &words.value()?)?),
                Long("tun") => device = Some(parse_device(Kind::Tun, &words.value()?)?),
                Long("fd") => fd = Some(parse_descriptor(&words.value()?)?),
                Short(_) | Long(_) | Value(_) => return Err(word.unexpected()),
            }
        }
        let told = Environment::read(variable).map_err(|error| error.to_string())?;
        let device = device.or(told.device);
        let kind = told.kind.or(device.map(|device| device.kind));
        let kind = kind.ok_or("neither --tap, --tun nor TUNTAP_DEV_TYPE says of which kind the device is")?;
        if let Some(device) = device.filter(|device| device.kind != kind) {
            return Err(format!("{device}: TUNTAP_DEV_TYPE is {}", kind.word()).into());
        }
        let fd = fd.or(told.fd).ok_or("neither --fd nor TUNTAP_SOCKET_FD names a descriptor")?;
        let mut settings = Vec::new();
        settings.extend(told.mtu_bytes.map(|bytes| Verb::Mtu { bytes }));
        settings.extend(told.ether.map(|address| Verb::Ether { address }));
        Ok(Self { fd, kind, device, settings, addresses: told.addresses })
    }
}

fn run(plan: &Plan) -> Result<(), String> {
    let socket = take_socket(plan.fd)?;
    let datagrams = socket_type(&socket) == Ok(SocketType::DGRAM);
    let inode = fstat(&socket).map_err(|errno| errno.to_string())?.st_ino;
    let maker = maker(&socket);
    let signals = signals().map_err(|error| format!("signals: {error}"))?;
    let mut watched: Vec<BorrowedFd<'_>> = vec![signals.as_fd()];
    watched.extend(maker.as_ref().map(AsFd::as_fd));

    let mut keep = Keep::new(Daemon::new(socket_path()));
    let seat = plug_in(plan, socket, &mut keep).map_err(|error| error.to_string())?;
    let name = seat.name().to_owned();
    keep.add(Held { seat, inode, life: Life::Alive });
    let mut given = plan.configure(&name, &mut keep);
    let mut successors = keep.successors();
    loop {
        let ready = keep.wait(&watched);
        if ready.others.iter().any(|found| found.intersects(PollFlags::IN | GONE)) {
            break;
        }
        keep.tend(&ready);
        if keep.find(inode).is_none() {
            // A datagram socket does not tell when its other end is closed, so it was the daemon that ended it.
            return if datagrams { Err(format!("{name} is no more")) } else { Ok(()) };
        }
        if successors != keep.successors() {
            // A device that lives as long as the plug has been made anew.
            successors = keep.successors();
            given = plan.configure(&name, &mut keep);
        }
    }
    unplug(&name, given, inode, &mut keep);
    Ok(())
}

/// Takes the descriptor that this process was started with.
fn take_socket(number: RawFd) -> Result<OwnedFd, String> {
    let socket = inherited(number).map_err(|errno| format!("descriptor {number}: {errno}"))?;
    let is_unix = socket_domain(&socket) == Ok(AddressFamily::UNIX);
    let keeps_packets_apart = matches!(socket_type(&socket), Ok(SocketType::DGRAM | SocketType::SEQPACKET));
    if is_unix && keeps_packets_apart {
        return Ok(socket);
    }
    Err(format!("descriptor {number}: not a Unix socket of datagrams (SOCK_DGRAM) or packets (SOCK_SEQPACKET)"))
}

/// Returns a descriptor that is readable when the process that made the pair has ended; `None` when that is this one.
///
/// A datagram socket is not told when its other end is closed.
fn maker(socket: &OwnedFd) -> Option<OwnedFd> {
    let pid = credentials(socket).ok()?.pid.filter(|&pid| pid != std::process::id())?;
    pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()
}

/// Returns a stream that is readable after SIGINT or SIGTERM.
fn signals() -> io::Result<UnixStream> {
    let (bell, ringer) = UnixStream::pair()?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(signal, ringer.try_clone()?)?;
    }
    Ok(bell)
}

fn plug_in(plan: &Plan, socket: OwnedFd, keep: &mut Keep) -> Result<Seat, Trouble> {
    let mut client = keep.client()?;
    let process = credentials(&socket).ok().and_then(|maker| maker.pid);
    let open = Open { node: Node::Any.to_string(), device: plan.device.map(|name| name.to_string()), process };
    let mut seat = Seat::open(&mut client, open, socket)?;
    seat.attach(&mut client, plan.kind, plan.device)?;
    Ok(seat)
}

impl Plan {
    /// Gives the device what the other program wants of it, as far as this user may; returns the addresses that it
    /// did not have.
    fn configure(&self, name: &str, keep: &mut Keep) -> Vec<IpAddr> {
        let had = client_call(keep, &Call::ask(Question::Show(Which::Named(name.into()))))
            .map_or_else(|_| vec![], addresses_in);
        let mut given = Vec::new();
        for verb in &self.settings {
            let _ = change(keep, name, verb.clone());
        }
        for address in self.addresses.iter().filter(|address| !had.contains(address)) {
            if change(keep, name, Verb::AddAddress { address: *address }).is_ok() {
                given.push(address.address);
            }
        }
        given
    }
}

fn unplug(name: &str, given: Vec<IpAddr>, inode: u64, keep: &mut Keep) {
    for address in given {
        let _ = change(keep, name, Verb::DeleteAddress { address });
    }
    if let Some(handle) = keep.find(inode).map(|seat| seat.handle())
        && let Ok(mut client) = keep.client()
    {
        daemon::close(&mut client, handle);
    }
}

/// Applies one verb; one that is refused is told, and hinders no other.
fn change(keep: &mut Keep, name: &str, verb: Verb) -> Result<(), Trouble> {
    let change = Change { interface: name.into(), verbs: vec![verb] };
    let result = keep.client().map_err(Trouble::from).and_then(|mut client| daemon::change(&mut client, change));
    result.inspect_err(|error| keep.voice.say(format_args!("{name}: {error}")))
}

fn client_call(keep: &mut Keep, call: &Call) -> Result<Reply, CallError> {
    keep.client()?.call(call)
}

fn addresses_in(reply: Reply) -> Vec<InetAddress> {
    let Reply::Admin(admin::Reply::Interfaces(interfaces)) = reply else { return Vec::new() };
    interfaces.into_iter().flat_map(|interface| interface.addresses).collect()
}

#[cfg(test)]
mod tests;
