//! The way to the add-on in Haiku's kernel: ioctls on a socket, to an interface of ours.
//!
//! A unit exists while the stack has an interface for it, so `create` makes the interface first, and `destroy` removes it
//! afterwards. While there is no interface of ours, the add-on has no state, and what the rules say of an empty state is
//! the answer.

mod arguments;

pub use arguments::{OWN_IFCONFIG, is_for_own};

use crate::administer::{Door, Failure, execute};
use arguments::as_called;
use frame::Instant;
use kernel_glue::admin::{
    Blank, Change, InterfaceKind, MAX_UNIT, Name, Picture, Platform, Question, Reply, Request, State, Verb, answer,
};
use kernel_glue::haiku_user::{Asked, Calls, Descriptor, Socket, Status};
use std::ffi::OsString;
use std::fmt;

/// Runs one command line of `ifconfig` and returns what is to be printed, or why it came to nothing.
///
/// # Errors
/// In words.
pub fn ifconfig(calls: &impl Calls, arguments: &[OsString]) -> Result<String, String> {
    execute(arguments, || AddOn::open(calls)).map_err(|failure| as_called(&failure.to_string()))
}

/// The add-on, asked by a socket.
#[derive(Debug)]
pub struct AddOn<D> {
    socket: Socket<D>,
}

impl<D: Descriptor> AddOn<D> {
    /// Opens the way to it. Whether it is there shows when it is asked.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when the system has no network stack.
    pub fn open(calls: &impl Calls<Descriptor = D>) -> Result<Self, Failure> {
        let socket = Socket::open(calls).map_err(|status| Trouble::NoStack { status })?;
        Ok(Self { socket })
    }

    fn ask(&self, question: &Question) -> Result<Reply, Failure> {
        let Some(interface) = self.any_of_ours()? else {
            return Ok(answer(&State::default(), &Picture::default(), &NOTHING, question, Instant::default()));
        };
        self.send(&interface, Asked::Question, &Request::Ask(question.clone()))
    }

    fn change(&self, change: &Change) -> Result<Reply, Failure> {
        let mut change = change.clone();
        Platform::Haiku.spell(&mut change);
        let creates = change.verbs.first() == Some(&Verb::Create);
        match Name::parse(&change.interface) {
            Ok(Name::Any(kind)) if creates && can_exist(kind) => self.create_any(kind, change),
            Ok(Name::Unit(kind, unit)) if creates && can_exist(kind) => {
                self.create(&Name::Unit(kind, unit).to_string(), change)
            }
            Ok(_) | Err(_) => match self.found(&change.interface) {
                Some(interface) => self.change_existing(&interface, change),
                None => Ok(State::default().apply(&change, &NOTHING).map_or_else(Reply::Refused, unchanged)),
            },
        }
    }

    /// Creates the lowest unit that is free, and takes the next one if somebody else was faster.
    fn create_any(&self, kind: InterfaceKind, change: Change) -> Result<Reply, Failure> {
        let names = (0..=MAX_UNIT).map(|unit| Name::Unit(kind, unit).to_string());
        let mut refused = Reply::Changed { created: None };
        for name in names.filter(|name| self.found(name).is_none()).take(RIVALS) {
            let change = Change { interface: name.clone(), ..change.clone() };
            refused = match self.create(&name, change)? {
                Reply::Changed { .. } => return Ok(Reply::Changed { created: Some(name) }),
                Reply::Refused(error) if error.is_taken(&name) => Reply::Refused(error),
                other @ (Reply::Refused(_) | Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_)) => {
                    return Ok(other);
                }
            };
        }
        Ok(refused)
    }

    /// Makes an interface, unless it is there, and lets the add-on work on it. What it refuses leaves no interface behind.
    fn create(&self, name: &str, change: Change) -> Result<Reply, Failure> {
        if let Some(interface) = self.found(name) {
            return self.change_existing(&interface, change);
        }
        match self.socket.add_interface(name) {
            Ok(()) => {}
            Err(Status::NO_DEVICE) => return Err(Trouble::NotInstalled { interface: name.into() }.into()),
            Err(status) => return Err(Trouble::Interface { interface: name.into(), status }.into()),
        }
        let reply = self.change_existing(name, change);
        let keeps = match &reply {
            // Somebody else made the unit at the same time, and it is theirs.
            Ok(Reply::Refused(error)) => error.is_taken(name),
            Ok(Reply::Changed { .. }) => true,
            Ok(Reply::Interfaces(_) | Reply::Addresses(_) | Reply::Neighbours(_)) | Err(_) => false,
        };
        if !keeps {
            self.remove(name)?;
        }
        reply
    }

    /// Sends a change to an interface that the stack has, and removes the interface if that was asked.
    fn change_existing(&self, interface: &str, change: Change) -> Result<Reply, Failure> {
        let destroys = change.verbs.last() == Some(&Verb::Destroy);
        let reply = self.send(interface, Asked::Change, &Request::Change(change))?;
        if destroys && matches!(reply, Reply::Changed { .. }) {
            self.remove(interface)?;
        }
        Ok(reply)
    }

    fn remove(&self, interface: &str) -> Result<(), Failure> {
        match self.socket.remove_interface(interface) {
            Err(status) if self.socket.has_interface(interface) => {
                Err(Trouble::Interface { interface: interface.into(), status }.into())
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn send(&self, interface: &str, asked: Asked, request: &Request) -> Result<Reply, Failure> {
        let json = serde_json::to_vec(request)?;
        match self.socket.exchange(interface, asked, &json) {
            Ok(reply) => Ok(serde_json::from_slice(&reply)?),
            Err(status) => Err(Trouble::NoAnswer { interface: interface.into(), status }.into()),
        }
    }

    /// Returns the stack's name of one of our interfaces, if it has it, by either spelling.
    fn found(&self, name: &str) -> Option<String> {
        let other = match Name::parse(name) {
            Ok(Name::Unit(kind @ (InterfaceKind::Tap | InterfaceKind::Tun), unit)) => {
                Some(format!("{}/{unit}", kind.group()))
            }
            Ok(Name::Unit(InterfaceKind::Bridge, _)) => None,
            Ok(_) | Err(_) => return None,
        };
        std::iter::once(name.to_owned()).chain(other).find(|name| self.socket.has_interface(name))
    }

    fn any_of_ours(&self) -> Result<Option<String>, Failure> {
        let all = self.socket.interfaces().map_err(|status| Trouble::NoStack { status })?;
        Ok(all.into_iter().find(|name| is_ours(name)))
    }
}

impl<D: Descriptor> Door for AddOn<D> {
    fn exchange(&mut self, request: &Request) -> Result<Reply, Failure> {
        match request {
            Request::Change(change) => self.change(change),
            Request::Ask(question) => self.ask(question),
        }
    }
}

/// Returns whether the stack's name of an interface is of a unit of ours.
fn is_ours(interface: &str) -> bool {
    Platform::Haiku.own_name(interface).is_some()
        || matches!(Name::parse(interface), Ok(Name::Unit(kind, _)) if can_exist(kind))
}

const fn can_exist(kind: InterfaceKind) -> bool {
    match kind {
        InterfaceKind::Bridge | InterfaceKind::Tap | InterfaceKind::Tun => true,
        InterfaceKind::Vport => false,
    }
}

/// What an empty state lets pass has no interface to be about, as a line without verbs.
fn unchanged<T>(_: T) -> Reply {
    Reply::Changed { created: None }
}

/// How many units others may take while we look for one.
const RIVALS: usize = 16;

/// A system without interfaces of ours.
const NOTHING: Blank = Blank(Platform::Haiku);

/// Why the add-on cannot be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Trouble {
    /// There is no socket, or no list of interfaces.
    NoStack { status: Status },
    /// No driver makes such devices.
    NotInstalled { interface: String },
    /// The stack does not make, or remove, the interface.
    Interface { interface: String, status: Status },
    /// The driver of the interface did not answer.
    NoAnswer { interface: String, status: Status },
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStack { status } => write!(out, "the network stack cannot be asked: {status}"),
            Self::NotInstalled { interface } => write!(
                out,
                "no kernel add-on makes {interface}: the file trestle belongs into add-ons/kernel/network/devices, where install.sh puts \
                 it; /var/log/syslog says why one that is there does not load"
            ),
            Self::Interface { interface, status } => write!(out, "{interface}: {status}"),
            Self::NoAnswer { interface, status } => write!(
                out,
                "the driver of {interface} did not answer: {status}; if it is not Trestle's, remove the interface: \
                 /bin/ifconfig --delete {interface}, and if it is, it may be of another version: restart after an update"
            ),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Unreachable(Box::new(trouble))
    }
}

#[cfg(test)]
mod tests;
